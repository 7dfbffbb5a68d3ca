"""Checks of candles against the trades that they are made of, and against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from conformance.cases.asks import BUY, SELL, decimal, member
from conformance.cases.claim import CannotTell, Claim, holds
from conformance.cases.kline_stream import Candle, read
from conformance.cases.script import Now, Script, Steps, World, check
from conformance.cases.spot_orders import TWO, home_market
from conformance.cases.stream_asks import (
    Line,
    channel_of,
    events,
    first_events,
    hear,
    is_snapshot,
    market_topics,
    opened,
    quoted,
    subscribed,
)
from conformance.cases.trade_stream import Trade
from conformance.cases.trade_stream import read as read_trades
from conformance.cases.trading import Place, begin, finish, fire
from conformance.cases.trading_story import centre
from conformance.spec.contract import Channel

REBUILT: Final = "kline.is-made-of-its-trades"
NESTED: Final = "kline.shorter-lies-within-longer"
CURRENT: Final = "kline.shows-the-present"
SOUND: Final = "kline.turnover-within-volume-times-prices"
LENGTHS_MS: Final[Mapping[str, int]] = {
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 7 * 86_400_000,
    "M": 31 * 86_400_000,
}
# How far two clocks may be apart, and by how many trades two channels of one line may be out of step.
CLOCKS_MS, OUT_OF_STEP = 2000, 3
DUST: Final = Decimal("1e-6")
POLL_MS: Final = 250


def length_ms(interval: str) -> int:
    """The greatest length of a candle of an interval such as 5m or 1M."""
    if interval[-1] not in LENGTHS_MS or not interval[:-1].isdigit():
        raise CannotTell(f"nobody said how long a candle of {interval!r} is")
    return int(interval[:-1]) * LENGTHS_MS[interval[-1]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one line heard of the candles of one interval, beside the trades of their market."""

    interval: str
    candles: tuple[tuple[int, Candle], ...]
    trades: tuple[tuple[int, Trade], ...]

    @property
    def last(self) -> Candle:
        """The newest candle."""
        return self.candles[-1][1]


def heard_of(line: Line, kline: Channel, trades: Channel, symbol: str, interval: str) -> Heard:
    """Pick the candles of an interval and the trades out of a line, each with its place."""
    topic = kline.topic(symbol=symbol, interval=interval)
    shown = [(line.frames.index(each), each) for each in events(kline, topic, line.frames)]
    told = events(trades, trades.topic(symbol=symbol), line.frames)
    return Heard(
        interval,
        tuple((place, read(each)) for place, each in shown),
        tuple(
            (line.frames.index(each), trade)
            for each in told
            if not is_snapshot(each)
            for trade in read_trades(each)
        ),
    )


def is_rebuilt(heard: Heard) -> bool:
    """True when the last candle is the first one and the trades since, whichever of them it had already."""
    last = heard.last
    within = [
        (place, trade)
        for place, trade in heard.trades
        if last.open_time <= trade.time < last.open_time + length_ms(heard.interval)
    ]
    base_place, base = heard.candles[0]
    if base.open_time != last.open_time or not base.count:
        # A candle without trades shows the price before it; the first trade opens it.
        return _grown(None, [trade for _, trade in within], last)
    behind = [trade for place, trade in within if place > base_place]
    before = [trade for place, trade in within if place < base_place]
    tries = [behind[skipped:] for skipped in range(OUT_OF_STEP + 1)]
    tries += [[*before[-more:], *behind] for more in range(1, OUT_OF_STEP + 1) if before]
    return any(_grown(base, each, last) for each in tries)


def _grown(base: Candle | None, trades: Sequence[Trade], last: Candle) -> bool:
    if not trades and base is None:
        return last.count == 0
    prices = [each.price for each in trades]
    volume = sum((each.amount for each in trades), base.volume if base else Decimal(0))
    turnover = sum((each.price * each.amount for each in trades), _turnover(base))
    high = max([*prices, *([base.high] if base else [])], default=None)
    low = min([*prices, *([base.low] if base else [])], default=None)
    close = prices[-1] if prices else base.close if base else None
    opens = base.open if base else prices[0] if prices else None
    count = len(trades) + (base.count if base else 0)
    return (opens, high, low, close, volume, count) == (
        last.open,
        last.high,
        last.low,
        last.close,
        last.volume,
        last.count,
    ) and abs(turnover - _turnover(last)) <= DUST


def _turnover(candle: Candle | None) -> Decimal:
    if candle is None:
        return Decimal(0)
    data = member(candle.frame.value, "data", "an event")
    return decimal(member(data, "turnover", "a candle"), "turnover")


@check(REBUILT, NESTED, CURRENT, SOUND, needs=TWO, requests=60)
def candles_and_trades(world: World) -> Script:
    """While we trade at several prices, every interval's candle grows by exactly the trades that are told."""
    market = home_market(world)
    kline, trades = channel_of(world, "kline"), channel_of(world, "trades")
    line = yield from opened(world, "line")
    yield from subscribed(world, line, trades, trades.topic(symbol=market.symbol))
    intervals = list(kline.parameters.get("interval", ()))
    for topic in market_topics(kline, market):
        yield from subscribed(world, line, kline, topic)
        yield from first_events(world, line, kline, topic)
    yield from _trade(world)
    found: list[Heard] = []

    def complete() -> bool:
        found[:] = [heard_of(line, kline, trades, market.symbol, each) for each in intervals]
        found[:] = [each for each in found if each.candles]
        return bool(found) and all(is_rebuilt(each) for each in found) and not _unnested(found)

    waited = 0
    while waited < world.target.timing.frame_ms:
        yield from hear(line, lambda _: False, POLL_MS)
        waited += POLL_MS
        if complete():
            break
    if not found or not found[0].trades:
        raise CannotTell(f"no trade of {market.symbol} was told")
    now = yield Now()
    for each in found:
        yield from _judge(each, now)
    unnested = _unnested(found)
    title = f"the candles of {len(found)} intervals lie within each other"
    yield holds(NESTED, not unnested, title, "low, high, volume and count within", unnested)


def _trade(world: World) -> Steps[None]:
    """Three prices are rested and taken bit by bit, up and down."""
    story = yield from begin(world, home_market(world), with_streams=False)
    price = yield from centre(world, story.market)
    unit, step = story.unit(price), story.market.price_step
    for steps in (0, 1, 2):
        yield from fire(story, Place(world.second, SELL, price + steps * step, unit * 2))
    for _ in range(4):
        yield from fire(story, Place(world.first, BUY, price + 2 * step, unit))
    yield from fire(story, Place(world.first, BUY, price - step, unit))
    yield from fire(story, Place(world.second, SELL, price - step, unit))
    yield from finish(story)


def _judge(heard: Heard, now: int) -> Iterator[Claim]:
    last, first = heard.last, heard.candles[0][1]
    told = ", ".join(f"{trade.amount} at {trade.price}" for _, trade in heard.trades[-12:])
    title = f"the {heard.interval} candle is what it was and the trades since"
    expected = f"from {quoted(first.frame)} by {told}"
    yield holds(REBUILT, is_rebuilt(heard), title, expected, quoted(last.frame))
    ends = last.open_time + length_ms(heard.interval)
    title = f"the {heard.interval} candle is that of the present"
    good = last.open_time <= now + CLOCKS_MS and now < ends + CLOCKS_MS
    yield holds(CURRENT, good, title, f"a candle that holds {now}", quoted(last.frame))
    title = f"the turnover of the {heard.interval} candle lies within its volume at its prices"
    low, high = last.volume * last.low - DUST, last.volume * last.high + DUST
    good = low <= _turnover(last) <= high and (last.count > 0) == (last.volume > 0)
    yield holds(SOUND, good, title, f"{low} to {high}", quoted(last.frame))


def _unnested(found: Sequence[Heard]) -> str:
    """Two candles of which the shorter one lies in the longer one's time and not in its values; "" for none."""
    for shorter in found:
        for longer in found:
            inner, outer = shorter.last, longer.last
            if length_ms(shorter.interval) >= length_ms(longer.interval):
                continue
            inside = outer.open_time <= inner.open_time
            inside = inside and inner.open_time < outer.open_time + length_ms(longer.interval)
            sound = outer.low <= inner.low and inner.high <= outer.high
            sound = sound and inner.volume <= outer.volume and inner.count <= outer.count
            if inside and not (sound and inner.close == outer.close):
                return f"{quoted(inner.frame)} beside {quoted(outer.frame)}"
    return ""
