"""The model beside the exchange: two accounts in a quiet market, both told the same, then compared.

The model says what may happen; an answer that nobody could read (unknown) ends a case as undecided, for
then both worlds are possible and comparing would be guessing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any, Final

from conformance.cases.asks import (
    Wallet,
    Wallets,
    cancel,
    decimal,
    member,
    order_form,
    order_id,
    orders,
    settled,
)
from conformance.cases.claim import CannotTell, Claim, holds
from conformance.cases.script import Ask, Record, Steps, World
from conformance.cases.spot_asks import clear, unfrozen
from conformance.model.ledger import Ledger
from conformance.model.orders import Order
from conformance.model.refusal import Refused
from conformance.model.spot import SpotExchange
from conformance.model.values import Market as Rules
from conformance.model.values import OrderType, Side, opposite
from conformance.target import Market

REQUIREMENT: Final = "spot.lifecycle-agrees-with-the-model"
BEYOND_ALL: Final = Decimal("1e18")


def rules_of(market: Market) -> Rules:
    """The market as the model knows it. Raises CannotTell when the target does not say its fee."""
    if market.fee_rate is None:
        raise CannotTell(f"the target's file gives no fee_rate for {market.symbol}")
    return Rules(
        symbol=market.symbol,
        coin=market.coin,
        base=market.base,
        price_step=market.price_step,
        amount_step=market.amount_step,
        min_amount=market.min_amount,
        min_turnover=market.min_turnover,
        max_amount=BEYOND_ALL,
        fee_rate=market.fee_rate,
    )


@dataclass(slots=True)
class Desk:
    """What the model expects of two accounts, and the ids by which the exchange knows the model's orders."""

    world: World
    market: Market
    spot: SpotExchange
    numbers: Mapping[str, int]
    others: Mapping[str, Mapping[str, Decimal]]
    ids: dict[str, str] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)

    def expected(self, account: str) -> dict[str, Wallet]:
        """The wallets of an account as the model has them; what other markets tie up is added."""
        ledger, number = self.spot.ledger, self.numbers[account]
        return {
            unit: Wallet(
                ledger.balance(number, unit),
                ledger.frozen(number, unit) + self.others[account][unit],
            )
            for unit in (self.market.coin, self.market.base)
        }

    def order(self, account: str, identity: str) -> Order:
        """The model's order behind an id of the exchange."""
        return self.spot.order(self.ids[identity])


def open_desk(world: World, market: Market) -> Steps[Desk]:
    """Start from an empty market and from the balances that the exchange shows."""
    yield from clear(world, market)
    ledger, made = Ledger(), count(1)
    numbers = {world.first: 1, world.second: 2}
    others: dict[str, dict[str, Decimal]] = {}
    for account, number in numbers.items():
        seen = yield from unfrozen(world, account, market)
        others[account] = {}
        for unit in (market.coin, market.base):
            others[account][unit] = seen[unit].frozen
            if seen[unit].free > 0:
                ledger.deposit(number, unit, seen[unit].free, 0)
    spot = SpotExchange([rules_of(market)], ledger, lambda _: f"m{next(made)}", lambda _: None)
    return Desk(world, market, spot, numbers, others)


def meets_itself(desk: Desk, account: str, direction: int, price: Decimal | None) -> bool:
    """True when an order would meet one of its own account, which an exchange may keep it from."""
    side = Side(direction)
    resting = desk.spot.book(desk.market.symbol).orders(opposite(side))
    own = [each.price for each in resting if each.account == desk.numbers[account]]
    if price is None or not own:
        return bool(own)
    return min(own) <= price if side is Side.BUY else max(own) >= price


def place(
    desk: Desk, account: str, direction: int, price: Decimal | None, amount: Decimal
) -> Steps[list[Claim]]:
    """Place an order with both and compare whether it was accepted."""
    kind = "market" if price is None else f"limit {price}"
    desk.steps.append(f"{account} {'sells' if direction else 'buys'} {amount} {kind}")
    form = order_form(desk.market, direction, price, amount)
    record = yield Ask("placeSpotOrder", form, by=account)
    _readable(record)
    expected: Order | Refused
    try:
        expected = desk.spot.place(
            desk.numbers[account],
            desk.market.symbol,
            Side(direction),
            OrderType.MARKET if price is None else OrderType.LIMIT,
            price,
            amount,
            0,
        )
    except Refused as refusal:
        expected = refusal
    if record.is_accepted and isinstance(expected, Order):
        desk.ids[order_id(record)] = expected.order_id
    return [_same_decision(desk, record, expected)]


def cancel_order(desk: Desk, account: str, identity: str) -> Steps[list[Claim]]:
    """Cancel with both and compare. Of an order that is over, a yes and a refusal are both right."""
    desk.steps.append(f"{account} cancels {identity}")
    record = yield from cancel(desk.world, account, identity)
    _readable(record)
    expected: Order | Refused
    try:
        expected = desk.spot.cancel(desk.numbers[account], desk.ids[identity], 0)
    except Refused as refusal:
        expected = refusal
    is_owner = desk.order(account, identity).account == desk.numbers[account]
    if isinstance(expected, Refused) and is_owner:
        return []
    return [_same_decision(desk, record, expected)]


def _readable(record: Record) -> None:
    if not (record.is_accepted or record.is_rejected):
        raise CannotTell(f"nobody knows what became of {record.operation}: {record.said}")


def _same_decision(desk: Desk, record: Record, expected: Order | Refused) -> Claim:
    wanted = f"refused: {expected}" if isinstance(expected, Refused) else "accepted"
    same = record.is_rejected == isinstance(expected, Refused)
    title = "the exchange and the model decide alike"
    actual = f"{record.said} after: {'; '.join(desk.steps)}"
    return holds(REQUIREMENT, same, title, wanted, actual, [record.number])


def compare(desk: Desk) -> Steps[list[Claim]]:
    """Compare the wallets and the listed orders of both accounts with the model's."""
    claims: list[Claim] = []
    for account in desk.numbers:
        claims.append((yield from _compare_wallets(desk, account)))
        claims += yield from _compare_orders(desk, account)
    return claims


def _compare_wallets(desk: Desk, account: str) -> Steps[Claim]:
    wanted = desk.expected(account)

    def agrees(seen: Wallets) -> bool:
        return all(seen[unit] == wallet for unit, wallet in wanted.items())

    seen = yield from settled(desk.world, account, agrees)
    return holds(
        REQUIREMENT,
        agrees(seen),
        f"the wallets of {account} are what the model has",
        _wallets(wanted),
        f"{_wallets({unit: seen[unit] for unit in wanted})} after: {'; '.join(desk.steps)}",
        [seen.record],
    )


def _wallets(found: Mapping[str, Wallet]) -> str:
    return ", ".join(f"{u} {w.free:f} free {w.frozen:f} frozen" for u, w in found.items())


def _compare_orders(desk: Desk, account: str) -> Steps[list[Claim]]:
    listed = yield from orders(desk.world, account, desk.market.symbol)
    claims = []
    for identity in desk.ids:
        order = desk.order(account, identity)
        if order.account == desk.numbers[account]:
            claims.append(_compare_order(desk, identity, order, listed.get(identity)))
    return claims


def _compare_order(desk: Desk, identity: str, order: Order, row: dict[str, Any] | None) -> Claim:
    wanted = f"{order.status} traded {order.traded_amount:f} turnover {order.turnover:f}"
    title = "a listed order is what the model has"
    if row is None:
        return holds(REQUIREMENT, False, title, wanted, f"{identity} is not listed")
    traded = decimal(member(row, "tradedAmount", "an order"), "tradedAmount")
    turnover = decimal(member(row, "turnover", "an order"), "turnover")
    same = (str(row.get("status")), traded, turnover) == (
        str(order.status),
        order.traded_amount,
        order.turnover,
    )
    actual = f"{row.get('status')} traded {traded:f} turnover {turnover:f}"
    return holds(REQUIREMENT, same, title, wanted, f"{actual} after: {'; '.join(desk.steps)}")
