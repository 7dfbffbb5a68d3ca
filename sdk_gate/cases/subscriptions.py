"""Subscriptions that are refused, answered out of order, sent in fragments, ended, or outlived by a token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.cases.claim import CannotTell, Claim, Verdict, equal, holds
from sdk_gate.cases.case import case
from sdk_gate.cases.requests import LIMIT_BUY
from sdk_gate.cases.safety import LONGER_THAN_A_TOKEN_MS
from sdk_gate.cases.streams import TICKER, TRADES, collect, event, ids, trade
from sdk_gate.driver import Answer
from sdk_gate.stage import Stage, until

NO_MARKET: Final = "trades.NO/MARKET"
HELD_S: Final = 0.6  # a ping comes by then, and no time-out
SETTLED_S: Final = 2.0


def _begin(stage: Stage, *topics: str) -> None:
    """A client with topics that nothing is told of but by the case."""
    for topic in topics:
        stage.take_over(topic, list)
    stage.open(timing={"silenceMs": 60_000})
    for topic in topics:
        stage.subscribe(topic)


@case(
    "sdk.refusals-are-errors",
    "sdk.refusals-keep-code-and-message",
    "sdk.events-reach-the-caller",
    needs=("streams",),
)
def refused(stage: Stage) -> Iterator[Claim]:
    """A market that is not there is subscribed, and again while its refusal comes behind the answer to a ping."""
    _begin(stage, TRADES)
    for how in ("at once", "behind another answer"):
        if how != "at once":
            stage.exchange.do(lambda: stage.exchange.streams.hold(HELD_S))
        answer = stage.driver.step("subscribe", topic=NO_MARKET)
        title = f"a subscription that is refused {how} is an error"
        yield holds("sdk.refusals-are-errors", not answer.ok, title, "an error", answer.said)
        yield _whole(answer, _refusal_of(stage, NO_MARKET))
    stage.exchange.do(lambda: stage.exchange.streams.hold(HELD_S))
    answer = stage.driver.step("subscribe", topic=TICKER)
    title = "one that is accepted behind another answer is none"
    yield holds("sdk.events-reach-the-caller", answer.ok, title, "ok", answer.said)
    stage.push(event(TRADES, "update", [trade(1)]))
    title = "what was subscribed before reaches the caller as before"
    yield equal("sdk.events-reach-the-caller", title, ["1"], ids(collect(stage, TRADES, 1)))


def _whole(answer: Answer, refusal: dict[str, Any] | None) -> Claim:
    """Whether an error holds what the exchange said."""
    requirement = "sdk.refusals-keep-code-and-message"
    if refusal is None:
        return Claim(requirement, Verdict.SKIPPED, "the SDK does not ask for a market that is none")
    title = "the error of a subscription holds the exchange's code and message"
    is_whole = answer.code == refusal["code"] and refusal["message"] in answer.message
    expected = f"{refusal['code']}: {refusal['message']}"
    return holds(requirement, is_whole, title, expected, f"{answer.code}: {answer.message}")


def _refusal_of(stage: Stage, topic: str) -> dict[str, Any] | None:
    """The last refusal of a topic that the exchange sent; None where the SDK refused by itself."""
    sent = (each.message for each in stage.seen.stream if each.kind == "sent")
    refusals = [each for each in sent if each.get("success") is False and topic in each["message"]]
    return refusals[-1] if refusals else None


@case("sdk.events-reach-the-caller", needs=("streams",))
def fragments(stage: Stage) -> Iterator[Claim]:
    """Messages come in fragments, as the WebSocket protocol allows."""
    _begin(stage, TRADES)
    stage.exchange.do(stage.exchange.streams.tear)
    for number in range(1, 6):
        stage.push(event(TRADES, "update", [trade(number)]))
    title = "every trade of a message in fragments reaches the caller"
    due = [str(number) for number in range(1, 6)]
    yield equal("sdk.events-reach-the-caller", title, due, ids(collect(stage, TRADES, 5)))


@case("sdk.ended-subscriptions-stay-ended", needs=("streams",))
def ended(stage: Stage) -> Iterator[Claim]:
    """One of two topics is ended; then the client makes way for another."""
    requirement = "sdk.ended-subscriptions-stay-ended"
    _begin(stage, TRADES, TICKER)
    stage.unsubscribe(TICKER)
    is_gone = until(lambda: stage.push(event(TICKER, "update", {})) == 0, SETTLED_S)
    title = "a topic that the caller ended is ended at the exchange"
    actual = "not subscribed" if is_gone else "still subscribed"
    yield holds(requirement, is_gone, title, "not subscribed", actual)
    before = set(stage.seen.connections())
    stage.open()

    def left() -> set[int]:
        return before - {each.connection for each in stage.seen.stream if each.kind == "closed"}

    is_closed = until(lambda: not left(), SETTLED_S)
    title = "a client that was closed leaves no connection open"
    yield holds(requirement, is_closed, title, "0 connections", f"{len(left())} connections")


@case("sdk.authentication-is-restored", needs=("private", "token"))
def token_ends(stage: Stage) -> Iterator[Claim]:
    """Own orders are watched; the token ends, and so does the connection."""
    stage.open("token", timing={"silenceMs": 60_000})
    stage.subscribe("orders")
    stage.call("placeSpotOrder", **LIMIT_BUY)
    if not collect(stage, "orders", 1):
        raise CannotTell("no event of an own order came, even before the break")
    stage.exchange.advance_clock(LONGER_THAN_A_TOKEN_MS)
    mark = len(stage.seen.stream)
    stage.cut()

    def is_let_in() -> bool:
        sent = (each.message for each in stage.seen.stream[mark:] if each.kind == "sent")
        return any(x.get("op") == "subscribe" and x.get("success") for x in sent)

    is_in = until(is_let_in, stage.soon_s)
    title = "after its token ended a client logs in again for its private topics"
    actual = "subscribed again" if is_in else f"{len(stage.of('login'))} log-ins, not let in"
    yield holds("sdk.authentication-is-restored", is_in, title, "subscribed again", actual)
