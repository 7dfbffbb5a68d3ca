"""When an SDK tries again: reads after a broken gateway, anything after a 429, and nothing for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from statistics import mean, median
from typing import Any, Final

from conformance.cases.claim import CannotTell, Claim, Verdict, equal, holds
from sdk_gate.arrivals import Arrival
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.cases.refusals import told
from sdk_gate.cases.requests import LIMIT_BUY
from sdk_gate.driver import STEP_S, Answer
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
ENDED: Final = (scripts.hang_up(performs=False), scripts.close(performs=False))
FEW: Final = 3  # calls in which chance seldom makes the same pause next to nothing
WAIT_S: Final = 2
MOST_WAIT_S: Final = 2 * WAIT_S
MOST_CALLS: Final = 3  # of a user who is told to wait, and does
MOST_STEP_S: Final = 2 * STEP_S
TOLD_S: Final = 0.2  # a 429 that was written has been read by then
BEHIND_MS: Final = 250
# What is asked while a call waits: public, private, what is written, and what is asked by itself when a token ends.
MEANWHILE: Final = ("getCoinTicker", "getUserInfo", "placeSpotOrder", "login")


@case("sdk.reads-are-tried-again")
def reads_that_fail_twice(stage: Stage) -> Iterator[Claim]:
    """A read meets bad gateways, or a connection that breaks or is closed, before it is answered."""
    troubles = (
        ("two bad gateways", [scripts.broken(502), scripts.broken(503)]),
        ("a gateway that waited in vain", [scripts.broken(504)]),
        ("a connection that breaks", [scripts.hang_up(performs=False)]),
        ("a connection that is closed", [scripts.close(performs=False)]),
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
    pauses: list[list[float]] = []
    for count, status in enumerate(STATUSES * 2):
        if count >= len(STATUSES) and not _in_doubt(pauses):
            break
        stage.open()
        stage.exchange.always("getCoinTicker", scripts.broken(status))
        answer, arrivals = stage.sends("getCoinTicker", coin="btc")
        pauses.append(_pauses_ms(arrivals))
        yield _few(arrivals, f"{status} for ever")
        title = f"a read that meets {status} for ever is an error"
        actual = answer.said if answer.ok else answer.kind
        yield equal("sdk.attempts-are-few-and-apart", title, "server", actual)
    yield from apart("sdk.attempts-are-few-and-apart", list(chain(*pauses)), "a broken gateway")
    yield from each_apart(pauses)


def _in_doubt(pauses: Sequence[Sequence[float]]) -> bool:
    is_short = any(each.verdict is Verdict.FAIL for each in each_apart(pauses))
    return is_short or 0 < sum(map(len, pauses)) < ENOUGH_PAUSES


@case("sdk.attempts-are-few-and-apart", needs=(ACCOUNT,))
def connection_that_always_breaks(stage: Stage) -> Iterator[Claim]:
    """Reads, and an exchange that ends every connection before it answers."""
    means_ms: list[float] = []
    for script in ENDED * 2:
        stage.open_account()
        stage.exchange.always("getSpotWallets", script)
        answer, arrivals = stage.sends("getSpotWallets")
        if pauses_ms := _pauses_ms(arrivals):
            means_ms.append(mean(pauses_ms))
        yield _few(arrivals, f"an exchange that {script.name}")
        title = f"a read of an exchange that always {script.name} is an error"
        yield holds("sdk.attempts-are-few-and-apart", not answer.ok, title, "error", answer.said)
    if means_ms:
        # Libraries of HTTP try a second connection at once, by themselves: only the mean of a call is judged, and
        # of several calls the middle one, for a machine may stall in some and chance make others short.
        title = "there are pauses between the attempts (a connection that always breaks)"
        expected = f"{LEAST_MEAN_MS} ms on an average, in most calls"
        actual = ", ".join(f"{each:.0f}" for each in means_ms)
        is_apart = median(means_ms) >= LEAST_MEAN_MS
        yield holds("sdk.attempts-are-few-and-apart", is_apart, title, expected, f"{actual} ms")


@case("sdk.attempts-are-few-and-apart", "sdk.refusals-keep-code-and-message", needs=(ACCOUNT,))
def limiter_that_stays_shut(stage: Stage) -> Iterator[Claim]:
    """A 429 for ever: without Retry-After, and with one of no seconds."""
    pauses_ms: list[float] = []
    for count in range(6):
        if count >= 3 and not 0 < len(pauses_ms) < ENOUGH_PAUSES:
            break
        stage.open_account()
        stage.exchange.always("getSpotWallets", scripts.refusal(429, 3005, "too many requests"))
        answer, arrivals = stage.sends("getSpotWallets")
        pauses_ms += _pauses_ms(arrivals)
        yield _few(arrivals, "429 for ever")
        if answer.kind == "rate_limited":
            yield told(answer, 3005, "too many requests")
        else:
            title = "the call ended by its own time, not by the 429"
            yield Claim("sdk.refusals-keep-code-and-message", Verdict.SKIPPED, title)
    yield from apart("sdk.attempts-are-few-and-apart", pauses_ms, "429 for ever")
    stage.open_account()
    stage.exchange.always("getSpotWallets", scripts.too_many("0"))
    yield _few(stage.sends("getSpotWallets")[1], "429 for ever, with Retry-After: 0")


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


def apart(
    requirement: str, pauses_ms: Sequence[float], what: str, mean_ms: int = LEAST_MEAN_MS
) -> Iterator[Claim]:
    """Of several attempts: there are pauses between them, whatever chance makes of each."""
    if pauses_ms:
        title = f"there are pauses between the attempts ({what})"
        expected = f"{mean_ms} ms on an average, and {LEAST_MEDIAN_MS} ms mostly, or more"
        shown = ", ".join(f"{each:.0f}" for each in pauses_ms)
        is_apart = mean(pauses_ms) >= mean_ms and median(pauses_ms) >= LEAST_MEDIAN_MS
        yield holds(requirement, is_apart, title, expected, f"{shown} ms")


def each_apart(pauses: Sequence[Sequence[float]]) -> Iterator[Claim]:
    """Of calls that all failed alike: no pause is left out every time, but the first, which many leave out."""
    for number in range(1, max(map(len, pauses), default=0)):
        found = [each[number] for each in pauses if number < len(each)]
        if len(found) >= FEW:
            title = f"there is a pause before attempt {number + 2}"
            expected = f"{LEAST_MEDIAN_MS} ms or more, at least once in {len(found)} calls"
            shown = ", ".join(f"{each:.0f}" for each in found)
            is_apart = max(found) >= LEAST_MEDIAN_MS
            yield holds("sdk.attempts-are-few-and-apart", is_apart, title, expected, f"{shown} ms")


@case("sdk.retry-after-is-kept", needs=(ACCOUNT,))
def seconds(stage: Stage) -> Iterator[Claim]:
    """A 429 gives seconds: to a read, which then meets another, and to an order."""
    requirement = "sdk.retry-after-is-kept"
    yield from _wait(stage, requirement, "getSpotWallets", {}, "1", "1")
    yield from _wait(stage, requirement, "placeSpotOrder", LIMIT_BUY, str(WAIT_S))


@case("sdk.retry-after-is-kept", needs=("concurrency", ACCOUNT))
def seconds_for_all(stage: Stage) -> Iterator[Claim]:
    """While the call that met a 429 waits, another meets one of no seconds, and more calls of all kinds are made."""
    yield from _for_all(stage, "sdk.retry-after-is-kept", str(WAIT_S))


@case("sdk.retry-after-dates-are-kept", needs=(ACCOUNT,))
def dates(stage: Stage) -> Iterator[Claim]:
    """A 429 gives an HTTP-date: to a read, and to an order."""
    for operation, params in (("getSpotWallets", {}), ("placeSpotOrder", LIMIT_BUY)):
        due = _date(stage)
        yield from _wait(stage, "sdk.retry-after-dates-are-kept", operation, params, due)


@case("sdk.retry-after-dates-are-kept", needs=("concurrency", ACCOUNT))
def dates_for_all(stage: Stage) -> Iterator[Claim]:
    """The same with an HTTP-date as with seconds: other calls wait as well."""
    yield from _for_all(stage, "sdk.retry-after-dates-are-kept", _date(stage))


def _date(stage: Stage) -> str:
    """A second from now. A date has whole seconds; one more, for the present second is not over."""
    return scripts.http_date(stage.exchange.now_ms() // 1000 + 2)


def _for_all(stage: Stage, requirement: str, retry_after: str) -> Iterator[Claim]:
    """A 429 to one call, behind it another one to a call that was on its way, and more calls."""
    stage.open_account({"timeoutMs": 5000})
    stage.call("getUserInfo")
    shorter = replace(scripts.too_many("0"), delay_ms=BEHIND_MS)
    stage.exchange.next("getFuturesWallets", shorter)
    stage.exchange.next("getSpotWallets", scripts.too_many(retry_after))
    other = stage.driver.send("call", operation="getFuturesWallets", params={})
    until(lambda: bool(stage.of("getFuturesWallets")) or stage.driver.has_answered(other))
    first = stage.driver.send("call", operation="getSpotWallets", params={})
    until(lambda: _refused_ns(stage, "getSpotWallets") > 0)
    until(lambda: False, BEHIND_MS / 1000 + TOLD_S)
    if stage.driver.has_answered(first):  # nothing waits: the caller was told
        answers = _until_let_in(stage, stage.received(first))
        stage.driver.receive(other)
    else:
        sent = [first, other, *(_send(stage, each) for each in MEANWHILE)]
        answers = [stage.driver.receive(number, MOST_STEP_S) for number in sent]
    answers = [each for each in answers if each.kind != "unsupported"]
    first_ns, second_ns = (_refused_ns(stage, x) for x in ("getSpotWallets", "getFuturesWallets"))
    # On a slow machine the one behind may come before; what is sent again then was on its way.
    excused = () if first_ns < second_ns else ("getFuturesWallets",)
    yield from _kept(stage, requirement, "getSpotWallets", retry_after, answers, excused)


def _refused_ns(stage: Stage, operation: str) -> int:
    """When an operation was answered with a 429 first, or 0."""
    answered = (each.answered_ns or 0 for each in stage.of(operation) if each.status == 429)
    return min(answered, default=0)


def _send(stage: Stage, operation: str) -> int:
    login = stage.login
    params = {"getCoinTicker": {"coin": "btc"}, "placeSpotOrder": LIMIT_BUY, "login": login}
    return stage.driver.send("call", operation=operation, params=params.get(operation, {}))


def _wait(
    stage: Stage, requirement: str, operation: str, params: dict[str, Any], *retry_after: str
) -> Iterator[Claim]:
    """A 429 or several, then a second call by the user: nothing may arrive before its time."""
    stage.open_account({"timeoutMs": 5000})
    stage.call("getSpotWallets")
    stage.exchange.next(operation, *map(scripts.too_many, retry_after))
    first = stage.call(operation, **params)
    yield from _told_when(stage, requirement, operation, first)
    answers = _until_let_in(stage, first)
    yield from _kept(stage, requirement, operation, retry_after[0], answers)


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


def _until_let_in(stage: Stage, first: Answer) -> list[Answer]:
    """The user's next call, or calls. Whoever is told how long to wait does; an SDK that keeps it to itself waits."""
    answers = [first]
    while len(answers) == 1 or (answers[-1].kind == "rate_limited" and len(answers) <= MOST_CALLS):
        refused = answers[-1]
        if refused.kind == "rate_limited" and refused.retry_after_ms:
            until(lambda: False, min(refused.retry_after_ms / 1000, MOST_WAIT_S))
        answers.append(stage.call("getSpotWallets"))
    return answers


def _kept(
    stage: Stage,
    requirement: str,
    operation: str,
    retry_after: str,
    answers: Sequence[Answer],
    excused: Sequence[str] = (),
) -> Iterator[Claim]:
    """Nothing but what is excused arrived before its time, and the callers know."""
    later = [each for each in stage.seen.arrivals if each.operation not in excused]
    refused = [x for x in stage.of(operation) if x.status == 429]
    if not refused:
        raise CannotTell(f"no {operation} arrived")
    for count, each in enumerate(refused):
        due_ns = earliest_ns(each)
        assert due_ns is not None
        early = [x for x in later if each.number < x.number and x.at_ns < due_ns]
        which = "another 429" if count else "a 429"
        title = f"after {which} to {operation} nothing is sent for {retry_after}"
        shown = [f"{x.operation} {(due_ns - x.at_ns) / NS_PER_MS:.1f} ms too early" for x in early]
        yield holds(requirement, not early, title, "nothing before its time", shown or "nothing")
    kinds = ("rate_limited", "timeout")
    for answer in answers:
        title = "a call that meets a 429 is answered later, or told as rate_limited"
        is_told = answer.ok or answer.kind in kinds
        yield holds(requirement, is_told, title, "an answer, or rate_limited", answer.said)
