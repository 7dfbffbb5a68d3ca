"""When an SDK tries again: reads after a broken gateway, anything after a 429, and nothing for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import mean, median
from typing import Any, Final

from conformance.cases.claim import CannotTell, Claim, equal, holds
from sdk_gate.arrivals import Arrival
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.cases.requests import LIMIT_BUY
from sdk_gate.driver import Answer
from sdk_gate.exchange import scripts
from sdk_gate.judges.waiting import NS_PER_MS, earliest_ns
from sdk_gate.stage import Stage, until

MOST_ATTEMPTS: Final = 10
# An SDK whose pauses cannot be set has some of its own; without any it hammers. With jitter a single one may be next
# to nothing, so that all of them together are judged.
LEAST_MEAN_MS: Final = 20
# The machine's own stalls make a mean of a few: most pauses have to be some at least.
LEAST_MEDIAN_MS: Final = 8
ENOUGH_PAUSES: Final = 6
STATUSES: Final = (502, 503, 504)
WAIT_S: Final = 2
MOST_WAIT_S: Final = 2 * WAIT_S
TOLD_S: Final = 0.2  # a 429 that was written has been read by then


@case("sdk.reads-are-tried-again")
def reads_that_fail_twice(stage: Stage) -> Iterator[Claim]:
    """A read meets two bad gateways, or a connection that breaks, before it is answered."""
    troubles = (
        ("two bad gateways", [scripts.broken(502), scripts.broken(503)]),
        ("a connection that breaks", [scripts.hang_up(performs=False)]),
    )
    for name, trouble in troubles:
        stage.open()
        stage.exchange.next("getCoinTicker", *trouble)
        answer = stage.call("getCoinTicker", coin="btc")
        title = f"a read gets through after {name}"
        yield holds("sdk.reads-are-tried-again", answer.ok, title, "an answer", answer.said)


@case("sdk.attempts-are-few-and-apart")
def gateway_that_stays_broken(stage: Stage) -> Iterator[Claim]:
    """Reads, and an exchange behind a gateway that is broken for ever, in each way."""
    pauses_ms: list[float] = []
    for count, status in enumerate(STATUSES * 2):
        if count >= len(STATUSES) and not 0 < len(pauses_ms) < ENOUGH_PAUSES:
            break
        stage.open()
        stage.exchange.always("getCoinTicker", scripts.broken(status))
        before = len(stage.of("getCoinTicker"))
        answer = stage.call("getCoinTicker", coin="btc")
        arrivals = stage.of("getCoinTicker")[before:]
        pauses_ms += _pauses_ms(arrivals)
        yield _few(arrivals, f"{status} for ever")
        title = f"a read that meets {status} for ever is an error"
        actual = answer.said if answer.ok else answer.kind
        yield equal("sdk.attempts-are-few-and-apart", title, "server", actual)
    yield from apart("sdk.attempts-are-few-and-apart", pauses_ms, "a broken gateway")


@case("sdk.attempts-are-few-and-apart", needs=(ACCOUNT,))
def limiter_that_stays_shut(stage: Stage) -> Iterator[Claim]:
    """A 429 without Retry-After, for ever."""
    pauses_ms: list[float] = []
    for _ in range(3):
        stage.open_account()
        stage.exchange.always("getSpotWallets", scripts.refusal(429, 3005, "too many requests"))
        _, arrivals = stage.sends("getSpotWallets")
        pauses_ms += _pauses_ms(arrivals)
        yield _few(arrivals, "429 for ever")
    yield from apart("sdk.attempts-are-few-and-apart", pauses_ms, "429 for ever")


def _few(arrivals: Sequence[Arrival], what: str) -> Claim:
    title = f"attempts come to an end ({what})"
    count = len(arrivals)
    is_few = 0 < count <= MOST_ATTEMPTS
    expected = f"at most {MOST_ATTEMPTS}"
    return holds("sdk.attempts-are-few-and-apart", is_few, title, expected, count)


def _pauses_ms(arrivals: Sequence[Arrival]) -> list[float]:
    # From the answer on: a slow machine makes a pause longer, never shorter.
    return [
        (second.at_ns - (first.answered_ns or second.at_ns)) / NS_PER_MS
        for first, second in pairwise(arrivals)
    ]


def apart(requirement: str, pauses_ms: Sequence[float], what: str) -> Iterator[Claim]:
    """Of several attempts: there are pauses between them, whatever chance makes of each."""
    if pauses_ms:
        title = f"there are pauses between the attempts ({what})"
        expected = f"{LEAST_MEAN_MS} ms on an average, and {LEAST_MEDIAN_MS} ms mostly, or more"
        shown = ", ".join(f"{each:.0f}" for each in pauses_ms)
        is_apart = mean(pauses_ms) >= LEAST_MEAN_MS and median(pauses_ms) >= LEAST_MEDIAN_MS
        yield holds(requirement, is_apart, title, expected, f"{shown} ms")


@case("sdk.retry-after-is-kept", needs=(ACCOUNT,))
def seconds(stage: Stage) -> Iterator[Claim]:
    """A 429 gives seconds: to a read, and to an order."""
    for operation, params in (("getSpotWallets", {}), ("placeSpotOrder", LIMIT_BUY)):
        yield from _wait(stage, "sdk.retry-after-is-kept", operation, params, str(WAIT_S))


@case("sdk.retry-after-is-kept", needs=("concurrency", ACCOUNT))
def seconds_for_all(stage: Stage) -> Iterator[Claim]:
    """While the call that met a 429 waits, another one is made."""
    stage.open_account({"timeoutMs": 5000})
    stage.call("getUserInfo")
    stage.exchange.next("getSpotWallets", scripts.too_many(str(WAIT_S)))
    first = stage.driver.send("call", operation="getSpotWallets", params={})
    until(lambda: any(x.status == 429 for x in stage.of("getSpotWallets")))
    until(lambda: False, TOLD_S)
    if stage.driver.has_answered(first):  # nothing waits: the caller was told
        answers = [refused := stage.received(first), _next_call(stage, refused)]
    else:
        second = stage.driver.send("call", operation="getUserInfo", params={})
        answers = [stage.received(number) for number in (first, second)]
    yield from _kept(stage, "sdk.retry-after-is-kept", "getSpotWallets", str(WAIT_S), answers)


@case("sdk.retry-after-dates-are-kept", needs=(ACCOUNT,))
def dates(stage: Stage) -> Iterator[Claim]:
    """A 429 gives an HTTP-date: to a read, and to an order."""
    for operation, params in (("getSpotWallets", {}), ("placeSpotOrder", LIMIT_BUY)):
        # A date has whole seconds; one more, for the present second is not over.
        due = scripts.http_date(stage.exchange.now_ms() // 1000 + WAIT_S + 1)
        yield from _wait(stage, "sdk.retry-after-dates-are-kept", operation, params, due)


def _wait(
    stage: Stage, requirement: str, operation: str, params: dict[str, Any], retry_after: str
) -> Iterator[Claim]:
    """A 429, then a second call by the user: nothing may arrive before its time."""
    stage.open_account({"timeoutMs": 5000})
    stage.call("getSpotWallets")
    stage.exchange.next(operation, scripts.too_many(retry_after))
    first = stage.call(operation, **params)
    yield from _told_when(stage, requirement, operation, first)
    second = _next_call(stage, first)
    yield from _kept(stage, requirement, operation, retry_after, (first, second))


def _told_when(stage: Stage, requirement: str, operation: str, answer: Answer) -> Iterator[Claim]:
    """An error that says how long to wait says it in milliseconds."""
    now_ns = stage.exchange.now_ns()
    due_ns = [earliest_ns(x) or 0 for x in stage.of(operation) if x.status == 429]
    left_ms = (max(due_ns, default=0) - now_ns) // NS_PER_MS
    if answer.kind == "rate_limited" and answer.retry_after_ms and left_ms > 0:
        # It may have read a date as whole seconds, or tell what the 429 said and not what is left of it.
        is_right = left_ms // 2 <= answer.retry_after_ms <= left_ms + 2000
        title = f"the error after a 429 to {operation} says how long to wait, in milliseconds"
        expected, actual = f"about {left_ms} ms", f"{answer.retry_after_ms} ms"
        yield holds(requirement, is_right, title, expected, actual)


def _next_call(stage: Stage, first: Answer) -> Answer:
    """The user's next call. Whoever is told how long to wait does; an SDK that keeps that to itself has to wait."""
    if first.kind == "rate_limited" and first.retry_after_ms:
        until(lambda: False, min(first.retry_after_ms / 1000, MOST_WAIT_S))
    return stage.call("getSpotWallets")


def _kept(
    stage: Stage, requirement: str, operation: str, retry_after: str, answers: Sequence[Answer]
) -> Iterator[Claim]:
    """Nothing arrived before its time, and the callers know."""
    refused = next((x for x in stage.of(operation) if x.status == 429), None)
    if refused is None:
        raise CannotTell(f"no {operation} arrived")
    due_ns = earliest_ns(refused)
    assert due_ns is not None
    early = [x for x in stage.seen.arrivals if refused.number < x.number and x.at_ns < due_ns]
    title = f"after a 429 to {operation} nothing is sent for {retry_after}"
    shown = [f"{x.operation} {(due_ns - x.at_ns) / NS_PER_MS:.1f} ms too early" for x in early]
    yield holds(requirement, not early, title, "nothing before its time", shown or "nothing")
    kinds = ("rate_limited", "timeout")
    for answer in answers:
        title = "a call that meets a 429 is answered later, or told as rate_limited"
        is_told = answer.ok or answer.kind in kinds
        yield holds(requirement, is_told, title, "an answer, or rate_limited", answer.said)
