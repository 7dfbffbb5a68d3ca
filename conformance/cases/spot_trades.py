"""Checks of trades between two accounts of ours: who is filled first, at what price, and where the money goes.

They hold where other people trade as well: what is expected follows from our own orders and their fills
by arithmetic alone. None of them asks the matching engine of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise
from typing import Any, Final

from conformance.cases.asks import (
    BUY,
    SELL,
    Wallets,
    cancel,
    decimal,
    eventually,
    listed_when,
    member,
    orders,
    place,
    rows,
    settled,
    smallest_amount,
)
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.own_trades import (
    ATTEMPTS,
    BETWEEN,
    OwnTrade,
    Placed,
    closed,
    free_price,
    lasting_amount,
    trade_with_ourselves,
)
from conformance.cases.script import Script, Steps, World, check
from conformance.cases.spot_asks import clear, unfrozen
from conformance.cases.spot_orders import TWO, home_market, plain
from conformance.cases.trading_story import NIBBLE, SWEEP, in_turn_among_others
from conformance.target import Market

MONEY_STEP: Final = Decimal("1e-16")
DUST: Final = Decimal("1e-8")


@check(
    "spot.trade-settles-both-sides",
    "spot.money-is-conserved",
    "spot.fee-is-charged-once",
    needs=TWO,
    requests=30,
)
def trade_settles(world: World) -> Script:
    """One trade in each direction: both accounts move by exactly the trade, less the fee."""
    market = home_market(world)
    for direction in (BUY, SELL):
        made = yield from trade_with_ourselves(world, market, direction)
        before = made.before[0], made.before[1]
        fee = yield from _fees(world, made)
        after = yield from _both_settled(world, made, before, fee)
        yield from _judge_settlement(world, made, before, after, fee)


Pair = tuple[Wallets, Wallets]


def _fees(world: World, made: OwnTrade) -> Steps[tuple[Decimal, Decimal]]:
    """(taker's fee, maker's fee) as the listed fills say them."""
    taker = yield from _fee_of(world, made.taker, made.market, made.taker_order)
    maker = yield from _fee_of(world, made.maker, made.market, made.maker_order)
    return taker, maker


def _fee_of(world: World, account: str, market: Market, identity: str) -> Steps[Decimal]:
    row = yield from listed_when(
        world, account, market.symbol, identity, lambda seen: seen.get("status") == "COMPLETED"
    )
    fills = rows(member(row, "detail", "an order"), "detail")
    return sum((decimal(member(x, "fee", "a fill"), "fee") for x in fills), Decimal(0))


def _expected(made: OwnTrade, is_taker: bool, fee: Decimal) -> tuple[Decimal, Decimal]:
    """(change of the coin, change of the base) for one side of a trade: the fee is of what is received."""
    buys = (made.taker_direction == BUY) == is_taker
    turnover = made.price * made.amount
    return (made.amount - fee, -turnover) if buys else (-made.amount, turnover - fee)


def _moved(before: Wallets, after: Wallets, market: Market) -> tuple[Decimal, Decimal]:
    coin = after.total(market.coin) - before.total(market.coin)
    return coin, after.total(market.base) - before.total(market.base)


def _both_settled(
    world: World, made: OwnTrade, before: Pair, fees: tuple[Decimal, Decimal]
) -> Steps[Pair]:
    def good(wanted: tuple[Decimal, Decimal], earlier: Wallets) -> Any:
        return lambda seen: _moved(earlier, seen, made.market) == wanted

    first = yield from settled(world, made.taker, good(_expected(made, True, fees[0]), before[0]))
    second = yield from settled(world, made.maker, good(_expected(made, False, fees[1]), before[1]))
    return first, second


def _judge_settlement(
    world: World, made: OwnTrade, before: Pair, after: Pair, fees: tuple[Decimal, Decimal]
) -> Steps[None]:
    market = made.market
    moved = [_moved(old, new, market) for old, new in zip(before, after, strict=True)]
    wanted = [_expected(made, True, fees[0]), _expected(made, False, fees[1])]
    records = [*made.records, after[0].record, after[1].record]
    words = f"{made.amount} {market.coin} at {made.price} {market.base}"
    yield equal(
        "spot.trade-settles-both-sides",
        f"a trade of {words} moves exactly that, less the fee of what is received",
        [tuple(str(x) for x in map(plain, side)) for side in wanted],
        [tuple(str(x) for x in map(plain, side)) for side in moved],
        records,
    )
    lost = [-(moved[0][i] + moved[1][i]) for i in range(2)]
    coin_fee = fees[0] if made.taker_direction == BUY else fees[1]
    base_fee = fees[1] if made.taker_direction == BUY else fees[0]
    yield equal(
        "spot.money-is-conserved",
        f"after a trade of {words} both accounts together have lost the fees and no more",
        [str(plain(coin_fee)), str(plain(base_fee))],
        [str(plain(each)) for each in lost],
        records,
    )
    yield from _judge_fee(made, coin_fee, base_fee, records)


def _judge_fee(
    made: OwnTrade, coin_fee: Decimal, base_fee: Decimal, records: list[int]
) -> Steps[None]:
    rate = made.market.fee_rate
    title = "the fee is the rate of what is received"
    if rate is None:
        good = coin_fee >= 0 and base_fee >= 0
        shown = f"{coin_fee} {made.market.coin}, {base_fee} {made.market.base}"
        yield holds("spot.fee-is-charged-once", good, title, "no negative fee", shown, records)
        return
    wanted = [
        (received * rate).quantize(MONEY_STEP, ROUND_DOWN)
        for received in (made.amount, made.price * made.amount)
    ]
    close = all(abs(a - b) <= DUST for a, b in zip(wanted, (coin_fee, base_fee), strict=True))
    yield holds(
        "spot.fee-is-charged-once",
        close,
        f"{title}, {rate}",
        f"{plain(wanted[0])} {made.market.coin}, {plain(wanted[1])} {made.market.base}",
        f"{plain(coin_fee)} {made.market.coin}, {plain(base_fee)} {made.market.base}",
        records,
    )


@check("spot.trades-at-the-resting-price", "spot.fills-add-up", needs=TWO, requests=24)
def resting_price(world: World) -> Script:
    """A buy above a resting sell pays the resting price, and nothing of the difference stays frozen."""
    market = home_market(world)
    made = yield from trade_with_ourselves(world, market, BUY, beyond=7)
    row = made.orders[0]
    if row is None:
        raise CannotTell(f"order {made.taker_order} is not listed")
    fills = [_fill(each) for each in rows(member(row, "detail", "an order"), "detail")]
    yield equal(
        "spot.trades-at-the-resting-price",
        "a trade happens at the price that rested",
        [str(plain(made.price))],
        [str(plain(each[0])) for each in fills],
        made.records,
    )
    cost = made.price * made.amount
    yield from _paid(world, made.before[0], cost, market, list(made.records))
    yield from _adds_up(dict(row), fills, list(made.records))


def _paid(
    world: World, before: Wallets, cost: Decimal, market: Market, records: list[int]
) -> Steps[None]:
    wanted = before.total(market.base) - cost, before[market.base].frozen

    def state(seen: Wallets) -> tuple[Decimal, Decimal]:
        return seen.total(market.base), seen[market.base].frozen

    after = yield from settled(world, world.first, lambda seen: state(seen) == wanted)
    yield equal(
        "spot.trades-at-the-resting-price",
        "the buyer pays the resting price and gets the rest back",
        tuple(str(plain(each)) for each in wanted),
        tuple(str(plain(each)) for each in state(after)),
        [*records, after.record],
    )


def _fill(row: Any) -> tuple[Decimal, Decimal, Decimal]:
    names = ("price", "amount", "turnover")
    price, amount, turnover = (decimal(member(row, name, "a fill"), name) for name in names)
    return price, amount, turnover


def _adds_up(
    row: dict[str, Any], fills: list[tuple[Decimal, Decimal, Decimal]], records: list[int]
) -> Steps[None]:
    traded = decimal(member(row, "tradedAmount", "an order"), "tradedAmount")
    turnover = decimal(member(row, "turnover", "an order"), "turnover")
    summed = sum((each[1] for each in fills), Decimal(0))
    paid = sum((each[2] for each in fills), Decimal(0))
    exact = all(abs(price * amount - worth) <= DUST for price, amount, worth in fills)
    yield holds(
        "spot.fills-add-up",
        exact and (summed, paid) == (traded, turnover),
        "the fills of an order add up to what it traded and turned over",
        f"amount {traded}, turnover {turnover}",
        f"amount {summed}, turnover {paid}, each price * amount: {exact}",
        records,
    )


@check("spot.best-price-first", needs=TWO, requests=24)
def best_price_first(world: World) -> Script:
    """Three sells at three prices, placed worst first: none is filled while a cheaper one waits."""
    title = "of three sells none is filled while a cheaper one waits"
    yield from _in_turn(world, "spot.best-price-first", title, Plan((2, 1, 0), (1, 1, 1), 1))


@check("spot.first-come-first-served", needs=TWO, requests=24)
def first_come(world: World) -> Script:
    """Two sells at one price, one after the other: the second is not filled while the first waits."""
    title = "of two orders at one price the first is filled first, though the second is larger"
    yield from _in_turn(world, "spot.first-come-first-served", title, Plan((0, 0), (1, 2), 1))


@check("spot.part-filled-orders-keep-their-place", needs=TWO, requests=24)
def part_filled_keeps_its_place(world: World) -> Script:
    """Two sells at one price; the first is taken in two parts before the second is touched."""
    title = "an order that was filled in part is still before a later one at its price"
    requirement = "spot.part-filled-orders-keep-their-place"
    yield from _in_turn(world, requirement, title, Plan((0, 0), (2, 1), 2))


@dataclass(frozen=True, slots=True)
class Plan:
    """Sells to rest: steps above a free price and size of each; and how often one unit is taken."""

    steps: tuple[int, ...]
    sizes: tuple[int, ...]
    takes: int

    @property
    def order(self) -> list[int]:
        """In which order they are to be served."""
        return sorted(range(len(self.steps)), key=lambda place: (self.steps[place], place))


def _in_turn(world: World, requirement: str, title: str, plan: Plan) -> Script:
    market = home_market(world)
    if not market.quiet:
        # What others take, and when, is not ours to say: there the order of fills is read from a story.
        act = SWEEP if any(plan.steps) else NIBBLE
        yield from in_turn_among_others(world, requirement, title, act)
        return
    queue = yield from _queue(world, market, plan)
    yield from clear(world, market)
    if not any(queue.traded):
        raise CannotTell(f"{BETWEEN}: nothing of ours was taken")
    yield holds(
        requirement,
        queue.serves(*plan.order),
        title,
        f"first the one at {queue.prices[plan.order[0]]}, placed as number {plan.order[0] + 1}",
        f"of {_list(queue.amounts)} at {_list(queue.prices)} traded {_list(queue.traded)}",
        queue.records,
    )


@dataclass(frozen=True, slots=True)
class Queue:
    """Sells of ours in the order in which they were placed, and what each has traded."""

    prices: tuple[Decimal, ...]
    amounts: tuple[Decimal, ...]
    traded: tuple[Decimal, ...]
    records: tuple[int, ...]

    def serves(self, *places: int) -> bool:
        """True when none of these, in this order, has traded before the one before it was filled."""
        return all(
            not self.traded[later] or self.traded[earlier] == self.amounts[earlier]
            for earlier, later in pairwise(places)
        )


def _queue(world: World, market: Market, plan: Plan) -> Steps[Queue]:
    yield from clear(world, market)
    base = yield from free_price(world, market)
    prices = tuple(base + market.price_step * each for each in plan.steps)
    unit = smallest_amount(market, base)
    amounts = tuple(unit * each for each in plan.sizes)
    made: list[Placed] = []
    for price, amount in zip(prices, amounts, strict=True):
        resting = yield from place(world, world.second, market, SELL, price, amount)
        made += [resting]
    takers: list[int] = []
    for _ in range(plan.takes):
        taker = yield from place(world, world.first, market, BUY, max(prices), unit)
        yield from closed(world, world.first, market, taker[0])
        takers += [taker[1].number]
    traded = yield from _traded(world, world.second, market, made)
    records = (*(each[1].number for each in made), *takers)
    return Queue(prices, amounts, tuple(traded), records)


def _list(values: Sequence[Decimal]) -> str:
    return ", ".join(f"{plain(each):f}" for each in values)


def _traded(
    world: World, account: str, market: Market, made: Sequence[Placed]
) -> Steps[list[Decimal]]:
    """What each of these orders has traded, as listed in one answer."""

    def look() -> Steps[dict[str, dict[str, Any]]]:
        found = yield from orders(world, account, market.symbol)
        return {identity: found.get(identity, {}) for identity, _ in made}

    seen = yield from eventually(
        world, look, lambda found: any(_traded_of(row) for row in found.values())
    )
    return [_traded_of(seen[identity]) for identity, _ in made]


def _traded_of(row: dict[str, Any]) -> Decimal:
    return decimal(row.get("tradedAmount", 0), "tradedAmount")


@check("spot.cancel-of-a-part-filled-order-releases-the-rest", needs=TWO, requests=24)
def cancel_part_filled(world: World) -> Script:
    """A buy of twice an amount, half of it taken, then cancelled: half is paid, half is back."""
    market = home_market(world)
    for _ in range(ATTEMPTS):
        yield from clear(world, market)
        price = yield from free_price(world, market)
        before = yield from unfrozen(world, world.first, market)
        amount = lasting_amount(market, price, [before])
        resting = yield from place(world, world.first, market, BUY, price, amount * 2)
        taker = yield from place(world, world.second, market, SELL, price, amount)
        yield from _partly(world, market, resting[0])
        answer = yield from cancel(world, world.first, resting[0])
        row = yield from closed(world, world.first, market, resting[0])
        if market.quiet or ((row or {}).get("status") == "CANCELED" and _traded_of(row)):
            break
    else:
        raise CannotTell(f"{BETWEEN}: no order of ours was cancelled half filled")
    yield from clear(world, market)
    paid = decimal(member(row, "turnover", "an order"), "turnover")
    if market.quiet:
        paid = price * amount
    wanted = (before[market.base].free - paid, before[market.base].frozen)

    def state(seen: Wallets) -> tuple[Decimal, Decimal]:
        return seen[market.base].free, seen[market.base].frozen

    after = yield from settled(world, world.first, lambda seen: state(seen) == wanted)
    yield equal(
        "spot.cancel-of-a-part-filled-order-releases-the-rest",
        "the traded part is paid and the other part is free again",
        tuple(str(plain(each)) for each in wanted),
        tuple(str(plain(each)) for each in state(after)),
        [resting[1].number, taker[1].number, answer.number, after.record],
    )


def _partly(world: World, market: Market, identity: str) -> Steps[None]:
    yield from listed_when(
        world, world.first, market.symbol, identity, lambda x: bool(_traded_of(x))
    )
