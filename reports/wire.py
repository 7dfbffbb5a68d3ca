"""The wire log of a case as rows of text, in the order of time: what an SDK sent, what came back or did not.

Each row has a line that is always shown; how much of what is behind it is shown is up to the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.text import clipped, one_line

MOST_LINE: Final = 160
MOST_TEXT: Final = 4200  # of a body or a frame; the log keeps 4,000 characters of each
LANES: Final = 4  # colours that tell connections apart, by turns; each row also has the number
EXCHANGE: Final = "exchange"
CUT: Final = "no answer: the connection was cut"
OPEN: Final = "no answer until the case ended"

IN, OUT, MARK = "→", "←", "·"
WAYS: Final = {
    IN: "from the SDK",
    OUT: "to the SDK",
    MARK: "about the connection",
}
EVENTS: Final = {
    "opened": (MARK, "opened"),
    "refused": (MARK, "refused"),
    "closed": (MARK, "closed"),
    "received": (IN, ""),
    "sent": (OUT, ""),
    "ping": (OUT, "ping"),
    "pong": (IN, "pong"),
    "asked": (IN, "ping"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A text behind a row: a request, an answer or a frame, whole."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` is a request's, by which claims name it; `script` what was done instead of answering."""

    at_ms: float
    connection: str
    lane: int
    way: str
    line: str
    number: int | None = None
    script: str = ""
    outcome: str = ""
    is_lost: bool = False
    parts: tuple[Part, ...] = ()


def rows(wire: Sequence[Mapping[str, Any]]) -> list[Row]:
    """All of a log."""
    lanes: dict[str, int] = {}
    return [_row(each, lanes) for each in wire]


def _row(each: Mapping[str, Any], lanes: dict[str, int]) -> Row:
    is_request = each["kind"] == "request"
    connection = f"{'HTTP' if is_request else 'WebSocket'} {each['connection']}"
    lane = lanes.setdefault(connection, len(lanes) % LANES)
    if is_request:
        return _request(each, connection, lane)
    way, said = EVENTS[each["kind"]]
    text, is_frame = each["text"], each["kind"] in ("received", "sent")
    line = one_line(f"{said} {text}".strip(), MOST_LINE)
    parts = (Part("Frame", text),) if is_frame and len(text) > MOST_LINE else ()
    return Row(each["at_ms"], connection, lane, way, line, parts=parts)


def _request(each: Mapping[str, Any], connection: str, lane: int) -> Row:
    answer = each["answer"]
    elsewhere = "" if each["host"] == EXCHANGE else f", at {each['host']}"
    parts = [Part("Request", f"{each['method']} {each['target']}\n{_message(each)}")]
    if answer is not None:
        parts.append(Part("Answer", f"{answer['status']}\n{_message(answer)}"))
    return Row(
        each["at_ms"],
        connection + elsewhere,
        lane,
        IN,
        one_line(f"{each['method']} {each['target']}", MOST_LINE),
        each["number"],
        one_line(each["script"] or ""),
        _outcome(each),
        answer is None,
        tuple(parts),
    )


def _outcome(each: Mapping[str, Any]) -> str:
    answer = each["answer"]
    if answer is None:
        return CUT if each["script"] else OPEN
    return f"{answer['status']} after {answer['at_ms'] - each['at_ms']:,.1f} ms"


def _message(message: Mapping[str, Any]) -> str:
    """Headers, then the body: as they were, for how something is written may be what is wrong with it."""
    headers = "".join(f"{name}: {value}\n" for name, value in message["headers"])
    return f"{headers}\n{clipped(message['body'], MOST_TEXT)}" if message["body"] else headers
