"""Checks of the account: balances, deposits and withdrawals, the profile, and whose they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from conformance.cases.asks import BUY, decimal, member, rows, wallets
from conformance.cases.claim import equal, holds
from conformance.cases.script import Ask, Script, World, check
from conformance.cases.spot_asks import rest, tidy
from conformance.cases.spot_orders import home_market


@check("wallet.balances-available", "operation.getSpotWallets", requests=2)
def balances(world: World) -> Script:
    """One wallet a coin, and nothing negative."""
    record = yield Ask("getSpotWallets", by=world.first)
    title = "the owner reads the spot wallets"
    yield holds(
        "operation.getSpotWallets",
        record.is_accepted,
        title,
        "wallets",
        record.said,
        [record.number],
    )
    seen = yield from wallets(world, world.first)
    listed = rows(record.data, "getSpotWallets")
    negative = [unit for unit, w in seen.by_coin.items() if w.free < 0 or w.frozen < 0]
    yield holds(
        "wallet.balances-available",
        bool(listed) and len(listed) == len(seen.by_coin) and not negative,
        "there is one wallet a coin, none of them negative",
        "one a coin",
        f"{len(listed)} wallets for {len(seen.by_coin)} coins, negative: {negative or 'none'}",
        [record.number],
    )


@check("operation.getFuturesWallets", "operation.countReferrals", requests=2)
def account_reads(world: World) -> Script:
    """The other account reads answer their owner."""
    record = yield Ask("getFuturesWallets", by=world.first)
    title = "the owner reads the futures wallets"
    good = record.is_accepted and isinstance(record.data, list)
    yield holds("operation.getFuturesWallets", good, title, "wallets", record.said, [record.number])
    record = yield Ask("countReferrals", by=world.first)
    count = record.data
    good = (
        record.is_accepted and isinstance(count, int) and not isinstance(count, bool) and count >= 0
    )
    title = "the number of referrals is a count"
    yield holds("operation.countReferrals", good, title, "0 or more", record.said, [record.number])


@check("wallet.deposits-and-withdrawals-available", requests=2)
def transfers(world: World) -> Script:
    """Deposits and withdrawals are lists of positive amounts."""
    for operation in ("listDeposits", "listWithdrawals"):
        record = yield Ask(operation, by=world.first)
        listed = record.data if isinstance(record.data, list) else None
        amounts = [row.get("amount") for row in listed or [] if isinstance(row, dict)]
        good = listed is not None and all(_positive(each) for each in amounts)
        yield holds(
            "wallet.deposits-and-withdrawals-available",
            record.is_accepted and good,
            f"{operation} lists positive amounts",
            "a list, every amount above 0",
            record.said,
            [record.number],
        )


def _positive(value: Any) -> bool:
    return decimal(value, "amount") > 0


@check("wallet.user-profile-available", "operation.getUserInfo", requests=1)
def profile(world: World) -> Script:
    """The profile is that of the caller: two callers see two of them."""
    record = yield Ask("getUserInfo", by=world.first)
    title = "the owner reads the profile"
    yield holds(
        "operation.getUserInfo",
        record.is_accepted,
        title,
        "a profile",
        record.said,
        [record.number],
    )
    mine = member(record.data, "id", "the profile")
    again = yield Ask("getUserInfo", by=world.first)
    same = again.is_accepted and again.data.get("id") == mine
    title = "the profile is the caller's own"
    numbers = [record.number, again.number]
    yield holds("wallet.user-profile-available", same, title, f"id {mine}", again.said, numbers)
    if world.second in world.target.accounts:
        other = yield Ask("getUserInfo", by=world.second)
        theirs = other.data.get("id") if isinstance(other.data, dict) else None
        yield holds(
            "wallet.user-profile-available",
            other.is_accepted and theirs != mine,
            "another caller sees another profile",
            f"an id other than {mine}",
            other.said,
            [record.number, other.number],
        )


@check("wallet.private-to-the-owner", needs=("trading", "two"), requests=12)
def private_to_the_owner(world: World) -> Script:
    """An order of odd size of the first account shows nowhere in what the second reads."""
    market = home_market(world)
    resting = yield from rest(world, world.first, market, BUY)
    try:
        for operation in ("listSpotOrders", "getSpotWallets", "getUserInfo", "listFuturesOrders"):
            record = yield Ask(operation, by=world.second)
            body = record.response.body.decode("utf-8", "replace") if record.response else ""
            known = world.target.accounts[world.first].login
            leaked = [word for word in (resting.identity, known) if word in body]
            yield holds(
                "wallet.private-to-the-owner",
                record.is_accepted and not leaked,
                f"{operation} shows the second account nothing of the first",
                "neither the order's id nor the account's name",
                f"holds {leaked}" if leaked else record.said,
                [resting.record, record.number],
            )
    finally:
        yield from tidy(world, (world.first, resting.identity))


@check("wallet.spot-and-futures-apart", needs=("trading", "futures"), requests=12)
def spot_and_futures_apart(world: World) -> Script:
    """A spot order leaves the futures wallets as they were."""
    before = yield Ask("getFuturesWallets", by=world.first)
    balances_before = _futures(before.data)
    resting = yield from rest(world, world.first, home_market(world), BUY)
    try:
        after = yield Ask("getFuturesWallets", by=world.first)
        yield equal(
            "wallet.spot-and-futures-apart",
            "a spot order leaves the futures wallets alone",
            balances_before,
            _futures(after.data),
            [before.number, resting.record, after.number],
        )
    finally:
        yield from tidy(world, (world.first, resting.identity))


def _futures(data: Any) -> dict[str, tuple[Decimal, Decimal]]:
    names = ("usdtBalance", "usdtFrozenBalance")
    return {
        str(member(row, "contractId", "a futures wallet")): (
            decimal(member(row, names[0], "a futures wallet"), names[0]),
            decimal(member(row, names[1], "a futures wallet"), names[1]),
        )
        for row in rows(data, "getFuturesWallets")
    }
