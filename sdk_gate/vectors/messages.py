"""messages.json: answers, frames and feeds as they arrive, and what is to be read out of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from conformance.model.replica import Replica
from conformance.wire.http import Response
from conformance.wire.rest import Outcome, OutcomeKind, as_text, outcome_of, parse_json
from sdk_gate.vectors.answers import ACCEPTED, Answer
from sdk_gate.vectors.failures import FAILURES
from sdk_gate.vectors.feeds import FEEDS, Feed, sides
from sdk_gate.vectors.frames import FRAMES, Frame

Vector = Mapping[str, Any]

SYMBOL = "BTC/USDT"
ABOUT = (
    "What arrives, and what is to be read out of it. `reads` maps JSON Pointers to what stands there: decimals and"
    " integers as text with every digit, words as text, true, false, and null for what is null or absent. Of kind"
    " `answer` they point into the payload, without {code, message, data} around it; `outcome` is accepted or the"
    " kind of error of the driver protocol, `error` what of it has to be told (more may be). Of kind `frame` they"
    " point into the frame. Of kind `book` each step is a frame and the local book after it, best levels"
    " first; null is a book that is not there yet or known to be wrong."
)


def document() -> dict[str, Any]:
    """The whole file."""
    vectors = [*map(_answer, (*ACCEPTED, *FAILURES)), *map(_frame, FRAMES), *map(_feed, FEEDS)]
    return {"version": "1.0", "about": ABOUT, "vectors": vectors}


def _head(row: Answer | Frame | Feed, kind: str) -> dict[str, Any]:
    owed = {"requirement": row.requirement} if row.requirement else {}
    return {"id": f"{kind}-{row.id}", "about": row.about, **owed, "kind": kind}


def _answer(row: Answer) -> dict[str, Any]:
    headers = [list(each) for each in row.headers]
    return {
        **_head(row, "answer"),
        "answer": {"status": row.status, "headers": headers, "body": row.body},
        "outcome": row.outcome,
        "error": None if row.error is None else dict(row.error),
        "reads": dict(row.reads),
    }


def _frame(row: Frame) -> dict[str, Any]:
    return {**_head(row, "frame"), "frame": row.text, "reads": dict(row.reads)}


def _feed(row: Feed) -> dict[str, Any]:
    steps = [
        {"frame": frame, "book": None if book is None else sides(book)} for frame, book in row.steps
    ]
    return {**_head(row, "book"), "symbol": SYMBOL, "steps": steps}


def written(vector: Vector) -> dict[str, Any]:
    """The stages as a vector of the file has them."""
    if vector["kind"] == "book":
        return {f"step {n}": each["book"] for n, each in enumerate(vector["steps"], 1)}
    names = ("outcome", "error", "reads") if vector["kind"] == "answer" else ("reads",)
    return {name: vector[name] for name in names}


def computed(vector: Vector) -> dict[str, Any]:
    """The stages as `conformance.wire` and the replica of `conformance.model` have them."""
    if vector["kind"] == "answer":
        return _understood(vector)
    if vector["kind"] == "frame":
        return {"reads": _reads(parse_json(vector["frame"].encode()), vector["reads"])}
    frames = [parse_json(each["frame"].encode()) for each in vector["steps"]]
    return {f"step {n}": book for n, book in enumerate(_books(frames, vector["symbol"]), 1)}


def _understood(vector: Vector) -> dict[str, Any]:
    given = vector["answer"]
    headers = tuple((name, value) for name, value in given["headers"])
    response = Response(given["status"], headers, given["body"].encode())
    outcome = outcome_of(response)
    if outcome.is_accepted:
        reads = _reads(outcome.data, vector["reads"])
        return {"outcome": "accepted", "error": None, "reads": reads}
    return {"outcome": _kind(outcome), "error": _error(outcome, response), "reads": {}}


def _kind(outcome: Outcome) -> str:
    if outcome.status in (401, 403):
        return "unauthorized"
    if outcome.status == 429:
        return "rate_limited"
    if outcome.status >= 500:
        return "server"
    return "rejected" if outcome.is_rejected else "unreadable"


def _error(outcome: Outcome, response: Response) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if outcome.code is not None:
        told = {"code": outcome.code, "message": outcome.message}
    wait = response.header("Retry-After")
    if wait is not None:
        told["retryAfterMs"] = int(wait) * 1000
    return {**told, "mayHaveHappened": outcome.kind is OutcomeKind.UNKNOWN}


def _reads(document: Any, pointers: Mapping[str, Any]) -> dict[str, Any]:
    return {pointer: _leaf(at(document, pointer)) for pointer in pointers}


def _leaf(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else as_text(value)


def at(document: Any, pointer: str) -> Any:
    """What a JSON Pointer points at, or None where nothing is."""
    value = document
    for name in pointer.split("/")[1:]:
        if isinstance(value, list):
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _books(frames: list[Any], symbol: str) -> Iterator[dict[str, Any] | None]:
    replica, in_sync = Replica(), False
    for frame in frames:
        if frame.get("topic") == f"depth.{symbol}":
            in_sync = _follow(replica, in_sync, frame)
        yield _levels(replica) if in_sync else None


def _follow(replica: Replica, in_sync: bool, frame: Mapping[str, Any]) -> bool:
    """Whether the book is right after one more frame."""
    bids, asks = ([(Decimal(p), Decimal(a)) for p, a in frame["data"][x]] for x in ("bids", "asks"))
    if frame["type"] == "snapshot":
        replica.gaps.clear()
        replica.snapshot(frame["seq"], bids, asks)
        return True
    if not in_sync or replica.sequence is None:
        return False
    if frame["seq"] > replica.sequence:
        replica.delta(frame["prevSeq"], frame["seq"], bids, asks)
    return not replica.gaps


def _levels(replica: Replica) -> dict[str, Any]:
    book = replica.book
    bids, asks = sorted(book.bids.items(), reverse=True), sorted(book.asks.items())
    return {
        "bids": [[as_text(price), as_text(amount)] for price, amount in bids],
        "asks": [[as_text(price), as_text(amount)] for price, amount in asks],
    }
