"""Checks of the public market data over REST: tickers, sparklines, converted prices, and that they agree."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any

from conformance.cases.asks import (
    decimal,
    eventually,
    member,
    rows,
)
from conformance.cases.claim import CannotTell, Claim, equal, holds
from conformance.cases.own_trades import trade_with_ourselves
from conformance.cases.script import Ask, Record, Script, Steps, World, check
from conformance.target import Market

PRICES = ("open", "high", "low", "close")
RATIO_STEP = Decimal("0.0001")
MOST_UNITS = 5
# In percent: what two reads of one market may differ by, and what arbitrage leaves between markets.
TIGHT, LOOSE = 1, 10
UNKNOWN = "NOSUCHCOIN"


@dataclass(frozen=True, slots=True)
class Ticker:
    """One ticker as numbers. `place` says which operation showed it."""

    place: str
    symbol: str
    values: Mapping[str, Decimal]
    record: int

    def __getattr__(self, name: str) -> Decimal:
        return self.values[name]

    def __str__(self) -> str:
        shown = ", ".join(f"{key} {value}" for key, value in self.values.items())
        return f"{self.symbol} of {self.place}: {shown}"


FIELDS = (*PRICES, "chg", "change", "volume", "turnover")


def read(place: str, row: Any, record: int) -> Ticker:
    """A ticker of an answer. Raises CannotTell when a field is missing or no number."""
    symbol = member(row, "symbol", f"a ticker of {place}")
    values = {name: decimal(member(row, name, symbol), f"{symbol} {name}") for name in FIELDS}
    return Ticker(place, str(symbol), values, record)


def tickers(world: World) -> Steps[list[Ticker]]:
    """Every ticker of the four operations that show them, asked one right after the other."""
    found: list[Ticker] = []
    for operation in ("getQuotationsHome", "getSparklines", "listSymbolThumbs"):
        record = yield Ask(operation)
        if record.is_accepted:
            ranked = operation == "getQuotationsHome"
            data = member(record.data, "changeRank", "home") if ranked else record.data
            found += [read(operation, row, record.number) for row in rows(data, operation)]
    market = world.target.busy
    record = yield Ask("getCoinTicker", {"coin": market.coin.lower()})
    if record.is_accepted:
        found.append(read("getCoinTicker", record.data, record.number))
    if not found:
        raise CannotTell("no operation shows a ticker")
    return found


@check(
    "ticker.low-and-high-bound-open-and-close",
    "ticker.change-is-close-minus-open",
    "ticker.turnover-within-volume-times-prices",
    requests=4,
)
def tickers_are_sound(world: World) -> Script:
    """Every ticker, wherever it is shown, obeys the algebra of its own fields."""
    for each in (yield from tickers(world)):
        yield from judge_ticker(each)


def judge_ticker(each: Ticker) -> Iterator[Claim]:
    """The sentences that one ticker alone can break."""
    bounded = each.low <= min(each.open, each.close) and max(each.open, each.close) <= each.high
    positive = each.volume == 0 or each.low > 0
    yield holds(
        "ticker.low-and-high-bound-open-and-close",
        bounded and positive,
        f"a ticker of {each.place} has a low and a high that bound its open and close",
        "0 < low <= open, close <= high",
        each,
        [each.record],
    )
    ratio = each.change / each.open if each.open else Decimal(0)
    agrees = each.change == each.close - each.open and abs(each.chg - ratio) <= RATIO_STEP
    yield holds(
        "ticker.change-is-close-minus-open",
        agrees,
        f"a ticker of {each.place} changes by close - open, and chg is that over open",
        f"change {each.close - each.open}, chg {ratio:.6f} within {RATIO_STEP}",
        each,
        [each.record],
    )
    slack = each.volume * each.high * Decimal("1e-9")
    within = each.volume * each.low - slack <= each.turnover <= each.volume * each.high + slack
    yield holds(
        "ticker.turnover-within-volume-times-prices",
        within,
        f"a ticker of {each.place} has a turnover that its volume and prices allow",
        f"{each.volume * each.low} <= turnover <= {each.volume * each.high}",
        each,
        [each.record],
    )


@check("ticker.is-of-the-coin-asked", "ticker.coin-case-insensitive", requests=4)
def ticker_of_one_coin(world: World) -> Script:
    """The ticker of each coin is that coin's, however the coin is written."""
    coins = world.target.coins or (world.target.busy.coin,)
    for coin in coins:
        lower = yield Ask("getCoinTicker", {"coin": coin.lower()})
        shown = lower.data.get("symbol", "") if isinstance(lower.data, dict) else ""
        yield holds(
            "ticker.is-of-the-coin-asked",
            lower.is_accepted and str(shown).partition("/")[0].upper() == coin.upper(),
            f"coin={coin.lower()} is answered with the ticker of {coin}",
            f"a symbol that begins with {coin}/",
            lower.said,
            [lower.number],
        )
        upper = yield Ask("getCoinTicker", {"coin": coin.upper()})
        other = upper.data.get("symbol", "") if isinstance(upper.data, dict) else ""
        yield holds(
            "ticker.coin-case-insensitive",
            upper.is_accepted and other == shown,
            f"coin={coin.upper()} means what coin={coin.lower()} means",
            f"the ticker of {shown}",
            upper.said,
            [upper.number],
        )


@check("ticker.unknown-coin-refused", requests=1)
def unknown_coin(world: World) -> Script:
    """No ticker is made up for a coin that does not exist."""
    record = yield Ask("getCoinTicker", {"coin": UNKNOWN.lower()})
    yield refused("ticker.unknown-coin-refused", record, "a coin that does not exist is refused")


def refused(requirement: str, record: Record, title: str) -> Claim:
    """A claim that a try was refused readably; a yes and an unknown outcome both fail."""
    return holds(requirement, record.is_rejected, title, "a refusal", record.said, [record.number])


@check("home.ranked-by-change", "home.lists-every-market", requests=2)
def home_lists_all(world: World) -> Script:
    """Home holds every market of the target, ranked by change."""
    record = yield Ask("getQuotationsHome")
    if not record.is_accepted:
        for requirement in ("home.ranked-by-change", "home.lists-every-market"):
            yield holds(requirement, False, "home answers", "tickers", record.said, [record.number])
        return
    ranked = [read("home", row, record.number) for row in _list(record, "changeRank")]
    changes = [each.chg for each in ranked]
    yield equal(
        "home.ranked-by-change",
        "changeRank is sorted by chg, greatest first",
        sorted(changes, reverse=True),
        changes,
        [record.number],
    )
    recommended = [read("home", row, record.number) for row in _list(record, "recommend")]
    shown = {each.symbol for each in (*ranked, *recommended)}
    wanted = {market.symbol for market in world.target.markets}
    yield holds(
        "home.lists-every-market",
        wanted <= shown,
        "home lists every market",
        sorted(wanted),
        sorted(shown),
        [record.number],
    )


def _list(record: Record, key: str) -> list[Any]:
    return rows(member(record.data, key, "home"), key)


@check("sparklines.cover-every-market", "sparklines.trend-is-24-hourly-closes", requests=1)
def sparklines(world: World) -> Script:
    """There is a sparkline for each market; its points are a day of hourly closes."""
    record = yield Ask("getSparklines")
    found = rows(record.data, "getSparklines") if record.is_accepted else []
    shown = {str(member(row, "symbol", "a sparkline")) for row in found}
    wanted = {market.symbol for market in world.target.markets}
    yield holds(
        "sparklines.cover-every-market",
        wanted <= shown,
        "every market has a sparkline",
        sorted(wanted),
        sorted(shown) or record.said,
        [record.number],
    )
    for row in found:
        trend = [decimal(point, "a point of a trend") for point in rows(row.get("trend"), "trend")]
        close = decimal(member(row, "close", "a sparkline"), "close")
        yield holds(
            "sparklines.trend-is-24-hourly-closes",
            1 <= len(trend) <= 25 and min(trend) > 0 and trend[-1] == close,
            f"the trend of {row['symbol']} is up to 25 closes and ends at the last",
            f"1 to 25 positive points, the last of them {close}",
            f"{len(trend)} points, the last of them {trend[-1] if trend else 'none'}",
            [record.number],
        )


def price(world: World, source: str, target: str) -> Steps[tuple[Decimal, Record]]:
    """The converted price. Raises CannotTell when it is refused."""
    record = yield Ask("getConvertPrice", {"fromUnit": source, "toUnit": target})
    if not record.is_accepted:
        raise CannotTell(f"converting {source} to {target} is refused: {record.said}")
    value = record.data.get("price") if isinstance(record.data, dict) else record.data
    return decimal(value, f"the price of {source} in {target}"), record


@check("convert.same-unit-is-one", "convert.there-and-back", requests=8)
def convert_identities(world: World) -> Script:
    """A unit in itself is one; there and back is one, as far as the digits and the market allow."""
    units = world.target.units[:MOST_UNITS]
    for unit in units:
        same, record = yield from price(world, unit, unit)
        yield equal(
            "convert.same-unit-is-one", f"{unit} in {unit} is 1", Decimal(1), same, [record.number]
        )
    for one, other in combinations(units, 2):
        there, first = yield from price(world, one, other)
        back, second = yield from price(world, other, one)
        yield holds(
            "convert.there-and-back",
            abs(there * back - 1) * 100 <= TIGHT,
            f"{one} to {other} and back is 1 within {TIGHT} percent",
            "1",
            f"{there} * {back} = {there * back}",
            [first.number, second.number],
        )


@check("convert.triangle", requests=12)
def convert_triangle(world: World) -> Script:
    """Going through a third unit makes no difference beyond the move of the market.

    Where the three prices come from markets in a ring, only arbitrage ties them together, and that is loose.
    """
    units = world.target.units[:MOST_UNITS]
    if len(units) < 3:
        raise CannotTell("the target's markets name fewer than three units")
    for a, b, c in combinations(units, 3):
        ab, first = yield from price(world, a, b)
        bc, second = yield from price(world, b, c)
        ac, third = yield from price(world, a, c)
        percent = LOOSE if _is_ring(world, (a, b), (b, c), (a, c)) else TIGHT
        yield holds(
            "convert.triangle",
            ac != 0 and abs(ab * bc / ac - 1) * 100 <= percent,
            f"{a} to {b} to {c} is {a} to {c} within {percent} percent",
            f"about {ac}",
            f"{ab} * {bc} = {ab * bc}",
            [first.number, second.number, third.number],
        )


def _is_ring(world: World, *pairs: tuple[str, str]) -> bool:
    """True when the markets by which these pairs are reached, each the shortest way, close a ring."""
    markets = {frozenset((each.coin, each.base)) for each in world.target.markets}
    used = {market for pair in pairs for market in _way(markets, *pair)}
    return len(used) >= len(frozenset().union(*used)) > 0


def _way(markets: Collection[frozenset[str]], start: str, end: str) -> list[frozenset[str]]:
    """The markets of a shortest way from one unit to another; none where there is no way."""
    ways: dict[str, list[frozenset[str]]] = {start: []}
    reached = [start]
    for unit in reached:
        for market in markets:
            for other in market - {unit} if unit in market else ():
                if other not in ways:
                    ways[other] = [*ways[unit], market]
                    reached.append(other)
    return ways.get(end, [])


@check("convert.agrees-with-ticker", requests=10)
def convert_agrees(world: World) -> Script:
    """What convert says of a market's pair lies between the low and the high of its ticker."""
    shown = yield Ask("listSymbolThumbs", by=world.first)
    if not shown.is_accepted:
        raise CannotTell(f"listSymbolThumbs is refused: {shown.said}")
    tickers = {
        each.symbol: each
        for each in (
            read("listSymbolThumbs", row, shown.number) for row in rows(shown.data, "tickers")
        )
    }
    for market in world.target.markets:
        each = tickers.get(market.symbol)
        if each is None:
            raise CannotTell(f"listSymbolThumbs has no {market.symbol}")
        converted, record = yield from price(world, market.coin, market.base)
        slack = each.high * Decimal("0.001")
        yield holds(
            "convert.agrees-with-ticker",
            each.low - slack <= converted <= each.high + slack,
            f"{market.coin} in {market.base} lies within the range of its ticker",
            f"{each.low} to {each.high}",
            converted,
            [record.number, shown.number],
        )


@check("convert.unknown-unit-refused", requests=2)
def unknown_unit(world: World) -> Script:
    """A unit that does not exist has no price, on either side."""
    known = world.target.busy.base
    for form in ({"fromUnit": UNKNOWN, "toUnit": known}, {"fromUnit": known, "toUnit": UNKNOWN}):
        record = yield Ask("getConvertPrice", form)
        title = "a unit that does not exist is refused"
        yield refused("convert.unknown-unit-refused", record, title)


@check("ticker.same-everywhere", requests=8)
def same_everywhere(world: World) -> Script:
    """The four operations agree: what differs between two bursts of reads bounds what may differ in one."""
    before = yield from tickers(world)
    after = yield from tickers(world)
    for market in world.target.markets:
        mine = [each for each in (*before, *after) if each.symbol == market.symbol]
        for name in ("high", "low", "open"):
            claim = _agreement(market, name, mine, before, after)
            if claim:
                yield claim
        if market.quiet and mine:
            closes = {each.place: each.close for each in mine}
            yield holds(
                "ticker.same-everywhere",
                len(set(closes.values())) == 1,
                f"{market.symbol}, where nobody trades now, closes the same everywhere",
                "one price",
                closes,
                [each.record for each in mine],
            )


def _agreement(
    market: Market, name: str, mine: list[Ticker], before: list[Ticker], after: list[Ticker]
) -> Claim | None:
    """High, low and open may move between the bursts; a place that shows neither value is wrong."""
    seen = [
        {each.place: each.values[name] for each in burst if each.symbol == market.symbol}
        for burst in (before, after)
    ]
    places = set(seen[0]) & set(seen[1])
    if len(places) < 2:
        return None
    still = {place for place in places if seen[0][place] == seen[1][place]}
    values = {seen[0][place] for place in still}
    return holds(
        "ticker.same-everywhere",
        len(values) <= 1 or len(still) < len(places),
        f"{name} of {market.symbol} is the same wherever it is shown",
        "one value",
        {place: str(seen[0][place]) for place in sorted(places)},
        [each.record for each in mine],
    )


@check(
    "ticker.close-follows-last-trade",
    "ticker.volume-grows-by-the-trade",
    needs=("trading", "quiet", "two"),
    requests=20,
)
def ticker_follows_own_trade(world: World) -> Script:
    """A trade of ours in a market without others moves its ticker by exactly that trade."""
    market = world.target.quiet
    assert market is not None
    before = yield from _quiet_ticker(world, market)
    made = yield from trade_with_ourselves(world, market)

    def moved(seen: Ticker) -> bool:
        return seen.close == made.price and seen.volume != before.volume

    after = yield from _await_ticker(world, market, moved)
    yield equal(
        "ticker.close-follows-last-trade",
        "the ticker closes at the price of the last trade",
        made.price,
        after.close,
        [*made.records, after.record],
    )
    yield equal(
        "ticker.volume-grows-by-the-trade",
        "the volume grew by the amount of the trade",
        before.volume + made.amount,
        after.volume,
        [before.record, *made.records, after.record],
    )


def _quiet_ticker(world: World, market: Market) -> Steps[Ticker]:
    record = yield Ask("listSymbolThumbs", by=world.first)
    if not record.is_accepted:
        raise CannotTell(f"listSymbolThumbs is refused: {record.said}")
    for row in rows(record.data, "listSymbolThumbs"):
        if member(row, "symbol", "a ticker") == market.symbol:
            return read("listSymbolThumbs", row, record.number)
    raise CannotTell(f"listSymbolThumbs has no {market.symbol}")


def _await_ticker(world: World, market: Market, good: Callable[[Ticker], bool]) -> Steps[Ticker]:
    seen: Ticker = yield from eventually(world, lambda: _quiet_ticker(world, market), good)
    return seen
