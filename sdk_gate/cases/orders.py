"""Orders whose answer does not come: each may have happened, and must not happen again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from conformance.cases.claim import CannotTell, Claim, equal, holds
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.cases.requests import LIMIT_BUY
from sdk_gate.cases.writes import is_told
from sdk_gate.driver import Answer
from sdk_gate.exchange import scripts
from sdk_gate.exchange.scripts import Script
from sdk_gate.protocol import MAY_HAVE_HAPPENED
from sdk_gate.stage import NotInSdk, Stage

POSITION: Final = {
    "contractCoinId": 1,
    "direction": "BUY",
    "type": "MARKET",
    "leverage": 10,
    "volume": 1,
}
Asked = tuple[str, dict[str, Any]]  # an operation and its parameters
BRIEF: Final = {"timeoutMs": 500}
CLOSING: Final = {"contractCoinId": 1, "direction": "SELL", "type": "MARKET", "volume": 1}


def _order(stage: Stage, script: Script, is_first: bool = True) -> Iterator[Claim]:
    """Place one order into a script: one order is made, and the caller is told that it may be."""
    if is_first:
        stage.open_account()
    before = len(stage.orders())
    stage.exchange.next("placeSpotOrder", script)
    answer = stage.call("placeSpotOrder", **LIMIT_BUY)
    made = stage.orders()[before:]
    title = f"an exchange that {script.name}: one order is made"
    yield equal("sdk.orders-are-made-once", title, 1, len(made))
    yield is_told(f"an exchange that {script.name}", answer, made)


UNKNOWN: Final = ("sdk.orders-are-made-once", "sdk.unknown-outcomes-are-told")


@case(*UNKNOWN, needs=(ACCOUNT,))
def connection_breaks_after_it(stage: Stage) -> Iterator[Claim]:
    """The order is accepted, then the connection breaks."""
    yield from _order(stage, scripts.hang_up())


@case("sdk.orders-are-made-once", needs=(ACCOUNT,))
def connection_that_was_used_breaks(stage: Stage) -> Iterator[Claim]:
    """The same on a connection that has carried requests before, which HTTP libraries like to try again."""
    stage.open_account()
    for _ in range(3):
        stage.call("getSpotWallets")
    stage.exchange.next("placeSpotOrder", scripts.hang_up())
    before = len(stage.orders())
    stage.call("placeSpotOrder", **LIMIT_BUY)
    title = "an order on a used connection that breaks is made once"
    yield equal("sdk.orders-are-made-once", title, 1, len(stage.orders()) - before)


@case(*UNKNOWN, "sdk.requests-end-in-time", needs=(ACCOUNT,))
def answer_comes_too_late(stage: Stage) -> Iterator[Claim]:
    """The order is accepted, and answered long after the time-out."""
    stage.open_account()
    timeout_ms, late_ms = stage.waits_ms("timeoutMs"), stage.late_ms
    yield from _order(stage, scripts.late(late_ms))
    arrival = stage.of("placeSpotOrder")[0]
    title = f"a call with a time-out of {timeout_ms} ms ends before the answer after {late_ms} ms"
    ended = "before the answer" if arrival.answered_ns is None else "with the answer"
    yield equal("sdk.requests-end-in-time", title, "before the answer", ended)
    yield from _order(stage, scripts.hang_up(), is_first=False)  # nothing is left of the one before


@case(*UNKNOWN, needs=(ACCOUNT,))
def half_of_its_answer(stage: Stage) -> Iterator[Claim]:
    """The order is accepted, and its answer breaks off."""
    yield from _order(stage, scripts.half_a_body())


@case(*UNKNOWN, needs=(ACCOUNT,))
def gateway_fails_after_it(stage: Stage) -> Iterator[Claim]:
    """The order is accepted, and a gateway says 502."""
    yield from _order(stage, scripts.broken(502, performs=True))
    yield from _order(stage, scripts.broken(504, performs=True))


def _troubles(stage: Stage) -> tuple[Script, ...]:
    """What may keep the answer from a client that is open, after the exchange has done what was asked."""
    return (scripts.hang_up(), scripts.broken(502, performs=True), scripts.late(stage.late_ms))


@case(*UNKNOWN, needs=(ACCOUNT,))
def position_may_be_open(stage: Stage) -> Iterator[Claim]:
    """A position is opened, which is an order too: the connection breaks, a gateway fails, no answer comes."""
    stage.open_account()
    yield from _futures_order(stage, "openFuturesPosition", POSITION, "a position")


@case(*UNKNOWN, needs=(ACCOUNT,))
def position_may_be_closed(stage: Stage) -> Iterator[Claim]:
    """A part of a position is closed, which is an order as well, in the same troubles."""
    stage.open_account()
    opened = stage.call("openFuturesPosition", **{**POSITION, "volume": 10})
    if opened.kind == "invalid":
        raise NotInSdk(f"the SDK opens no such position: {opened.said}")
    if not opened.ok:
        raise CannotTell(f"there is no position to close: {opened.said}")
    yield from _futures_order(stage, "closeFuturesPosition", CLOSING, "a position's end")


def _futures_order(
    stage: Stage, operation: str, params: dict[str, Any], what: str
) -> Iterator[Claim]:
    for script in _troubles(stage):
        stage.open_account(BRIEF)
        before = len(stage.positions())
        stage.exchange.next(operation, script)
        answer = stage.call(operation, **params)
        made = stage.positions()[before:]
        title = f"an exchange that {script.name}: {what} is ordered once"
        yield equal("sdk.orders-are-made-once", title, 1, len(made))
        yield is_told(f"{what}, and an exchange that {script.name}", answer, made)


@case("sdk.keys-are-made-once", needs=("token",))
def key_may_be_made(stage: Stage) -> Iterator[Claim]:
    """An API key is made, in the same troubles. Its secret is lost with the answer; the caller may look for it."""
    stage.open("token")
    for script in _troubles(stage):
        stage.open("token", timing=BRIEF)
        before = stage.count_of_keys()
        stage.exchange.next("createApiKey", script)
        stage.call("createApiKey", scopes="read")
        title = f"an exchange that {script.name}: one key is made"
        yield equal("sdk.keys-are-made-once", title, 1, stage.count_of_keys() - before)


@case("sdk.requests-end-in-time")
def answer_never_comes(stage: Stage) -> Iterator[Claim]:
    """A read that is not answered in any attempt, and a log-in; at once where the driver can."""
    stage.open()
    asked: list[Asked] = [("getCoinTicker", {"coin": "btc"}), ("login", dict(stage.login))]
    for operation, answer in _answers(stage, asked, scripts.late(stage.late_ms)):
        title = f"{operation} without an answer ends as a time-out"
        actual = answer.said if answer.ok else answer.kind
        yield equal("sdk.requests-end-in-time", title, "timeout", actual)


def _answers(stage: Stage, asked: Sequence[Asked], script: Script) -> Iterator[tuple[str, Answer]]:
    """Call operations that all meet a script, at once where the driver can; what each came to."""
    for operation, _ in asked:
        stage.exchange.always(operation, script)
    together = [asked] if "concurrency" in stage.features else [[each] for each in asked]
    for calls in together:
        for (operation, _), answer in zip(calls, stage.calls(*calls), strict=True):
            yield operation, answer


@case("sdk.requests-end-in-time", needs=(ACCOUNT,))
def end_of_an_answer_never_comes(stage: Stage) -> Iterator[Claim]:
    """The answer to a read, and to an order, begins in time; its end comes long after the time-out."""
    stage.open_account()
    asked: list[Asked] = [("getSpotWallets", {}), ("placeSpotOrder", dict(LIMIT_BUY))]
    for operation, answer in _answers(stage, asked, scripts.stalls(stage.late_ms)):
        title = f"{operation}, whose answer begins and does not end, ends by itself"
        expected = f"an error of {', '.join(MAY_HAVE_HAPPENED)}, or what was looked for instead"
        is_found = answer.ok and any(x.order_id in str(answer.result) for x in stage.orders())
        is_ended = answer.kind in MAY_HAVE_HAPPENED or is_found
        yield holds("sdk.requests-end-in-time", is_ended, title, expected, answer.said)
