"""Better prices come first, earlier orders come first at one price, totals are always right."""

from decimal import Decimal

import pytest

from conformance.model.book import Book
from conformance.model.orders import Order
from conformance.model.values import OrderType, Side


@pytest.fixture
def add(market):
    book = Book()

    def add_order(name, side, amount, price):
        order = Order(
            name, 1, market, side, OrderType.LIMIT, Decimal(price), Decimal(amount), Decimal(0), 0
        )
        book.add(order)
        return order

    add_order.book = book
    return add_order


def changes(book):
    return [(change.side, int(change.price), int(change.amount)) for change in book.take_changes()]


def test_levels_are_best_first_and_summed(add):
    for price in (10, 12, 11, 12):
        add(f"b{price}{len(list(add.book.orders(Side.BUY)))}", Side.BUY, 1, price)
    for price in (15, 14, 16, 14):
        add(f"s{price}{len(list(add.book.orders(Side.SELL)))}", Side.SELL, 1, price)
    assert add.book.levels(Side.BUY) == [(12, 2), (11, 1), (10, 1)]
    assert add.book.levels(Side.SELL) == [(14, 2), (15, 1), (16, 1)]
    assert (add.book.best_price(Side.BUY), add.book.best_price(Side.SELL)) == (12, 14)


def test_orders_come_in_the_order_of_filling(add):
    for name, price in [("late", 10), ("first", 12), ("second", 12), ("third", 11)]:
        add(name, Side.BUY, 1, price)
    names = [order.order_id for order in add.book.orders(Side.BUY)]
    assert names == ["first", "second", "third", "late"]
    assert add.book.best_order(Side.BUY).order_id == "first"


def test_a_removed_order_gives_way_to_the_next(add):
    first = add("first", Side.SELL, 1, 10)
    add("second", Side.SELL, 2, 10)
    add.book.remove(first)
    assert add.book.best_order(Side.SELL).order_id == "second"
    assert add.book.levels(Side.SELL) == [(10, 2)]


def test_an_empty_book_has_no_best(add):
    only = add("only", Side.SELL, 1, 10)
    add.book.remove(only)
    for side in Side:
        assert add.book.best_price(side) is None
        assert add.book.best_order(side) is None
        assert add.book.levels(side) == []


def test_changes_tell_the_new_totals_once(add):
    first = add("first", Side.SELL, 1, 10)
    second = add("second", Side.SELL, 5, 10)
    add("third", Side.BUY, 3, 9)
    assert changes(add.book) == [(Side.SELL, 10, 6), (Side.BUY, 9, 3)]
    assert changes(add.book) == []
    second.traded_amount = Decimal(2)
    add.book.reduce(second, Decimal(2))
    assert changes(add.book) == [(Side.SELL, 10, 4)]
    add.book.remove(first)
    add.book.remove(second)
    assert changes(add.book) == [(Side.SELL, 10, 0)]


def test_one_price_written_in_two_ways_is_one_level(add):
    add("first", Side.SELL, 1, "10")
    add("second", Side.SELL, 1, "10.00")
    assert add.book.levels(Side.SELL) == [(10, 2)]
