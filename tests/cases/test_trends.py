"""Which points of a trend belong to a candle: reckoned from its end, by clock hours."""

from __future__ import annotations

from decimal import Decimal

from conformance.cases.kline_stream import Candle
from conformance.cases.script import Frame
from conformance.cases.ticker_story import HOUR_MS, hours_within

NUMBERS = (Decimal(1),) * 5
POINTS = [Decimal(each) for each in (10, 11, 12, 12, 13, 14)]


def within(opened_hours_ago: int, points: list[Decimal]) -> list[int]:
    now = 1_800_000_000_000 + 59_000
    open_time = now // HOUR_MS * HOUR_MS - opened_hours_ago * HOUR_MS
    candle = Candle(open_time, *NUMBERS, 1, Frame("", 0))
    return [int(each) for each in hours_within(candle, points, now)]


def test_the_hours_since_a_candle_opened_are_counted_from_the_end() -> None:
    assert within(1, POINTS) == [13]
    assert within(4, POINTS) == [11, 12, 12, 13]


def test_a_candle_of_this_hour_has_no_point_but_the_last() -> None:
    assert within(0, POINTS) == []
    assert within(-1, POINTS) == []


def test_a_quiet_first_hour_repeats_what_was_before_the_candle() -> None:
    assert within(2, POINTS) == [13]


def test_a_candle_as_long_as_the_trend_has_all_but_the_last() -> None:
    assert within(9, POINTS) == [10, 11, 12, 12, 13]
