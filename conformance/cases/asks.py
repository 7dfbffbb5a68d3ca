"""The words that scripts share: ask for wallets, place, cancel, list, and read what came back.

Each is a sub-script (`answer = yield from wallets(world, "alice")`) that returns a value, or raises
CannotTell when the exchange's answer holds nothing that could be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal, InvalidOperation
from typing import Any, Final

from conformance.cases.claim import CannotTell
from conformance.cases.script import Ask, Pause, Record, Steps, World
from conformance.target import Market

POLL_MS: Final = 100
BUY, SELL = 0, 1
LIMIT, MARKET = 0, 1


@dataclass(frozen=True, slots=True)
class Wallet:
    """One spot wallet: what is free and what is tied up, in units of its coin."""

    free: Decimal
    frozen: Decimal


@dataclass(frozen=True, slots=True)
class Wallets:
    """All spot wallets of an account at one time, with the record that shows them."""

    by_coin: Mapping[str, Wallet]
    record: int

    def __getitem__(self, coin: str) -> Wallet:
        return self.by_coin.get(coin, Wallet(Decimal(0), Decimal(0)))

    def total(self, coin: str) -> Decimal:
        """Free and frozen together."""
        return self[coin].free + self[coin].frozen


def decimal(value: Any, what: str) -> Decimal:
    """A decimal of an answer, string or number alike. Raises CannotTell when it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise CannotTell(f"{what} is no decimal: {value!r}")
    try:
        return Decimal(value)
    except InvalidOperation:
        raise CannotTell(f"{what} is no decimal: {value!r}") from None


def member(value: Any, key: str, what: str) -> Any:
    """A field of an answer. Raises CannotTell when it is not there."""
    if not isinstance(value, dict) or key not in value:
        raise CannotTell(f"{what} has no {key}: {str(value)[:200]}")
    return value[key]


def rows(value: Any, what: str) -> list[Any]:
    """A list of an answer. Raises CannotTell when it is none."""
    if not isinstance(value, list):
        raise CannotTell(f"{what} is no list: {str(value)[:200]}")
    return value


def accepted(record: Record, what: str) -> Record:
    """The record itself when it was accepted. Raises CannotTell otherwise."""
    if not record.is_accepted:
        raise CannotTell(f"{what} was not accepted: {record.said}")
    return record


def wallets(world: World, account: str) -> Steps[Wallets]:
    """The spot wallets of an account."""
    record = yield Ask("getSpotWallets", by=account)
    accepted(record, "getSpotWallets")
    found: dict[str, Wallet] = {}
    for row in rows(record.data, "getSpotWallets"):
        coin = member(member(row, "coin", "a wallet"), "unit", "a wallet's coin")
        free = decimal(member(row, "balance", "a wallet"), f"the balance of {coin}")
        frozen = decimal(member(row, "frozenBalance", "a wallet"), f"the frozenBalance of {coin}")
        found[coin] = Wallet(free, frozen)
    return Wallets(found, record.number)


def eventually(
    world: World, look: Callable[[], Steps[Any]], good: Callable[[Any], bool]
) -> Steps[Any]:
    """Look again until it is good or the target's settle time is over; the last look either way."""
    waited = 0
    while True:
        seen = yield from look()
        if good(seen) or waited >= world.target.timing.settle_ms:
            return seen
        pause = POLL_MS + waited // 4
        yield Pause(pause)
        waited += pause


def order_form(
    market: Market,
    direction: int,
    price: Decimal | None,
    amount: Decimal,
    **more: Any,
) -> dict[str, Any]:
    """The form of placeSpotOrder; without a price it is a market order."""
    form: dict[str, Any] = {
        "symbol": market.symbol,
        "direction": direction,
        "type": MARKET if price is None else LIMIT,
    }
    if price is not None:
        form["price"] = price
    return {**form, "amount": amount, **more}


def place(
    world: World,
    account: str,
    market: Market,
    direction: int,
    price: Decimal | None,
    amount: Decimal,
) -> Steps[tuple[str, Record]]:
    """Place an order and return its id. Raises CannotTell when it is refused."""
    record = yield Ask("placeSpotOrder", order_form(market, direction, price, amount), by=account)
    accepted(record, f"placing {market.symbol}")
    return order_id(record), record


def order_id(record: Record) -> str:
    """The id in the answer to placeSpotOrder: the data itself, or its member orderId."""
    data = record.data
    identity = data.get("orderId") if isinstance(data, dict) else data
    if not isinstance(identity, str | int) or isinstance(identity, bool) or identity == "":
        raise CannotTell(f"placeSpotOrder gives no order id: {record.said}")
    return str(identity)


def cancel(world: World, account: str, identity: str) -> Steps[Record]:
    """Cancel an order, whatever comes of it."""
    record: Record = yield Ask("cancelSpotOrder", {"orderId": identity}, by=account)
    return record


def orders(world: World, account: str, symbol: str | None) -> Steps[dict[str, dict[str, Any]]]:
    """The newest orders of an account in a market, or in all of them, by id."""
    wanted = {} if symbol is None else {"symbol": symbol}
    record = yield Ask("listSpotOrders", {**wanted, "pageSize": 100}, by=account)
    accepted(record, "listSpotOrders")
    content = rows(member(record.data, "content", "listSpotOrders"), "the list of orders")
    return {str(member(row, "orderId", "an order")): row for row in content}


def listed(world: World, account: str, symbol: str, identity: str) -> Steps[dict[str, Any]]:
    """One order as it is listed, waiting for it to appear. Raises CannotTell when it does not."""

    def look() -> Steps[Any]:
        found = yield from orders(world, account, symbol)
        return found.get(identity)

    row = yield from eventually(world, look, lambda found: found is not None)
    if row is None:
        raise CannotTell(f"order {identity} is not listed")
    return dict(row)


def listed_when(
    world: World,
    account: str,
    symbol: str,
    identity: str,
    good: Callable[[dict[str, Any]], bool],
) -> Steps[dict[str, Any]]:
    """One order as it is listed, waiting for it to become good."""
    row: dict[str, Any] = yield from eventually(
        world, lambda: listed(world, account, symbol, identity), good
    )
    return row


def settled(world: World, account: str, good: Callable[[Wallets], bool]) -> Steps[Wallets]:
    """The wallets of an account, waiting for them to become good."""
    seen: Wallets = yield from eventually(world, lambda: wallets(world, account), good)
    return seen


def ticker(world: World, market: Market) -> Steps[dict[str, Any]]:
    """The ticker of a market, from symbol-thumb-v2. Raises CannotTell when it is not there."""
    record = yield Ask("listSymbolThumbs", by=world.first)
    accepted(record, "listSymbolThumbs")
    for row in rows(record.data, "listSymbolThumbs"):
        if member(row, "symbol", "a ticker") == market.symbol:
            return dict(row)
    raise CannotTell(f"listSymbolThumbs has no {market.symbol}")


def last_price(world: World, market: Market) -> Steps[Decimal]:
    """The last price of a market. Raises CannotTell when there is none."""
    row = yield from ticker(world, market)
    price = decimal(member(row, "close", "a ticker"), "close")
    if price <= 0:
        raise CannotTell(f"the ticker of {market.symbol} closes at {price}")
    return price


def to_step(value: Decimal, step: Decimal) -> Decimal:
    """The greatest multiple of a step that is not above the value."""
    return (value / step).to_integral_value(ROUND_DOWN) * step


def smallest_amount(market: Market, price: Decimal) -> Decimal:
    """A legal amount near the market's minimum at a price, twice over so that a part of it is legal too."""
    wanted = max(market.min_amount, market.min_turnover / price) * 2
    return (wanted / market.amount_step).to_integral_value(ROUND_CEILING) * market.amount_step


def away(market: Market, price: Decimal, direction: int) -> Decimal:
    """A legal price at which an order of that direction rests: half, or double, of the last price."""
    factor = Decimal("0.5") if direction == BUY else Decimal(2)
    return to_step(price * factor, market.price_step)
