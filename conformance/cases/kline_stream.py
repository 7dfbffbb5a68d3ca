"""Checks of the kline channel: candles begin where they should and count every trade."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from conformance.cases.asks import decimal, member
from conformance.cases.claim import CannotTell, Claim, holds
from conformance.cases.own_trades import OwnTrade, trade_with_ourselves
from conformance.cases.script import Frame, Script, World, check
from conformance.cases.spot_asks import clear
from conformance.cases.stream_asks import (
    channel_of,
    events_until,
    first_events,
    market_topics,
    opened,
    quoted,
    shown_in_public,
    subscribed,
)

ALIGNED = "kline.open-time-is-aligned"
COUNTS = "kline.counts-own-trade"
MINUTE_OR_MONTH = "kline.minute-is-not-month"
UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
FIRST_DAYS = (0, 3)  # of a week: Monday, Thursday
NUMBERS = ("open", "high", "low", "close", "volume")
MINUTE, MONTH = "1m", "1M"


@dataclass(frozen=True, slots=True)
class Candle:
    """One candle of an event."""

    open_time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    count: int
    frame: Frame


def read(frame: Frame) -> Candle:
    """The candle of an event. Raises CannotTell when it holds none."""
    data = member(frame.value, "data", "an event")
    open_time, count = member(data, "openTime", "a candle"), member(data, "count", "a candle")
    if not isinstance(open_time, int) or not isinstance(count, int):
        raise CannotTell(f"openTime and count of a candle are no integers: {quoted(frame)}")
    values = {name: decimal(member(data, name, "a candle"), name) for name in NUMBERS}
    return Candle(open_time=open_time, count=count, frame=frame, **values)


def is_aligned(interval: str, open_time: int) -> bool:
    """True when a candle of that interval can open then, in UTC.

    Weeks begin on Monday, or on Thursday as the epoch did: no document says which. Reckoned by the calendar
    and on its own, not by the rules of the reference exchange.
    """
    parts = re.fullmatch(r"(\d+)([smhdwM])", interval)
    if parts is None:
        raise CannotTell(f"nobody said how long a candle of {interval!r} is")
    number, unit = int(parts[1]), parts[2]
    if unit in UNITS_MS:
        return open_time % (number * UNITS_MS[unit]) == 0
    at = datetime.fromtimestamp(open_time / 1000, UTC)
    is_midnight = open_time % UNITS_MS["d"] == 0
    if unit == "w":
        return is_midnight and at.weekday() in FIRST_DAYS
    return is_midnight and at.day == 1 and (at.month - 1) % number == 0


def judge(topic: str, interval: str, frame: Frame) -> Iterator[Claim]:
    """What every candle must keep."""
    candle = read(frame)
    title = f"a candle of {topic} opens at a multiple of {interval}"
    shown = f"{_utc(candle.open_time)}: {quoted(frame)}"
    yield holds(ALIGNED, is_aligned(interval, candle.open_time), title, f"whole {interval}", shown)
    inside = candle.low <= min(candle.open, candle.close)
    inside = inside and max(candle.open, candle.close) <= candle.high
    title = f"in a candle of {topic} low <= open, close <= high"
    yield holds("kline.low-and-high-bound-open-and-close", inside, title, "so", quoted(frame))


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%A %Y-%m-%dT%H:%M:%SZ")


@check(
    ALIGNED,
    "kline.low-and-high-bound-open-and-close",
    "market.klines-available",
    "market.public-without-authentication",
    requests=0,
)
def candles_of_every_interval(world: World) -> Script:
    """Without credentials, every interval of the busiest market shows a candle as it should be."""
    available, public = "market.klines-available", "market.public-without-authentication"
    line = yield from opened(world, "line", available, public)
    channel, symbol = channel_of(world, "kline"), world.target.busy.symbol
    for interval in channel.parameters["interval"]:
        topic = channel.topic(symbol=symbol, interval=interval)
        heard = yield from shown_in_public(world, line, channel, topic, available, public)
        for frame in heard:
            yield from judge(topic, interval, frame)


@check(MINUTE_OR_MONTH, requests=0)
def minute_is_not_month(world: World) -> Script:
    """The candle of 1M opens with the month, and that of 1m does not."""
    line = yield from opened(world, "line")
    channel, symbol = channel_of(world, "kline"), world.target.busy.symbol
    candles: dict[str, Candle] = {}
    for interval in (MINUTE, MONTH):
        if interval not in channel.parameters["interval"]:
            raise CannotTell(f"the document lists no interval {interval}")
        topic = channel.topic(symbol=symbol, interval=interval)
        yield from subscribed(world, line, channel, topic)
        heard = yield from first_events(world, line, channel, topic)
        if not heard:
            raise CannotTell(f"no event of {topic} came")
        candles[interval] = read(heard[-1])
    yield judge_minute_and_month(candles[MINUTE], candles[MONTH])


def judge_minute_and_month(minute: Candle, month: Candle) -> Claim:
    """Raises CannotTell in the first minute of a month, when both open at once."""
    if is_aligned(MONTH, minute.open_time) and _is_first_minute(minute):
        raise CannotTell("it is the first minute of a month: both candles open at once")
    # Whether either opens at the right moment of its day is the question of another check.
    good = _day(month.open_time) == 1 and minute.open_time > month.open_time
    shown = f"1m opens {_utc(minute.open_time)}, 1M opens {_utc(month.open_time)}"
    title = "1M is a month and 1m is a minute"
    return holds(MINUTE_OR_MONTH, good, title, "1M on day 1, 1m later", shown)


def _day(at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, UTC).day


def _is_first_minute(candle: Candle) -> bool:
    """True when the event that shows the candle was sent in its first minute."""
    sent = member(candle.frame.value, "ts", "an event")
    return isinstance(sent, int) and sent - candle.open_time < UNITS_MS["m"]


@check(COUNTS, needs=("trading", "two"), requests=12)
def own_trade_counts(world: World) -> Script:
    """In every interval a trade of ours closes the candle and adds itself to volume and count."""
    market = world.target.quiet or world.target.busy
    line = yield from opened(world, "line")
    channel = channel_of(world, "kline")
    before: dict[str, Candle | None] = {}
    for topic in market_topics(channel, market):
        yield from subscribed(world, line, channel, topic)
        heard = yield from first_events(world, line, channel, topic)
        before[topic] = read(heard[-1]) if heard else None
    start = line.mark
    try:
        own = yield from trade_with_ourselves(world, market)
    finally:
        yield from clear(world, market)
    for topic, earlier in before.items():
        counted = partial(_any_counts, earlier, own)
        heard = yield from events_until(world, line, channel, topic, counted, start)
        yield judge_own(topic, earlier, own, heard)


def judge_own(topic: str, before: Candle | None, own: OwnTrade, frames: list[Frame]) -> Claim:
    """One of the candles after our trade is the one before and our trade, or our trade alone."""
    title = f"a trade of {own.amount} at {own.price} changes the candle of {topic} by itself"
    volume = f"volume {before.volume}, count {before.count}" if before else "no candle"
    shown = f"{volume} before, then: {quoted(*frames[-2:]) or 'no event'}"
    good = _any_counts(before, own, frames)
    least = "" if own.market.quiet else " or more"
    expected = f"a trade at {own.price}, volume + {own.amount}{least}, count + 1{least}"
    return holds(COUNTS, good, title, expected, shown, own.records)


def _any_counts(before: Candle | None, own: OwnTrade, frames: list[Frame]) -> bool:
    return any(_counts(before, own, read(each)) for each in frames)


def _counts(before: Candle | None, own: OwnTrade, after: Candle) -> bool:
    """A candle that opened after the one before holds our trade alone, where nobody else trades."""
    if not own.market.quiet:
        return _counts_at_least(before, own, after)
    continues = before is not None and before.open_time == after.open_time
    volume = before.volume if before is not None and continues else Decimal(0)
    count = before.count if before is not None and continues else 0
    return (
        after.close == own.price
        and after.low <= own.price <= after.high
        and after.volume == volume + own.amount
        and after.count == count + 1
    )


def _counts_at_least(before: Candle | None, own: OwnTrade, after: Candle) -> bool:
    """Others may have traded as well: our trade is in it, and it holds no less than ours."""
    continues = before is not None and before.open_time == after.open_time
    volume = before.volume if before is not None and continues else Decimal(0)
    count = before.count if before is not None and continues else 0
    return (
        after.low <= own.price <= after.high
        and after.volume >= volume + own.amount
        and after.count >= count + 1
    )
