"""Judges of a history's orders: each is what was asked, changes as orders may, and adds up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from conformance.cases.asks import BUY, LIMIT, MARKET
from conformance.cases.claim import Claim
from conformance.cases.trading_history import (
    CANCELED,
    COMPLETED,
    DUST,
    TRADING,
    Fill,
    History,
    Listed,
    Placed,
    Violation,
    concluded,
)

LISTED: Final = "spot.orders-can-be-listed"
UNASKED: Final = "spot.nothing-is-ordered-unasked"
OVER: Final = "spot.order-over-stays-over"
NEVER_FALLS: Final = "spot.traded-amount-never-falls"
ADDS_UP: Final = "spot.fills-add-up"
KEPT: Final = "spot.fills-do-not-change"
COMPLETE: Final = "spot.completed-means-filled"
LIMIT_KEPT: Final = "spot.limit-price-never-violated"
STEPS: Final = "spot.fills-keep-the-steps"
NO_REST: Final = "spot.type-1-is-market"
CANCELLED: Final = "spot.cancel-takes-effect"
IDS: Final = "spot.order-ids-are-unique"
REQUIREMENTS: Final = (
    LISTED,
    UNASKED,
    OVER,
    NEVER_FALLS,
    ADDS_UP,
    KEPT,
    COMPLETE,
    LIMIT_KEPT,
    STEPS,
    NO_REST,
    CANCELLED,
    IDS,
)
STATUSES: Final = (TRADING, COMPLETED, CANCELED)


def judge(history: History) -> Iterator[Claim]:
    """Every conclusion about single orders that a history allows."""
    number = len(history.placed)
    judges = (
        (LISTED, "is listed as it was asked for", _not_as_asked),
        (UNASKED, "is all that is listed", _unasked),
        (IDS, "has an id of its own", _repeated),
        (OVER, "changes its status as orders may", _wrong_ways),
        (NEVER_FALLS, "trades more and more, up to its amount", _falling),
        (ADDS_UP, "is the sum of its fills", _not_adding_up),
        (KEPT, "keeps the fills that it has", _changed_fills),
        (COMPLETE, "is COMPLETED when it is filled and only then", _incomplete),
        (LIMIT_KEPT, "trades at its limit or better", _beyond_limit),
        (STEPS, "trades whole steps of price and amount", _off_step),
        (NO_REST, "does not rest if it is a market order", _resting_market_orders),
        (CANCELLED, "is over once its cancellation was taken", _not_cancelled),
    )
    for requirement, words, find in judges:
        yield concluded(
            history, requirement, f"each of {number} orders {words}", list(find(history))
        )


def lives(history: History) -> Iterator[tuple[Placed, list[Listed]]]:
    """Every order of the history with all that the looks showed of it, oldest first."""
    for asked in history.placed:
        if asked.identity is None:
            continue
        shown = (look.orders[asked.account].get(asked.identity) for look in history.looks)
        yield asked, [each for each in shown if each is not None]


def _not_as_asked(history: History) -> Iterator[Violation]:
    listed = {asked.identity: order for asked, order in history.ours(history.last)}
    for asked in history.placed:
        if asked.identity is None or asked.turn > history.last.turn:
            continue
        order = listed.get(asked.identity)
        if order is None:
            words = f"order {asked.identity} of {asked.account} in the list"
            yield Violation(words, "not listed", (asked.identity,))
        elif not asked.is_asked_by(order):
            yield Violation(_words(asked), str(order), (asked.identity,))


def _words(asked: Placed) -> str:
    side = "buy" if asked.direction == BUY else "sell"
    return f"{side} {asked.amount:f} " + (
        "market" if asked.price is None else f"at {asked.price:f}"
    )


def _unasked(history: History) -> Iterator[Violation]:
    for account in history.accounts:
        known = {*history.opening.orders[account]}
        known |= {each.identity or "" for each in history.placed if each.account == account}
        for identity, order in history.last.orders[account].items():
            if identity not in known:
                yield Violation(f"{account} has only orders that were accepted", str(order))


def _repeated(history: History) -> Iterator[Violation]:
    seen: set[str] = set()
    for asked in history.placed:
        if asked.identity is not None and asked.identity in seen:
            yield Violation("an id of its own", f"{asked.identity} again", (asked.identity,))
        seen.add(asked.identity or "")


def _wrong_ways(history: History) -> Iterator[Violation]:
    for _, shown in lives(history):
        for order in shown[:1]:
            if order.status not in STATUSES:
                yield Violation(", ".join(STATUSES), str(order), (order.identity,))
        for earlier, later in pairwise(shown):
            if not earlier.is_open and (earlier.status, earlier.traded) != (
                later.status,
                later.traded,
            ):
                yield Violation(f"{earlier}, for ever", str(later), (later.identity,))


def _falling(history: History) -> Iterator[Violation]:
    for _, shown in lives(history):
        for earlier, later in pairwise(shown):
            if later.traded < earlier.traded or later.turnover < earlier.turnover:
                yield Violation(f"no less than: {earlier}", str(later), (later.identity,))
        for order in shown[-1:]:
            too_much = order.left < -DUST if order.spends else order.left < 0
            if too_much or order.traded < 0:
                words = f"between 0 and {order.amount:f} traded"
                yield Violation(words, str(order), (order.identity,))


def _not_adding_up(history: History) -> Iterator[Violation]:
    for _, order in history.ours(history.last):
        amount = sum((each.amount for each in order.fills), Decimal(0))
        turnover = sum((each.turnover for each in order.fills), Decimal(0))
        if amount != order.traded or abs(turnover - order.turnover) > DUST * len(order.fills):
            words = f"fills of {order.traded:f} worth {order.turnover:f}"
            yield Violation(words, f"fills of {amount:f} worth {turnover:f}", (order.identity,))
        for fill in order.fills:
            if abs(fill.price * fill.amount - fill.turnover) > DUST:
                words = f"{fill.price:f} * {fill.amount:f} = {fill.price * fill.amount:f}"
                yield Violation(words, f"turnover {fill.turnover:f}", (order.identity,))


def _changed_fills(history: History) -> Iterator[Violation]:
    for _, shown in lives(history):
        for earlier, later in pairwise(shown):
            gone = _missing(earlier.fills, later.fills)
            if gone:
                words = f"{gone[0]} still a fill of {later.identity}"
                yield Violation(words, f"fills {list(later.fills)}", (later.identity,))


def _missing(before: Sequence[Fill], after: Sequence[Fill]) -> list[Fill]:
    left = list(after)
    gone = []
    for each in before:
        if each in left:
            left.remove(each)
        else:
            gone.append(each)
    return gone


def _incomplete(history: History) -> Iterator[Violation]:
    for asked, order in history.ours(history.last):
        if order.kind == MARKET or asked.price is None:
            continue  # what is too little for one more step is nobody's to trade
        is_filled = order.traded == order.amount
        if is_filled != (order.status == COMPLETED):
            words = "COMPLETED" if is_filled else "TRADING or CANCELED"
            yield Violation(words, str(order), (order.identity,))


def _beyond_limit(history: History) -> Iterator[Violation]:
    for _, order in history.ours(history.last):
        for fill in order.fills:
            worse = fill.price > order.price if order.direction == BUY else fill.price < order.price
            if order.kind == LIMIT and worse:
                side = "at most" if order.direction == BUY else "at least"
                words = f"{side} {order.price:f}"
                yield Violation(words, f"a fill at {fill.price:f}: {order}", (order.identity,))


def _off_step(history: History) -> Iterator[Violation]:
    market = history.market
    for _, order in history.ours(history.last):
        for fill in order.fills:
            if (
                fill.amount <= 0
                or fill.amount % market.amount_step
                or fill.price % market.price_step
            ):
                words = f"multiples of {market.price_step} and {market.amount_step}"
                actual = f"{fill.amount:f} at {fill.price:f}: {order}"
                yield Violation(words, actual, (order.identity,))


def _resting_market_orders(history: History) -> Iterator[Violation]:
    for asked, order in history.ours(history.last):
        if asked.kind == MARKET and order.is_open and asked.turn < history.last.turn:
            yield Violation("COMPLETED or CANCELED", str(order), (order.identity,))


def _not_cancelled(history: History) -> Iterator[Violation]:
    listed = {asked.identity: order for asked, order in history.ours(history.last)}
    for each in history.cancelled:
        order = listed.get(each.identity)
        if each.is_accepted and order is not None and order.is_open:
            yield Violation("CANCELED, or COMPLETED before", str(order), (order.identity,))
