"""Checks of perpetual futures: opening, margin, profit and loss, closing, and what is refused.

Numbers are those of value-denominated contracts (lineage): one contract is worth shareNumber of the
base, margin = volume * shareNumber / leverage, fee = volume * shareNumber * rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from conformance.cases.asks import MARKET, decimal, eventually, member, rows
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.script import Ask, Record, Script, Steps, World, check
from conformance.target import Perpetual

LONG, SHORT = 0, 1
VOLUME: Final = 3
CENT: Final = Decimal("0.01")
FUTURES: Final = ("futures",)


@dataclass(frozen=True, slots=True)
class Position:
    """One futures wallet as numbers. Long is the buy side, short the sell side."""

    values: Mapping[str, Decimal]
    record: int

    def __getitem__(self, name: str) -> Decimal:
        if name not in self.values:
            raise CannotTell(f"the futures wallet has no {name}")
        return self.values[name]

    @property
    def equity(self) -> Decimal:
        """Balance, what is frozen and the margins of both sides; without profit and loss."""
        names = (
            "usdtBalance",
            "usdtFrozenBalance",
            "usdtBuyPrincipalAmount",
            "usdtSellPrincipalAmount",
        )
        return sum((self[name] for name in names), Decimal(0))


def contract_of(world: World) -> Perpetual:
    """The first contract that the target names."""
    if not world.target.contracts:
        raise CannotTell("the target's file names no futures contract")
    return world.target.contracts[0]


def position(world: World, contract: Perpetual) -> Steps[Position]:
    """The first account's wallet of a contract."""
    record = yield Ask("getFuturesWallets", by=world.first)
    if not record.is_accepted:
        raise CannotTell(f"getFuturesWallets is refused: {record.said}")
    for row in rows(record.data, "getFuturesWallets"):
        if str(member(row, "contractId", "a futures wallet")) == str(contract.id):
            numbers = {k: v for k, v in row.items() if k not in ("contractId", "symbol")}
            return Position({k: decimal(v, k) for k, v in numbers.items()}, record.number)
    raise CannotTell(f"there is no futures wallet of contract {contract.id}")


def open_form(contract: Perpetual, direction: int, leverage: int, volume: int) -> dict[str, Any]:
    """The form of openFuturesPosition for a market order."""
    form = {"contractCoinId": contract.id, "direction": direction, "type": MARKET}
    return {**form, "leverage": leverage, "volume": volume}


def close_form(contract: Perpetual, side: int, volume: int) -> dict[str, Any]:
    """The form of closeFuturesPosition: a long is closed by selling, a short by buying."""
    direction = SHORT if side == LONG else LONG
    form = {"contractCoinId": contract.id, "direction": direction, "type": MARKET}
    return {**form, "volume": volume}


def held(side: int) -> str:
    """The wallet's field for the volume held on a side."""
    return "usdtBuyPosition" if side == LONG else "usdtSellPosition"


def flatten(world: World, contract: Perpetual) -> Steps[Position]:
    """Close whatever is open, so that a check starts from nothing."""
    seen = yield from position(world, contract)
    for side in (LONG, SHORT):
        if seen[held(side)] > 0:
            form = close_form(contract, side, int(seen[held(side)]))
            yield Ask("closeFuturesPosition", form, by=world.first)
    return (yield from _until(world, contract, lambda found: not _is_open(found)))


def _is_open(seen: Position) -> bool:
    return seen[held(LONG)] > 0 or seen[held(SHORT)] > 0


def _until(world: World, contract: Perpetual, good: Callable[[Position], bool]) -> Steps[Position]:
    seen: Position = yield from eventually(world, lambda: position(world, contract), good)
    return seen


@check(
    "operation.openFuturesPosition",
    "operation.closeFuturesPosition",
    "operation.listFuturesOrders",
    "futures.open-makes-a-position",
    "futures.close-ends-the-position",
    "futures.margin-is-notional-over-leverage",
    "futures.profit-follows-its-formula",
    needs=FUTURES,
    requests=40,
)
def open_and_close(world: World) -> Script:
    """Open a long and a short, look at margin and profit, close them: what was open is gone."""
    contract = contract_of(world)
    leverage = contract.leverages[len(contract.leverages) // 2]
    for side in (LONG, SHORT):
        before = yield from flatten(world, contract)
        opened = yield Ask(
            "openFuturesPosition", open_form(contract, side, leverage, VOLUME), by=world.first
        )
        title = "a market order opens a position"
        numbers = [opened.number]
        yield holds(
            "operation.openFuturesPosition",
            opened.is_accepted,
            title,
            "an order",
            opened.said,
            numbers,
        )
        after = yield from _until(world, contract, lambda x, s=side: x[held(s)] == VOLUME)  # type: ignore[misc]
        yield from _judge_open(world, contract, side, opened, after)
        yield from _judge_margin(contract, side, leverage, before, after)
        yield from _judge_profit(world, contract, side)
        yield from _judge_close(world, contract, side)


def _judge_open(
    world: World, contract: Perpetual, side: int, opened: Record, after: Position
) -> Steps[None]:
    yield equal(
        "futures.open-makes-a-position",
        f"after opening {VOLUME} contracts the wallet holds them",
        VOLUME,
        after[held(side)],
        [opened.number, after.record],
    )
    listed = yield Ask("listFuturesOrders", {"contractCoinId": contract.id}, by=world.first)
    title = "the futures orders are listed"
    numbers = [opened.number, listed.number]
    content = listed.data.get("content") if isinstance(listed.data, dict) else None
    good = listed.is_accepted and isinstance(content, list)
    yield holds("operation.listFuturesOrders", good, title, "a page", listed.said, numbers)
    wanted = opened.data.get("orderId") if isinstance(opened.data, dict) else None
    shown = [row.get("orderId") for row in content or [] if isinstance(row, dict)]
    title = "the order that opened a position is listed"
    yield holds("futures.open-makes-a-position", wanted in shown, title, wanted, shown[:5], numbers)


def _judge_margin(
    contract: Perpetual, side: int, leverage: int, before: Position, after: Position
) -> Steps[None]:
    name = "usdtBuyPrincipalAmount" if side == LONG else "usdtSellPrincipalAmount"
    notional = VOLUME * after["usdtShareNumber"]
    margin = notional / leverage
    taken = before.equity - after.equity
    rate = contract.fee_rate
    fee_right = abs(taken - notional * rate) <= CENT / 100 if rate is not None else taken >= 0
    yield holds(
        "futures.margin-is-notional-over-leverage",
        abs(after[name] - margin) <= CENT / 100 and fee_right,
        "opening ties up the notional over the leverage, and takes the fee",
        f"margin {margin}, fee {notional * rate if rate is not None else 'not negative'}",
        f"margin {after[name]}, taken {taken}",
        [before.record, after.record],
    )


def _judge_profit(world: World, contract: Perpetual, side: int) -> Steps[None]:
    """PnL against the mark that the same answer shows, so that a moving market does not matter."""
    seen = yield from position(world, contract)
    entry = seen["usdtBuyPrice" if side == LONG else "usdtSellPrice"]
    if entry <= 0:
        raise CannotTell(f"the entry price is {entry}")
    moved = seen["currentPrice"] / entry - 1
    ratio = moved if side == LONG else -moved
    wanted = ratio * VOLUME * seen["usdtShareNumber"]
    yield holds(
        "futures.profit-follows-its-formula",
        abs(seen["usdtTotalProfitAndLoss"] - wanted) <= CENT / 100,
        f"the profit of a {'long' if side == LONG else 'short'} follows entry, mark and volume",
        f"{wanted:.8f} at mark {seen['currentPrice']}, entry {entry}",
        seen["usdtTotalProfitAndLoss"],
        [seen.record],
    )


def _judge_close(world: World, contract: Perpetual, side: int) -> Steps[None]:
    closed = yield Ask("closeFuturesPosition", close_form(contract, side, VOLUME), by=world.first)
    title = "a market order closes a position"
    numbers = [closed.number]
    yield holds(
        "operation.closeFuturesPosition",
        closed.is_accepted,
        title,
        "an order",
        closed.said,
        numbers,
    )
    after = yield from _until(world, contract, lambda seen: seen[held(side)] == 0)
    yield equal(
        "futures.close-ends-the-position",
        "after closing all of it nothing is held and no margin tied up",
        (Decimal(0), Decimal(0)),
        (
            after[held(side)],
            after["usdtBuyPrincipalAmount" if side == LONG else "usdtSellPrincipalAmount"],
        ),
        [closed.number, after.record],
    )


@check("futures.close-at-most-the-position", needs=FUTURES, requests=12)
def close_too_much(world: World) -> Script:
    """Closing more than is held, or something where nothing is held, is refused."""
    contract = contract_of(world)
    yield from flatten(world, contract)
    nothing = yield Ask("closeFuturesPosition", close_form(contract, LONG, 1), by=world.first)
    title = "closing where nothing is held is refused"
    requirement = "futures.close-at-most-the-position"
    numbers = [nothing.number]
    yield holds(requirement, nothing.is_rejected, title, "a refusal", nothing.said, numbers)
    opened = yield Ask(
        "openFuturesPosition", open_form(contract, LONG, contract.leverages[0], 1), by=world.first
    )
    if not opened.is_accepted:
        raise CannotTell(f"no position can be opened: {opened.said}")
    yield from _until(world, contract, lambda seen: seen[held(LONG)] == 1)
    more = yield Ask("closeFuturesPosition", close_form(contract, LONG, 2), by=world.first)
    title = "closing more than is held is refused"
    numbers = [opened.number, more.number]
    yield holds(requirement, more.is_rejected, title, "a refusal", more.said, numbers)
    yield from flatten(world, contract)


@check("futures.leverage-not-offered-refused", needs=FUTURES, requests=4)
def leverage_not_offered(world: World) -> Script:
    """A leverage beyond the contract's list is refused, and so is none at all."""
    contract = contract_of(world)
    for leverage in (max(contract.leverages) + 1, 0, -1):
        form = open_form(contract, LONG, leverage, 1)
        record = yield Ask("openFuturesPosition", form, by=world.first)
        title = f"leverage {leverage} is refused"
        requirement = "futures.leverage-not-offered-refused"
        numbers = [record.number]
        yield holds(requirement, record.is_rejected, title, "a refusal", record.said, numbers)
        if record.is_accepted:
            yield from flatten(world, contract)


@check("wallet.spot-and-futures-apart", needs=FUTURES, requests=10)
def futures_leave_spot_alone(world: World) -> Script:
    """Opening and closing a position leaves the spot wallets as they were."""
    contract = contract_of(world)
    before = yield Ask("getSpotWallets", by=world.first)
    yield Ask(
        "openFuturesPosition", open_form(contract, LONG, contract.leverages[0], 1), by=world.first
    )
    after = yield Ask("getSpotWallets", by=world.first)
    yield from flatten(world, contract)
    yield equal(
        "wallet.spot-and-futures-apart",
        "a futures order leaves the spot wallets alone",
        _spot(before.data),
        _spot(after.data),
        [before.number, after.number],
    )


def _spot(data: Any) -> list[tuple[Any, ...]]:
    return [
        (member(row, "coin", "a wallet"), row.get("balance"), row.get("frozenBalance"))
        for row in rows(data, "getSpotWallets")
    ]
