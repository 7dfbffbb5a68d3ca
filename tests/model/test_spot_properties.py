"""Whatever people do: money is conserved, nothing is negative, and the book is never crossed."""

from collections import Counter
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model.events import LevelsChanged
from conformance.model.refusal import Refused
from conformance.model.values import Side
from tests.model.desk import OPENING, PEOPLE, Desk

who = st.sampled_from(["ann", "bob", "cat"])
prices = st.integers(9_995, 10_005).map(lambda cents: str(Decimal(cents).scaleb(-2)))
amounts = st.integers(10, 4_000).map(lambda steps: str(Decimal(steps).scaleb(-3)))
spendings = st.integers(100, 40_000).map(lambda cents: str(Decimal(cents).scaleb(-2)))
sides = st.sampled_from(["BUY", "SELL"])
operations = st.lists(
    st.one_of(
        st.tuples(st.just("place"), who, sides, amounts, prices),
        st.tuples(st.just("place"), who, st.just("SELL"), amounts, st.just("market")),
        st.tuples(st.just("place"), who, st.just("BUY"), spendings, st.just("market")),
        st.tuples(st.just("cancel"), st.integers(0, 30)),
    ),
    max_size=40,
)


def perform(desk, operation):
    try:
        if operation[0] == "place":
            order = desk.place(*operation[1:])
            desk.orders[order.order_id] = order
        elif desk.orders:
            order = list(desk.orders.values())[operation[1] % len(desk.orders)]
            desk.exchange.cancel(order.account, order.order_id, desk.now_ms)
    except Refused:
        pass


def check_money(desk):
    for coin, amount in OPENING.items():
        assert desk.ledger.total(coin) == 3 * amount
    frozen = Counter()
    for order in desk.orders.values():
        assert order.is_open or not order.frozen
        frozen[order.account, order.frozen_coin] += order.frozen
    for account in PEOPLE.values():
        for coin, balance, held in desk.ledger.holdings(account):
            assert balance >= 0
            assert held == frozen[account, coin]


def check_orders(desk):
    for order in desk.orders.values():
        assert order.traded_amount == sum(fill.amount for fill in order.fills)
        assert order.turnover == sum(fill.turnover for fill in order.fills)
        assert 0 <= order.remaining <= order.amount


def check_book(desk):
    book = desk.exchange.book(desk.symbol)
    bid, ask = book.best_price(Side.BUY), book.best_price(Side.SELL)
    assert bid is None or ask is None or bid < ask
    for side in Side:
        expected = Counter()
        for order in desk.orders.values():
            if order.is_open and order.side is side:
                expected[order.price] += order.remaining
        assert dict(book.levels(side)) == expected


@settings(max_examples=150)
@given(operations)
def test_money_orders_and_book_agree_after_every_operation(sequence):
    desk = Desk()
    for operation in sequence:
        perform(desk, operation)
        check_money(desk)
        check_orders(desk)
        check_book(desk)


@settings(max_examples=60)
@given(operations)
def test_level_changes_add_up_to_the_book(sequence):
    desk = Desk()
    for operation in sequence:
        perform(desk, operation)
    levels, seq = {}, 0
    for event in desk.events:
        if isinstance(event, LevelsChanged):
            assert event.prev_seq == seq
            seq = event.seq
            levels.update({(side, price): amount for side, price, amount in event.changes})
    book = desk.exchange.book(desk.symbol)
    shown = {(side, price): amount for side in Side for price, amount in book.levels(side)}
    assert {key: amount for key, amount in levels.items() if amount} == shown
    assert seq == book.seq
