"""What checks of spot trading do again and again: rest an order, trade with ourselves, tidy up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from conformance.cases.asks import (
    BUY,
    Wallets,
    away,
    cancel,
    eventually,
    last_price,
    member,
    orders,
    place,
    settled,
    smallest_amount,
    to_step,
)
from conformance.cases.script import Steps, World
from conformance.target import Market


@dataclass(frozen=True, slots=True)
class Resting:
    """An order of ours that rests away from the market."""

    account: str
    market: Market
    direction: int
    price: Decimal
    amount: Decimal
    identity: str
    record: int

    @property
    def cost(self) -> Decimal:
        """What it ties up: base for a buy, coin for a sell."""
        return self.price * self.amount if self.direction == BUY else self.amount

    @property
    def unit(self) -> str:
        """The coin that it ties up."""
        return self.market.base if self.direction == BUY else self.market.coin


def rest(
    world: World,
    account: str,
    market: Market,
    direction: int,
    amount: Decimal | None = None,
) -> Steps[Resting]:
    """Place a small limit order far from the market. Raises CannotTell when it is refused."""
    price = away(market, (yield from last_price(world, market)), direction)
    amount = amount or smallest_amount(market, price)
    identity, record = yield from place(world, account, market, direction, price, amount)
    return Resting(account, market, direction, price, amount, identity, record.number)


def tidy(world: World, *ours: tuple[str, str]) -> Steps[None]:
    """Cancel these orders (account, id), whatever has become of them, and wait until none is open."""
    for account, identity in ours:
        yield from cancel(world, account, identity)
    for account in dict.fromkeys(account for account, _ in ours):
        mine = {identity for owner, identity in ours if owner == account}
        yield from _none_open(world, account, None, mine)


def clear(world: World, market: Market) -> Steps[None]:
    """Cancel every open order of our accounts in a market, so that a check starts from an empty one."""
    for account in (world.first, world.second):
        found = yield from open_orders(world, account, market.symbol)
        for identity in found:
            yield from cancel(world, account, identity)
        if found:
            yield from _none_open(world, account, market.symbol, found)


def open_orders(world: World, account: str, symbol: str | None) -> Steps[set[str]]:
    """The ids of an account's open orders in a market, or in all of them."""
    found = yield from orders(world, account, symbol)
    is_open = {key: member(row, "status", "an order") == "TRADING" for key, row in found.items()}
    return {key for key, still in is_open.items() if still}


def _none_open(world: World, account: str, symbol: str | None, mine: set[str]) -> Steps[None]:
    """Wait until none of these is open: a cancellation may take effect after its answer."""

    def look() -> Steps[set[str]]:
        still = yield from open_orders(world, account, symbol)
        return still & mine

    yield from eventually(world, look, lambda still: not still)


def own_price(world: World, market: Market) -> Steps[Decimal]:
    """A price near the last one that no earlier trade of this run had."""
    last = yield from last_price(world, market)
    moved = last * (1 + Decimal(world.random.randint(1, 40)) / 1000)
    price = to_step(moved, market.price_step)
    return price if price != last else price + market.price_step


def unfrozen(world: World, account: str, market: Market) -> Steps[Wallets]:
    """The wallets of an account once nothing of the market's two coins is tied up any more.

    In a market of our own, with all our orders cancelled, that is the starting point of exact checks.
    Other markets of ours may tie up the base; the wait then ends at the settle time, harmlessly.
    """
    seen: Wallets = yield from settled(world, account, lambda found: found[market.coin].frozen == 0)
    return seen
