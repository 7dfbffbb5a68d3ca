"""Checks of single spot orders: what the documented codes mean, what is frozen, released and refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from conformance.cases.asks import (
    BUY,
    SELL,
    Wallets,
    away,
    cancel,
    decimal,
    last_price,
    listed,
    listed_when,
    member,
    order_form,
    order_id,
    settled,
    smallest_amount,
    to_step,
    wallets,
)
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.script import Ask, Record, Script, Steps, Together, World, check
from conformance.cases.spot_asks import Resting, clear, open_orders, rest, tidy, unfrozen
from conformance.target import Market

TRADES: Final = ("trading",)
TWO: Final = ("trading", "two")
NOWHERE: Final = "E0000000000000000000"


def home_market(world: World) -> Market:
    """Where resting orders are tried: the quiet market if there is one, else the busy one."""
    return world.target.quiet or world.target.busy


@check("spot.orders-can-be-listed", "operation.listSpotOrders", needs=TRADES)
def placed_order_is_listed(world: World) -> Script:
    """What was placed is listed as it was placed."""
    resting = yield from rest(world, world.first, home_market(world), BUY)
    try:
        row = yield from listed(world, world.first, resting.market.symbol, resting.identity)
        seen = {
            "symbol": row.get("symbol"),
            "direction": row.get("direction"),
            "type": row.get("type"),
            "price": decimal(member(row, "price", "an order"), "price"),
            "amount": decimal(member(row, "amount", "an order"), "amount"),
        }
        good = (
            seen["symbol"] == resting.market.symbol
            and str(seen["direction"]) in ("BUY", "0")
            and str(seen["type"]) in ("LIMIT_PRICE", "0")
            and (seen["price"], seen["amount"]) == (resting.price, resting.amount)
        )
        wanted = f"{resting.market.symbol} BUY LIMIT_PRICE {resting.price} {resting.amount}"
        title = "an order is listed as it was placed"
        for requirement in ("spot.orders-can-be-listed", "operation.listSpotOrders"):
            yield holds(requirement, good, title, wanted, seen, [resting.record])
    except CannotTell as reason:
        title = "an order that was placed is listed"
        yield holds(
            "spot.orders-can-be-listed", False, title, resting.identity, reason, [resting.record]
        )
    finally:
        yield from tidy(world, (world.first, resting.identity))


@check("spot.type-0-is-limit", "operation.placeSpotOrder", needs=TRADES)
def type_0_is_limit(world: World) -> Script:
    """type=0 at half the market's price rests: it neither trades nor vanishes."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    form = order_form(market, BUY, price, smallest_amount(market, price))
    record = yield Ask("placeSpotOrder", form, by=world.first)
    title = "a legal limit order is placed"
    yield holds(
        "operation.placeSpotOrder",
        record.is_accepted,
        title,
        "an order id",
        record.said,
        [record.number],
    )
    if not record.is_accepted:
        title = "a type 0 order with a price is taken for a limit order"
        yield holds(
            "spot.type-0-is-limit", False, title, "an order id", record.said, [record.number]
        )
        return
    identity = order_id(record)
    try:
        row = yield from listed(world, world.first, market.symbol, identity)
        traded = decimal(row.get("tradedAmount", "0"), "tradedAmount")
        yield holds(
            "spot.type-0-is-limit",
            row.get("status") == "TRADING" and traded == 0,
            "a type 0 order away from the market rests",
            "status TRADING, nothing traded",
            f"status {row.get('status')}, traded {traded}",
            [record.number],
        )
    finally:
        yield from tidy(world, (world.first, identity))


@check("spot.type-1-is-market", needs=TWO, requests=20)
def type_1_is_market(world: World) -> Script:
    """type=1 never rests: whatever the book holds, it is over before long and nothing stays frozen."""
    market = home_market(world)
    yield from clear(world, market)
    before = yield from unfrozen(world, world.first, market)
    price = yield from last_price(world, market)
    amount = smallest_amount(market, price)
    record = yield Ask("placeSpotOrder", order_form(market, SELL, None, amount), by=world.first)
    # In a market without others nothing trades at all; elsewhere it may have been filled.
    good = same if market.quiet else same_frozen
    after = yield from settled(world, world.first, lambda seen: good(before, seen, market))
    still = yield from open_orders(world, world.first, market.symbol)
    if still:
        yield from tidy(world, *((world.first, key) for key in still))
    yield holds(
        "spot.type-1-is-market",
        not still and good(before, after, market),
        "a type 1 order does not rest, and nothing stays frozen",
        f"no open order, {shown(before, market)}",
        f"{len(still)} open, {shown(after, market)}",
        [record.number],
    )


def same_frozen(before: Wallets, after: Wallets, market: Market) -> bool:
    """True when as much of both units is tied up as was."""
    return all(before[unit].frozen == after[unit].frozen for unit in (market.coin, market.base))


def same(before: Wallets, after: Wallets, market: Market) -> bool:
    """True when both units of a market stand as they stood."""
    return all(before[unit] == after[unit] for unit in (market.coin, market.base))


def shown(seen: Wallets, market: Market) -> str:
    """Both units of a market in words."""
    parts = (
        f"{unit} {seen[unit].free} free {seen[unit].frozen} frozen"
        for unit in (market.coin, market.base)
    )
    return ", ".join(parts)


@check("spot.direction-0-is-buy", "spot.buy-freezes-price-times-amount", needs=TRADES, requests=10)
def buying_freezes_base(world: World) -> Script:
    """direction=0 ties up price times amount of the base, and none of the coin."""
    yield from _freezes(
        world, BUY, "spot.direction-0-is-buy", "spot.buy-freezes-price-times-amount"
    )


@check("spot.direction-1-is-sell", "spot.sell-freezes-amount", needs=TRADES, requests=10)
def selling_freezes_coin(world: World) -> Script:
    """direction=1 ties up the amount of the coin, and none of the base."""
    yield from _freezes(world, SELL, "spot.direction-1-is-sell", "spot.sell-freezes-amount")


def _freezes(world: World, direction: int, side: str, exact: str) -> Steps[None]:
    market = home_market(world)
    before = yield from wallets(world, world.first)
    resting = yield from rest(world, world.first, market, direction)
    try:
        wanted = before[resting.unit].frozen + resting.cost
        after = yield from settled(
            world, world.first, lambda seen: seen[resting.unit].frozen == wanted
        )
        grown = after[resting.unit].frozen - before[resting.unit].frozen
        other = market.coin if resting.unit == market.base else market.base
        records = [before.record, resting.record, after.record]
        yield holds(
            side,
            grown > 0 and after[other].frozen == before[other].frozen,
            f"direction={direction} ties up {resting.unit} and no {other}",
            f"more {resting.unit} frozen, {other} as before",
            f"{resting.unit} frozen {grown:+}, "
            f"{other} frozen {after[other].frozen - before[other].frozen:+}",
            records,
        )
        moved = (grown, before[resting.unit].free - after[resting.unit].free)
        yield equal(
            exact,
            f"a resting order freezes exactly what it may cost, {resting.cost} {resting.unit}",
            (str(plain(resting.cost)),) * 2,
            tuple(str(plain(each)) for each in moved),
            records,
        )
    finally:
        yield from tidy(world, (world.first, resting.identity))


def plain(value: Decimal) -> Decimal:
    """Without trailing zeros, so that 1.50 and 1.5 read the same."""
    return value.normalize() + 0


@check(
    "spot.cancel-releases-everything",
    "spot.second-cancel-changes-nothing",
    "spot.cancel-takes-effect",
    "operation.cancelSpotOrder",
    needs=TRADES,
    requests=16,
)
def cancelling_restores(world: World) -> Script:
    """Place and cancel, buy and sell: both balances are what they were; again changes nothing."""
    market = home_market(world)
    for direction in (BUY, SELL):
        before = yield from wallets(world, world.first)
        resting = yield from rest(world, world.first, market, direction)
        answer = yield from cancel(world, world.first, resting.identity)
        yield holds(
            "operation.cancelSpotOrder",
            answer.is_accepted,
            "an open order can be cancelled",
            "accepted",
            answer.said,
            [resting.record, answer.number],
        )
        restored = _restored(before, market)
        after = yield from settled(world, world.first, restored)
        records = [before.record, resting.record, answer.number, after.record]
        yield holds(
            "spot.cancel-releases-everything",
            restored(after),
            "cancelling an unfilled order restores both balances",
            shown(before, market),
            shown(after, market),
            records,
        )
        again = yield from cancel(world, world.first, resting.identity)
        still = yield from wallets(world, world.first)
        yield holds(
            "spot.second-cancel-changes-nothing",
            restored(still),
            "cancelling again changes no balance",
            shown(before, market),
            shown(still, market),
            [*records, again.number, still.record],
        )
        yield from _is_canceled(world, resting, answer)


def _restored(before: Wallets, market: Market) -> Callable[[Wallets], bool]:
    return lambda seen: same(before, seen, market)


def _is_canceled(world: World, resting: Resting, answer: Record) -> Steps[None]:
    row = yield from listed_when(
        world,
        world.first,
        resting.market.symbol,
        resting.identity,
        lambda seen: seen.get("status") != "TRADING",
    )
    yield equal(
        "spot.cancel-takes-effect",
        "a cancelled order is listed as CANCELED",
        "CANCELED",
        row.get("status"),
        [resting.record, answer.number],
    )


@check("spot.order-ids-are-unique", needs=TRADES, requests=24)
def order_ids_are_unique(world: World) -> Script:
    """Ten orders, some of them placed at once, have ten ids."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    form = order_form(market, BUY, price, smallest_amount(market, price))
    asked: list[Record] = []
    for _ in range(2):
        asked += yield Together(
            tuple(Ask("placeSpotOrder", form, by=world.first) for _ in range(5))
        )
    made = [order_id(record) for record in asked if record.is_accepted]
    try:
        yield equal(
            "spot.order-ids-are-unique",
            f"{len(made)} orders have as many ids",
            len(made),
            len(set(made)),
            [record.number for record in asked],
        )
    finally:
        yield from tidy(world, *((world.first, each) for each in made))


@check("spot.unknown-order-refused", needs=TRADES, requests=1)
def unknown_order(world: World) -> Script:
    """Cancelling what never was is refused."""
    record = yield from cancel(world, world.first, NOWHERE)
    yield holds(
        "spot.unknown-order-refused",
        record.is_rejected,
        "cancelling an order that does not exist is refused",
        "a refusal",
        record.said,
        [record.number],
    )


@check(
    "spot.only-the-owner-cancels",
    "spot.foreign-and-unknown-orders-answer-alike",
    needs=("trading", "two"),
    requests=8,
)
def foreign_order(world: World) -> Script:
    """Our second account cannot cancel the first's order, nor find out that it exists."""
    resting = yield from rest(world, world.first, home_market(world), BUY)
    try:
        tried = yield from cancel(world, world.second, resting.identity)
        row = yield from listed(world, world.first, resting.market.symbol, resting.identity)
        yield holds(
            "spot.only-the-owner-cancels",
            tried.is_rejected and row.get("status") == "TRADING",
            "somebody else's order cannot be cancelled and lives on",
            "a refusal, status TRADING",
            f"{tried.said}, status {row.get('status')}",
            [resting.record, tried.number],
        )
        unknown = yield from cancel(world, world.second, NOWHERE)
        yield equal(
            "spot.foreign-and-unknown-orders-answer-alike",
            "a foreign order and one that does not exist are refused alike",
            _refusal(unknown),
            _refusal(tried),
            [resting.record, tried.number, unknown.number],
        )
    finally:
        yield from tidy(world, (world.first, resting.identity))


def _refusal(record: Record) -> tuple[Any, ...]:
    return record.outcome.status, record.outcome.code, record.outcome.message


@check("spot.never-spends-more-than-there-is", needs=TRADES, requests=20)
def cannot_spend_more(world: World) -> Script:
    """Beyond the free balance is refused, alone and when several orders want all of it at once."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), SELL)
    before = yield from wallets(world, world.first)
    free = to_step(before[market.coin].free, market.amount_step)
    too_much = order_form(market, SELL, price, free + market.amount_step)
    record = yield Ask("placeSpotOrder", too_much, by=world.first)
    title = "selling more than there is is refused"
    requirement = "spot.never-spends-more-than-there-is"
    yield holds(
        requirement,
        record.is_rejected,
        title,
        "a refusal",
        record.said,
        [before.record, record.number],
    )
    part = to_step(free / 2, market.amount_step) + market.amount_step
    form = order_form(market, SELL, price, part)
    asked = yield Together(tuple(Ask("placeSpotOrder", form, by=world.first) for _ in range(4)))
    made = [order_id(each) for each in asked if each.is_accepted]
    if record.is_accepted:
        made.append(order_id(record))
    try:
        after = yield from wallets(world, world.first)
        negative = {u: w for u, w in after.by_coin.items() if w.free < 0 or w.frozen < 0}
        yield holds(
            requirement,
            len(made) <= 1 and not negative,
            "of orders that each want more than half, placed at once, one is accepted",
            "at most one accepted, no balance negative",
            f"{len(made)} accepted, negative: {negative or 'none'}",
            [each.number for each in asked],
        )
    finally:
        yield from tidy(world, *((world.first, each) for each in made))
