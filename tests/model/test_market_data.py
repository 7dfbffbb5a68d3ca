"""Tickers, candles and trends follow from the trades, and from nothing else."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model.candles import DAY_MS, HOUR_MS, MINUTE_MS, Interval, open_time
from conformance.model.events import Traded
from conformance.model.market_data import RECENT_TRADES_KEPT, Tape
from conformance.model.values import Side

MIDNIGHT = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp()) * 1000
NOON = MIDNIGHT + 12 * HOUR_MS


def trade(at_ms, price, amount="1", number=1):
    return Traded(
        number, "BTC/USDT", Decimal(price), Decimal(amount), Side.BUY, at_ms, "b", "s", 1, 2
    )


def tape_of(*trades):
    tape = Tape("BTC/USDT")
    for at_ms, price, *amount in trades:
        tape.record(trade(at_ms, price, *amount))
    return tape


def ticker_row(tape, now_ms):
    t = tape.ticker(now_ms)
    return [t.open, t.high, t.low, t.close, t.volume, t.turnover, t.change, t.chg, t.last_day_close]


# trades (at, price, amount), now -> open high low close volume turnover change chg last_day_close
TICKERS = {
    "never traded": ([], NOON, "0 0 0 0 0 0 0 0 0"),
    "one trade": ([(NOON, "100", "2")], NOON, "100 100 100 100 2 200 0 0 100"),
    "a rise": (
        [(NOON, "100"), (NOON + 1, "90"), (NOON + 2, "120"), (NOON + 3, "110", "0.5")],
        NOON + 4,
        "100 120 90 110 3.5 365 10 0.1 100",
    ),
    "a fall, over minutes": (
        [(NOON, "100"), (NOON + MINUTE_MS, "50"), (NOON + 2 * MINUTE_MS, "75")],
        NOON + 2 * MINUTE_MS,
        "100 100 50 75 3 225 -25 -0.25 100",
    ),
    "yesterday's last price": (
        [(MIDNIGHT - 2, "90"), (MIDNIGHT - 1, "95"), (MIDNIGHT, "100")],
        NOON,
        "90 100 90 100 3 285 10 0.1111 95",
    ),
    "no trade yet today": (
        [(MIDNIGHT - 2, "90"), (MIDNIGHT - 1, "95")],
        MIDNIGHT,
        "90 95 90 95 2 185 5 0.0556 95",
    ),
    "the last moment of the window": (
        [(NOON, "80"), (NOON + HOUR_MS, "100")],
        NOON + DAY_MS + MINUTE_MS - 1,
        "80 100 80 100 2 180 20 0.25 100",
    ),
    "one moment later": (
        [(NOON, "80"), (NOON + HOUR_MS, "100")],
        NOON + DAY_MS + MINUTE_MS,
        "100 100 100 100 1 100 0 0 100",
    ),
    "nothing in the window": (
        [(NOON, "80"), (NOON + HOUR_MS, "100")],
        NOON + 3 * DAY_MS,
        "100 100 100 100 0 0 0 0 100",
    ),
    "a tie goes to the even digit": (
        [(NOON, "20000"), (NOON + 1, "20001")],
        NOON + 1,
        "20000 20001 20000 20001 2 40001 1 0 20000",
    ),
    "a tie goes to the even digit, upwards": (
        [(NOON, "20000"), (NOON + 1, "20003")],
        NOON + 1,
        "20000 20003 20000 20003 2 40003 3 0.0002 20000",
    ),
}


@pytest.mark.parametrize(
    ("trades", "now_ms", "expected"), list(TICKERS.values()), ids=list(TICKERS)
)
def test_the_ticker(trades, now_ms, expected):
    assert ticker_row(tape_of(*trades), now_ms) == [Decimal(word) for word in expected.split()]


def test_a_ticker_asked_often_stays_right():
    tape = Tape("BTC/USDT")
    for minute in range(3 * 1440):
        at_ms = MIDNIGHT + minute * MINUTE_MS
        tape.record(trade(at_ms, 100 + minute, "1"))
        if minute % 97 == 0:
            ticker = tape.ticker(at_ms)
            assert ticker.volume == min(minute + 1, 1441)
            assert ticker.open == 100 + max(0, minute - 1440)
            assert tape.ticker(at_ms) == ticker


def test_a_minute_that_ends_after_it_was_asked_for_still_counts():
    tape = tape_of((NOON, "100"))
    next_minute = NOON + MINUTE_MS
    assert tape.ticker(next_minute).volume == 1
    tape.record(trade(next_minute, "101"))
    assert tape.ticker(next_minute).volume == 2


def test_candles_of_the_moment():
    tape = tape_of(
        (NOON - 1, "90"), (NOON, "100", "2"), (NOON + 70_000, "110"), (NOON + 71_000, "105")
    )
    now = NOON + 72_000
    rows = {
        candle.interval: (candle.open, candle.high, candle.low, candle.close, candle.count)
        for candle in (tape.candle(interval, now) for interval in Interval)
    }
    assert rows["1m"] == (110, 110, 105, 105, 2)
    assert rows["5m"] == rows["1h"] == rows["4h"] == (100, 110, 100, 105, 3)
    assert rows["1d"] == rows["1w"] == rows["1M"] == (90, 110, 90, 105, 4)
    five = tape.candle(Interval.FIVE_MINUTES, now)
    assert (five.open_ms, five.volume, five.turnover, five.closed) == (NOON, 4, 415, False)


def test_a_minute_ends_long_before_its_month():
    tape = tape_of((NOON, "100"))
    minute = tape.candle(Interval.ONE_MINUTE, NOON)
    month = tape.candle(Interval.ONE_MONTH, NOON)
    assert (minute.open_ms, month.open_ms) == (NOON, MIDNIGHT)
    closed = tape.roll_over(NOON + MINUTE_MS)
    assert [candle.interval for candle in closed] == ["1m"]
    assert tape.candle(Interval.ONE_MONTH, NOON + MINUTE_MS).count == 1


def test_the_next_trade_closes_what_has_ended():
    tape = tape_of((NOON, "100"), (NOON + 59_999, "101"))
    closed = tape.record(trade(NOON + HOUR_MS, "102"))
    assert [candle.interval for candle in closed] == ["1m", "5m", "15m", "30m", "1h"]
    assert all(candle.closed and candle.open_ms == NOON for candle in closed)
    assert all((candle.close, candle.count) == (101, 2) for candle in closed)
    assert tape.candle(Interval.ONE_HOUR, NOON + HOUR_MS).count == 1
    assert tape.candle(Interval.FOUR_HOURS, NOON + HOUR_MS).count == 3


def test_a_candle_is_closed_once_and_not_before_its_end():
    tape = tape_of((NOON, "100"))
    assert tape.roll_over(NOON + MINUTE_MS - 1) == ()
    assert len(tape.roll_over(NOON + MINUTE_MS)) == 1
    assert tape.roll_over(NOON + MINUTE_MS) == ()
    assert tape.record(trade(NOON + 2 * MINUTE_MS, "100")) == ()


def test_the_end_of_a_month_that_is_a_week_day_closes_all_but_the_week():
    last_minute = int(datetime(2024, 2, 29, 23, 59, tzinfo=UTC).timestamp()) * 1000
    closed = tape_of((last_minute, "100")).roll_over(MIDNIGHT)
    assert {candle.interval for candle in closed} == set(Interval) - {Interval.ONE_WEEK}


def test_a_candle_without_trades_is_flat_at_the_last_price():
    tape = tape_of((NOON, "100"), (NOON + 1, "90"))
    candle = tape.candle(Interval.ONE_MINUTE, NOON + HOUR_MS)
    assert (candle.open, candle.high, candle.low, candle.close) == (90,) * 4
    assert (candle.open_ms, candle.volume, candle.count) == (NOON + HOUR_MS, 0, 0)
    assert Tape("BTC/USDT").candle(Interval.ONE_MINUTE, NOON) is None


@pytest.mark.parametrize(
    ("trades", "now_ms", "points"),
    [
        ([], NOON, "0"),
        ([(NOON, "100")], NOON, "100"),
        ([(NOON, "100"), (NOON + 1, "101")], NOON + 1, "101"),
        ([(NOON, "100")], NOON + 2 * HOUR_MS, "100 100 100"),
        (
            [(NOON - 2 * HOUR_MS, "7"), (NOON - HOUR_MS, "8"), (NOON - 1, "9"), (NOON, "10")],
            NOON,
            "7 9 10",
        ),
        (
            [(NOON - 30 * HOUR_MS, "5"), (NOON - 23 * HOUR_MS, "6")],
            NOON,
            " ".join(["5", *["6"] * 24]),
        ),
        ([(NOON - 100 * HOUR_MS, "5")], NOON, " ".join(["5"] * 25)),
    ],
)
def test_hourly_closes(trades, now_ms, points):
    assert list(tape_of(*trades).hourly_closes(now_ms)) == [Decimal(p) for p in points.split()]


def test_a_full_trend_has_25_points_and_ends_at_the_last_price():
    tape = tape_of(*((NOON + hour * HOUR_MS, 100 + hour) for hour in range(60)))
    assert list(tape.hourly_closes(NOON + 59 * HOUR_MS)) == list(range(135, 160))


def test_the_last_trades_are_kept_oldest_first():
    tape = Tape("BTC/USDT")
    for number in range(RECENT_TRADES_KEPT + 5):
        tape.record(trade(NOON, 100, number=number))
    assert [t.id for t in tape.trades(3)] == [102, 103, 104]
    assert len(tape.trades()) == RECENT_TRADES_KEPT
    assert tape.trades(0) == ()
    assert Tape("BTC/USDT").trades(20) == ()


def test_a_trade_dated_in_the_past_counts_at_the_last_time():
    tape = tape_of((NOON, "100"), (NOON - DAY_MS, "90"))
    assert tape.candle(Interval.ONE_MINUTE, NOON).count == 2
    assert tape.last_price == 90


gaps = st.one_of(
    st.integers(0, 90_000), st.integers(0, 3 * HOUR_MS), st.integers(20 * HOUR_MS, 30 * HOUR_MS)
)
histories = st.lists(
    st.tuples(gaps, st.integers(1, 50), st.integers(1, 9)), min_size=1, max_size=30
)


def dated(history):
    at_ms, trades = NOON, []
    for gap, price, amount in history:
        at_ms += gap
        trades.append((at_ms, Decimal(price), Decimal(amount)))
    return trades


@settings(max_examples=100)
@given(histories, gaps)
def test_a_ticker_is_what_counting_all_trades_gives(history, later):
    trades = dated(history)
    now = trades[-1][0] + later
    since = now - now % MINUTE_MS - DAY_MS
    inside = [t for t in trades if t[0] >= since]
    prices = [price for _, price, _ in inside] or [trades[-1][1]]
    tape = Tape("BTC/USDT")
    for at_ms, price, amount in trades:
        tape.ticker(at_ms)
        tape.record(trade(at_ms, price, amount))
        tape.ticker(at_ms)
    ticker = tape.ticker(now)
    assert (ticker.open, ticker.close) == (prices[0], prices[-1])
    assert (ticker.high, ticker.low) == (max(prices), min(prices))
    assert ticker.volume == sum(amount for _, _, amount in inside)
    assert ticker.turnover == sum(price * amount for _, price, amount in inside)
    before_today = [price for at_ms, price, _ in trades if at_ms < now - now % DAY_MS]
    assert ticker.last_day_close == (before_today[-1] if before_today else ticker.open)


@settings(max_examples=100)
@given(histories)
def test_closed_and_open_candles_hold_each_trade_once(history):
    trades = dated(history)
    expected = defaultdict(list)
    for at_ms, price, _ in trades:
        for interval in Interval:
            expected[interval, open_time(interval, at_ms)].append(price)
    tape, found = Tape("BTC/USDT"), {}
    for at_ms, price, amount in trades:
        for candle in tape.record(trade(at_ms, price, amount)):
            assert (candle.interval, candle.open_ms) not in found
            found[candle.interval, candle.open_ms] = candle
    now = trades[-1][0]
    for interval in Interval:
        candle = tape.candle(interval, now)
        found[interval, candle.open_ms] = candle
    assert found.keys() == expected.keys()
    for key, prices in expected.items():
        candle = found[key]
        assert (candle.open, candle.close, candle.count) == (prices[0], prices[-1], len(prices))
        assert (candle.high, candle.low) == (max(prices), min(prices))
