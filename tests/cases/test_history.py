"""Histories written by hand, right and wrong, and what their judges say of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from conformance.cases import history_matching, history_money, history_orders
from conformance.cases.asks import BUY, LIMIT, MARKET, SELL, Wallet, Wallets
from conformance.cases.claim import CannotTell, Verdict
from conformance.cases.trading import _adopt
from conformance.cases.trading_history import Fill, History, Listed, Look, Placed
from conformance.target import load

D = Decimal
QUIET = load("reference", {}).quiet
assert QUIET is not None
ALICE, BOB = "alice", "bob"
RATE = D("0.001")


def wallets(sol: str, usdt: str, sol_frozen: str = "0", usdt_frozen: str = "0") -> Wallets:
    held = {"SOL": Wallet(D(sol), D(sol_frozen)), "USDT": Wallet(D(usdt), D(usdt_frozen))}
    return Wallets({**held, "BTC": Wallet(D(1), D(0))}, 0)


def order(name: str, direction: int, price: str, amount: str, *fills: Fill, status: str) -> Listed:
    traded = sum((each.amount for each in fills), D(0))
    turnover = sum((each.turnover for each in fills), D(0))
    return Listed(name, direction, LIMIT, D(price), D(amount), traded, turnover, status, fills)


def fill(price: str, amount: str, direction: int) -> Fill:
    turnover = D(price) * D(amount)
    received = D(amount) if direction == BUY else turnover
    return Fill(D(price), D(amount), turnover, received * RATE)


def placed(turn: int, account: str, seen: Listed, is_unknown: bool = False) -> Placed:
    identity = None if is_unknown else seen.identity
    terms = (seen.direction, seen.kind, seen.price, seen.amount)
    return Placed(turn, account, *terms, identity, is_unknown, turn)


def story() -> History:
    """Bob sells 2 at 200, of which Alice buys 1; the other still rests."""
    sell = order("S", SELL, "200", "2", fill("200", "1", SELL), status="TRADING")
    buy = order("B", BUY, "201", "1", fill("200", "1", BUY), status="COMPLETED")
    opening = Look(
        0, {ALICE: wallets("10", "1000"), BOB: wallets("10", "1000")}, {ALICE: {}, BOB: {}}
    )
    after = {
        ALICE: wallets("10.999", "800"),
        BOB: wallets("8", "1199.8", sol_frozen="1"),
    }
    look = Look(2, after, {ALICE: {"B": buy}, BOB: {"S": sell}})
    history = History(QUIET, (ALICE, BOB), opening)
    history.placed = [placed(1, BOB, sell), placed(2, ALICE, buy)]
    history.looks, history.turn = [look], 2
    return history


def failed(history: History) -> set[str]:
    judges = (history_money, history_orders, history_matching)
    claims = [claim for judge in judges for claim in judge.judge(history)]
    return {claim.requirement for claim in claims if claim.verdict is Verdict.FAIL}


def with_wallet(history: History, account: str, seen: Wallets) -> None:
    look = history.looks[-1]
    history.looks[-1] = replace(look, wallets={**look.wallets, account: seen})


def with_order(history: History, account: str, seen: Listed) -> None:
    look = history.looks[-1]
    orders = {**look.orders[account], seen.identity: seen}
    history.looks[-1] = replace(look, orders={**look.orders, account: orders})


def test_a_right_story_is_right() -> None:
    assert failed(story()) == set()


def lost_coin(history: History) -> None:
    with_wallet(history, ALICE, wallets("10", "800"))


def frozen_too_much(history: History) -> None:
    with_wallet(history, BOB, wallets("7", "1199.8", sol_frozen="2"))


def negative(history: History) -> None:
    with_wallet(history, BOB, wallets("-1", "1199.8", sol_frozen="10"))


def other_coin(history: History) -> None:
    held = {**wallets("10.999", "800").by_coin, "BTC": Wallet(D(2), D(0))}
    with_wallet(history, ALICE, Wallets(held, 0))


def no_fee(history: History) -> None:
    sold = Fill(D(200), D(1), D(200), D(0))
    with_order(history, BOB, order("S", SELL, "200", "2", sold, status="TRADING"))
    with_wallet(history, BOB, wallets("8", "1200", sol_frozen="1"))


def unasked(history: History) -> None:
    with_order(history, ALICE, order("X", BUY, "100", "1", status="CANCELED"))


def half_completed(history: History) -> None:
    with_order(
        history, BOB, order("S", SELL, "200", "2", fill("200", "1", SELL), status="COMPLETED")
    )


def beyond_limit(history: History) -> None:
    with_order(
        history, ALICE, order("B", BUY, "199", "1", fill("200", "1", BUY), status="COMPLETED")
    )


def crossed(history: History) -> None:
    rests = order("C", BUY, "200", "1", status="TRADING")
    history.placed.append(placed(2, ALICE, rests))
    with_order(history, ALICE, rests)
    with_wallet(history, ALICE, wallets("10.999", "600", usdt_frozen="200"))


@pytest.mark.parametrize(
    ("wrong", "requirement"),
    [
        (lost_coin, "spot.wallets-are-the-sum-of-fills"),
        (lost_coin, "spot.money-is-conserved"),
        (frozen_too_much, "spot.open-orders-freeze-what-is-left"),
        (negative, "spot.never-spends-more-than-there-is"),
        (other_coin, "spot.other-coins-are-untouched"),
        (no_fee, "spot.fee-is-charged-once"),
        (no_fee, "spot.fee-is-the-same-for-everybody"),
        (unasked, "spot.nothing-is-ordered-unasked"),
        (half_completed, "spot.completed-means-filled"),
        (beyond_limit, "spot.limit-price-never-violated"),
        (crossed, "spot.crossing-orders-trade"),
    ],
)
def test_a_wrong_story_is_told_by_its_requirement(
    wrong: Callable[[History], None], requirement: str
) -> None:
    history = story()
    wrong(history)
    assert requirement in failed(history)


def second_look(history: History, account: str, seen: Listed) -> None:
    history.looks.append(history.looks[-1])
    with_order(history, account, seen)


@pytest.mark.parametrize(
    ("later", "requirement"),
    [
        (order("B", BUY, "201", "1", fill("200", "1", BUY), status="CANCELED"), "over-stays-over"),
        (order("B", BUY, "201", "1", status="COMPLETED"), "traded-amount-never-falls"),
        (
            order("B", BUY, "201", "1", fill("199", "1", BUY), status="COMPLETED"),
            "fills-do-not-change",
        ),
    ],
)
def test_what_was_seen_is_not_taken_back(later: Listed, requirement: str) -> None:
    history = story()
    second_look(history, ALICE, later)
    assert any(requirement in each for each in failed(history))


def test_the_later_of_two_is_not_filled_first() -> None:
    history = story()
    early = order("E", SELL, "200", "1", status="TRADING")
    history.placed.insert(0, placed(0, BOB, early))
    history.opening = replace(history.opening, turn=1, orders={ALICE: {}, BOB: {"E": early}})
    with_order(history, BOB, early)
    with_wallet(history, BOB, wallets("7", "1199.8", sol_frozen="2"))
    assert "spot.first-come-first-served" in failed(history)


def test_an_unanswered_order_is_adopted_when_it_is_listed() -> None:
    history = story()
    rests = order("U", BUY, "100", "1", status="TRADING")
    history.placed.append(placed(2, ALICE, rests, is_unknown=True))
    with_order(history, ALICE, rests)
    _adopt(history, history.last)
    assert history.placed[-1].identity == "U"


def test_an_unanswered_order_that_is_not_listed_never_was() -> None:
    history = story()
    gone = order("U", BUY, "100", "1", status="TRADING")
    history.placed.append(placed(2, ALICE, gone, is_unknown=True))
    _adopt(history, history.last)
    assert history.placed[-1].identity is None
    assert failed(history) == set()


def test_two_unanswered_orders_of_the_same_terms_are_undecided() -> None:
    history = story()
    for name in ("U", "V"):
        with_order(history, ALICE, order(name, BUY, "100", "1", status="TRADING"))
    history.placed.append(
        placed(2, ALICE, order("?", BUY, "100", "1", status="TRADING"), is_unknown=True)
    )
    with pytest.raises(CannotTell):
        _adopt(history, history.last)


def test_a_market_order_that_rests_is_told() -> None:
    history = story()
    rests = replace(order("M", SELL, "0", "1", status="TRADING"), kind=MARKET)
    history.placed.append(replace(placed(1, ALICE, rests), price=None))
    with_order(history, ALICE, rests)
    with_wallet(history, ALICE, wallets("9.999", "800", sol_frozen="1"))
    assert failed(history) == {"spot.type-1-is-market"}
