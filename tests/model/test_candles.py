"""Intervals open and close where the calendar says, in UTC."""

from datetime import UTC, datetime

import pytest

from conformance.model.candles import Interval, close_time, open_time


def ms(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


# 2024-02-29 was a Thursday in a leap year.
ROWS = [
    ("1m", "2024-02-29T13:37:42", "2024-02-29T13:37:00", "2024-02-29T13:38:00"),
    ("5m", "2024-02-29T13:37:42", "2024-02-29T13:35:00", "2024-02-29T13:40:00"),
    ("15m", "2024-02-29T13:37:42", "2024-02-29T13:30:00", "2024-02-29T13:45:00"),
    ("30m", "2024-02-29T13:37:42", "2024-02-29T13:30:00", "2024-02-29T14:00:00"),
    ("1h", "2024-02-29T13:37:42", "2024-02-29T13:00:00", "2024-02-29T14:00:00"),
    ("4h", "2024-02-29T13:37:42", "2024-02-29T12:00:00", "2024-02-29T16:00:00"),
    ("1d", "2024-02-29T13:37:42", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
    ("1w", "2024-02-29T13:37:42", "2024-02-26T00:00:00", "2024-03-04T00:00:00"),
    ("1M", "2024-02-29T13:37:42", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
    ("1w", "2024-03-04T00:00:00", "2024-03-04T00:00:00", "2024-03-11T00:00:00"),
    ("1w", "2024-03-03T23:59:59", "2024-02-26T00:00:00", "2024-03-04T00:00:00"),
    ("1w", "2024-12-31T12:00:00", "2024-12-30T00:00:00", "2025-01-06T00:00:00"),
    ("1M", "2024-12-31T23:59:59", "2024-12-01T00:00:00", "2025-01-01T00:00:00"),
    ("1M", "2023-02-01T00:00:00", "2023-02-01T00:00:00", "2023-03-01T00:00:00"),
    ("1M", "2024-04-30T23:59:59", "2024-04-01T00:00:00", "2024-05-01T00:00:00"),
    ("1d", "2024-01-01T00:00:00", "2024-01-01T00:00:00", "2024-01-02T00:00:00"),
]


@pytest.mark.parametrize(("interval", "at", "opens", "closes"), ROWS)
def test_a_moment_belongs_to_the_candle_around_it(interval, at, opens, closes):
    assert open_time(Interval(interval), ms(at)) == ms(opens)
    assert close_time(Interval(interval), ms(at)) == ms(closes)


@pytest.mark.parametrize("interval", list(Interval))
def test_one_candle_ends_where_the_next_begins(interval):
    at = ms("2023-12-30T11:22:33")
    for _ in range(30):
        end = close_time(interval, at)
        assert open_time(interval, end) == end
        assert open_time(interval, end - 1) == open_time(interval, at)
        at = end


def test_minute_and_month_differ_by_case_only():
    assert Interval("1m") is not Interval("1M")
    with pytest.raises(ValueError, match="1H"):
        Interval("1H")
