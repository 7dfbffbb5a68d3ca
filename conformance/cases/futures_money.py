"""Checks of what futures do with money: entry prices, margin, profit and equity, to the last digit.

A price that moves between two reads is no obstacle: each identity is between numbers of one answer, or
between numbers that do not depend on the price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from conformance.cases.asks import decimal, eventually, member, rows
from conformance.cases.claim import CannotTell, Claim, Verdict, equal, holds
from conformance.cases.futures import (
    LONG,
    SHORT,
    Position,
    close_form,
    contract_of,
    flatten,
    held,
    open_form,
    position,
)
from conformance.cases.refusals import refused
from conformance.cases.script import Ask, Pause, Record, Script, Steps, World, check
from conformance.target import Perpetual

FUTURES: Final = ("futures",)
TWO: Final = ("futures", "two")
# Published digits differ; what is cut off is less than this, in the base or relative to a price.
CUT: Final = Decimal("0.0001")
MOVES: Final = 20
MOVE_MS: Final = 300
PRICED: Final = ("usdtTotalProfitAndLoss", "currentPrice")


def entry(side: int) -> str:
    """The wallet's field for the entry price of a side."""
    return "usdtBuyPrice" if side == LONG else "usdtSellPrice"


def margin(side: int) -> str:
    """The wallet's field for the margin of a side."""
    return "usdtBuyPrincipalAmount" if side == LONG else "usdtSellPrincipalAmount"


def opened(
    world: World, contract: Perpetual, side: int, volume: int, leverage: int | None = None
) -> Steps[tuple[Record, Position]]:
    """Open so much more and wait until it is held. Raises CannotTell when it is refused."""
    before = yield from position(world, contract)
    form = open_form(contract, side, leverage or contract.leverages[0], volume)
    record = yield Ask("openFuturesPosition", form, by=world.first)
    if not record.is_accepted:
        raise CannotTell(f"no position can be opened: {record.said}")
    wanted = before[held(side)] + volume
    return record, (yield from _awaited(world, contract, side, wanted))


def closed(
    world: World, contract: Perpetual, side: int, volume: int
) -> Steps[tuple[Record, Position]]:
    """Close so much and wait until it is gone. Raises CannotTell when it is refused."""
    before = yield from position(world, contract)
    record = yield Ask("closeFuturesPosition", close_form(contract, side, volume), by=world.first)
    if not record.is_accepted:
        raise CannotTell(f"a position cannot be closed: {record.said}")
    wanted = before[held(side)] - volume
    return record, (yield from _awaited(world, contract, side, wanted))


def _awaited(world: World, contract: Perpetual, side: int, volume: Decimal) -> Steps[Position]:
    seen: Position = yield from eventually(
        world, lambda: position(world, contract), lambda found: found[held(side)] == volume
    )
    return seen


def _number(record: Record, name: str) -> Decimal:
    return decimal(member(record.data, name, record.operation), name)


@check("futures.entry-is-the-average", needs=FUTURES, requests=60)
def entry_is_the_average(world: World) -> Script:
    """Opened twice at two prices, a side's entry is the price at which its profit is that of both parts."""
    contract = contract_of(world)
    for side in (LONG, SHORT):
        yield from flatten(world, contract)
        first, _ = yield from opened(world, contract, side, 2)
        yield from _moved(world, contract, _number(first, "tradedPrice"))
        second, seen = yield from opened(world, contract, side, 3)
        prices = [_number(each, "tradedPrice") for each in (first, second)]
        wanted = 5 / (2 / prices[0] + 3 / prices[1])
        yield holds(
            "futures.entry-is-the-average",
            abs(seen[entry(side)] - wanted) <= abs(prices[0] - prices[1]) / 20 + wanted / 10**8,
            f"2 contracts at {prices[0]} and 3 at {prices[1]} have their average as entry",
            f"{wanted:.8f}",
            seen[entry(side)],
            [first.number, second.number, seen.record],
        )
    yield from flatten(world, contract)


def _moved(world: World, contract: Perpetual, price: Decimal) -> Steps[bool]:
    """Wait until the mark is another one. False where nothing moves: then both parts have one price."""
    for _ in range(MOVES):
        seen = yield from position(world, contract)
        if abs(seen["currentPrice"] - price) * 100_000 > price:
            return True
        yield Pause(MOVE_MS)
    return False


@check(
    "futures.part-close-releases-its-share",
    "futures.part-close-keeps-the-entry",
    needs=FUTURES,
    requests=70,
)
def part_close(world: World) -> Script:
    """A quarter is closed at another price: three quarters of the margin stay, and so does the entry."""
    contract = contract_of(world)
    for side in (LONG, SHORT):
        yield from flatten(world, contract)
        _, before = yield from opened(world, contract, side, 4)
        has_moved = yield from _moved(world, contract, before[entry(side)])
        record, after = yield from closed(world, contract, side, 1)
        records = [before.record, record.number, after.record]
        yield holds(
            "futures.part-close-releases-its-share",
            abs(after[margin(side)] - before[margin(side)] * 3 / 4) <= CUT,
            "closing a quarter leaves three quarters of the margin",
            before[margin(side)] * 3 / 4,
            after[margin(side)],
            records,
        )
        yield _keeps_the_entry(side, has_moved, before, after, records)
    yield from flatten(world, contract)


def _keeps_the_entry(
    side: int, has_moved: bool, before: Position, after: Position, records: Sequence[int]
) -> Claim:
    """A claim that the entry stayed; where the mark never left it, another entry than the mark's is not told."""
    requirement = "futures.part-close-keeps-the-entry"
    title = "closing a part leaves the entry price"
    claim = equal(requirement, title, before[entry(side)], after[entry(side)], records)
    if has_moved or claim.verdict is not Verdict.PASS:
        return claim
    why = f"not told, for the mark did not leave the entry in {MOVES * MOVE_MS} ms: {title}"
    return replace(claim, verdict=Verdict.SKIPPED, title=why)


@check(
    "futures.closing-pays-margin-and-profit",
    "futures.realised-profit-follows-its-formula",
    "futures.close-fee-is-the-rate",
    needs=FUTURES,
    requests=24,
)
def closing_pays(world: World) -> Script:
    """What closing brings is the margin, the profit that its order shows, less the fee that it shows."""
    contract = contract_of(world)
    for side in (LONG, SHORT):
        yield from flatten(world, contract)
        yield from opened(world, contract, side, 3)
        before = yield from position(world, contract)
        record, after = yield from closed(world, contract, side, 3)
        brought = after["usdtBalance"] - before["usdtBalance"]
        fee, profit = _number(record, "closeFee"), _number(record, "profitAndLoss")
        wanted = before[margin(side)] + profit - fee
        yield holds(
            "futures.closing-pays-margin-and-profit",
            abs(brought - wanted) <= CUT,
            f"closing pays the margin {before[margin(side)]}, profit {profit}, less the fee {fee}",
            wanted,
            brought,
            [before.record, record.number, after.record],
        )
        yield from _profit_of(contract, side, before, record)
        yield from _fee_of(contract, before, record)


def _profit_of(contract: Perpetual, side: int, before: Position, record: Record) -> Steps[None]:
    """The realised profit follows entry and traded price."""
    moved = _number(record, "tradedPrice") / before[entry(side)] - 1
    wanted = (moved if side == LONG else -moved) * 3 * before["usdtShareNumber"]
    profit = _number(record, "profitAndLoss")
    title = "the profit of a close follows from its price and the entry"
    good = abs(profit - wanted) <= CUT
    yield holds(
        "futures.realised-profit-follows-its-formula",
        good,
        title,
        f"{wanted:.8f}",
        profit,
        [record.number],
    )


def _fee_of(contract: Perpetual, before: Position, record: Record) -> Steps[None]:
    fee, notional = _number(record, "closeFee"), 3 * before["usdtShareNumber"]
    rate = contract.fee_rate
    title = "the fee of a close is the rate of what the contracts are worth"
    good = fee >= 0 if rate is None else abs(fee - notional * rate) <= CUT
    wanted = "not negative" if rate is None else notional * rate
    yield holds("futures.close-fee-is-the-rate", good, title, wanted, fee, [record.number])


@check("futures.both-sides-add-up", needs=FUTURES, requests=16)
def both_sides(world: World) -> Script:
    """With a long and a short of different size the published profit is the sum of both formulas."""
    contract = contract_of(world)
    yield from flatten(world, contract)
    yield from opened(world, contract, LONG, 5)
    yield from opened(world, contract, SHORT, 2)
    yield Pause(MOVE_MS * 3)
    seen = yield from position(world, contract)
    mark, share = seen["currentPrice"], seen["usdtShareNumber"]
    long = (mark / seen[entry(LONG)] - 1) * 5 * share
    short = (1 - mark / seen[entry(SHORT)]) * 2 * share
    yield holds(
        "futures.both-sides-add-up",
        abs(seen["usdtTotalProfitAndLoss"] - long - short) <= CUT,
        "the profit of a wallet is that of its long and its short",
        f"{long + short:.8f}: long {long:.8f}, short {short:.8f}, mark {mark}",
        seen["usdtTotalProfitAndLoss"],
        [seen.record],
    )
    yield from flatten(world, contract)


@check("futures.never-beyond-the-balance", "futures.refused-order-changes-nothing", needs=FUTURES)
def beyond_the_balance(world: World) -> Script:
    """More than the wallet pays for is refused; neither that nor any other refusal changes anything."""
    contract = contract_of(world)
    yield from flatten(world, contract)
    before = yield from position(world, contract)
    tried: list[Record] = []
    least = min(contract.leverages)
    too_much = int(before["usdtBalance"] * least / before["usdtShareNumber"]) + 1
    for form in (
        open_form(contract, LONG, least, too_much),
        open_form(contract, SHORT, least, too_much * 2),
        open_form(contract, LONG, max(contract.leverages) + 1, 1),
        open_form(contract, LONG, least, 0),
        open_form(contract, LONG, least, -1),
        {**open_form(contract, LONG, least, 1), "contractCoinId": 999_999},
    ):
        tried.append((yield Ask("openFuturesPosition", form, by=world.first)))  # noqa: PERF401
    tried.append((yield Ask("closeFuturesPosition", close_form(contract, LONG, 1), by=world.first)))
    for record in tried[:2]:
        title = "opening more than the balance pays for is refused"
        yield refused("futures.never-beyond-the-balance", record, title)
    after = yield from position(world, contract)
    yield _unchanged("futures.refused-order-changes-nothing", before, after, tried)
    yield from flatten(world, contract)


def _unchanged(
    requirement: str, before: Position, after: Position, tried: Sequence[Record]
) -> Claim:
    """A claim that a wallet is what it was, but for what follows the market by itself."""
    old, new = (
        {k: v for k, v in each.values.items() if k not in PRICED} for each in (before, after)
    )
    changed = {k: f"{old.get(k)} to {new.get(k)}" for k in old | new if old.get(k) != new.get(k)}
    title = f"a futures wallet is unchanged after {len(tried)} requests of others, or refused"
    numbers = [before.record, *(each.number for each in tried), after.record]
    return holds(requirement, not changed, title, "as before", changed or "as before", numbers)


@check("futures.accounts-are-apart", "futures.contracts-are-apart", needs=TWO, requests=16)
def apart(world: World) -> Script:
    """Opening changes the opener's wallet of that contract: no other account's, no other contract's."""
    contract = contract_of(world)
    yield from flatten(world, contract)
    theirs = yield from _wallets_of(world, world.second)
    others = yield from _wallets_of(world, world.first)
    for side in (LONG, SHORT):
        record, _ = yield from opened(world, contract, side, 2, contract.leverages[-1])
    after = yield from _wallets_of(world, world.second)
    title = "opening a position leaves the wallets of another account alone"
    yield equal("futures.accounts-are-apart", title, theirs, after, [record.number])
    mine = yield from _wallets_of(world, world.first)
    key = str(contract.id)
    title = "opening a position leaves the wallets of other contracts alone"
    old, new = ({k: v for k, v in each.items() if k != key} for each in (others, mine))
    yield equal("futures.contracts-are-apart", title, old, new, [record.number])
    yield from flatten(world, contract)


def _wallets_of(world: World, account: str) -> Steps[dict[str, dict[str, Any]]]:
    """What an account's futures wallets hold, by contract; without what follows the market by itself."""
    record = yield Ask("getFuturesWallets", by=account)
    if not record.is_accepted:
        raise CannotTell(f"getFuturesWallets is refused: {record.said}")
    return {
        str(member(row, "contractId", "a futures wallet")): {
            key: str(value) for key, value in row.items() if key not in PRICED
        }
        for row in rows(record.data, "getFuturesWallets")
    }


@check(
    "futures.orders-have-ids-of-their-own",
    "futures.orders-are-listed",
    "rest.legal-input-accepted",
    needs=FUTURES,
    requests=30,
)
def orders_are_listed(world: World) -> Script:
    """Three orders have three ids, are listed newest first, and under their own contract alone."""
    contract = contract_of(world)
    yield from flatten(world, contract)
    made: list[Record] = []
    for side in (LONG, SHORT, LONG):
        record, _ = yield from opened(world, contract, side, 1)
        made += [record]
    ids = [str(member(each.data, "orderId", "a futures order")) for each in made]
    numbers = [each.number for each in made]
    title = "futures orders have ids of their own"
    yield equal("futures.orders-have-ids-of-their-own", title, 3, len(set(ids)), numbers)
    shown = yield from _listed(world, contract.id)
    places = [shown.index(each) if each in shown else -1 for each in ids]
    title = "futures orders are listed newest first"
    good = -1 not in places and places == sorted(places, reverse=True)
    yield holds("futures.orders-are-listed", good, title, ids[::-1], shown[:5], numbers)
    params = {"contractCoinId": contract.id, "pageNo": 2, "pageSize": 1}
    page = yield Ask("listFuturesOrders", params, by=world.first)
    title = "the second page of futures orders is given"
    legal = "rest.legal-input-accepted"
    yield holds(legal, page.is_accepted, title, "a page", page.said, [page.number])
    for other in world.target.contracts[1:]:
        shown = yield from _listed(world, other.id)
        wrong = [each for each in ids if each in shown]
        title = "the list of another contract does not have them"
        yield holds("futures.orders-are-listed", not wrong, title, "none of them", wrong, numbers)
    yield from flatten(world, contract)


def _listed(world: World, contract: int) -> Steps[list[str]]:
    params = {"contractCoinId": contract, "pageSize": 50}
    record = yield Ask("listFuturesOrders", params, by=world.first)
    if not record.is_accepted:
        raise CannotTell(f"listFuturesOrders is refused: {record.said}")
    content = rows(member(record.data, "content", "listFuturesOrders"), "the list")
    return [str(member(row, "orderId", "a futures order")) for row in content]
