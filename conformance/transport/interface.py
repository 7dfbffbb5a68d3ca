"""What a way to an exchange has to offer, whether it crosses a socket or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from conformance.wire.http import Request, Response


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one request. No response means that nobody knows what happened; `failure` says why.

    Times are nanoseconds of the transport's own clock, for durations only.
    """

    response: Response | None
    failure: str = ""
    sent_ns: int = 0
    received_ns: int = 0


class PeerLeft(Exception):
    """The exchange closed the stream, or never opened it; the text says how."""


class Connection(Protocol):
    """One stream connection."""

    def send(self, frame: str | bytes) -> None:
        """Send one text or binary frame. Raises PeerLeft."""

    def receive(self, within_ms: int) -> str | None:
        """The next text frame, or None when none came in time. Raises PeerLeft."""

    def ping(self, payload: bytes, within_ms: int) -> bool:
        """Send a protocol ping; True when its pong came back with the same payload."""

    def close(self) -> None:
        """Hang up; harmless when already closed."""


class Transport(Protocol):
    """A way to one target."""

    def send(self, request: Request, source: str = "") -> Sent:
        """Send a request, from an address of this machine's, and wait; never raises for what the target does."""

    def send_together(self, requests: Sequence[Request]) -> list[Sent]:
        """Send several requests at once."""

    def connect(self, is_slow: bool = False) -> Connection:
        """Open a stream connection; a slow one reads only when asked. Raises PeerLeft."""

    def wait(self, ms: int) -> None:
        """Let the target's time pass."""

    def now_ms(self) -> int:
        """The time that the target is assumed to have, epoch milliseconds."""

    def relieve(self) -> bool:
        """Have the target forget what was counted against the rate limit; False when it cannot."""

    def close(self) -> None:
        """Give back whatever is held."""
