"""Judges of waiting: what arrives before the time that a 429 gave.

A request that is sent again too early is the SDK's doing. Another one need not be: an SDK may tell its caller of the
429, and a test runner goes on with its next test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Final

from conformance.cases.claim import Claim, Verdict, holds
from sdk_gate.arrivals import EXCHANGE, Arrival

NS_PER_MS: Final = 1_000_000
# What a client that asks several things at once had on its way when the 429 was written.
IN_FLIGHT_MS: Final = 250
OTHERS: Final = "other requests came before Retry-After was over: the SDK's or its tests'?"


def judge(arrivals: Sequence[Arrival]) -> Iterator[Claim]:
    """After each 429 its request may not come again before its Retry-After is over, but for what was on its way.

    Whoever asks nothing more is not judged.
    """
    excused_ns = IN_FLIGHT_MS * NS_PER_MS if _asks_at_once(arrivals) else 0
    others: Counter[str] = Counter()
    for refused in arrivals:
        due_ns = earliest_ns(refused)
        if refused.status != 429 or due_ns is None:
            continue
        from_ns = (refused.answered_ns or refused.at_ns) + excused_ns
        later = [x for x in arrivals if x.host == EXCHANGE and x.at_ns > from_ns]
        if not later:
            continue  # nothing more was asked: who does not come again cannot come too early
        early = [x for x in later if x.at_ns < due_ns]
        again = [x for x in early if _asks_the_same(x, refused)]
        text = refused.answer.header("Retry-After") if refused.answer else ""
        is_date = not (text or "").strip().isdigit()
        requirement = "sdk.retry-after-dates-are-kept" if is_date else "sdk.retry-after-is-kept"
        if early and not again:
            others[requirement] += len(early)
            continue
        title = "what was refused is not sent again before Retry-After is over"
        shown = [f"{x.operation} after {_ms(refused, x)} ms" for x in again[:5]]
        numbers = [refused.number, *(x.number for x in again[:5])]
        yield holds(
            requirement, not again, title, f"nothing for {text}", shown or "nothing", numbers
        )
    for requirement, count in others.items():
        yield Claim(requirement, Verdict.SKIPPED, f"{count} {OTHERS}")


def _asks_the_same(one: Arrival, other: Arrival) -> bool:
    """True for the same request; its signature and its time are in headers."""
    mine, yours = one.request, other.request
    return (mine.method, mine.target, mine.body) == (yours.method, yours.target, yours.body)


def _asks_at_once(arrivals: Sequence[Arrival]) -> bool:
    """True when ever a request came while another was not answered yet."""
    ended_ns = 0
    for each in arrivals:
        if each.at_ns < ended_ns:
            return True
        ended_ns = max(ended_ns, each.answered_ns or each.at_ns)
    return False


def earliest_ns(refused: Arrival) -> int | None:
    """The time, on the log's clock, from which on a refused client may come again; None when it was not told."""
    text = (refused.answer.header("Retry-After") or "").strip() if refused.answer else ""
    answered_ns = refused.answered_ns or refused.at_ns
    if text.isdigit():
        return answered_ns + int(text) * 1000 * NS_PER_MS
    try:
        due_ms = round(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, TypeError):
        return None
    return refused.at_ns + (due_ms - refused.exchange_ms) * NS_PER_MS


def _ms(first: Arrival, second: Arrival) -> int:
    return (second.at_ns - (first.answered_ns or first.at_ns)) // NS_PER_MS
