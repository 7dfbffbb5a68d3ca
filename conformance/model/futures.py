"""Futures trade against the exchange's own mark: the last price of the spot market.

Rules of this file:
- Everything is checked before anything changes.
- A market order fills at once at the current price. So does a limit order that the current price
  has reached; another one rests until a mark reaches it, and then fills at that mark.
- Opening freezes margin and fee; the fill turns the margin into principal and takes the fee.
- Closing freezes volume of the position; the fill returns that part of the principal with its
  profit and takes the fee, at most what is there.
- A position whose principal and profit together are not above 0 is liquidated: the principal is
  lost and nothing else, its resting closes are cancelled, and the list shows one more close.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from conformance.model.events import Event, FuturesOrderChanged
from conformance.model.futures_checks import check_band, check_entrust, check_leverage
from conformance.model.order_memory import OrderMemory
from conformance.model.positions import (
    EntrustType,
    FuturesOrder,
    FuturesStatus,
    FuturesWallet,
    Position,
    entry_after,
    fee_of,
    margin_of,
    position_profit,
    profit_of,
    release_of,
)
from conformance.model.refusal import Reason, Refused
from conformance.model.values import ZERO, Contract, OrderType, Side, minus, opposite, plus


class FuturesExchange:
    """The contracts of one exchange; every account has one wallet per contract."""

    def __init__(
        self,
        contracts: Iterable[Contract],
        next_id: Callable[[str], str],
        price_of: Callable[[str], Decimal | None],
        publish: Callable[[Event], None],
    ) -> None:
        self.contracts: Mapping[int, Contract] = MappingProxyType({c.id: c for c in contracts})
        self._next_id = next_id
        self._price_of = price_of
        self._publish = publish
        self._memory: OrderMemory[FuturesOrder] = OrderMemory()
        self._resting: dict[int, dict[str, FuturesOrder]] = {i: {} for i in self.contracts}
        self._wallets: dict[int, dict[int, FuturesWallet]] = {i: {} for i in self.contracts}

    def open(
        self,
        account: int,
        contract_id: int,
        side: Side,
        order_type: OrderType,
        price: Decimal | None,
        leverage: int,
        volume: int,
        at_ms: int,
    ) -> FuturesOrder:
        """Open a position or add to it: BUY goes long, SELL goes short."""
        contract = self.contract(contract_id)
        limit = check_entrust(contract, order_type, price, volume)
        check_leverage(contract, leverage)
        current = self._current_price(contract)
        check_band(contract, order_type, limit, current)
        wallet = self.wallet(account, contract_id)
        margin, fee = margin_of(contract, volume, leverage), fee_of(contract, volume)
        _freeze(wallet, plus(margin, fee))
        order = FuturesOrder(
            order_id=self._next_id("futures"),
            account=account,
            contract_id=contract_id,
            symbol=contract.symbol,
            entrust_type=EntrustType.OPEN,
            side=side,
            type=order_type,
            entrust_price=limit,
            leverage=leverage,
            volume=volume,
            created_ms=at_ms,
            principal=margin,
            open_fee=fee,
        )
        return self._accept(order, current)

    def close(
        self,
        account: int,
        contract_id: int,
        side: Side,
        order_type: OrderType,
        price: Decimal | None,
        volume: int,
        at_ms: int,
    ) -> FuturesOrder:
        """Close a position or a part of it: SELL closes the long one, BUY the short one."""
        contract = self.contract(contract_id)
        limit = check_entrust(contract, order_type, price, volume)
        current = self._current_price(contract)
        check_band(contract, order_type, limit, current)
        position = self.wallet(account, contract_id).position(opposite(side))
        _freeze_volume(position, volume)
        order = FuturesOrder(
            order_id=self._next_id("futures"),
            account=account,
            contract_id=contract_id,
            symbol=contract.symbol,
            entrust_type=EntrustType.CLOSE,
            side=side,
            type=order_type,
            entrust_price=limit,
            leverage=position.leverage,
            volume=volume,
            created_ms=at_ms,
        )
        return self._accept(order, current)

    def mark(self, symbol: str, price: Decimal, at_ms: int) -> None:
        """Tell a new price: fill what it reaches, oldest first, then liquidate what it ruins."""
        for contract in self.contracts.values():
            if contract.symbol == symbol:
                self._fill_reached(contract, price)
                self._liquidate_ruined(contract, price, at_ms)

    def contract(self, contract_id: int) -> Contract:
        """The contract of an id; refused when there is none."""
        contract = self.contracts.get(contract_id)
        if contract is None:
            raise Refused(Reason.UNKNOWN_CONTRACT, "There is no such contract.")
        return contract

    def wallet(self, account: int, contract_id: int) -> FuturesWallet:
        """An account's wallet in one contract, as it is now and will be: it is not a copy."""
        wallets = self._wallets[self.contract(contract_id).id]
        if account not in wallets:
            wallets[account] = FuturesWallet(account, self.contracts[contract_id])
        return wallets[account]

    def wallets_of(self, account: int) -> tuple[FuturesWallet, ...]:
        """An account's wallets, one per contract."""
        return tuple(self.wallet(account, contract_id) for contract_id in self.contracts)

    def orders_of(self, account: int) -> tuple[FuturesOrder, ...]:
        """All remembered orders of an account, oldest first."""
        return self._memory.of(account)

    def deposit(self, account: int, contract_id: int, amount: Decimal) -> None:
        """Bring money into one wallet."""
        wallet = self.wallet(account, contract_id)
        wallet.balance = plus(wallet.balance, amount)

    def _current_price(self, contract: Contract) -> Decimal:
        price = self._price_of(contract.symbol)
        if price is None:
            raise Refused(Reason.NO_PRICE_YET, f"{contract.symbol} has no price yet.")
        return price

    def _accept(self, order: FuturesOrder, current: Decimal) -> FuturesOrder:
        self._memory.add(order.account, order.order_id, order)
        if is_reached(order, current):
            return self._fill(order, current)
        self._resting[order.contract_id][order.order_id] = order
        self._publish(FuturesOrderChanged(order))
        return order

    def _fill_reached(self, contract: Contract, price: Decimal) -> None:
        resting = self._resting[contract.id]
        for order in [order for order in resting.values() if is_reached(order, price)]:
            del resting[order.order_id]
            self._fill(order, price)

    def _fill(self, order: FuturesOrder, price: Decimal) -> FuturesOrder:
        wallet = self.wallet(order.account, order.contract_id)
        is_opening = order.entrust_type is EntrustType.OPEN
        change = _open_position if is_opening else _reduce_position
        return self._finish(change(wallet, order, price))

    def _liquidate_ruined(self, contract: Contract, price: Decimal, at_ms: int) -> None:
        for wallet in list(self._wallets[contract.id].values()):
            for side in Side:
                position = wallet.position(side)
                if position.volume and is_ruined(wallet, side, price):
                    self._cancel_closes(wallet, side)
                    loss = self._loss(wallet, side, price, at_ms)
                    position.clear()
                    self._finish(loss)

    def _cancel_closes(self, wallet: FuturesWallet, side: Side) -> None:
        """Cancel the closes that rest for a position which is about to go."""
        resting = self._resting[wallet.contract.id]
        for order in list(resting.values()):
            is_close = order.entrust_type is EntrustType.CLOSE
            if is_close and order.account == wallet.account and order.position_side is side:
                del resting[order.order_id]
                self._finish(replace(order, status=FuturesStatus.CANCELLED))

    def _loss(self, wallet: FuturesWallet, side: Side, price: Decimal, at_ms: int) -> FuturesOrder:
        """The close, by the exchange, of a position that has lost its principal."""
        position = wallet.position(side)
        order = FuturesOrder(
            order_id=self._next_id("futures"),
            account=wallet.account,
            contract_id=wallet.contract.id,
            symbol=wallet.contract.symbol,
            entrust_type=EntrustType.CLOSE,
            side=opposite(side),
            type=OrderType.MARKET,
            entrust_price=ZERO,
            leverage=position.leverage,
            volume=position.volume,
            created_ms=at_ms,
            status=FuturesStatus.SUCCESS,
            traded_price=price,
            traded_volume=position.volume,
            principal=position.principal,
            profit=minus(ZERO, position.principal),
        )
        self._memory.add(order.account, order.order_id, order)
        return order

    def _finish(self, order: FuturesOrder) -> FuturesOrder:
        self._memory.close(order.account, order.order_id, order)
        self._publish(FuturesOrderChanged(order))
        return order


def is_reached(order: FuturesOrder, price: Decimal) -> bool:
    """Whether an order fills at a price."""
    if order.type is OrderType.MARKET:
        return True
    if order.side is Side.BUY:
        return price <= order.entrust_price
    return price >= order.entrust_price


def is_ruined(wallet: FuturesWallet, side: Side, price: Decimal) -> bool:
    """Whether a position's principal and profit together are not above 0."""
    return plus(wallet.position(side).principal, position_profit(wallet, side, price)) <= ZERO


def _freeze(wallet: FuturesWallet, amount: Decimal) -> None:
    if amount > wallet.balance:
        raise Refused(Reason.INSUFFICIENT_BALANCE, "The wallet cannot pay margin and fee.")
    wallet.balance = minus(wallet.balance, amount)
    wallet.frozen = plus(wallet.frozen, amount)


def _freeze_volume(position: Position, volume: int) -> None:
    available = position.volume - position.frozen_volume
    if volume > available:
        raise Refused(Reason.POSITION_TOO_SMALL, f"At most {available} can be closed now.")
    position.frozen_volume += volume


def _open_position(wallet: FuturesWallet, order: FuturesOrder, price: Decimal) -> FuturesOrder:
    position = wallet.position(order.side)
    wallet.frozen = minus(wallet.frozen, plus(order.principal, order.open_fee))
    position.entry_price = entry_after(position, price, order.volume)
    position.volume += order.volume
    position.principal = plus(position.principal, order.principal)
    position.leverage = order.leverage
    return replace(
        order, status=FuturesStatus.SUCCESS, traded_price=price, traded_volume=order.volume
    )


def _reduce_position(wallet: FuturesWallet, order: FuturesOrder, price: Decimal) -> FuturesOrder:
    side = order.position_side
    position = wallet.position(side)
    released = release_of(position, order.volume)
    moved = profit_of(wallet.contract, side, position.entry_price, price, order.volume)
    profit = max(moved, minus(ZERO, released))
    available = plus(wallet.balance, plus(released, profit))
    fee = min(fee_of(wallet.contract, order.volume), available)
    wallet.balance = minus(available, fee)
    position.volume -= order.volume
    position.frozen_volume -= order.volume
    position.principal = minus(position.principal, released)
    if not position.volume:
        position.clear()
    return replace(
        order,
        status=FuturesStatus.SUCCESS,
        traded_price=price,
        traded_volume=order.volume,
        principal=released,
        close_fee=fee,
        profit=profit,
    )
