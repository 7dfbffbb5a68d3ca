"""Checks that tickers, sparklines, conversions, trades and candles tell one story."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import dropwhile
from typing import Any, Final

from conformance.cases.asks import BUY, decimal, member, rows
from conformance.cases.candle_story import length_ms
from conformance.cases.claim import CannotTell, Claim, Verdict, equal, holds
from conformance.cases.kline_stream import Candle
from conformance.cases.kline_stream import read as read_candle
from conformance.cases.market_data import FIELDS, Ticker, price, tickers
from conformance.cases.market_data import read as read_ticker
from conformance.cases.own_trades import trade_with_ourselves
from conformance.cases.script import (
    Ask,
    Frame,
    Now,
    Pause,
    Record,
    Script,
    Steps,
    Together,
    World,
    check,
)
from conformance.cases.spot_asks import tidy
from conformance.cases.spot_orders import TWO, home_market
from conformance.cases.stream_asks import (
    channel_of,
    events,
    events_until,
    first_event_of_all,
    first_events,
    hear,
    is_snapshot,
    opened,
    quoted,
    subscribed,
)
from conformance.cases.trade_stream import trades_of
from conformance.target import Market

STREAMED: Final = "ticker.stream-agrees-with-rest"
COVERS: Final = "ticker.covers-the-trades"
USD: Final = "ticker.usd-rate-is-the-conversion"
TREND: Final = "sparklines.trend-lies-within-the-day"
ORDER: Final = "sparklines.trend-is-24-hourly-closes"
TIMES: Final = "stream.times-are-of-now"
DEEP: Final = "depth.deep-books-are-whole"
DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
CLOCKS_MS: Final = 2000
# What reading candles and a trend may take, so that no hour ends between them.
TURN_MS: Final = 20_000
HOURS: Final = 24
LEVELS: Final = 115
CHUNK: Final = 8
PERCENT: Final = Decimal("0.01")
READS: Final = 4


@check(STREAMED, COVERS, needs=TWO, requests=40)
def ticker_and_trades(world: World) -> Script:
    """After trades of ours the streamed ticker is the one of REST, and covers every trade that was told."""
    market = home_market(world)
    line = yield from opened(world, "line")
    topics = {}
    for name in ("ticker", "trades"):
        channel = channel_of(world, name)
        topics[name] = (channel, channel.topic(symbol=market.symbol))
        yield from subscribed(world, line, *topics[name])
        yield from first_events(world, line, *topics[name])
    for _ in range(2):
        yield from trade_with_ourselves(world, market)
    shown, record, streamed = yield from _both_tickers(world, line, topics["ticker"])
    title = f"the streamed ticker of {market.symbol} is the one that REST shows"
    differing = _differing(shown, streamed)
    yield holds(STREAMED, not differing, title, shown[0], differing or streamed[-1], [record])
    now = yield Now()
    channel, topic = topics["trades"]
    told = trades_of(events(channel, topic, line.frames))
    recent = [each.price for each in told if now - each.time < DAY_MS - CLOCKS_MS]
    good = all(each.low <= p <= each.high for each in shown[-1:] for p in recent)
    title = f"low and high of {market.symbol} cover the {len(recent)} last trades"
    wanted = f"low <= {min(recent, default=0)}, {max(recent, default=0)} <= high"
    yield holds(COVERS, good, title, wanted, shown[-1], [record])


def _both_tickers(world: World, line: Any, topic: Any) -> Steps[Any]:
    """Tickers of REST, read around frames of the stream, until one of each is the same or time is up."""
    market = home_market(world)
    shown: list[Ticker] = []
    streamed: list[Ticker] = []
    channel, name = topic
    for _ in range(READS * (1 if market.quiet else 4)):
        record = yield Ask("listSymbolThumbs", by=world.first)
        row = next(
            (x for x in rows(record.data, "tickers") if x.get("symbol") == market.symbol), None
        )
        shown.append(read_ticker("listSymbolThumbs", row, record.number))
        yield from hear(line, lambda _: False, 300)
        frames = events(channel, name, line.frames)
        streamed = [read_ticker("the stream", _data(each), record.number) for each in frames]
        if not _differing(shown, streamed):
            break
    return shown, shown[-1].record, streamed


def _data(frame: Frame) -> Any:
    return member(frame.value, "data", "a ticker event")


def _differing(shown: Sequence[Ticker], streamed: Sequence[Ticker]) -> str:
    """What no frame shares with the last ticker of REST; "" when one of the last frames is it."""
    last = shown[-1]
    for each in reversed(streamed[-3:]):
        if all(each.values[name] == last.values[name] for name in FIELDS):
            return ""
    return f"{streamed[-1]}" if streamed else "no ticker was told"


@check(USD, requests=12)
def usd_rates(world: World) -> Script:
    """usdRate and baseUsdRate of a ticker are what convert says of its coin and its base."""
    if "USDT" not in world.target.units:
        raise CannotTell("no market of the target is paid in USDT")
    record = yield Ask("listSymbolThumbs", by=world.first)
    known: dict[str, Decimal] = {}
    for row in rows(record.data, "listSymbolThumbs"):
        symbol = str(member(row, "symbol", "a ticker"))
        coin, _, base = symbol.partition("/")
        for unit, field in ((coin, "usdRate"), (base, "baseUsdRate")):
            if unit not in known:
                known[unit], _ = yield from price(world, unit, "USDT")
            rate = decimal(member(row, field, symbol), field)
            title = f"{field} of {symbol} is the price of {unit} in USDT within a percent"
            good = abs(rate - known[unit]) <= known[unit] * PERCENT
            yield holds(USD, good, title, known[unit], rate, [record.number])


@check(TREND, requests=4)
def trends(world: World) -> Script:
    """The hourly closes of the last day lie between its low and its high."""
    known = {each.symbol: each for each in (yield from tickers(world))}
    record = yield Ask("getSparklines")
    for row in rows(record.data, "getSparklines"):
        each = known.get(str(member(row, "symbol", "a sparkline")))
        points = [decimal(point, "a point") for point in rows(row.get("trend"), "trend")]
        # The first points may be from just before the window of the ticker.
        inner = points[2:]
        if each is None or not inner:
            continue
        slack = each.high * PERCENT / 10
        good = each.low - slack <= min(inner) and max(inner) <= each.high + slack
        title = f"the trend of {each.symbol} lies within the low and high of its day"
        shown = f"{min(inner)} to {max(inner)}"
        yield holds(TREND, good, title, f"{each.low} to {each.high}", shown, [record.number])


@check(ORDER, requests=4)
def trend_and_candles(world: World) -> Script:
    """Counted from the end of a trend, each hour since a candle opened closed within that candle.

    A trend that is out of order shows points of yesterday there, which are elsewhere as a rule. It is no more
    than that: just after midnight no candle tells, and a price that came back is within it anyhow.
    """
    market = world.target.busy
    yield from _away_from_the_turn()
    candles = yield from _long_candles(world, market)
    now = yield Now()
    record = yield Ask("getSparklines")
    points = _trend_of(record, market)
    found = [(each, hours_within(each, points, now)) for each in candles]
    if len(points) < HOURS or not any(recent for _, recent in found):
        why = f"not told by {len(points)} points, and candles that opened less than an hour ago"
        yield Claim(ORDER, Verdict.SKIPPED, why, records=(record.number,))
        return
    for candle, recent in found:
        good = all(candle.low <= each <= candle.high for each in recent)
        title = (
            f"the last {len(recent)} hours of the trend of {market.symbol} lie within their candle"
        )
        wanted = f"{candle.low} to {candle.high}, as in {quoted(candle.frame)}"
        yield holds(ORDER, good, title, wanted, recent, [record.number])


def hours_within(candle: Candle, points: Sequence[Decimal], now: int) -> list[Decimal]:
    """The closes of the hours that ended since a candle opened, but for those before its first trade.

    An hour without a trade repeats the close before it, which is no price of this candle.
    """
    known = max(0, now // HOUR_MS * HOUR_MS - candle.open_time) // HOUR_MS
    before, recent = points[: -1 - known], points[-1 - known : -1]
    return list(dropwhile(lambda each: [each] == before[-1:], recent))


def _away_from_the_turn() -> Steps[None]:
    """Wait where an hour is about to end, or has only just begun on a clock that goes a little ahead."""
    now = yield Now()
    since = (now + TURN_MS) % HOUR_MS
    if since < TURN_MS + CLOCKS_MS:
        yield Pause(TURN_MS + CLOCKS_MS - since)


def _long_candles(world: World, market: Market) -> Steps[list[Candle]]:
    """The present candles of a market that are longer than an hour and no longer than a trend."""
    kline = channel_of(world, "kline")
    line = yield from opened(world, "line")
    names = kline.parameters.get("interval", ())
    chosen = [
        (kline, kline.topic(symbol=market.symbol, interval=name))
        for name in names
        if HOUR_MS < length_ms(name) <= DAY_MS
    ]
    for each in chosen:
        yield from subscribed(world, line, *each)
    found = yield from first_event_of_all(world, line, chosen)
    if not found:
        raise CannotTell(f"no candle of {market.symbol} is longer than an hour")
    return [read_candle(frame) for frame in found.values()]


def _trend_of(record: Record, market: Market) -> list[Decimal]:
    """The points of a market's sparkline."""
    for row in rows(record.data, "getSparklines"):
        if member(row, "symbol", "a sparkline") == market.symbol:
            return [decimal(each, "a point") for each in rows(row.get("trend"), "trend")]
    raise CannotTell(f"there is no sparkline of {market.symbol}")


@check(TIMES, needs=TWO, requests=24)
def times(world: World) -> Script:
    """Times on the stream are milliseconds, of now, and never go back on a topic."""
    market = home_market(world)
    line = yield from opened(world, "line")
    chosen = []
    for name in ("depth", "trades", "ticker"):
        channel = channel_of(world, name)
        chosen.append((channel, channel.topic(symbol=market.symbol)))
        yield from subscribed(world, line, *chosen[-1])
    start = yield Now()
    yield from trade_with_ourselves(world, market)
    yield from events_until(world, line, *chosen[1], lambda seen: len(seen) > 1)
    now = yield Now()
    for channel, topic in chosen:
        frames = events(channel, topic, line.frames)
        stamps = [member(each.value, "ts", "an event") for each in frames]
        good = all(isinstance(each, int) for each in stamps) and stamps == sorted(stamps)
        good = good and all(start - CLOCKS_MS <= x <= now + CLOCKS_MS for x in stamps[1:])
        title = f"the {len(stamps)} times of {topic} are milliseconds of now and do not go back"
        yield holds(TIMES, good, title, f"{start} to {now}", str(stamps[:6]))
    told = trades_of([x for x in events(*chosen[1], line.frames) if not is_snapshot(x)])
    late = [x.time for x in told if not start - CLOCKS_MS <= x.time <= now + CLOCKS_MS]
    title = f"the times of {len(told)} trades are of now"
    yield equal(TIMES, title, [], late)


@check(DEEP, needs=("trading",), requests=280)
def deep_books(world: World) -> Script:
    """More than a hundred price levels are all in a fresh snapshot."""
    market = home_market(world)
    last, _ = yield from _last(world)
    top = (last / 2 / market.price_step).to_integral_value() * market.price_step
    prices = [top - market.price_step * place for place in range(LEVELS)]
    amount = _enough(world, min(prices))
    made: list[str] = []
    try:
        for place in range(0, LEVELS, CHUNK):
            asks = tuple(
                Ask("placeSpotOrder", _form(market.symbol, each, amount), by=world.first)
                for each in prices[place : place + CHUNK]
            )
            records = yield Together(asks)
            made += [_id_of(each.data) for each in records if each.is_accepted]
        if len(made) < LEVELS:
            raise CannotTell(f"only {len(made)} of {LEVELS} orders were taken")
        yield from _all_shown(world, prices)
    finally:
        yield from tidy(world, *((world.first, each) for each in made))


def _form(symbol: str, price: Decimal, amount: Decimal) -> dict[str, Any]:
    return {"symbol": symbol, "direction": BUY, "type": 0, "price": price, "amount": amount}


def _id_of(data: Any) -> str:
    return str(data.get("orderId") if isinstance(data, dict) else data)


def _last(world: World) -> Steps[tuple[Decimal, int]]:
    market = home_market(world)
    for each in (yield from tickers(world)):
        if each.symbol == market.symbol:
            return each.close, each.record
    raise CannotTell(f"{market.symbol} has no ticker")


def _enough(world: World, price: Decimal) -> Decimal:
    market = home_market(world)
    wanted = max(market.min_amount, market.min_turnover / price)
    return ((wanted / market.amount_step).to_integral_value() + 1) * market.amount_step


def _all_shown(world: World, prices: Sequence[Decimal]) -> Script:
    market, channel = home_market(world), channel_of(world, "depth")
    topic = channel.topic(symbol=market.symbol)
    missing: list[Decimal] = []
    for attempt in range(READS):
        line = yield from opened(world, f"fresh-{attempt}")
        yield from subscribed(world, line, channel, topic)
        heard = yield from first_events(world, line, channel, topic)
        bids = rows(member(member(heard[0].value, "data", topic), "bids", topic), "bids")
        shown = {decimal(row[0], "a price") for row in bids}
        missing = [each for each in prices if each not in shown]
        if not missing:
            break
        yield from hear(line, lambda _: False, world.target.timing.settle_ms // 2)
    title = f"a fresh snapshot of {topic} has all of {len(prices)} levels"
    words = f"{len(missing)} are missing, {missing[0]} the first" if missing else quoted(heard[0])
    yield holds(DEEP, not missing, title, "all of them", words)
