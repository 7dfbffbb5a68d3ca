"""Judges of what the streams told while two accounts traded: the same story as the lists and wallets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from conformance.cases.asks import BUY
from conformance.cases.claim import Claim
from conformance.cases.depth_stream import read
from conformance.cases.private_streams import order_of, told
from conformance.cases.script import Frame
from conformance.cases.stream_asks import is_snapshot
from conformance.cases.trade_stream import trades_of
from conformance.cases.trading_history import (
    History,
    Listed,
    Violation,
    concluded,
    read_order,
)
from conformance.model.replica import Replica

ORDERS: Final = "stream.orders-agree-with-rest"
IN_ORDER: Final = "stream.order-updates-in-order"
ACCOUNT: Final = "stream.account-agrees-with-rest"
TRADES: Final = "trades.agree-with-orders"
DEPTH: Final = "depth.agrees-with-open-orders"
REQUIREMENTS: Final = (ORDERS, IN_ORDER, ACCOUNT, TRADES, DEPTH)
# The keys of History.frames: private channels are kept for each account.
TRADES_OF_MARKET, DEPTH_OF_MARKET = "trades", "depth"


def orders_key(account: str) -> str:
    """Where the order updates of an account are kept."""
    return f"orders of {account}"


def account_key(account: str) -> str:
    """Where the account events of an account are kept."""
    return f"account of {account}"


def judge(history: History) -> Iterator[Claim]:
    """Every conclusion that the frames of a history allow; none about a channel that was not heard."""
    for account in history.accounts:
        if orders_key(account) in history.frames:
            frames = history.frames[orders_key(account)]
            title = f"the last of {len(frames)} order updates of {account} is what is listed"
            yield concluded(history, ORDERS, title, list(_differing(history, account, frames)))
            title = f"{len(frames)} order updates of {account} come in the order of events"
            yield concluded(history, IN_ORDER, title, list(_disordered(frames)))
        if account_key(account) in history.frames:
            frames = history.frames[account_key(account)]
            title = f"{len(frames)} account events of {account} end at its wallets"
            yield concluded(history, ACCOUNT, title, list(_other_wallets(history, account, frames)))
    if TRADES_OF_MARKET in history.frames:
        frames = history.frames[TRADES_OF_MARKET]
        title = "every fill of ours is a trade on the channel"
        yield concluded(history, TRADES, title, list(_unheard_trades(history, frames)))
    if history.frames.get(DEPTH_OF_MARKET):
        title = "the streamed book holds our open orders"
        found = list(_missing_levels(history, history.frames[DEPTH_OF_MARKET]))
        yield concluded(history, DEPTH, title, found)


def _updates(frames: Sequence[Frame]) -> dict[str, list[Listed]]:
    """All that was told of each order, oldest first."""
    found: dict[str, list[Listed]] = {}
    for frame in frames:
        order = read_order(order_of(frame))
        found.setdefault(order.identity, []).append(order)
    return found


def _differing(history: History, account: str, frames: Sequence[Frame]) -> Iterator[Violation]:
    said = _updates(frames)
    for asked, order in history.ours(history.last):
        if asked.account != account:
            continue
        last = said.get(order.identity, [None])[-1]
        if last is None:
            yield Violation(f"an update of {order}", "none came", (order.identity,))
        elif (last.status, last.traded, last.turnover) != (
            order.status,
            order.traded,
            order.turnover,
        ):
            yield Violation(f"listed: {order}", f"told: {last}", (order.identity,))


def _disordered(frames: Sequence[Frame]) -> Iterator[Violation]:
    for shown in _updates(frames).values():
        for earlier, later in pairwise(shown):
            fell = later.traded < earlier.traded or len(later.fills) < len(earlier.fills)
            if fell or (not earlier.is_open and later.status != earlier.status):
                yield Violation(f"after {earlier} no earlier state", str(later), (later.identity,))


def _other_wallets(history: History, account: str, frames: Sequence[Frame]) -> Iterator[Violation]:
    said = told(frames)
    for unit, wallet in history.last.wallets[account].by_coin.items():
        if said.get(unit, wallet) != wallet:
            yield Violation(f"{unit} of {account}: {wallet}", f"told: {said[unit]}")


def _unheard_trades(history: History, frames: Sequence[Frame]) -> Iterator[Violation]:
    """Fills of ours that no trade on the channel explains. A trade may be the fill of two orders of ours."""
    heard = Counter(
        (each.price, each.amount) for each in trades_of([x for x in frames if not is_snapshot(x)])
    )
    sides: dict[int, Counter[tuple[Decimal, Decimal]]] = {}
    for _, order in history.ours(history.last):
        side = sides.setdefault(order.direction, Counter())
        side.update((fill.price, fill.amount) for fill in order.fills)
    for direction, side in sides.items():
        for (price, amount), times in (side - heard).items():
            verb = "bought" if direction == BUY else "sold"
            words = f"{amount:f} {verb} at {price:f} on the trades channel"
            yield Violation(words, f"{times} of these trades did not come")


def _missing_levels(history: History, frames: Sequence[Frame]) -> Iterator[Violation]:
    replica = Replica()
    for event in map(read, frames):
        if event.previous is None:
            replica.snapshot(event.sequence, event.bids, event.asks)
        else:
            replica.delta(event.previous, event.sequence, event.bids, event.asks)
    book = replica.book
    wanted: dict[tuple[int, Decimal], Decimal] = {}
    for _, order in history.last.open_orders():
        if order.identity in {each.identity for each in history.placed}:
            key = (order.direction, order.price)
            wanted[key] = wanted.get(key, Decimal(0)) + order.left
    for (direction, price), amount in wanted.items():
        side = book.bids if direction == BUY else book.asks
        shown = side.get(price, Decimal(0))
        if shown < amount or (history.market.quiet and shown != amount):
            least = "" if history.market.quiet else "at least "
            name = "bid" if direction == BUY else "ask"
            yield Violation(f"{least}{amount:f} at the {name} {price:f}", f"{shown:f}")
