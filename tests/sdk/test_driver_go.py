"""What is particular to the client in Go; what every driver does is in test_drivers*.py."""

from __future__ import annotations

import pytest

from tests.sdk.driven import Driven

pytestmark = pytest.mark.parametrize("language", ["go"], indirect=True)


def test_a_price_that_is_no_number_is_invalid(driver: Driven) -> None:
    driver.open()
    order = {"symbol": "BTC/USDT", "direction": "BUY", "type": "LIMIT", "amount": "0.1"}
    assert driver.refusal("placeSpotOrder", **order, price="dear")["kind"] == "invalid"
