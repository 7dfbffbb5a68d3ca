"""Futures against tables worked out by hand; ann and bob start with 10000, the price at 50000.

One contract is worth 100 and costs a fee of 0.05. A wallet is `balance + frozen`, a position
`volume-frozen at entry for principal`, an order `status at price`, a close also `profit`.
"""

from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model.futures import FuturesExchange
from conformance.model.futures_checks import VOLUME_MAX
from conformance.model.positions import EntrustType, FuturesStatus, equity, total_profit
from conformance.model.refusal import Refused
from conformance.model.values import Contract, OrderType, Side, decimal_text

PEOPLE = {"ann": 1, "bob": 2}
CONTRACT = Contract(
    id=1,
    symbol="BTC/USDT",
    coin="USDT",
    share_number=Decimal("100"),
    leverages=(1, 2, 5, 10, 20),
    fee_rate=Decimal("0.0005"),
    price_step=Decimal("0.1"),
    price_band=Decimal("0.2"),
)


class Desk:
    def __init__(self):
        numbers = count(1)
        self.price = Decimal("50000")
        self.events = []
        self.names = {}
        self.exchange = FuturesExchange(
            [CONTRACT],
            next_id=lambda kind: f"{kind}-{next(numbers)}",
            price_of=lambda _symbol: self.price,
            publish=self.events.append,
        )
        for account in PEOPLE.values():
            self.exchange.deposit(account, 1, Decimal("10000"))

    def open(self, who, side, volume, leverage, price):
        order_type, limit = limit_of(price)
        return self.exchange.open(
            PEOPLE[who], 1, Side[side], order_type, limit, int(leverage), int(volume), 5
        )

    def close(self, who, side, volume, price):
        order_type, limit = limit_of(price)
        return self.exchange.close(PEOPLE[who], 1, Side[side], order_type, limit, int(volume), 5)

    def mark(self, price):
        self.price = Decimal(price)
        self.exchange.mark("BTC/USDT", self.price, 6)

    def order(self, name):
        (order,) = (
            order
            for account in PEOPLE.values()
            for order in self.exchange.orders_of(account)
            if order.order_id == self.names[name]
        )
        return order

    def run(self, script):
        for line in filter(None, map(str.strip, script.splitlines())):
            said = self._perform(*line.split())
            if said is not None:
                assert said == line

    def _perform(self, verb, *words):
        match verb, words:
            case "open", (name, who, side, volume, "x", leverage, "@", price):
                self.names[name] = self.open(who, side, volume, leverage, price).order_id
            case "close", (name, who, side, volume, "@", price):
                self.names[name] = self.close(who, side, volume, price).order_id
            case "mark", (price,):
                self.mark(price)
            case "order", (name, *rest):
                order = self.order(name)
                said = f"order {name} {order.status.name} at {decimal_text(order.traded_price)}"
                return f"{said} profit {decimal_text(order.profit)}" if "profit" in rest else said
            case "wallet", (who, *_):
                wallet = self.exchange.wallet(PEOPLE[who], 1)
                return (
                    f"wallet {who} {decimal_text(wallet.balance)} + {decimal_text(wallet.frozen)}"
                )
            case "position", (who, side, *_):
                held = self.exchange.wallet(PEOPLE[who], 1).position(Side[side])
                entry, principal = decimal_text(held.entry_price), decimal_text(held.principal)
                volumes = f"{held.volume}-{held.frozen_volume}"
                return f"position {who} {side} {volumes} at {entry} for {principal}"
            case _:
                raise AssertionError(f"the desk does not know: {verb} {words}")
        return None


def limit_of(price):
    if price == "market":
        return OrderType.MARKET, None
    return OrderType.LIMIT, Decimal(price)


SCRIPTS = {
    "a market order opens at the current price": """
        open o ann BUY 10 x 10 @ market
        order o SUCCESS at 50000
        wallet ann 9899.5 + 0
        position ann BUY 10-0 at 50000 for 100
        position ann SELL 0-0 at 0 for 0
    """,
    "a long gains when the price rises": """
        open o ann BUY 10 x 10 @ market
        mark 55000
        close c ann SELL 10 @ market
        order c SUCCESS at 55000 profit 100
        wallet ann 10099 + 0
        position ann BUY 0-0 at 0 for 0
    """,
    "a short gains when the price falls": """
        open o ann SELL 10 x 10 @ market
        mark 45000
        close c ann BUY 10 @ market
        order c SUCCESS at 45000 profit 100
        wallet ann 10099 + 0
        position ann SELL 0-0 at 0 for 0
    """,
    "a short loses when the price rises": """
        open o ann SELL 10 x 10 @ market
        mark 52500
        close c ann BUY 10 @ market
        order c SUCCESS at 52500 profit -50
        wallet ann 9949 + 0
    """,
    "profit is cut at the eighth place, towards zero": """
        open o ann BUY 1 x 1 @ market
        open s bob SELL 1 x 1 @ market
        mark 50000.1
        mark 49999.9
        close c ann SELL 1 @ market
        close d bob BUY 1 @ market
        order c SUCCESS at 49999.9 profit -0.0002
        order d SUCCESS at 49999.9 profit 0.0002
    """,
    "a limit buy rests until the price falls to it": """
        open o ann BUY 10 x 10 @ 49000
        order o ENTRUSTING at 0
        wallet ann 9899.5 + 100.5
        mark 49000.1
        order o ENTRUSTING at 0
        mark 48900
        order o SUCCESS at 48900
        wallet ann 9899.5 + 0
        position ann BUY 10-0 at 48900 for 100
    """,
    "a limit sell rests until the price rises to it": """
        open o ann SELL 10 x 5 @ 51000
        wallet ann 9799.5 + 200.5
        mark 51000
        order o SUCCESS at 51000
        position ann SELL 10-0 at 51000 for 200
        wallet ann 9799.5 + 0
    """,
    "a limit that the price has reached fills at the price": """
        open o ann BUY 10 x 10 @ 51000
        open p bob SELL 10 x 10 @ 50000
        order o SUCCESS at 50000
        order p SUCCESS at 50000
    """,
    "closing a part gives back its part of the principal": """
        open o ann BUY 3 x 20 @ market
        wallet ann 9984.85 + 0
        close c ann SELL 1 @ market
        wallet ann 9989.8 + 0
        position ann BUY 2-0 at 50000 for 10
    """,
    "a resting close freezes volume until it fills": """
        open o ann BUY 10 x 10 @ market
        close c ann SELL 6 @ 55000
        position ann BUY 10-6 at 50000 for 100
        mark 56000
        order c SUCCESS at 56000 profit 72
        wallet ann 10031.2 + 0
        position ann BUY 4-0 at 50000 for 40
    """,
    "adding makes the harmonic mean the entry": """
        open o ann BUY 10 x 2 @ market
        mark 40000
        open p ann BUY 30 x 2 @ market
        position ann BUY 40-0 at 42105.2631578947368421 for 2000
        mark 45000
        close c ann SELL 40 @ market
        order c SUCCESS at 45000 profit 275
        wallet ann 10271 + 0
    """,
    "adding at the same price leaves the entry": """
        open o ann SELL 7 x 2 @ market
        open p ann SELL 3 x 10 @ market
        position ann SELL 10-0 at 50000 for 380
    """,
    "long and short are held side by side": """
        open o ann BUY 10 x 10 @ market
        open p ann SELL 10 x 10 @ market
        wallet ann 9799 + 0
        mark 46000
        position ann BUY 10-0 at 50000 for 100
        position ann SELL 10-0 at 50000 for 100
    """,
    "a long is liquidated when its principal is lost": """
        open o ann BUY 10 x 10 @ market
        close c ann SELL 4 @ 52000
        mark 45000.1
        position ann BUY 10-4 at 50000 for 100
        mark 45000
        position ann BUY 0-0 at 0 for 0
        order c CANCELLED at 0
        wallet ann 9899.5 + 0
    """,
    "a short is liquidated alone, and loses no more than its principal": """
        open o ann BUY 10 x 10 @ market
        open p ann SELL 10 x 10 @ market
        mark 90000
        position ann SELL 0-0 at 0 for 0
        position ann BUY 10-0 at 50000 for 100
        wallet ann 9799 + 0
    """,
}


@pytest.fixture
def desk():
    return Desk()


@pytest.mark.parametrize("script", list(SCRIPTS.values()), ids=list(SCRIPTS))
def test_what_happens(desk, script):
    desk.run(script)


def test_a_liquidation_is_listed_as_a_close_at_a_loss(desk):
    desk.run("open o ann BUY 10 x 10 @ market")
    desk.mark("30000")
    _, loss = desk.exchange.orders_of(1)
    assert (loss.entrust_type, loss.side) == (EntrustType.CLOSE, Side.SELL)
    assert (loss.volume, loss.traded_volume, loss.traded_price) == (10, 10, 30000)
    assert (loss.profit, loss.principal, loss.close_fee) == (-100, 100, 0)
    assert loss.status is FuturesStatus.SUCCESS
    assert desk.events[-1].order is loss


def test_a_close_before_the_mark_loses_no_more_than_the_principal(desk):
    desk.run("open o ann BUY 10 x 10 @ market")
    desk.price = Decimal("30000")
    order = desk.close("ann", "SELL", 10, "market")
    assert (order.profit, order.close_fee) == (-100, Decimal("0.5"))
    assert desk.exchange.wallet(1, 1).balance == 9899


def test_the_fee_takes_at_most_what_is_there(desk):
    desk.exchange.deposit(3, 1, Decimal("100.5"))
    desk.exchange.open(3, 1, Side.BUY, OrderType.MARKET, None, 10, 10, 5)
    desk.price = Decimal("45010")
    order = desk.exchange.close(3, 1, Side.SELL, OrderType.MARKET, None, 10, 5)
    assert order.profit == Decimal("-99.8")
    assert order.close_fee == Decimal("0.2")
    assert desk.exchange.wallet(3, 1).balance == 0


OPEN_REFUSALS = [
    ("price-not-positive", "BUY", 0, 3, "0"),
    ("amount-not-positive", "BUY", 0, 3, "99999.99"),
    ("amount-not-positive", "BUY", -1, 3, "99999.99"),
    ("price-off-step", "BUY", VOLUME_MAX + 1, 3, "99999.99"),
    ("amount-too-large", "BUY", VOLUME_MAX + 1, 3, "99999.9"),
    ("leverage-not-offered", "BUY", VOLUME_MAX, 3, "99999.9"),
    ("price-out-of-band", "BUY", VOLUME_MAX, 2, "60000.1"),
    ("price-out-of-band", "SELL", VOLUME_MAX, 2, "39999.9"),
    ("insufficient-balance", "BUY", VOLUME_MAX, 2, "60000"),
    ("insufficient-balance", "SELL", VOLUME_MAX, 2, "40000"),
    ("amount-not-positive", "BUY", 0, 3, "market"),
    ("leverage-not-offered", "BUY", 1, 0, "market"),
    ("insufficient-balance", "BUY", 100, 1, "market"),
]


@pytest.mark.parametrize(("reason", "side", "volume", "leverage", "price"), OPEN_REFUSALS)
def test_an_open_names_the_first_broken_rule(desk, reason, side, volume, leverage, price):
    with pytest.raises(Refused) as refusal:
        desk.open("ann", side, volume, leverage, price)
    assert refusal.value.reason == reason
    assert desk.exchange.orders_of(1) == ()
    assert desk.exchange.wallet(1, 1).balance == 10000
    assert desk.events == []


@pytest.mark.parametrize(
    ("reason", "side", "volume", "price"),
    [
        ("price-not-positive", "SELL", 11, "0"),
        ("amount-not-positive", "SELL", 0, "market"),
        ("price-off-step", "SELL", 11, "1.23"),
        ("price-out-of-band", "SELL", 11, "70000"),
        ("position-too-small", "SELL", 5, "market"),
        ("position-too-small", "BUY", 1, "market"),
    ],
)
def test_a_close_names_the_first_broken_rule(desk, reason, side, volume, price):
    desk.run("""
        open o ann BUY 10 x 10 @ market
        close c ann SELL 6 @ 55000
    """)
    before = len(desk.events)
    with pytest.raises(Refused) as refusal:
        desk.close("ann", side, volume, price)
    assert refusal.value.reason == reason
    desk.run("position ann BUY 10-6 at 50000 for 100")
    assert len(desk.events) == before


def test_unknown_contracts_missing_prices_and_missing_limits_are_refused(desk):
    def reason_of(contract_id, order_type=OrderType.MARKET):
        with pytest.raises(Refused) as refusal:
            desk.exchange.open(1, contract_id, Side.BUY, order_type, None, 10, 1, 5)
        return refusal.value.reason

    assert reason_of(2) == "unknown-contract"
    assert reason_of(1, OrderType.LIMIT) == "price-required"
    desk.price = None
    assert reason_of(1) == "no-price-yet"


def test_a_mark_of_another_symbol_changes_nothing(desk):
    desk.run("open o ann BUY 10 x 10 @ market")
    desk.exchange.mark("ETH/USDT", Decimal("1"), 6)
    desk.run("position ann BUY 10-0 at 50000 for 100")


def test_wallets_of_has_one_per_contract(desk):
    assert desk.exchange.wallets_of(1) == (desk.exchange.wallet(1, 1),)


steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("open"),
            st.sampled_from(["BUY", "SELL"]),
            st.integers(1, 40),
            st.sampled_from([1, 5, 20]),
            st.sampled_from(["market", "49000", "50000", "51000"]),
        ),
        st.tuples(
            st.just("close"),
            st.sampled_from(["BUY", "SELL"]),
            st.integers(1, 20),
            st.sampled_from(["market", "49000", "50000", "51000"]),
        ),
        st.tuples(st.just("mark"), st.integers(44_000, 56_000)),
    ),
    max_size=25,
)


@settings(max_examples=100)
@given(steps)
def test_equity_is_deposits_less_fees_plus_profits(sequence):
    desk = Desk()
    wallet = desk.exchange.wallet(1, 1)
    for verb, *arguments in sequence:
        try:
            getattr(desk, verb)(*(["ann"] if verb != "mark" else []), *arguments)
        except Refused:
            continue
        done = [o for o in desk.exchange.orders_of(1) if o.status is FuturesStatus.SUCCESS]
        fees = sum(order.open_fee + order.close_fee for order in done)
        realised = sum(order.profit for order in done)
        assert wallet.balance >= 0
        assert wallet.frozen >= 0
        expected = 10000 - fees + realised + total_profit(wallet, desk.price)
        assert equity(wallet, desk.price) == expected
        for position in (wallet.long, wallet.short):
            assert 0 <= position.frozen_volume <= position.volume
            assert position.principal >= 0
