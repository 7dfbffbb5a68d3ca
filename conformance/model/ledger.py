"""Who owns what: no balance is ever negative, and only transfers change the total of a coin.

`balance` is what its owner may use; `frozen` is held for open orders and not part of `balance`.
Fees go to `FEE_ACCOUNT`, so that trading moves coins about and never makes or loses any.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from conformance.model.refusal import Reason, Refused
from conformance.model.values import ZERO, decimal_text, minus, plus

FEE_ACCOUNT: Final = 0
TRANSFERS_KEPT: Final = 1_000
"""Per account; older ones are forgotten, their effect on the balance stays."""


class TransferKind(StrEnum):
    """Which way a transfer went."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Coins that came into the exchange or left it; always completed."""

    id: int
    account: int
    coin: str
    amount: Decimal
    kind: TransferKind
    at_ms: int


class Holding(NamedTuple):
    """What an account has of one coin."""

    coin: str
    balance: Decimal
    frozen: Decimal


@dataclass(slots=True)
class _Purse:
    balance: Decimal = ZERO
    frozen: Decimal = ZERO


class Ledger:
    """The balances of all accounts."""

    def __init__(self) -> None:
        self._purses: dict[int, dict[str, _Purse]] = {}
        self._transfers: dict[int, deque[Transfer]] = {}
        self._transfer_count = 0
        self._changed: dict[tuple[int, str], None] = {}

    def balance(self, account: int, coin: str) -> Decimal:
        """What the account may use."""
        return self._look(account, coin).balance

    def frozen(self, account: int, coin: str) -> Decimal:
        """What is held for the account's open orders."""
        return self._look(account, coin).frozen

    def holdings(self, account: int) -> tuple[Holding, ...]:
        """Every coin the account ever held, sorted by name."""
        purses = self._purses.get(account, {})
        return tuple(Holding(coin, p.balance, p.frozen) for coin, p in sorted(purses.items()))

    def coins(self) -> tuple[str, ...]:
        """Every coin that anyone ever held, sorted by name."""
        return tuple(sorted({coin for purses in self._purses.values() for coin in purses}))

    def accounts(self) -> tuple[int, ...]:
        """Every account that ever held anything, in ascending order."""
        return tuple(sorted(self._purses))

    def total(self, coin: str) -> Decimal:
        """What all accounts together have of a coin, frozen or not."""
        total = ZERO
        for purses in self._purses.values():
            purse = purses.get(coin)
            if purse is not None:
                total = plus(total, plus(purse.balance, purse.frozen))
        return total

    def transfers(self, account: int, kind: TransferKind) -> tuple[Transfer, ...]:
        """The account's deposits or withdrawals, oldest first."""
        return tuple(t for t in self._transfers.get(account, ()) if t.kind is kind)

    def deposit(self, account: int, coin: str, amount: Decimal, at_ms: int) -> Transfer:
        """Bring coins into the exchange."""
        self.credit(account, coin, amount)
        return self._record(account, coin, amount, TransferKind.DEPOSIT, at_ms)

    def withdraw(self, account: int, coin: str, amount: Decimal, at_ms: int) -> Transfer:
        """Take coins out of the exchange; refused beyond the balance."""
        purse = self._open(account, coin)
        _require(purse.balance, amount, coin)
        purse.balance = minus(purse.balance, amount)
        return self._record(account, coin, amount, TransferKind.WITHDRAWAL, at_ms)

    def freeze(self, account: int, coin: str, amount: Decimal) -> None:
        """Hold coins for an order; refused beyond the balance."""
        _require(self._look(account, coin).balance, amount, coin)
        purse = self._open(account, coin)
        purse.balance = minus(purse.balance, amount)
        purse.frozen = plus(purse.frozen, amount)

    def release(self, account: int, coin: str, amount: Decimal) -> None:
        """Give back what an order held and did not spend."""
        self.pay_frozen(account, coin, amount)
        self.credit(account, coin, amount)

    def pay_frozen(self, account: int, coin: str, amount: Decimal) -> None:
        """Spend what an order holds; the caller credits the same amount elsewhere."""
        purse = self._open(account, coin)
        assert ZERO <= amount <= purse.frozen, f"{account} pays {amount} of {purse.frozen} {coin}"
        purse.frozen = minus(purse.frozen, amount)

    def credit(self, account: int, coin: str, amount: Decimal) -> None:
        """Add to the balance what was paid elsewhere."""
        assert amount >= ZERO, f"{account} is credited {amount} {coin}"
        purse = self._open(account, coin)
        purse.balance = plus(purse.balance, amount)

    def take_changes(self) -> tuple[tuple[int, str], ...]:
        """The (account, coin) pairs that changed since the last call, in order of first change."""
        changed = tuple(self._changed)
        self._changed.clear()
        return changed

    def _look(self, account: int, coin: str) -> _Purse:
        return self._purses.get(account, {}).get(coin) or _Purse()

    def _open(self, account: int, coin: str) -> _Purse:
        """The purse to be changed, made when it is the first of its coin."""
        self._changed[account, coin] = None
        try:
            return self._purses[account][coin]
        except KeyError:
            return self._purses.setdefault(account, {}).setdefault(coin, _Purse())

    def _record(
        self, account: int, coin: str, amount: Decimal, kind: TransferKind, at_ms: int
    ) -> Transfer:
        self._transfer_count += 1
        transfer = Transfer(self._transfer_count, account, coin, amount, kind, at_ms)
        kept = self._transfers.setdefault(account, deque(maxlen=TRANSFERS_KEPT))
        kept.append(transfer)
        return transfer


def _require(balance: Decimal, amount: Decimal, coin: str) -> None:
    assert amount >= ZERO, f"a negative amount is asked for: {amount} {coin}"
    if amount > balance:
        raise Refused(
            Reason.INSUFFICIENT_BALANCE,
            f"This needs {decimal_text(amount)} {coin}; {decimal_text(balance)} is available.",
        )
