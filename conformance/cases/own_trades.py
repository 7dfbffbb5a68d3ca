"""Trades between two accounts of ours, also where other people trade: in the gap between bid and ask.

In a market of our own the first attempt is the trade. Elsewhere somebody may come between: then both
orders are cancelled and it is tried again, and only a trade that both accounts list alike counts as ours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from conformance.cases.asks import (
    BUY,
    SELL,
    Wallets,
    decimal,
    eventually,
    orders,
    place,
    smallest_amount,
    to_step,
)
from conformance.cases.claim import CannotTell
from conformance.cases.script import Hang, Pause, Record, Steps, World
from conformance.cases.spot_asks import clear, own_price, unfrozen
from conformance.cases.stream_asks import (
    channel_of,
    events_until,
    is_snapshot,
    opened,
    subscribed,
)
from conformance.target import Market

ATTEMPTS: Final = 8
GAP_POLL_MS, GAP_POLLS = 500, 24
MOST_UNITS, ENOUGH_FOR = 100, 200
BETWEEN: Final = "a trade of our own did not come about"


@dataclass(frozen=True, slots=True)
class OwnTrade:
    """A trade between two accounts of ours: the maker rested, the taker came.

    `before` are the wallets of taker and maker as they stood; `orders` their two orders as listed after.
    """

    market: Market
    maker: str
    taker: str
    taker_direction: int
    price: Decimal
    amount: Decimal
    maker_order: str
    taker_order: str
    records: tuple[int, ...]
    before: tuple[Wallets, ...] = ()
    orders: tuple[Mapping[str, Any] | None, ...] = ()


def trade_with_ourselves(
    world: World, market: Market, taker_direction: int = BUY, beyond: int = 0
) -> Steps[OwnTrade]:
    """Let our second account rest an order and our first take it whole, `beyond` steps past its price.

    Raises CannotTell when others came between every time.
    """
    for _ in range(ATTEMPTS):
        made = yield from _attempt(world, market, taker_direction, beyond)
        if market.quiet or _is_ours(made):
            return made
        yield from clear(world, market)
    raise CannotTell(f"{BETWEEN}: others traded first, {ATTEMPTS} times")


def _attempt(world: World, market: Market, taker_direction: int, beyond: int) -> Steps[OwnTrade]:
    yield from clear(world, market)
    taker_before = yield from unfrozen(world, world.first, market)
    maker_before = yield from unfrozen(world, world.second, market)
    price = yield from free_price(world, market)
    amount = odd_amount(world, market, price)
    resting = SELL if taker_direction == BUY else BUY
    maker = yield from place(world, world.second, market, resting, price, amount)
    limit = price + market.price_step * (beyond if taker_direction == BUY else -beyond)
    taker = yield from place(world, world.first, market, taker_direction, limit, amount)
    taken = yield from closed(world, world.first, market, taker[0])
    made = yield from closed(world, world.second, market, maker[0])
    return OwnTrade(
        market,
        world.second,
        world.first,
        taker_direction,
        price,
        amount,
        maker[0],
        taker[0],
        (maker[1].number, taker[1].number),
        (taker_before, maker_before),
        (taken, made),
    )


def closed(world: World, account: str, market: Market, identity: str) -> Steps[Any]:
    """An order as it is listed once it is over, as it is at the settle time, or None if never listed."""

    def look() -> Steps[Any]:
        found = yield from orders(world, account, market.symbol)
        return found.get(identity)

    row = yield from eventually(
        world, look, lambda seen: seen is not None and seen.get("status") != "TRADING"
    )
    return row


def _is_ours(made: OwnTrade) -> bool:
    """Both orders were filled whole at one price and one time: nobody else's has such an amount."""
    fills = [_only_fill(row, made.amount) for row in made.orders]
    return fills[0] is not None and fills[0] == fills[1]


def _only_fill(row: Mapping[str, Any] | None, amount: Decimal) -> tuple[Decimal, Any] | None:
    fills = (row or {}).get("detail")
    if not isinstance(fills, list) or len(fills) != 1 or not isinstance(fills[0], dict):
        return None
    if decimal(fills[0].get("amount"), "a fill's amount") != amount:
        return None
    return decimal(fills[0].get("price"), "a fill's price"), fills[0].get("time")


def odd_amount(world: World, market: Market, price: Decimal) -> Decimal:
    """A small legal amount that nobody else is likely to trade."""
    return smallest_amount(market, price) + market.amount_step * world.random.randint(1, 499)


def lasting_amount(market: Market, price: Decimal, held: Collection[Wallets]) -> Decimal:
    """A small legal amount; where others trade, a larger one that they do not take in one bite.

    However large, those who hold these wallets can place a good many orders of it.
    """
    least = smallest_amount(market, price)
    if market.quiet:
        return least
    means = [each[market.coin].free for each in held]
    means += [each[market.base].free / price for each in held]
    return least * max(1, min(MOST_UNITS, int(min(means) / ENOUGH_FOR / least)))


def free_price(world: World, market: Market, levels: int = 1) -> Steps[Decimal]:
    """The lowest of so many neighbouring prices at which nobody else's order is met.

    Raises CannotTell when the book has no such gap for a while.
    """
    if market.quiet:
        return (yield from own_price(world, market))
    for _ in range(GAP_POLLS):
        bid, ask = yield from best_prices(world, market)
        steps = int((ask - bid) / market.price_step) - 1
        if steps >= levels:
            return bid + market.price_step * (1 + (steps - levels) // 2)
        yield Pause(GAP_POLL_MS)
    raise CannotTell(f"{BETWEEN}: no {levels} prices between bid {bid} and ask {ask}")


def best_prices(world: World, market: Market) -> Steps[tuple[Decimal, Decimal]]:
    """The best bid and ask of a market, from a fresh snapshot of its book.

    A side that is empty is taken to be half, or double, of the other.
    """
    name = "book"
    line = yield from opened(world, name)
    channel = channel_of(world, "depth")
    topic = channel.topic(symbol=market.symbol)
    try:
        yield from subscribed(world, line, channel, topic)
        heard = yield from events_until(
            world, line, channel, topic, lambda seen: any(map(is_snapshot, seen))
        )
    finally:
        yield Hang(name)
    shown = next((each.value.get("data") for each in heard if is_snapshot(each)), None)
    bid, ask = (_best(shown, side) for side in ("bids", "asks"))
    if bid is None and ask is None:
        raise CannotTell(f"{topic} shows no book")
    bid = to_step(ask / 2, market.price_step) if bid is None and ask is not None else bid
    assert bid is not None
    return bid, bid * 2 if ask is None else ask


def _best(shown: Any, side: str) -> Decimal | None:
    levels = shown.get(side) if isinstance(shown, dict) else None
    if not isinstance(levels, list) or not levels:
        return None
    prices = [decimal(row[0], "a price") for row in levels if isinstance(row, list) and row]
    return max(prices) if side == "bids" else min(prices)


Placed = tuple[str, Record]
