"""The connections that listen all through a run: everything public, counted, followed, timed and sampled."""

from __future__ import annotations

from array import array
from typing import Final

from load.session import Session
from load.stream_client import StreamClient
from load.stream_reader import StreamReader
from load.streams.clocks import MS_NS
from load.streams.events import TIME
from load.streams.samples import Sampler
from load.tally import Tally

RECEIVE_LAG: Final = "stream_receive_lag"


class Received:
    """What all listeners of a process add to, in the order in which it came; times in ns.

    `ages_ns` is the kernel's receipt on our clock less the event's time on the exchange's.
    """

    def __init__(self, session: Session, every: int) -> None:
        self.lags_ns: array[int] = array("q")
        self.ages_ns: array[int] = array("q")
        self.read_ns = 0
        self.sampler = Sampler(session.contract)
        self.every = every
        session.values_ns[RECEIVE_LAG] = self.lags_ns

    def age(self, age_ns: int, read_ns: int) -> None:
        """Of what was read at once only the last: the kernel's stamp is that of the last bytes."""
        if read_ns == self.read_ns:
            self.ages_ns[-1] = age_ns
        else:
            self.read_ns = read_ns
            self.ages_ns.append(age_ns)


class Listener(StreamReader):
    """Counts everything public, and holds each topic's sequence to its promise."""

    def __init__(self, session: Session, client: StreamClient, received: Received) -> None:
        super().__init__(session, client)
        self.tally = Tally()
        self._received = received

    def heard(self, text: bytes, kernel_ns: int | None, received_ns: int) -> None:
        """One message."""
        counts = received_ns >= self._session.measured_from_ns
        event = self.tally.take(text, counts)
        received = self._received
        if counts and kernel_ns:
            received.lags_ns.append(received_ns - kernel_ns)
        if event is None:
            return
        topic = event["topic"]
        # Snapshots come while subscribing, once, and are sampled all.
        if not received_ns or (self.tally.events[topic] - 1) % received.every == 0:
            received.sampler.keep(topic, text)
        if counts and kernel_ns:
            at_ms = event.get(TIME)
            if type(at_ms) is int:
                received.age(kernel_ns - at_ms * MS_NS, received_ns)

    def read_rest(self) -> bool:
        """Read once more, after the engine; False when nothing was there."""
        try:
            texts, kernel_ns, received_ns = self._client.read()
        except OSError:
            return False
        for text in texts:
            self.heard(text, kernel_ns, received_ns)
        return bool(texts)
