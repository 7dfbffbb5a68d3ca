"""A price in another unit comes from the shortest chain of markets, rounded once."""

from decimal import Decimal

import pytest

from conformance.model.convert import convert
from conformance.model.refusal import Reason, Refused
from conformance.model.values import decimal_text

PRICES = {
    "BTC/USDT": Decimal("60000"),
    "ETH/USDT": Decimal("3000"),
    "ETH/BTC": Decimal("0.05"),
    "SOL/USDT": Decimal("120"),
    "DOGE/USDT": None,
}


@pytest.mark.parametrize(
    ("from_unit", "to_unit", "expected"),
    [
        ("BTC", "BTC", "1"),
        ("DOGE", "DOGE", "1"),
        ("BTC", "USDT", "60000"),
        ("USDT", "BTC", "0.00001666666666666667"),
        ("ETH", "BTC", "0.05"),
        ("BTC", "ETH", "20"),
        ("SOL", "BTC", "0.002"),
        ("BTC", "SOL", "500"),
        ("SOL", "ETH", "0.04"),
        ("ETH", "SOL", "25"),
    ],
)
def test_known_units(from_unit, to_unit, expected):
    assert decimal_text(convert(from_unit, to_unit, PRICES)) == expected


def test_the_direct_market_is_preferred_to_the_way_round():
    prices = PRICES | {"ETH/BTC": Decimal("0.06")}
    assert convert("ETH", "BTC", prices) == Decimal("0.06")


def test_a_chain_is_rounded_once():
    prices = {"A/USDT": Decimal("2"), "B/USDT": Decimal("3"), "B/C": Decimal("3")}
    assert decimal_text(convert("A", "C", prices)) == "2"


@pytest.mark.parametrize(
    ("from_unit", "to_unit", "reason"),
    [
        ("XYZ", "USDT", Reason.UNKNOWN_SYMBOL),
        ("BTC", "XYZ", Reason.UNKNOWN_SYMBOL),
        ("XYZ", "XYZ", Reason.UNKNOWN_SYMBOL),
        ("btc", "USDT", Reason.UNKNOWN_SYMBOL),
        ("", "USDT", Reason.UNKNOWN_SYMBOL),
        ("DOGE", "USDT", Reason.NO_PRICE_YET),
        ("BTC", "DOGE", Reason.NO_PRICE_YET),
    ],
)
def test_units_without_a_price_are_refused(from_unit, to_unit, reason):
    with pytest.raises(Refused) as refusal:
        convert(from_unit, to_unit, PRICES)
    assert refusal.value.reason is reason
