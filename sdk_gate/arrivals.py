"""What reached the gate's exchange, byte for byte, and what it did about it: the log that everything is judged by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from conformance.wire.http import Request, Response
from conformance.wire.rest import json_or_none

EXCHANGE: Final = "exchange"
OTHER: Final = "another host"  # where a redirect leads
UNTRUSTED: Final = "untrusted"  # where the certificate is nobody's
CONNECTED: Final = "connected"
GREETED: Final = "greeted"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it arrived, and its answer.

    `at_ns` and `answered_ns` are a monotonic clock's; the latter is None while there is no answer. `exchange_ms` is
    what the exchange's own clock said. `script` names what was done instead of answering as usual. `malformed`
    says why it is no request of HTTP; then its method and target are the words of its first line.
    """

    number: int
    at_ns: int
    exchange_ms: int
    connection: int
    host: str
    request: Request
    operation: str | None = None
    script: str | None = None
    answer: Response | None = None
    answered_ns: int | None = None
    malformed: str = ""

    @property
    def status(self) -> int | None:
        """The HTTP status that it was answered with."""
        return self.answer.status if self.answer else None

    @property
    def was_accepted(self) -> bool:
        """True when the exchange did what was asked."""
        body = json_or_none(self.answer.body.decode("utf-8", "replace")) if self.answer else None
        code = body.get("code", 0) if isinstance(body, dict) else 0
        return self.status == 200 and code == 0


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """What happened on a stream connection.

    `kind`: opened, refused, closed, received, sent, ping (of the WebSocket protocol, ours), pong (its answer), and
    asked, a ping of the WebSocket protocol that the client sent.
    """

    at_ns: int
    connection: int
    kind: str
    text: str = ""

    @property
    def message(self) -> Any:
        """A frame's text as JSON, or None."""
        return json_or_none(self.text)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far somebody came at a host beside the exchange: connected, or greeted (the begin of TLS)."""

    at_ns: int
    host: str
    kind: str


@dataclass(slots=True)
class Wire:
    """Everything that arrived, in order. It is written by the exchange's thread and read by any."""

    arrivals: list[Arrival] = field(default_factory=list)
    stream: list[StreamEvent] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)

    def arrived(self, arrival: Arrival) -> None:
        """Note a request."""
        self.arrivals.append(arrival)

    def answered(
        self, number: int, answer: Response | None, script: str | None, at_ns: int
    ) -> None:
        """Note what a request was answered with; `answer` None is a connection that was cut."""
        known = self.arrivals[number - 1]
        self.arrivals[number - 1] = replace(known, answer=answer, script=script, answered_ns=at_ns)

    def since(self, mark: Mark) -> Seen:
        """What arrived after a mark."""
        return Seen(
            tuple(self.arrivals[mark.arrivals :]),
            tuple(self.stream[mark.stream :]),
            tuple(self.reached[mark.reached :]),
        )

    def mark(self) -> Mark:
        """The present end of the log."""
        return Mark(len(self.arrivals), len(self.stream), len(self.reached))


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the log."""

    arrivals: int = 0
    stream: int = 0
    reached: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """A part of the log, as values."""

    arrivals: tuple[Arrival, ...] = ()
    stream: tuple[StreamEvent, ...] = ()
    reached: tuple[Reached, ...] = ()

    def of(self, *operations: str) -> tuple[Arrival, ...]:
        """The requests that meant one of these operations."""
        return tuple(each for each in self.arrivals if each.operation in operations)

    def count(self, host: str, kind: str) -> int:
        """How often somebody came so far at a host: connected or greeted."""
        return sum(each.host == host and each.kind == kind for each in self.reached)

    def frames(self, op: str) -> tuple[StreamEvent, ...]:
        """The frames of an `op` that a client sent."""
        received = (each for each in self.stream if each.kind == "received")
        return tuple(each for each in received if _op(each.message) == op)

    def connections(self) -> tuple[int, ...]:
        """The stream connections that were opened."""
        return tuple(each.connection for each in self.stream if each.kind == "opened")


def _op(message: Any) -> Any:
    return message.get("op") if isinstance(message, dict) else None


def tokens_of(logins: Iterable[Arrival]) -> list[str]:
    """The tokens that accepted logins were answered with."""
    found = [_data(each).get("Authorization") for each in logins]
    return [each for each in found if isinstance(each, str)]


def keys_of(created: Iterable[Arrival]) -> dict[str, str]:
    """The API keys that were made by requests, with their secrets."""
    found = [(_data(each).get("apiKey"), _data(each).get("secret")) for each in created]
    return {x: y for x, y in found if isinstance(x, str) and isinstance(y, str)}


def _data(each: Arrival) -> dict[str, Any]:
    body = json_or_none(each.answer.body.decode("utf-8", "replace")) if each.answer else None
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}
