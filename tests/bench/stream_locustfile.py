"""Our own listeners on the bench's stream: the suite's path from the socket to the count, beside a few requests.

The bench's server places no orders, so `mixed` stands in for `stream_throughput`: its
one operation is asked at the profile's rate.
"""

from __future__ import annotations

import os
from time import process_time, time_ns
from typing import Any, ClassVar

from load import locustfile
from load.plan import SECOND_NS
from load.scenarios.mixed import Mixed
from load.scenarios.stream_throughput import SUBSCRIBE_TIMEOUT_S, report
from load.session import Session
from load.stream_client import StreamClient
from load.streams.drive.listener import Listener, Received
from load.tally import Tally

TOPICS = int(os.environ["BENCH_TOPICS"])
EVENT_DELAY, KERNEL_DELAY = "event_delay", "event_to_kernel"


class RememberingTally(Tally):
    """A tally that still has the event that it took last."""

    latest: dict[str, Any] | None = None

    def take(self, text: bytes, counts: bool) -> dict[str, Any] | None:
        """What `Tally` does, and remember it."""
        self.latest = super().take(text, counts)
        return self.latest


class TimedListener(Listener):
    """A listener that also says how long each event was under way, from the server's clock, which is ours."""

    cpu_s: ClassVar[float] = 0.0  # of the process, when the counting began

    def __init__(self, session: Session, client: StreamClient, received: Received) -> None:
        super().__init__(session, client, received)
        self.tally = RememberingTally()
        self._delays_ns = session.values_ns.setdefault(EVENT_DELAY, [])
        self._kernel_delays_ns = session.values_ns.setdefault(KERNEL_DELAY, [])

    def readable(self) -> None:
        """Note the processor time before the first read that counts."""
        if not TimedListener.cpu_s and time_ns() >= self._session.measured_from_ns:
            TimedListener.cpu_s = process_time()
        super().readable()

    def heard(self, text: bytes, kernel_ns: int | None, received_ns: int) -> None:
        """What `Listener` does, and two times more."""
        super().heard(text, kernel_ns, received_ns)
        event = self.tally.latest
        if event is not None and received_ns >= self._session.measured_from_ns:
            self._delays_ns.append(received_ns - event["sentNs"])
            if kernel_ns:
                self._kernel_delays_ns.append(kernel_ns - event["sentNs"])


class Streams(Mixed):
    """Listens, and asks as ever."""

    listeners: ClassVar[list[TimedListener]] = []

    @classmethod
    def open(cls, session: Session) -> None:
        """Open the streams; no two have a topic in common."""
        cls.listeners = []
        received = Received(session, session.asked.profile.trials.sampled_every)
        for number in range(session.streams):
            client = StreamClient(session.target.stream, SUBSCRIBE_TIMEOUT_S)
            listener = TimedListener(session, client, received)
            listener.subscribe([f"depth.C{number}T{each}/USDT" for each in range(TOPICS)])
            cls.listeners.append(listener)

    @classmethod
    def close(cls, session: Session) -> None:
        """What came."""
        seconds = max(time_ns() - session.measured_from_ns, 1) / SECOND_NS
        for listener in cls.listeners:
            listener.close()
        session.counts.update(report([each.tally for each in cls.listeners], seconds))
        session.counts["cpu_s"] = process_time() - TimedListener.cpu_s


locustfile.USERS[Mixed.scenario] = Streams
