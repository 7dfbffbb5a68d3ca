"""Judges of waiting: what arrives before the time that a 429 gave.

A request that is sent again too early is the SDK's doing where it came more often than in peace. What else comes need
not be: an SDK may tell its caller of the 429, and a test runner goes on with its next test, which may ask the same.
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
OTHERS: Final = "requests came before Retry-After was over: the SDK's or its tests'?"


def judge(calm: Sequence[Arrival], arrivals: Sequence[Arrival]) -> Iterator[Claim]:
    """After each 429 its request may not come again before its Retry-After is over, but for what was on its way.

    `calm` is what arrived in peace. Whoever asks nothing more is not judged.
    """
    usual, came = (Counter(_asked(x) for x in each) for each in (calm, arrivals))
    excused_ns = IN_FLIGHT_MS * NS_PER_MS if _asks_at_once(arrivals) else 0
    others: Counter[str] = Counter()
    for refused in arrivals:
        early = _early(refused, arrivals, excused_ns)
        if early is None:
            continue
        asked = _asked(refused)
        is_repeated = came[asked] > max(usual[asked], 1)
        again = [x for x in early if _asked(x) == asked] if is_repeated else []
        if early and not again:
            others[_requirement(refused)] += len(early)
        else:
            yield _kept(refused, again)
    for requirement, count in others.items():
        yield Claim(requirement, Verdict.SKIPPED, f"{count} {OTHERS}")


def _early(refused: Arrival, arrivals: Sequence[Arrival], excused_ns: int) -> list[Arrival] | None:
    """What came to the exchange too early after a 429; None where there is nothing to judge."""
    due_ns = earliest_ns(refused)
    if refused.status != 429 or due_ns is None:
        return None
    from_ns = (refused.answered_ns or refused.at_ns) + excused_ns
    later = [x for x in arrivals if x.host == EXCHANGE and x.at_ns > from_ns]
    # Who does not come again cannot come too early.
    return [x for x in later if x.at_ns < due_ns] if later else None


def _kept(refused: Arrival, again: Sequence[Arrival]) -> Claim:
    title = "what was refused is not sent again before Retry-After is over"
    shown = [f"{x.operation} after {_ms(refused, x)} ms" for x in again[:5]]
    numbers = [refused.number, *(x.number for x in again[:5])]
    expected = f"nothing for {_retry_after(refused)}"
    return holds(_requirement(refused), not again, title, expected, shown or "nothing", numbers)


def _requirement(refused: Arrival) -> str:
    is_date = not _retry_after(refused).isdigit()
    return "sdk.retry-after-dates-are-kept" if is_date else "sdk.retry-after-is-kept"


def _retry_after(refused: Arrival) -> str:
    return (refused.answer.header("Retry-After") or "").strip() if refused.answer else ""


def _asked(each: Arrival) -> tuple[str, str, bytes]:
    """What is asked; a request's signature and its time are in headers."""
    return each.request.method, each.request.target, each.request.body


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
    text = _retry_after(refused)
    answered_ns = refused.answered_ns or refused.at_ns
    if text.isdigit():
        return answered_ns + int(text) * 1000 * NS_PER_MS
    try:
        due_ms = round(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, TypeError):
        return None
    # The exchange's time is in whole milliseconds: up to one of them had passed.
    return refused.at_ns + (due_ms - refused.exchange_ms - 1) * NS_PER_MS


def _ms(first: Arrival, second: Arrival) -> int:
    return (second.at_ns - (first.answered_ns or first.at_ns)) // NS_PER_MS
