"""A transport without sockets: an exchange object in this process, on a clock that only we move."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from conformance.transport.interface import PeerLeft, Sent
from conformance.wire.http import Request, Response

TICK_MS = 20
CLIENT = "127.0.0.1"


class Session(Protocol):
    """A stream session as an in-process exchange offers it."""

    outbox: deque[str]
    closed: bool

    def receive(self, frame: str | bytes) -> None:
        """Take one frame from the client."""

    def close(self) -> None:
        """The client hung up."""


class Exchange(Protocol):
    """What an exchange has to offer to be driven without sockets."""

    def handle(self, request: Request, client: str) -> Response:
        """Answer one request."""

    def connect(self, client: str) -> Session:
        """Open a stream session."""

    def advance(self) -> None:
        """Do whatever has become due by the clock."""

    def forget_requests(self) -> None:
        """Forget what was counted against the rate limit."""


class ManualClock:
    """Epoch milliseconds that pass only when told to."""

    def __init__(self, start_ms: int) -> None:
        self._now_ms = start_ms

    def __call__(self) -> int:
        """The time now."""
        return self._now_ms

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self._now_ms += ms


class InProcessConnection:
    """A stream connection to an in-process exchange."""

    def __init__(self, session: Session, wait: Callable[[int], None]) -> None:
        self._session = session
        self._wait = wait

    def send(self, frame: str | bytes) -> None:
        """Hand a frame to the exchange."""
        self._check()
        self._session.receive(frame)

    def receive(self, within_ms: int) -> str | None:
        """The next frame; time passes in ticks until there is one."""
        waited = 0
        while not self._session.outbox:
            self._check()
            if waited >= within_ms:
                return None
            self._wait(TICK_MS)
            waited += TICK_MS
        return self._session.outbox.popleft()

    def ping(self, payload: bytes, within_ms: int) -> bool:
        """Without a socket there is no protocol ping: nothing to lose, so it always comes back."""
        return not self._session.closed

    def close(self) -> None:
        """Hang up."""
        if not self._session.closed:
            self._session.close()

    def _check(self) -> None:
        if self._session.closed and not self._session.outbox:
            raise PeerLeft("the exchange closed the stream")


class InProcess:
    """The way to an exchange in this process."""

    def __init__(self, exchange: Exchange, clock: ManualClock) -> None:
        self._exchange = exchange
        self._clock = clock

    def send(self, request: Request, source: str = "") -> Sent:
        """Hand the request over; a millisecond passes, so that timestamps of one run differ."""
        return self._send([request], source or CLIENT)[0]

    def send_together(self, requests: Sequence[Request]) -> list[Sent]:
        """One thread, so one after the other, but all within the same millisecond."""
        return self._send(requests, CLIENT)

    def _send(self, requests: Sequence[Request], client: str) -> list[Sent]:
        sent_ns = self._clock() * 1_000_000
        answers = [self._exchange.handle(request, client) for request in requests]
        self.wait(1)
        return [Sent(answer, "", sent_ns, self._clock() * 1_000_000) for answer in answers]

    def connect(self, is_slow: bool = False) -> InProcessConnection:
        """Open a stream session; without a socket everybody reads only when asked."""
        return InProcessConnection(self._exchange.connect(CLIENT), self.wait)

    def wait(self, ms: int) -> None:
        """Move the clock, tick by tick, and let the exchange do what is due."""
        while ms > 0:
            step = min(ms, TICK_MS)
            self._clock.advance(step)
            self._exchange.advance()
            ms -= step

    def now_ms(self) -> int:
        """The clock that both share."""
        return self._clock()

    def relieve(self) -> bool:
        """Reset the limiter."""
        self._exchange.forget_requests()
        return True

    def close(self) -> None:
        """Nothing is held."""
