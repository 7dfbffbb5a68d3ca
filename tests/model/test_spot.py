"""Spot trading against tables worked out by hand; ann, bob and cat start with 10000 USDT, 10 BTC.

A wallet is `balance + frozen`, an order `status traded for turnover`, a fill `amount:price:fee`.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from conformance.model.events import BalanceChanged, LevelsChanged, OrderChanged, Traded
from conformance.model.refusal import Reason, Refused
from conformance.model.values import OrderType, Side, decimal_text

SCRIPTS = {
    "a limit buy freezes price times amount": """
        place b ann BUY 2 @ 99.5
        order b TRADING 0 for 0
        wallet ann USDT 9801 + 199
        wallet ann BTC 10 + 0
        book BUY 2@99.5
    """,
    "a limit sell freezes its amount": """
        place s ann SELL 2 @ 99.5
        order s TRADING 0 for 0
        wallet ann USDT 10000 + 0
        wallet ann BTC 8 + 2
        book SELL 2@99.5
    """,
    "a cancel gives everything back": """
        place b ann BUY 2 @ 99.5
        place s ann SELL 3 @ 100
        cancel b
        cancel s
        order b CANCELED 0 for 0
        order s CANCELED 0 for 0
        wallet ann USDT 10000 + 0
        wallet ann BTC 10 + 0
        book BUY
        book SELL
    """,
    "a trade pays both sides less their fees": """
        place s ann SELL 1 @ 100
        place b bob BUY 1 @ 100
        order s COMPLETED 1 for 100
        order b COMPLETED 1 for 100
        fills s 1:100:0.1
        fills b 1:100:0.001
        wallet ann USDT 10099.9 + 0
        wallet ann BTC 9 + 0
        wallet bob USDT 9900 + 0
        wallet bob BTC 10.999 + 0
        wallet fees USDT 0.1 + 0
        wallet fees BTC 0.001 + 0
    """,
    "a resting sell's better price is given back to the buyer": """
        place s ann SELL 1 @ 100
        place b bob BUY 3 @ 110
        order b TRADING 1 for 100
        fills b 1:100:0.001
        wallet bob USDT 9680 + 220
        wallet bob BTC 10.999 + 0
        book BUY 2@110
        book SELL
    """,
    "a resting buy's better price is the seller's": """
        place b bob BUY 1 @ 110
        place s ann SELL 3 @ 100
        order s TRADING 1 for 110
        fills s 1:110:0.11
        wallet bob USDT 9890 + 0
        wallet ann USDT 10109.89 + 0
        wallet ann BTC 7 + 2
        book BUY
        book SELL 2@100
    """,
    "the best price is taken first": """
        place s1 ann SELL 1 @ 102
        place s2 ann SELL 1 @ 100
        place s3 ann SELL 1 @ 101
        place b bob BUY 2.5 @ 105
        order s2 COMPLETED 1 for 100
        order s3 COMPLETED 1 for 101
        order s1 TRADING 0.5 for 51
        fills b 1:100:0.001 1:101:0.001 0.5:102:0.0005
        order b COMPLETED 2.5 for 252
        wallet bob USDT 9748 + 0
        book SELL 0.5@102
    """,
    "at one price the first comes first, whoever is larger": """
        place b1 ann BUY 1 @ 100
        place b2 cat BUY 5 @ 100
        place s1 bob SELL 1.5 @ 100
        order b1 COMPLETED 1 for 100
        order b2 TRADING 0.5 for 50
        fills s1 1:100:0.1 0.5:100:0.05
        place s2 bob SELL 1 @ 100
        order b2 TRADING 1.5 for 150
        fills b2 0.5:100:0.0005 1:100:0.001
        book BUY 3.5@100
    """,
    "a part-filled order keeps its place": """
        place s1 ann SELL 2 @ 100
        place s2 cat SELL 2 @ 100
        place b1 bob BUY 1 @ 100
        place b2 bob BUY 1.5 @ 100
        order s1 COMPLETED 2 for 200
        order s2 TRADING 0.5 for 50
    """,
    "a cancelled order gives its place to the next": """
        place s1 ann SELL 1 @ 100
        place s2 cat SELL 1 @ 100
        cancel s1
        place b bob BUY 1 @ 100
        order s1 CANCELED 0 for 0
        order s2 COMPLETED 1 for 100
    """,
    "a cancel of a part-filled order gives back the rest": """
        place b bob BUY 3 @ 100
        place s ann SELL 1 @ 100
        wallet bob USDT 9700 + 200
        cancel b
        order b CANCELED 1 for 100
        wallet bob USDT 9900 + 0
        wallet bob BTC 10.999 + 0
        book BUY
    """,
    "prices that do not meet do not trade": """
        place s ann SELL 1 @ 100.01
        place b bob BUY 1 @ 100
        order s TRADING 0 for 0
        order b TRADING 0 for 0
    """,
    "a market buy spends its base over several prices": """
        place s1 ann SELL 1 @ 100
        place s2 ann SELL 1 @ 200
        place b bob BUY 250 @ market
        order b COMPLETED 1.75 for 250
        fills b 1:100:0.001 0.75:200:0.00075
        wallet bob USDT 9750 + 0
        wallet bob BTC 11.74825 + 0
        book BUY
        book SELL 0.25@200
    """,
    "a market buy gets whole steps and its change back": """
        place s1 ann SELL 5 @ 300
        place b bob BUY 100 @ market
        order b COMPLETED 0.333 for 99.9
        wallet bob USDT 9900.1 + 0
    """,
    "a market buy is complete when the next price is beyond its change": """
        place s1 ann SELL 1 @ 100
        place s2 ann SELL 1 @ 200
        place b bob BUY 100.19 @ market
        order b COMPLETED 1 for 100
        wallet bob USDT 9900 + 0
    """,
    "a market buy is complete when it empties the book but for its change": """
        place s ann SELL 1 @ 100
        place b bob BUY 100.09 @ market
        order b COMPLETED 1 for 100
        wallet bob USDT 9900 + 0
    """,
    "a market buy is cancelled when the book holds too little": """
        place s ann SELL 1 @ 100
        place b bob BUY 100.1 @ market
        order b CANCELED 1 for 100
        wallet bob USDT 9900 + 0
        book BUY
    """,
    "a market buy of less than a step is cancelled": """
        place s ann SELL 1 @ 5000
        place b bob BUY 4 @ market
        order b CANCELED 0 for 0
        wallet bob USDT 10000 + 0
    """,
    "a market order meets an empty book": """
        place b bob BUY 100 @ market
        place s ann SELL 1 @ market
        order b CANCELED 0 for 0
        order s CANCELED 0 for 0
        wallet bob USDT 10000 + 0
        wallet ann BTC 10 + 0
    """,
    "a market sell takes the best bids": """
        place b1 bob BUY 1 @ 100
        place b2 bob BUY 1 @ 101
        place s ann SELL 1.5 @ market
        order s COMPLETED 1.5 for 151
        fills s 1:101:0.101 0.5:100:0.05
        wallet ann USDT 10150.849 + 0
        book BUY 0.5@100
        book SELL
    """,
    "a market sell is cancelled when the book holds too little": """
        place b bob BUY 1 @ 100
        place s ann SELL 1.5 @ market
        order s CANCELED 1 for 100
        wallet ann BTC 9 + 0
        wallet ann USDT 10099.9 + 0
    """,
    "a trade with oneself costs both fees and nothing else": """
        place s ann SELL 1 @ 100
        place b ann BUY 1 @ 101
        order s COMPLETED 1 for 100
        order b COMPLETED 1 for 100
        wallet ann USDT 9999.9 + 0
        wallet ann BTC 9.999 + 0
        wallet fees USDT 0.1 + 0
        wallet fees BTC 0.001 + 0
    """,
}


@pytest.mark.parametrize("script", list(SCRIPTS.values()), ids=list(SCRIPTS))
def test_what_happens(desk, script):
    desk.run(script)
    for coin in ("USDT", "BTC"):
        assert desk.ledger.total(coin) == {"USDT": 30_000, "BTC": 30}[coin]


def test_fees_are_cut_at_the_sixteenth_place(open_desk, market):
    desk = open_desk(replace(market, fee_rate=Decimal("0.000000000000017")))
    desk.run("""
        place s ann SELL 1.234 @ 3.21
        place b bob BUY 1.234 @ 3.21
        fills b 1.234:3.21:0.0000000000000209
        fills s 1.234:3.21:0.0000000000000673
        wallet bob BTC 11.2339999999999791 + 0
        wallet ann USDT 10003.9611399999999327 + 0
        wallet fees BTC 0.0000000000000209 + 0
    """)


# Each row breaks every later rule as well, as far as that can be done in one order.
REFUSALS = [
    ("unknown-symbol", "ETH/USDT", "BUY", "0", "0"),
    ("price-not-positive", "BTC/USDT", "BUY", "0", "0"),
    ("amount-not-positive", "BTC/USDT", "BUY", "0", "1.001"),
    ("price-off-step", "BTC/USDT", "BUY", "0.0001", "1.001"),
    ("amount-off-step", "BTC/USDT", "BUY", "0.0001", "1"),
    ("amount-too-small", "BTC/USDT", "BUY", "0.009", "1"),
    ("amount-too-large", "BTC/USDT", "BUY", "1000.001", "1000"),
    ("turnover-too-small", "BTC/USDT", "BUY", "0.01", "99.99"),
    ("duplicate-client-order-id", "BTC/USDT", "BUY", "1000", "1000"),
    ("amount-not-positive", "BTC/USDT", "BUY", "0", "market"),
    ("amount-off-step", "BTC/USDT", "BUY", "0.00000000000000001", "market"),
    ("turnover-too-small", "BTC/USDT", "BUY", "0.9999999999999999", "market"),
    ("amount-off-step", "BTC/USDT", "SELL", "0.0001", "market"),
    ("amount-too-small", "BTC/USDT", "SELL", "0.009", "market"),
    ("amount-too-large", "BTC/USDT", "SELL", "1000.001", "market"),
    ("duplicate-client-order-id", "BTC/USDT", "SELL", "1000", "market"),
]


@pytest.mark.parametrize(("reason", "symbol", "side", "amount", "price"), REFUSALS)
def test_the_first_broken_rule_is_named(desk, reason, symbol, side, amount, price):
    first = desk.place("ann", "BUY", "1", "50", client_id="mine")
    desk.exchange.cancel(first.account, first.order_id, 1)
    events, holdings = list(desk.events), desk.ledger.holdings(1)
    desk.symbol = symbol
    with pytest.raises(Refused) as refusal:
        desk.place("ann", side, amount, price, client_id="mine")
    assert refusal.value.reason == reason
    assert refusal.value.sentence.endswith(".")
    assert desk.events == events
    assert desk.ledger.holdings(1) == holdings
    assert desk.exchange.orders_of(1) == (first,)


@pytest.mark.parametrize(
    ("side", "amount", "price"),
    [
        ("BUY", "100", "100.01"),
        ("SELL", "10.001", "100"),
        ("BUY", "10000.0000000000000001", "market"),
        ("SELL", "10.001", "market"),
        ("BUY", "1000", "9999999999999999999999999999.99"),
    ],
)
def test_more_than_the_balance_is_refused_and_changes_nothing(desk, side, amount, price):
    with pytest.raises(Refused) as refusal:
        desk.place("ann", side, amount, price)
    assert refusal.value.reason is Reason.INSUFFICIENT_BALANCE
    assert desk.exchange.orders_of(1) == ()
    assert desk.events == []
    assert desk.ledger.take_changes() == ()


def test_a_limit_order_without_a_price_is_refused(desk):
    with pytest.raises(Refused) as refusal:
        desk.exchange.place(1, "BTC/USDT", Side.BUY, OrderType.LIMIT, None, Decimal(1), 5)
    assert refusal.value.reason is Reason.PRICE_REQUIRED


def test_the_whole_balance_can_be_used(desk):
    desk.run("""
        place b ann BUY 100 @ 100
        place s ann SELL 10 @ 100.01
        wallet ann USDT 0 + 10000
        wallet ann BTC 0 + 10
    """)


def test_an_order_of_somebody_else_is_as_unknown_as_none(desk):
    order = desk.place("ann", "BUY", "1", "50")
    refusals = []
    for order_id in (order.order_id, "no such order"):
        with pytest.raises(Refused) as refusal:
            desk.exchange.cancel(2, order_id, 5)
        refusals.append((refusal.value.reason, refusal.value.sentence))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] is Reason.ORDER_NOT_FOUND
    assert order.is_open


def test_a_final_order_is_not_cancelled_again(desk):
    desk.run("""
        place c ann BUY 1 @ 50
        cancel c
        place f ann BUY 1 @ 100
        place s bob SELL 1 @ 100
    """)
    for name in ("c", "f"):
        before = desk.ledger.holdings(1)
        with pytest.raises(Refused) as refusal:
            desk.run(f"cancel {name}")
        assert refusal.value.reason is Reason.ORDER_NOT_OPEN
        assert desk.ledger.holdings(1) == before


def test_a_client_order_id_is_the_accounts_own(desk):
    order = desk.place("ann", "BUY", "1", "50", client_id="mine")
    assert desk.place("bob", "BUY", "1", "50", client_id="mine").client_order_id == "mine"
    assert order.client_order_id == "mine"


def test_a_refused_order_leaves_its_client_order_id_free(desk):
    with pytest.raises(Refused):
        desk.place("ann", "SELL", "11", "50", client_id="mine")
    assert desk.place("ann", "SELL", "10", "50", client_id="mine").is_open


def test_orders_are_listed_oldest_first(desk):
    desk.run("""
        place one ann BUY 1 @ 50
        place two ann BUY 1 @ 51
        place other bob BUY 1 @ 52
        place three ann BUY 1 @ 49
        cancel two
    """)
    one, two, three = (desk.orders[name] for name in ("one", "two", "three"))
    assert desk.exchange.orders_of(1) == (one, two, three)
    assert desk.exchange.open_orders_of(1) == (one, three)
    assert desk.exchange.order(one.order_id) is one
    with pytest.raises(Refused):
        desk.exchange.order("no such order")


def test_events_come_in_order_once_the_operation_is_done(desk):
    desk.run("""
        place s1 ann SELL 1 @ 100
        place s2 cat SELL 1 @ 101
    """)
    desk.events.clear()
    desk.run("place b bob BUY 3 @ 101")
    s1, s2, b = (desk.orders[name] for name in ("s1", "s2", "b"))
    trades = [event for event in desk.events if isinstance(event, Traded)]
    assert [type(event) for event in desk.events[:6]] == [
        *[Traded] * 2,
        *[OrderChanged] * 3,
        LevelsChanged,
    ]
    assert [(t.id, t.price, t.amount, t.side) for t in trades] == [
        (1, 100, 1, Side.BUY),
        (2, 101, 1, Side.BUY),
    ]
    assert (trades[0].buy_order_id, trades[0].sell_order_id) == (b.order_id, s1.order_id)
    assert (trades[1].buy_account, trades[1].sell_account) == (2, 3)
    assert [event.order for event in desk.events[2:5]] == [s1, s2, b]
    levels = desk.events[5]
    changes = [(c.side.name, decimal_text(c.price), decimal_text(c.amount)) for c in levels.changes]
    assert changes == [("SELL", "100", "0"), ("SELL", "101", "0"), ("BUY", "101", "1")]
    assert (levels.prev_seq, levels.seq) == (2, 3)
    assert set(desk.events[6:]) == {
        BalanceChanged(account, coin) for account in range(4) for coin in ("USDT", "BTC")
    }


def test_an_operation_that_changes_no_level_takes_no_number(desk):
    desk.run("""
        place b bob BUY 100 @ market
        place s ann SELL 1 @ 100
    """)
    (levels,) = (event for event in desk.events if isinstance(event, LevelsChanged))
    assert (levels.prev_seq, levels.seq) == (0, 1)
    assert desk.exchange.book("BTC/USDT").seq == 1
