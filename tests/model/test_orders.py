"""An order lives as its table of transitions says, and in no other way."""

from decimal import Decimal
from itertools import product

import pytest

from conformance.model.orders import TRANSITIONS, Order, Step
from conformance.model.values import OrderStatus, OrderType, Side


def make_order(market, side=Side.BUY, order_type=OrderType.LIMIT, amount="2"):
    is_limit = order_type is OrderType.LIMIT
    price = Decimal(100 if is_limit else 0)
    return Order("1", 1, market, side, order_type, price, Decimal(amount), Decimal(0), created_ms=5)


@pytest.mark.parametrize(("status", "step"), [*product(OrderStatus, Step)])
def test_every_step_is_listed_or_our_own_error(market, status, step):
    order = make_order(market)
    order.status = status
    if (status, step) in TRANSITIONS:
        order.take(step, 7)
        assert order.status is TRANSITIONS[status, step]
    else:
        with pytest.raises(AssertionError):
            order.take(step, 7)
        assert order.status is status


def test_final_statuses_have_no_way_out():
    assert {status for status, _ in TRANSITIONS} == {OrderStatus.TRADING}


@pytest.mark.parametrize(
    ("step", "completed_ms", "canceled_ms"),
    [(Step.FILL, None, None), (Step.FINISH, 7, None), (Step.CANCEL, None, 7)],
)
def test_the_end_of_an_order_is_dated(market, step, completed_ms, canceled_ms):
    order = make_order(market)
    order.take(step, 7)
    assert (order.completed_ms, order.canceled_ms) == (completed_ms, canceled_ms)


@pytest.mark.parametrize(
    ("side", "order_type", "price", "accepted"),
    [
        (Side.BUY, OrderType.LIMIT, "100", True),
        (Side.BUY, OrderType.LIMIT, "100.01", False),
        (Side.SELL, OrderType.LIMIT, "100", True),
        (Side.SELL, OrderType.LIMIT, "99.99", False),
        (Side.BUY, OrderType.MARKET, "999999", True),
        (Side.SELL, OrderType.MARKET, "0.01", True),
    ],
)
def test_a_limit_binds_and_a_market_order_has_none(market, side, order_type, price, accepted):
    assert make_order(market, side, order_type).accepts(Decimal(price)) is accepted


def test_a_market_buy_wants_the_whole_steps_that_its_money_pays_for(market):
    order = make_order(market, order_type=OrderType.MARKET, amount="10")
    assert order.wanted_at(Decimal("3")) == Decimal("3.333")
    order.turnover = Decimal("9.999")
    assert order.wanted_at(Decimal("3")) == 0
