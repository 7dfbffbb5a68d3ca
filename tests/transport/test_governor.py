"""The governor: never more than the budget in any minute, reset where that is allowed."""

from __future__ import annotations

from conformance.transport.governor import MINUTE_MS, Governor
from conformance.transport.in_process import ManualClock


def governed(budget: int, can_relieve: bool) -> tuple[Governor, ManualClock, list[int]]:
    clock, reliefs = ManualClock(0), [0]

    def relieve() -> bool:
        reliefs[0] += can_relieve
        return can_relieve

    return Governor(budget, clock, clock.advance, relieve), clock, reliefs


def test_no_minute_sees_more_than_the_budget() -> None:
    governor, clock, _ = governed(10, can_relieve=False)
    sent = []
    for _ in range(45):
        governor.before()
        sent.append(clock())
        clock.advance(100)
    assert max(sum(at <= each < at + MINUTE_MS for each in sent) for at in sent) == 10


def test_a_target_that_forgets_is_not_waited_for() -> None:
    governor, clock, reliefs = governed(10, can_relieve=True)
    for _ in range(45):
        governor.before()
    assert (clock(), reliefs[0], governor.total) == (0, 4, 45)


def test_a_burst_starts_in_a_fresh_minute_and_is_counted() -> None:
    governor, clock, _ = governed(10, can_relieve=False)
    governor.before(3)
    governor.fresh()
    assert clock() > MINUTE_MS
    governor.spend(10)
    governor.before()
    assert clock() > 2 * MINUTE_MS
