"""Judges of who traded with whom: priority and crossing among our own orders, without matching them again.

What is said of our own orders holds whoever else trades: of two orders of ours on one side, the better
price is served first, and at one price the earlier one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Final

from conformance.cases.asks import BUY, LIMIT, SELL
from conformance.cases.claim import Claim, Verdict
from conformance.cases.trading_history import (
    OTHERS_TRADE,
    History,
    Listed,
    Look,
    Placed,
    Violation,
    concluded,
)

CROSSING: Final = "spot.crossing-orders-trade"
PRICE: Final = "spot.best-price-first"
TIME: Final = "spot.first-come-first-served"
TWO_SIDES: Final = "spot.trades-have-two-sides"
REQUIREMENTS: Final = (CROSSING, PRICE, TIME, TWO_SIDES)
Pair = tuple[Placed, Listed]


def judge(history: History) -> Iterator[Claim]:
    """Every conclusion about matching that a history allows."""
    number = len(history.placed)
    yield concluded(
        history,
        CROSSING,
        f"of {number} orders no open buy is at or above an open sell",
        list(_crossed(history, history.last)),
    )
    yield concluded(
        history,
        PRICE,
        f"of {number} orders none is filled while a better price of ours waits",
        list(_overtaken(history, _is_better)),
    )
    yield concluded(
        history,
        TIME,
        f"of {number} orders none is filled while an earlier one at its price waits",
        list(_overtaken(history, _is_earlier)),
    )
    if not history.market.quiet:
        yield Claim(TWO_SIDES, Verdict.SKIPPED, OTHERS_TRADE)
    else:
        title = f"in {number} orders every trade has a buyer and a seller of ours"
        yield concluded(history, TWO_SIDES, title, list(_one_sided(history)))


def _crossed(history: History, look: Look) -> Iterator[Violation]:
    """Orders of two accounts that should have traded; one account may be kept from itself."""
    still = [pair for pair in look.open_orders() if pair[1].kind == LIMIT]
    for buyer, buy in still:
        for seller, sell in still:
            if (
                (buy.direction, sell.direction) == (BUY, SELL)
                and buyer != seller
                and buy.price >= sell.price
            ):
                words = "a trade between them"
                actual = f"both open: {buy}; {sell}"
                yield Violation(words, actual, (buy.identity, sell.identity))


def _is_better(first: Listed, second: Listed, _: Placed, __: Placed) -> bool:
    """True when the first has the better price of two on one side."""
    if first.direction == BUY:
        return first.price > second.price
    return first.price < second.price


def _is_earlier(first: Listed, second: Listed, asked: Placed, other: Placed) -> bool:
    """True when the first was answered before the second was asked, at one price."""
    return first.price == second.price and asked.turn < other.turn


def _overtaken(history: History, comes_first: object) -> Iterator[Violation]:
    """Between two looks: an order traded while one that comes first was open before and after."""
    assert callable(comes_first)
    for before, after in pairwise([history.opening, *history.looks]):
        waited = [
            pair
            for pair in _limits(history, after)
            if pair[1].is_open and pair[0].turn <= before.turn and pair[1].left > 0
        ]
        for asked, order in _limits(history, after):
            if order.traded == _traded(before, asked):
                continue
            for other_asked, other in waited:
                if other.direction == order.direction and comes_first(
                    other, order, other_asked, asked
                ):
                    words = f"first {other}"
                    yield Violation(words, f"{order}", (other.identity, order.identity))


def _limits(history: History, look: Look) -> Iterator[Pair]:
    return (pair for pair in history.ours(look) if pair[1].kind == LIMIT)


def _traded(look: Look, asked: Placed) -> Decimal:
    earlier = look.orders[asked.account].get(asked.identity or "")
    return earlier.traded if earlier is not None else Decimal(0)


def _one_sided(history: History) -> Iterator[Violation]:
    """Where nobody else trades, what is bought is what is sold, trade for trade."""
    sides: dict[int, Counter[tuple[Decimal, Decimal]]] = {BUY: Counter(), SELL: Counter()}
    for _, order in history.ours(history.last):
        sides[order.direction].update((each.price, each.amount) for each in order.fills)
    for mine, theirs, words in ((BUY, SELL, "sold"), (SELL, BUY, "bought")):
        for (price, amount), times in (sides[mine] - sides[theirs]).items():
            whose = "bought" if mine == BUY else "sold"
            actual = f"{whose} {times} times more often than {words}"
            yield Violation(f"{amount:f} at {price:f} bought as often as sold", actual)
