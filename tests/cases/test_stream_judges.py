"""What the stream checks conclude from frames made by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from conformance.cases import depth_stream, kline_stream, trade_stream
from conformance.cases.asks import BUY, SELL
from conformance.cases.claim import CannotTell, Verdict
from conformance.cases.own_trades import OwnTrade
from conformance.cases.script import Frame
from conformance.cases.templates import fill, match
from conformance.target import load

QUIET = load("reference", {}).quiet
assert QUIET is not None
MARKET = QUIET
PASS, FAIL = Verdict.PASS, Verdict.FAIL


def frame(**value: Any) -> Frame:
    """A frame of these members."""
    return Frame(json.dumps(value), value)


def at(text: str) -> int:
    """Epoch milliseconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("interval", "time", "aligned"),
    [
        ("1m", "2027-01-15T08:01:00", True),
        ("1m", "2027-01-15T08:01:01", False),
        ("15m", "2027-01-15T08:45:00", True),
        ("15m", "2027-01-15T08:50:00", False),
        ("4h", "2027-01-15T08:00:00", True),
        ("4h", "2027-01-15T09:00:00", False),
        ("1d", "2027-01-15T00:00:00", True),
        ("1d", "2027-01-14T16:00:00", False),
        ("1w", "2027-01-11T00:00:00", True),
        ("1w", "2027-01-14T00:00:00", True),  # a whole number of weeks since the epoch
        ("1w", "2027-01-10T00:00:00", False),
        ("1w", "2027-01-14T08:00:00", False),
        ("1w", "2027-01-11T08:00:00", False),
        ("1M", "2027-02-01T00:00:00", True),
        ("1M", "2027-02-02T00:00:00", False),
        ("1M", "2027-02-01T01:00:00", False),
        ("3M", "2027-04-01T00:00:00", True),
        ("3M", "2027-02-01T00:00:00", False),
    ],
)
def test_where_candles_open(interval: str, time: str, aligned: bool) -> None:
    assert kline_stream.is_aligned(interval, at(time)) is aligned


def test_an_unknown_interval_is_not_judged() -> None:
    with pytest.raises(CannotTell, match="fortnight"):
        kline_stream.is_aligned("fortnight", 0)


def candle(open_time: int, close: str, volume: str, count: int, ts: int = 0) -> Frame:
    """A kline event."""
    prices = {"open": "100", "high": "110", "low": "90", "close": close}
    data = {"openTime": open_time, **prices, "volume": volume, "count": count}
    return frame(topic="kline.BTC/USDT.1m", type="update", ts=ts, data=data)


OWN = OwnTrade(MARKET, "bob", "alice", BUY, Decimal(101), Decimal("0.5"), "maker", "taker", (1, 2))


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ([candle(60_000, "101", "2.5", 8)], PASS),
        ([candle(60_000, "100", "2", 7), candle(60_000, "101", "2.50", 8)], PASS),
        ([candle(120_000, "101", "0.5", 1)], PASS),
        ([candle(60_000, "101", "2.5", 7)], FAIL),
        ([candle(60_000, "101", "2.4", 8)], FAIL),
        ([candle(60_000, "100", "2.5", 8)], FAIL),
        ([candle(120_000, "101", "2.5", 8)], FAIL),
        ([], FAIL),
    ],
)
def test_a_candle_counts_a_trade(after: list[Frame], verdict: Verdict) -> None:
    before = kline_stream.read(candle(60_000, "100", "2", 7))
    assert kline_stream.judge_own("topic", before, OWN, after).verdict is verdict


@pytest.mark.parametrize(
    ("minute", "month", "sent", "verdict"),
    [
        ("2027-01-15T08:00:00", "2027-01-01T00:00:00", "2027-01-15T08:00:30", PASS),
        ("2027-01-15T08:00:00", "2027-01-15T08:00:00", "2027-01-15T08:00:30", FAIL),
        ("2027-01-01T00:00:00", "2027-01-01T00:00:00", "2027-01-15T08:00:30", FAIL),
        ("2027-01-01T00:01:00", "2027-01-01T00:00:00", "2027-01-01T00:01:30", PASS),
        ("2027-01-01T00:00:00", "2027-01-01T00:00:00", "2027-01-01T00:00:30", None),
    ],
)
def test_minute_and_month(minute: str, month: str, sent: str, verdict: Verdict | None) -> None:
    two = [kline_stream.read(candle(at(x), "100", "1", 1, at(sent))) for x in (minute, month)]
    if verdict is None:
        with pytest.raises(CannotTell, match="first minute"):
            kline_stream.judge_minute_and_month(*two)
    else:
        assert kline_stream.judge_minute_and_month(*two).verdict is verdict


def trades(*rows: tuple[int, str, str, str, int], kind: str = "update") -> Frame:
    """A trades event of (id, price, amount, direction, time)."""
    names = ("id", "price", "amount", "direction", "time")
    data = [dict(zip(names, row, strict=True)) for row in rows]
    return frame(topic="trades.BTC/USDT", type=kind, ts=0, data=data)


OURS = (7, "101.00", "0.5", "BUY", 1000)
OTHERS = (6, "100", "0.5", "SELL", 900)


@pytest.mark.parametrize(
    ("frames", "verdicts"),
    [
        ([trades(OURS)], [PASS, PASS]),
        ([trades(OTHERS), trades(OURS)], [PASS, PASS]),
        ([trades(OTHERS, OURS)], [PASS, PASS]),
        ([trades(OURS, kind="snapshot"), trades(OURS)], [PASS, PASS]),
        ([trades(OURS), trades(OURS)], [FAIL, PASS]),
        ([trades(OURS, OURS)], [FAIL, PASS]),
        ([trades((*OURS[:3], "SELL", 1000))], [PASS, FAIL]),
        ([trades(OTHERS)], [FAIL]),
        ([], [FAIL]),
    ],
)
def test_a_trade_of_ours_appears_once(frames: list[Frame], verdicts: list[Verdict]) -> None:
    claims = list(trade_stream.judge_own("topic", OWN, frames))
    assert [each.verdict for each in claims] == verdicts


def test_a_seller_who_takes_is_named() -> None:
    own = OwnTrade(MARKET, "b", "a", SELL, Decimal(101), Decimal("0.5"), "m", "t", (1, 2))
    claims = list(trade_stream.judge_own("topic", own, [trades(OURS)]))
    assert (claims[1].verdict, claims[1].expected, claims[1].actual) == (FAIL, "SELL", "BUY")


@pytest.mark.parametrize(
    ("frames", "verdict"),
    [
        ([trades((1, "1", "1", "BUY", 5), (2, "1", "1", "BUY", 5))], PASS),
        ([trades((1, "1", "1", "BUY", 5)), trades((4, "1", "1", "BUY", 6))], PASS),
        ([trades((2, "1", "1", "BUY", 5)), trades((2, "1", "1", "BUY", 6))], FAIL),
        ([trades((2, "1", "1", "BUY", 5)), trades((1, "1", "1", "BUY", 6))], FAIL),
        ([trades((1, "1", "1", "BUY", 5)), trades((2, "1", "1", "BUY", 4))], FAIL),
    ],
)
def test_ids_and_times_rise(frames: list[Frame], verdict: Verdict) -> None:
    assert trade_stream.judge_order("topic", frames).verdict is verdict


def test_what_fails_names_the_level_and_quotes_the_frame() -> None:
    data = {"bids": [["101", "1"]], "asks": [["101", "2"]]}
    crossed = frame(topic="depth.BTC/USDT", type="snapshot", seq=5, ts=0, data=data)
    found = [each for each in depth_stream.judge("topic", [crossed]) if each.verdict is FAIL]
    assert [each.requirement for each in found] == ["depth.never-crossed"]
    assert found[0].actual.startswith("bid 101 and ask 101 at seq 5: {")


@pytest.mark.parametrize(
    ("template", "value", "found"),
    [
        ({"id": "{id}"}, {"id": "7", "more": 1}, {"id": "7"}),
        ({"id": "{id}", "success": True}, {"id": "7", "success": False}, None),
        ({"success": True}, {"success": 1}, None),
        ({"id": "{id}"}, {"id": 7}, None),
        ({"id": "{id}"}, ["id"], None),
        ({"id": "{id}"}, None, None),
        ({"args": ["{topic}"]}, {"args": ["a", "b"]}, None),
        ({"args": ["{topic}"]}, {"args": ["a"]}, {"topic": "a"}),
        ({"x": {"y": "sub:{topic}"}}, {"x": {"y": "sub:depth.A/B"}}, {"topic": "depth.A/B"}),
        ({"a": "{id}", "b": "{id}"}, {"a": "1", "b": "2"}, None),
        ({}, {"anything": 1}, {}),
    ],
)
def test_templates_are_found_in_frames(
    template: Any, value: Any, found: dict[str, str] | None
) -> None:
    assert match(template, value) == found


def test_templates_are_filled() -> None:
    template = {"op": "sub", "args": ["{topic}"], "n": 1, "deep": {"id": "x-{id}"}}
    filled = fill(template, {"topic": "depth.A/B", "id": "7"})
    assert filled == {"op": "sub", "args": ["depth.A/B"], "n": 1, "deep": {"id": "x-7"}}
    assert match(template, filled) == {"topic": "depth.A/B", "id": "7"}
