"""What a limiter was asked, drawn: counts of the minute before, against the documented budget."""

from __future__ import annotations

from typing import Any

import pytest

from reports.charts import asked
from reports.charts.asked import Asker, askers
from tests.page.answers import BATCHES
from tests.reports.builders import measurement
from tests.reports.nightly import limiter


def entry(**changes: Any) -> dict[str, Any]:
    return measurement("rate_limit", 300, 300, 3, extra={**limiter(), **changes})


def batch(from_s: float, until_s: float, accepted: int, **changes: Any) -> dict[str, Any]:
    return {**BATCHES[1], "from_s": from_s, "until_s": until_s, "accepted": accepted, **changes}


@pytest.mark.parametrize(
    ("at_s", "count"), [(0, 0), (5, 50), (10, 100), (60, 100), (65, 50), (70, 0), (90, 7)]
)
def test_a_minute_forgets_what_came_before_it(at_s: float, count: int) -> None:
    one = Asker("one", [batch(0, 10, 100), batch(90, 90, 7)])
    assert one.minute_before(at_s + 0.001 * (at_s == 90)) == pytest.approx(count)


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        (["account"], ["account carol", "account bob"]),
        (["address"], ["address 127.0.0.1"]),
        ("unknown", ["account carol, address 127.0.0.1", "account bob, address 127.0.0.1"]),
    ],
)
def test_lines_are_of_those_that_the_limiter_counts_apart(scope: Any, names: list[str]) -> None:
    assert [each.name for each in askers(BATCHES, scope)] == names


def test_the_words_say_when_it_refused_first() -> None:
    made = asked.picture(1, entry())
    assert made is not None
    # 1,200 at 60.2 s, then 12 a second from 100 s on: the minute forgets its burst at 120.2 s.
    assert (
        "account carol: at most 1,442 in a minute, refused 4 times, first after 1,200" in made.told
    )
    assert "account bob: at most 900 in a minute, never refused" in made.told
    assert "documented: 1,200 a minute" in made.told
    assert [key.words for key in made.legend] == [
        *("account carol", "account bob", "refused"),
        "documented: 1,200 a minute",
    ]
    assert len(made.table.rows) == len(BATCHES)


def test_a_limiter_of_minutes_of_its_own_lets_twice_as_many_through() -> None:
    both = [batch(59, 59.5, 1200), batch(60.5, 61, 1200)]
    made = asked.picture(1, entry(batches=both))
    assert made is not None
    assert "at most 2,400 in a minute" in made.told


def test_a_run_without_batches_has_no_such_picture() -> None:
    assert asked.picture(1, entry(batches=[])) is None


def test_a_long_experiment_is_not_told_row_by_row() -> None:
    made = asked.picture(1, entry(batches=[batch(n, n, 1) for n in range(500)]))
    assert made is not None
    assert len(made.table.rows) == asked.MOST_ROWS
    assert "380 later rows left out" in made.table.caption
