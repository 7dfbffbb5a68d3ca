"""What arrived and what went out as plain values, in the order of time: for the pages, and for findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sdk_gate.arrivals import Arrival, Seen, StreamEvent

MOST_TEXT: Final = 4000
MOST_ROWS: Final = 2000
NS_PER_MS: Final = 1e6


def rows(seen: Seen) -> list[dict[str, Any]]:
    """Requests with their answers and stream events, at most MOST_ROWS of them."""
    firsts = [x.at_ns for x in seen.arrivals[:1]] + [x.at_ns for x in seen.stream[:1]]
    begin_ns = min(firsts, default=0)
    timed: list[tuple[int, dict[str, Any]]] = [
        *((each.at_ns, _request(each, begin_ns)) for each in seen.arrivals),
        *((each.at_ns, _event(each, begin_ns)) for each in seen.stream),
    ]
    return [row for _, row in sorted(timed, key=lambda pair: pair[0])][:MOST_ROWS]


def _request(each: Arrival, begin_ns: int) -> dict[str, Any]:
    request = each.request
    return {
        "kind": "request",
        "number": each.number,
        "at_ms": _ms(each.at_ns, begin_ns),
        "connection": each.connection,
        "host": each.host,
        "operation": each.operation,
        "method": request.method,
        "target": request.target,
        "headers": [list(pair) for pair in request.headers],
        "body": _text(request.body),
        "script": each.script,
        "answer": _answer(each, begin_ns),
    }


def _answer(each: Arrival, begin_ns: int) -> dict[str, Any] | None:
    if each.answer is None:
        return None
    return {
        "at_ms": _ms(each.answered_ns or each.at_ns, begin_ns),
        "status": each.answer.status,
        "headers": [list(pair) for pair in each.answer.headers],
        "body": _text(each.answer.body),
    }


def _event(each: StreamEvent, begin_ns: int) -> dict[str, Any]:
    at_ms = _ms(each.at_ns, begin_ns)
    text = each.text[:MOST_TEXT]
    return {"kind": each.kind, "at_ms": at_ms, "connection": each.connection, "text": text}


def _ms(at_ns: int, begin_ns: int) -> float:
    return round((at_ns - begin_ns) / NS_PER_MS, 1)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")[:MOST_TEXT]


def as_text(each: Arrival) -> Iterator[str]:
    """A request and its answer as lines, as they would stand in a terminal."""
    request = each.request
    yield f"> {request.method} {request.target}"
    yield from (f"> {name}: {value}" for name, value in request.headers)
    if request.body:
        yield f"> {_text(request.body)[:500]}"
    if each.answer is None:
        yield "< (no answer: the connection was cut)"
    else:
        yield f"< {each.answer.status} {_text(each.answer.body)[:300]}"
