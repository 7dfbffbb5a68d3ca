"""Orders rest: far from the market, on its steps, and never below its minimum."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from conformance.target import load
from load.orders import resting_buy

MARKETS = {market.symbol: market for market in load("reference", {}).markets}


@pytest.mark.parametrize(
    ("symbol", "last"),
    [("BTC/USDT", "74000.12"), ("ETH/BTC", "0.0527"), ("SOL/USDT", "210"), ("SOL/USDT", "0.002")],
)
def test_an_order_keeps_the_rules_of_its_market(symbol, last):
    market = MARKETS[symbol]
    draw = Random(1)
    for _ in range(200):
        form = resting_buy(market, Decimal(last), draw)
        price, amount = Decimal(form["price"]), Decimal(form["amount"])
        assert price % market.price_step == 0
        assert amount % market.amount_step == 0
        assert amount >= market.min_amount
        assert price * amount >= market.min_turnover
        assert market.price_step <= price <= Decimal(last) * 8 / 10
        assert (form["symbol"], form["direction"], form["type"]) == (symbol, "0", "0")


def test_numbers_are_written_plainly():
    form = resting_buy(MARKETS["BTC/USDT"], Decimal("1E+5"), Random(1))
    assert "E" not in form["price"] + form["amount"]
