"""Judges of a history's money: every balance follows from the orders and their fills, to the last digit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from conformance.cases.asks import BUY, SELL
from conformance.cases.claim import Claim, Verdict
from conformance.cases.trading_history import (
    DUST,
    OTHERS_TRADE,
    Fill,
    History,
    Listed,
    Look,
    Violation,
    concluded,
)

SUMS: Final = "spot.wallets-are-the-sum-of-fills"
FREEZES: Final = "spot.open-orders-freeze-what-is-left"
OTHERS: Final = "spot.other-coins-are-untouched"
CONSERVED: Final = "spot.money-is-conserved"
ONCE: Final = "spot.fee-is-charged-once"
ALIKE: Final = "spot.fee-is-the-same-for-everybody"
NEGATIVE: Final = "spot.never-spends-more-than-there-is"
RATE_STEP: Final = Decimal("0.00001")
REQUIREMENTS: Final = (SUMS, FREEZES, OTHERS, CONSERVED, ONCE, ALIKE, NEGATIVE)


def judge(history: History) -> Iterator[Claim]:
    """Every conclusion about money that a history allows."""
    looks = len(history.looks)
    yield concluded(
        history,
        SUMS,
        f"in {looks} looks every balance is the opening one and the fills since",
        list(_each(history, _totals)),
    )
    yield concluded(
        history,
        FREEZES,
        f"in {looks} looks open orders freeze exactly what is left of them",
        list(_each(history, _frozen)),
    )
    yield concluded(
        history,
        OTHERS,
        f"in {looks} looks the coins of other markets are what they were",
        list(_each(history, _other_coins)),
    )
    yield concluded(
        history,
        NEGATIVE,
        f"in {looks} looks no balance is negative",
        list(_each(history, _negative)),
    )
    yield from _fees(history)
    if not history.market.quiet:
        yield Claim(CONSERVED, Verdict.SKIPPED, OTHERS_TRADE)
    else:
        title = f"in {looks} looks both accounts together have lost the fees and no more"
        lost = [each for look in history.looks for each in _lost(history, look)]
        yield concluded(history, CONSERVED, title, lost)


Find = Callable[[History, Look, str], Iterator[Violation]]


def _each(history: History, find: Find) -> Iterator[Violation]:
    for look in history.looks:
        for account in history.accounts:
            yield from find(history, look, account)


def earned(orders: Sequence[Listed]) -> tuple[Decimal, Decimal]:
    """(coin, base) that an account's orders have brought it, fees taken off."""
    coin = base = Decimal(0)
    for order in orders:
        for fill in order.fills:
            if order.direction == BUY:
                coin, base = coin + fill.amount - fill.fee, base - fill.turnover
            else:
                coin, base = coin - fill.amount, base + fill.turnover - fill.fee
    return coin, base


def _own(history: History, look: Look, account: str) -> list[Listed]:
    return [order for asked, order in history.ours(look) if asked.account == account]


def _totals(history: History, look: Look, account: str) -> Iterator[Violation]:
    own = _own(history, look, account)
    before, now = history.opening.wallets[account], look.wallets[account]
    units = (history.market.coin, history.market.base)
    for unit, change in zip(units, earned(own), strict=True):
        wanted, seen = before.total(unit) + change, now.total(unit)
        if abs(wanted - seen) > DUST * _fill_count(own):
            yield Violation(
                f"{account} has {wanted.normalize():f} {unit}, by its fills",
                f"{seen.normalize():f} {unit}, {seen - wanted:+f}",
                tuple(order.identity for order in own if order.fills),
            )


def _fill_count(orders: Sequence[Listed]) -> int:
    """Every fill may be rounded once; without any, nothing may."""
    return sum(len(order.fills) for order in orders)


def _frozen(history: History, look: Look, account: str) -> Iterator[Violation]:
    own = _own(history, look, account)
    tied = {history.market.coin: Decimal(0), history.market.base: Decimal(0)}
    for order in own:
        if order.is_open and order.direction == SELL:
            tied[history.market.coin] += order.left
        elif order.is_open:
            tied[history.market.base] += order.left if order.spends else order.left * order.price
    before, now = history.opening.wallets[account], look.wallets[account]
    for unit, amount in tied.items():
        wanted, seen = before[unit].frozen + amount, now[unit].frozen
        if abs(wanted - seen) > DUST * _fill_count(own):
            still = tuple(order.identity for order in own if order.is_open)
            yield Violation(
                f"{account} has {wanted.normalize():f} {unit} frozen for {len(still)} open orders",
                f"{seen.normalize():f} {unit} frozen, {seen - wanted:+f}",
                still or tuple(order.identity for order in own[-3:]),
            )


def _other_coins(history: History, look: Look, account: str) -> Iterator[Violation]:
    before, now = history.opening.wallets[account], look.wallets[account]
    for unit in {*before.by_coin, *now.by_coin} - {history.market.coin, history.market.base}:
        if before[unit] != now[unit]:
            yield Violation(f"{account}: {unit} {before[unit]}", f"{now[unit]}")


def _negative(history: History, look: Look, account: str) -> Iterator[Violation]:
    for unit, wallet in look.wallets[account].by_coin.items():
        if wallet.free < 0 or wallet.frozen < 0:
            yield Violation(f"{account}: no negative {unit}", f"{wallet}")


def _lost(history: History, look: Look) -> Iterator[Violation]:
    """Where nobody else trades, what both hold together falls by the fees alone."""
    fees = {history.market.coin: Decimal(0), history.market.base: Decimal(0)}
    orders = [order for _, order in history.ours(look)]
    for order in orders:
        unit = history.market.coin if order.direction == BUY else history.market.base
        fees[unit] += sum((fill.fee for fill in order.fills), Decimal(0))
    for unit, fee in fees.items():
        sums = [
            sum((each.wallets[account].total(unit) for account in history.accounts), Decimal(0))
            for each in (history.opening, look)
        ]
        if abs(sums[0] - fee - sums[1]) > DUST * _fill_count(orders):
            yield Violation(
                f"both together have {sums[0] - fee:f} {unit}: {sums[0]:f} less fees of {fee:f}",
                f"{sums[1]:f}, {sums[1] - sums[0] + fee:+f}",
                tuple(order.identity for order in orders if order.fills),
            )


def _fees(history: History) -> Iterator[Claim]:
    charged = [
        (asked.account, order, fill)
        for asked, order in history.ours(history.last)
        for fill in order.fills
    ]
    title = f"each of {len(charged)} fills is charged the fee once, on what it receives"
    rate = history.market.fee_rate
    wrong = [
        Violation(*_words(order, fill, rate), (order.identity,))
        for _, order, fill in charged
        if fill.fee < 0
        or (rate is not None and abs(fill.fee - received(order, fill) * rate) > DUST)
    ]
    yield concluded(history, ONCE, title, wrong)
    yield concluded(
        history,
        ALIKE,
        f"the fee of {len(charged)} fills is one rate, whoever trades",
        list(_unlike(charged)),
    )


def received(order: Listed, fill: Fill) -> Decimal:
    """What a fill brings before its fee: coin for a buy, base for a sell."""
    return fill.amount if order.direction == BUY else fill.turnover


def _words(order: Listed, fill: Fill, rate: Decimal | None) -> tuple[str, str]:
    due = "no negative fee" if rate is None else f"{received(order, fill) * rate:f}"
    return f"a fee of {due} for {fill.amount:f} at {fill.price:f}", f"{fill.fee:f}"


def _unlike(charged: Sequence[tuple[str, Listed, Fill]]) -> Iterator[Violation]:
    """Accounts that have no rate in common; makers and takers may well pay two different ones."""
    rates: dict[str, set[Decimal]] = {}
    for account, order, fill in charged:
        worth = received(order, fill)
        if worth > DUST * 10_000:
            rates.setdefault(account, set()).add((fill.fee / worth).quantize(RATE_STEP))
    if len(rates) > 1 and not set.intersection(*rates.values()):
        shown = ", ".join(f"{account} pays {sorted(found)}" for account, found in rates.items())
        yield Violation("one schedule of fees for both accounts", shown)
