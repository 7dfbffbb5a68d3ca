"""Figures are judged against their goals, and what was not heard whole is not counted as heard."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reference_exchange import bench
from reference_exchange.bench import Measured
from reference_exchange.bench_drive import FanOut, Pace, follows

GOOD = {"orders": 5000.0, "p99_us": 999.9, "messages": 100_000.0, "is_whole": True}


def measured(
    orders: float, p99_us: float | None, messages: float, is_whole: bool
) -> dict[str, Measured]:
    ours = Measured(
        [FanOut(Pace(messages, messages, 1.0), 10, is_whole)] * bench.ROUNDS,
        [Pace(orders, orders, 1.0)] * bench.ROUNDS,
        {"p99": p99_us},
        {"p99": p99_us},
    )
    return {"exchange": ours, "picows": ours, "websockets": Measured(ours.fan_outs)}


@pytest.mark.parametrize(
    ("changed", "short"),
    [
        ({}, []),
        ({"orders": 4999.0}, [0]),
        ({"p99_us": 1000.0}, [1, 2]),
        ({"p99_us": None}, [1, 2]),  # too few answers carry no percentile, and so no yes
        ({"messages": 99_999.0}, [3]),
        ({"is_whole": False}, [4]),
    ],
)
def test_a_figure_is_held_against_its_goal(changed: dict, short: Sequence[int]) -> None:
    rows = bench.rows_of(measured(**{**GOOD, **changed}))
    assert [number for number, row in enumerate(rows) if not row.reached] == short


def test_a_row_is_one_line_with_its_peers() -> None:
    row = bench.Row("orders over HTTP", 9348.3, "orders/s", ">= 5000", True, {"other": 30311.2})
    said = "orders over HTTP: 9,348 orders/s (goal >= 5000, other 30,311) reached"
    assert bench.line(row) == said


@pytest.mark.parametrize(
    ("heard", "is_whole"),
    [
        ([(8, 7), (9, 8), (10, 9)], True),
        ([(8, 7), (9, 8)], False),
        ([(8, 7), (10, 9), (11, 10)], False),
        ([(8, 7), (8, 7), (9, 8)], False),
    ],
)
def test_what_was_missed_or_came_twice_is_noticed(
    heard: Sequence[tuple[int, int]], is_whole: bool
) -> None:
    assert follows(heard, 3) is is_whole


def test_an_unknown_name_is_one_line_and_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--only", "nothing"]) == 3
    assert capsys.readouterr().err == "bench: unknown --only 'nothing': there is exchange\n"
