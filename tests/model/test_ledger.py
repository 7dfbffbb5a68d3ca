"""Balances are never negative, and only transfers change a coin's total."""

from decimal import Decimal

import pytest

from conformance.model.ledger import TRANSFERS_KEPT, Holding, Ledger, TransferKind
from conformance.model.refusal import Reason, Refused

ANN, BOB = 1, 2


@pytest.fixture
def ledger():
    ledger = Ledger()
    ledger.deposit(ANN, "USDT", Decimal(100), at_ms=5)
    return ledger


@pytest.mark.parametrize(
    ("steps", "balance", "frozen"),
    [
        ([], "100", "0"),
        ([("freeze", "30")], "70", "30"),
        ([("freeze", "100")], "0", "100"),
        ([("freeze", "30"), ("release", "10")], "80", "20"),
        ([("freeze", "30"), ("pay_frozen", "30")], "70", "0"),
        ([("freeze", "30"), ("freeze", "70"), ("release", "100")], "100", "0"),
        ([("credit", "0.0000000000000001")], "100.0000000000000001", "0"),
    ],
)
def test_movements_of_one_purse(ledger, steps, balance, frozen):
    for method, amount in steps:
        getattr(ledger, method)(ANN, "USDT", Decimal(amount))
    assert ledger.holdings(ANN) == (Holding("USDT", Decimal(balance), Decimal(frozen)),)


@pytest.mark.parametrize(("account", "coin"), [(ANN, "USDT"), (ANN, "BTC"), (BOB, "USDT")])
def test_freezing_more_than_the_balance_is_refused_and_changes_nothing(ledger, account, coin):
    before = ledger.holdings(account)
    with pytest.raises(Refused) as refusal:
        ledger.freeze(account, coin, Decimal("100.01"))
    assert refusal.value.reason is Reason.INSUFFICIENT_BALANCE
    assert ledger.holdings(account) == before


def test_withdrawing_what_is_frozen_is_refused(ledger):
    ledger.freeze(ANN, "USDT", Decimal(60))
    with pytest.raises(Refused):
        ledger.withdraw(ANN, "USDT", Decimal(41), at_ms=6)
    ledger.withdraw(ANN, "USDT", Decimal(40), at_ms=6)
    assert ledger.total("USDT") == 60


@pytest.mark.parametrize("method", ["release", "pay_frozen"])
def test_paying_what_is_not_frozen_is_our_own_error(ledger, method):
    with pytest.raises(AssertionError):
        getattr(ledger, method)(ANN, "USDT", Decimal(1))


@pytest.mark.parametrize("method", ["freeze", "release", "pay_frozen", "credit"])
def test_a_negative_amount_is_our_own_error(ledger, method):
    with pytest.raises(AssertionError):
        getattr(ledger, method)(ANN, "USDT", Decimal(-1))


def test_transfers_are_kept_by_kind_with_ids_in_order(ledger):
    ledger.withdraw(ANN, "USDT", Decimal(1), at_ms=6)
    ledger.deposit(BOB, "BTC", Decimal(2), at_ms=7)
    (deposit,) = ledger.transfers(ANN, TransferKind.DEPOSIT)
    (withdrawal,) = ledger.transfers(ANN, TransferKind.WITHDRAWAL)
    assert (deposit.id, deposit.amount, deposit.at_ms) == (1, 100, 5)
    assert (withdrawal.id, withdrawal.amount, withdrawal.at_ms) == (2, 1, 6)
    assert ledger.transfers(BOB, TransferKind.WITHDRAWAL) == ()


def test_transfers_are_forgotten_beyond_the_limit(ledger):
    for _ in range(TRANSFERS_KEPT + 5):
        ledger.deposit(BOB, "USDT", Decimal(1), at_ms=9)
    assert len(ledger.transfers(BOB, TransferKind.DEPOSIT)) == TRANSFERS_KEPT
    assert ledger.balance(BOB, "USDT") == TRANSFERS_KEPT + 5


def test_coins_and_accounts_are_sorted(ledger):
    ledger.deposit(BOB, "SOL", Decimal(1), at_ms=9)
    ledger.deposit(ANN, "BTC", Decimal(1), at_ms=9)
    assert ledger.coins() == ("BTC", "SOL", "USDT")
    assert ledger.accounts() == (ANN, BOB)
    assert [holding.coin for holding in ledger.holdings(ANN)] == ["BTC", "USDT"]


def test_changes_are_told_once(ledger):
    ledger.freeze(ANN, "USDT", Decimal(1))
    ledger.credit(BOB, "BTC", Decimal(1))
    assert ledger.take_changes() == ((ANN, "USDT"), (BOB, "BTC"))
    assert ledger.take_changes() == ()


def test_asking_leaves_no_trace(ledger):
    assert ledger.balance(99, "XYZ") == ledger.frozen(99, "XYZ") == 0
    assert ledger.holdings(99) == ()
    assert ledger.accounts() == (ANN,)
