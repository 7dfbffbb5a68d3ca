"""What an SDK signs, and with which time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.cases.claim import CannotTell, Claim, equal, holds
from sdk_gate.arrivals import Arrival
from sdk_gate.cases.case import case
from sdk_gate.cases.requests import LIMIT_BUY, REMARKS, form_of, unsent
from sdk_gate.exchange import scripts
from sdk_gate.judges.requests import are_whole_seconds, is_signed_right, signed_text
from sdk_gate.judges.waiting import NS_PER_MS
from sdk_gate.stage import Stage
from sdk_gate.vectors import signing_vectors, wrong_stage

PERMUTATIONS: Final = 10
PAGE: Final = {"contractCoinId": 1, "pageNo": 1, "pageSize": 10}
# An order is refused for its time like a read; clocks that keep local time are hours away.
DRIFTS: Final = (
    ("getSpotWallets", 10_000),
    ("getSpotWallets", 25_000),
    ("placeSpotOrder", 40_000),
    ("getUserInfo", 10_800_000),
)
BEHIND_MS: Final = 25_000
STAMPS: Final = 10
APART_S: Final = 1.2
TOLERANCE_MS: Final = 200
RETRY_AFTER_S: Final = 1


@case("sdk.signs-query-and-body", needs=("key",))
def query_body_and_neither(stage: Stage) -> Iterator[Claim]:
    """A GET with and without a query, a POST with and without a body."""
    stage.open("key")
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("getSpotWallets", {}),
        ("placeSpotOrder", dict(LIMIT_BUY)),
        ("getUserInfo", {}),
        ("listFuturesOrders", PAGE),
        ("listSpotOrders", {"symbol": "BTC/USDT", "pageNo": 1, "pageSize": 10}),
    )
    for operation, params in calls:
        arrival = _sent(stage, operation, params)
        title = f"{operation} is signed over {_what(arrival)}"
        yield _signed_right("sdk.signs-query-and-body", title, stage, arrival)


def _what(arrival: Arrival) -> str:
    parts = [("its query", arrival.request.query), ("its body", arrival.request.body)]
    return " and ".join(name for name, part in parts if part) or "its path alone"


@case("sdk.signature-matches-the-bytes", "sdk.values-arrive-as-given", needs=("key",))
def signed_values(stage: Stage) -> Iterator[Claim]:
    """Signed queries and forms hold what has to be encoded; an SDK may refuse such a name by itself."""
    stage.open("key")
    for operation, name, others in (
        ("placeSpotOrder", "clientOrderId", LIMIT_BUY),
        ("listSpotOrders", "symbol", {}),
    ):
        for value in (LIMIT_BUY["symbol"], *REMARKS):
            answer, arrivals = stage.sends(operation, **{**others, name: value})
            arrives = f"{name} {value!r} of {operation} arrives as given"
            if not arrivals:
                yield unsent("sdk.values-arrive-as-given", arrives, answer)
            for arrival in arrivals:
                title = f"{operation} with {value!r} is signed as it arrives"
                yield _signed_right("sdk.signature-matches-the-bytes", title, stage, arrival)
                found = form_of(arrival).get(name)
                yield equal("sdk.values-arrive-as-given", arrives, value, found)


@case("sdk.order-of-parameters-is-free", needs=("key",))
def any_order(stage: Stage) -> Iterator[Claim]:
    """The same parameters in several orders."""
    stage.open("key")
    for _ in range(PERMUTATIONS):
        for operation, params in (("placeSpotOrder", LIMIT_BUY), ("listFuturesOrders", PAGE)):
            names = list(params)
            stage.random.shuffle(names)
            arrival = _sent(stage, operation, {name: params[name] for name in names})
            title = f"{operation} is signed in the order in which it is sent"
            yield _signed_right("sdk.order-of-parameters-is-free", title, stage, arrival)


def _sent(stage: Stage, operation: str, params: Mapping[str, Any]) -> Arrival:
    answer, arrivals = stage.sends(operation, **params)
    if not arrivals:
        raise CannotTell(f"no {operation} arrived: {answer.said}")
    return arrivals[-1]


def _signed_right(requirement: str, title: str, stage: Stage, arrival: Arrival) -> Claim:
    is_right = is_signed_right(arrival, stage.recipe, {stage.key.name: stage.key.secret})
    text = signed_text(arrival, stage.recipe).decode("utf-8", "replace")
    expected = f"the signature of {_on_one_line(text)}"
    actual = arrival.request.header(stage.recipe.signature_header) or "no signature"
    return holds(requirement, is_right, title, expected, actual, [arrival.number])


@case("sdk.timestamps-are-fresh", needs=("key",))
def two_apart(stage: Stage) -> Iterator[Claim]:
    """Two calls with a pause between them are stamped as far apart, and a row of calls with milliseconds."""
    stage.open("key")
    first = _stamp(stage, _sent(stage, "getSpotWallets", {}))
    time.sleep(APART_S)
    second = _stamp(stage, _sent(stage, "getSpotWallets", {}))
    title = "each request has a timestamp of its own time"
    # A client may have the exchange's time from its dates, which have whole seconds.
    least = round(APART_S * 1000) - 1000
    yield holds(
        "sdk.timestamps-are-fresh",
        second - first >= least,
        title,
        f"{least} ms apart or more",
        f"{second - first} ms apart",
    )
    row = [_stamp(stage, _sent(stage, "getSpotWallets", {})) for _ in range(STAMPS)]
    title = "timestamps are in milliseconds, not in whole seconds"
    expected, actual = "not all at whole seconds", f"{row[0]} to {row[-1]}"
    is_fine = not are_whole_seconds([first, second, *row])
    yield holds("sdk.timestamps-are-fresh", is_fine, title, expected, actual)


@case("sdk.timestamps-are-fresh", needs=("key",))
def attempts_apart(stage: Stage) -> Iterator[Claim]:
    """A signed read has to wait for a second attempt, which is stamped anew."""
    stage.open("key", timing={"timeoutMs": 5000})
    stage.exchange.next("getSpotWallets", scripts.too_many(str(RETRY_AFTER_S)))
    stage.call("getSpotWallets")
    attempts = stage.of("getSpotWallets")
    if len(attempts) < 2:
        return  # told to the caller instead, which is right as well
    first, second = attempts[:2]
    apart_ms = (second.at_ns - first.at_ns) // NS_PER_MS
    # What comes later than it has to may have been stamped in time and then held up.
    least = min(apart_ms, RETRY_AFTER_S * 1000) - TOLERANCE_MS
    stamped_ms = _stamp(stage, second) - _stamp(stage, first)
    title = "another attempt has a timestamp of its own time"
    expected, actual = f"{least} ms apart or more", f"{stamped_ms} ms apart"
    yield holds("sdk.timestamps-are-fresh", stamped_ms >= least, title, expected, actual)


def _stamp(stage: Stage, arrival: Arrival) -> int:
    text = arrival.request.header(stage.recipe.timestamp_header) or ""
    if not text.isdigit():
        raise CannotTell(f"the timestamp is no number: {text!r}")
    return int(text)


@case("sdk.clock-is-corrected", needs=("key",), is_stale=True)
def clocks_that_drift(stage: Stage) -> Iterator[Claim]:
    """The exchange's clock moves ahead again and again: the first attempt may be refused, the next has to get in."""
    stage.open("key")
    stage.call("getSpotWallets")
    for operation, ms in DRIFTS:
        stage.exchange.advance_clock(ms)
        yield from _corrected(stage, operation, f"the clock moved by {ms // 1000} s")


@case("sdk.clock-is-corrected", needs=("key",), is_stale=True)
def clock_that_is_behind(stage: Stage) -> Iterator[Claim]:
    """The exchange's clock is behind the machine's, then moves ahead of it."""
    stage.exchange.begin(stage.random.getrandbits(31), behind_ms=BEHIND_MS)
    stage.open("key")
    yield from _corrected(stage, "placeSpotOrder", f"the clock was {BEHIND_MS // 1000} s behind")
    stage.exchange.advance_clock(2 * BEHIND_MS)
    yield from _corrected(stage, "getSpotWallets", f"it went {BEHIND_MS // 1000} s ahead")


def _corrected(stage: Stage, operation: str, what: str) -> Iterator[Claim]:
    """The next call gets in, with one more attempt at most, which may be its caller's."""
    params = LIMIT_BUY if operation == "placeSpotOrder" else {}
    before = len(stage.of(operation))
    answer = stage.call(operation, **params)
    if not answer.ok and len(stage.of(operation)) == before + 1:
        answer = stage.call(operation, **params)
    title = f"{operation} is accepted after {what}"
    yield holds("sdk.clock-is-corrected", answer.ok, title, "accepted", answer.said)
    attempts = len(stage.of(operation)) - before
    title = f"{operation} takes at most one more attempt after {what}"
    yield holds("sdk.clock-is-corrected", attempts <= 2, title, "at most 2", attempts)


@case("sdk.signing-stages-agree", needs=("sign",))
def vectors(stage: Stage) -> Iterator[Claim]:
    """Each signing vector, stage by stage: the first that differs is told."""
    for vector in signing_vectors():
        result = stage.driver_did("sign", **vector.step()).result
        wrong = wrong_stage(vector, result)
        yield holds(
            "sdk.signing-stages-agree",
            wrong is None,
            f"{vector.id}: {f'the stage {wrong} differs' if wrong else 'all stages agree'}",
            _on_one_line(vector.stages.get(wrong, "")) if wrong else "",
            _on_one_line(result[wrong]) if wrong else "",
        )


def _on_one_line(text: str) -> str:
    """A page would make blanks of its line breaks."""
    return text.replace("\n", "\\n")
