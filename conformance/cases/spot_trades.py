"""Checks of trades between two accounts of ours: who is filled first, at what price, and where the money goes.

They need a market where nobody else trades, because they are exact. None of them asks the matching
engine of the model: what is expected follows from the orders by arithmetic alone.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from conformance.cases.asks import (
    BUY,
    SELL,
    Wallets,
    cancel,
    decimal,
    listed,
    listed_when,
    member,
    place,
    rows,
    settled,
    smallest_amount,
)
from conformance.cases.claim import equal, holds
from conformance.cases.script import Record, Script, Steps, World, check
from conformance.cases.spot_asks import (
    OwnTrade,
    clear,
    own_price,
    tidy,
    trade_in_quiet_market,
    unfrozen,
)
from conformance.cases.spot_orders import QUIET, plain, quiet
from conformance.target import Market

MONEY_STEP: Final = Decimal("1e-16")
DUST: Final = Decimal("1e-8")


@check(
    "spot.trade-settles-both-sides",
    "spot.money-is-conserved",
    "spot.fee-is-charged-once",
    needs=QUIET,
    requests=30,
)
def trade_settles(world: World) -> Script:
    """One trade in each direction: both accounts move by exactly the trade, less the fee."""
    market = quiet(world)
    for direction in (BUY, SELL):
        yield from clear(world, market)
        before = yield from _both(world, market)
        made = yield from trade_in_quiet_market(world, market, direction)
        fee = yield from _fees(world, made)
        after = yield from _both_settled(world, made, before, fee)
        yield from _judge_settlement(world, made, before, after, fee)


Pair = tuple[Wallets, Wallets]


def _both(world: World, market: Market) -> Steps[Pair]:
    first = yield from unfrozen(world, world.first, market)
    second = yield from unfrozen(world, world.second, market)
    return first, second


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


@check("spot.trades-at-the-resting-price", "spot.fills-add-up", needs=QUIET, requests=24)
def resting_price(world: World) -> Script:
    """A buy above a resting sell pays the resting price, and nothing of the difference stays frozen."""
    market = quiet(world)
    yield from clear(world, market)
    price = yield from own_price(world, market)
    amount = smallest_amount(market, price)
    before = yield from unfrozen(world, world.first, market)
    maker = yield from place(world, world.second, market, SELL, price, amount)
    generous = price + market.price_step * 7
    taker = yield from place(world, world.first, market, BUY, generous, amount)
    records = [maker[1].number, taker[1].number]
    try:
        row = yield from _completed(world, world.first, market, taker[0])
        fills = [_fill(each) for each in rows(member(row, "detail", "an order"), "detail")]
        yield equal(
            "spot.trades-at-the-resting-price",
            "a trade happens at the price that rested",
            [str(plain(price))],
            [str(plain(each[0])) for each in fills],
            records,
        )
        yield from _paid(world, before, price * amount, market, records)
        yield from _adds_up(row, fills, records)
    finally:
        yield from tidy(world, (world.second, maker[0]), (world.first, taker[0]))


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


def _completed(world: World, account: str, market: Market, identity: str) -> Steps[dict[str, Any]]:
    row = yield from listed_when(
        world, account, market.symbol, identity, lambda seen: seen.get("status") != "TRADING"
    )
    return row


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


@check("spot.best-price-first", needs=QUIET, requests=24)
def best_price_first(world: World) -> Script:
    """Three sells at three prices, placed worst first: the cheapest is taken first."""
    market = quiet(world)
    yield from clear(world, market)
    base = yield from own_price(world, market)
    prices = [base + market.price_step * n for n in (20, 10, 0)]
    amount = smallest_amount(market, base)
    made: list[tuple[str, Record]] = []
    for price in prices:
        resting = yield from place(world, world.second, market, SELL, price, amount)
        made += [resting]
    taker = yield from place(world, world.first, market, BUY, prices[0], amount)
    try:
        row = yield from _completed(world, world.first, market, taker[0])
        fills = [_fill(each) for each in rows(member(row, "detail", "an order"), "detail")]
        yield equal(
            "spot.best-price-first",
            "an incoming buy takes the cheapest resting sell",
            [str(plain(prices[-1]))],
            [str(plain(each[0])) for each in fills],
            [*(each[1].number for each in made), taker[1].number],
        )
    finally:
        ours = [(world.second, each[0]) for each in made]
        yield from tidy(world, *ours, (world.first, taker[0]))


@check("spot.first-come-first-served", needs=QUIET, requests=24)
def first_come(world: World) -> Script:
    """Two sells at one price, one after the other: a buy of one's size fills the first alone."""
    market = quiet(world)
    yield from clear(world, market)
    price = yield from own_price(world, market)
    amount = smallest_amount(market, price)
    early = yield from place(world, world.second, market, SELL, price, amount)
    late = yield from place(world, world.second, market, SELL, price, amount)
    taker = yield from place(world, world.first, market, BUY, price, amount)
    records = [early[1].number, late[1].number, taker[1].number]
    try:
        yield from _completed(world, world.first, market, taker[0])
        traded = []
        for identity in (early[0], late[0]):
            row = yield from listed(world, world.second, market.symbol, identity)
            traded.append(decimal(member(row, "tradedAmount", "an order"), "tradedAmount"))
        yield equal(
            "spot.first-come-first-served",
            "of two orders at one price the first is filled",
            [str(plain(amount)), "0"],
            [str(plain(each)) for each in traded],
            records,
        )
    finally:
        yield from tidy(world, *((world.second, x[0]) for x in (early, late)))


@check("spot.cancel-of-a-part-filled-order-releases-the-rest", needs=QUIET, requests=24)
def cancel_part_filled(world: World) -> Script:
    """A buy of twice an amount, half of it taken, then cancelled: half is paid, half is back."""
    market = quiet(world)
    yield from clear(world, market)
    price = yield from own_price(world, market)
    amount = smallest_amount(market, price)
    before = yield from unfrozen(world, world.first, market)
    resting = yield from place(world, world.first, market, BUY, price, amount * 2)
    taker = yield from place(world, world.second, market, SELL, price, amount)
    yield from _partly(world, market, resting[0])
    answer = yield from cancel(world, world.first, resting[0])
    wanted = (
        before[market.base].free - price * amount,
        before[market.base].frozen,
    )

    def state(seen: Wallets) -> tuple[Decimal, Decimal]:
        return seen[market.base].free, seen[market.base].frozen

    after = yield from settled(world, world.first, lambda seen: state(seen) == wanted)
    yield equal(
        "spot.cancel-of-a-part-filled-order-releases-the-rest",
        "the traded half is paid and the other half is free again",
        tuple(str(plain(each)) for each in wanted),
        tuple(str(plain(each)) for each in state(after)),
        [resting[1].number, taker[1].number, answer.number, after.record],
    )


def _partly(world: World, market: Market, identity: str) -> Steps[None]:
    def has_traded(seen: dict[str, Any]) -> bool:
        return decimal(seen.get("tradedAmount", 0), "tradedAmount") > 0

    yield from listed_when(world, world.first, market.symbol, identity, has_traded)
