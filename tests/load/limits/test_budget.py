"""The budget is kept, and whatever looks like a punishment ends the experiment."""

from __future__ import annotations

import pytest

from load.limits.budget import Budget, Stopped
from load.limits.steps import Batch, Refusal, Subject
from load.limits.told import Told

WHO = Subject("127.0.0.1", "carol", "", "getSpotWallets")


def refused(at_s: float = 1.0, status: int = 429, wait_s: float | None = 10.0) -> Batch:
    refusal = Refusal(at_s, 0.001, status, 3005, Told(wait_s, "seconds"))
    return Batch(WHO, refusals=(refusal,))


def test_no_more_is_allowed_than_is_left():
    budget = Budget(10, 5, 60.0)
    budget.spend(Batch(WHO, (1.0,) * 7))
    assert budget.allow(100, 1.0) == 3


@pytest.mark.parametrize(
    ("spent", "at_s", "why"),
    [
        ([Batch(WHO, (1.0,) * 10)], 1.0, "all 10 requests are used up"),
        ([refused(), refused()], 1.0, "2 requests were refused"),
        ([], 60.1, "beyond the 60 s that it may take"),
    ],
)
def test_when_a_part_of_it_is_used_up_it_ends(spent, at_s, why):
    budget = Budget(10, 2, 60.0)
    for each in spent:
        budget.spend(each)
    with pytest.raises(Stopped, match=why):
        budget.allow(1, at_s)


@pytest.mark.parametrize(
    ("batches", "why"),
    [
        ([refused(status=418)], "the exchange bans"),
        ([refused(), refused(status=403)], "it may be a ban"),
        ([refused(1.0, wait_s=10), refused(2.0, wait_s=60)], "grows with every refusal"),
        ([Batch(WHO, lost=1)] * 3, "3 requests in a row were not answered"),
    ],
)
def test_a_punishment_ends_it(batches, why):
    budget, *before = Budget(1000, 100, 60.0), *batches[:-1]
    for each in before:
        budget.spend(each)
    with pytest.raises(Stopped, match=why):
        budget.spend(batches[-1])


def test_a_new_window_is_no_punishment():
    budget = Budget(1000, 100, 600.0)
    for batch in (refused(1.0, wait_s=10), Batch(WHO, (11.5,)), refused(12.0, wait_s=60)):
        budget.spend(batch)
    assert budget.refused == 2


def test_the_same_end_told_again_is_no_punishment():
    budget = Budget(1000, 100, 600.0)
    for at_s, wait_s in ((1.0, 60.0), (31.0, 30.0), (60.0, 1.0)):
        budget.spend(refused(at_s, wait_s=wait_s))
    assert budget.refused == 3
