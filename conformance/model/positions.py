"""Positions in value-denominated contracts, and their arithmetic as pure functions.

A contract is worth `share_number` of the base at any price. Margin, fee and principal therefore do
not depend on the price; only profit does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum

from conformance.model.values import (
    ZERO,
    Contract,
    OrderType,
    Side,
    divide_money,
    divide_profit,
    minus,
    opposite,
    plus,
    times,
    truncate_money,
)


class EntrustType(IntEnum):
    """Whether an order opens a position or closes one."""

    OPEN = 0
    CLOSE = 1


class FuturesStatus(IntEnum):
    """Where a futures order is in its life; the last three are final."""

    ENTRUSTING = 0
    CANCELLED = 1
    FAILED = 2
    SUCCESS = 3


@dataclass(frozen=True, slots=True)
class FuturesOrder:
    """An order in a contract as it was at one moment.

    `side` is the documented direction: BUY opens a long or closes a short, SELL the other way
    round. `principal` and `open_fee` of an opening order are what it freezes and then takes; the
    `principal` of a closing one is what it gave back. What has not happened yet is 0.
    """

    order_id: str
    account: int
    contract_id: int
    symbol: str
    entrust_type: EntrustType
    side: Side
    type: OrderType
    entrust_price: Decimal
    leverage: int
    volume: int
    created_ms: int
    status: FuturesStatus = FuturesStatus.ENTRUSTING
    traded_price: Decimal = ZERO
    traded_volume: int = 0
    principal: Decimal = ZERO
    open_fee: Decimal = ZERO
    close_fee: Decimal = ZERO
    profit: Decimal = ZERO

    @property
    def position_side(self) -> Side:
        """The position it is about: BUY for the long one, SELL for the short one."""
        return self.side if self.entrust_type is EntrustType.OPEN else opposite(self.side)


@dataclass(slots=True)
class Position:
    """One direction of an account in one contract; `frozen_volume` waits in resting closes."""

    volume: int = 0
    frozen_volume: int = 0
    entry_price: Decimal = ZERO
    principal: Decimal = ZERO
    leverage: int = 1

    def clear(self) -> None:
        """Nothing is held any more; the leverage stays as the wallet's last choice."""
        self.volume = self.frozen_volume = 0
        self.entry_price = self.principal = ZERO


@dataclass(slots=True)
class FuturesWallet:
    """What an account has in one contract; long and short are held side by side."""

    account: int
    contract: Contract
    balance: Decimal = ZERO
    frozen: Decimal = ZERO
    long: Position = field(default_factory=Position)
    short: Position = field(default_factory=Position)

    def position(self, side: Side) -> Position:
        """The long position for BUY, the short one for SELL."""
        return self.long if side is Side.BUY else self.short


def value_of(contract: Contract, volume: int) -> Decimal:
    """What so many contracts are worth in base."""
    return times(contract.share_number, Decimal(volume))


def margin_of(contract: Contract, volume: int, leverage: int) -> Decimal:
    """The own money that so many contracts need."""
    return divide_money(value_of(contract, volume), Decimal(leverage))


def fee_of(contract: Contract, volume: int) -> Decimal:
    """The fee for opening, and again for closing, so many contracts."""
    return truncate_money(times(value_of(contract, volume), contract.fee_rate))


def profit_of(
    contract: Contract, side: Side, entry: Decimal, price: Decimal, volume: int
) -> Decimal:
    """Value times (price/entry - 1) for a long position, (1 - price/entry) for a short one."""
    move = minus(price, entry) if side is Side.BUY else minus(entry, price)
    return divide_profit(times(move, value_of(contract, volume)), entry)


def entry_after(position: Position, price: Decimal, volume: int) -> Decimal:
    """The average entry after adding: total volume / sum(volume_i / price_i), 16 decimal places.

    The mean is harmonic because contracts are counted in value: volume_i / price_i is the coin that
    each part moves with, and only this mean gives the sum of the profits of the parts.
    """
    if not position.volume:
        return price
    held, added = Decimal(position.volume), Decimal(volume)
    weights = plus(times(held, price), times(added, position.entry_price))
    product = times(times(plus(held, added), price), position.entry_price)
    return divide_money(product, weights)


def release_of(position: Position, volume: int) -> Decimal:
    """The part of the principal that closing so many contracts gives back; all for the last."""
    if volume == position.volume:
        return position.principal
    return divide_money(times(position.principal, Decimal(volume)), Decimal(position.volume))


def position_profit(wallet: FuturesWallet, side: Side, price: Decimal) -> Decimal:
    """What closing the whole position at a price would bring before the fee."""
    position = wallet.position(side)
    if not position.volume:
        return ZERO
    return profit_of(wallet.contract, side, position.entry_price, price, position.volume)


def total_profit(wallet: FuturesWallet, price: Decimal) -> Decimal:
    """The unrealised profit of both positions at a price."""
    return plus(position_profit(wallet, Side.BUY, price), position_profit(wallet, Side.SELL, price))


def equity(wallet: FuturesWallet, price: Decimal) -> Decimal:
    """Balance, frozen balance and both principals, with the unrealised profit at a price."""
    held = plus(plus(wallet.balance, wallet.frozen), total_profit(wallet, price))
    return plus(held, plus(wallet.long.principal, wallet.short.principal))
