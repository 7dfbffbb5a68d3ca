"""What is particular to the client in Java; what every driver does is in test_drivers*.py."""

from __future__ import annotations

import pytest

from tests.sdk.driven import Driven
from tests.sdk.scripted_server import answer, scripted_server

pytestmark = pytest.mark.parametrize("language", ["java"], indirect=True)


def test_each_request_has_a_connection_of_its_own(driver: Driven) -> None:
    with scripted_server(answer(503), answer(200, "{}"), answer(200, "{}")) as server:
        driver.open(server.address)
        for _ in range(2):
            driver.call("getCoinTicker", coin="btc")
    # A write fails on a kept connection that has ended meanwhile.
    assert [each.headers["connection"] for each in server.arrived] == ["close"] * 3


def test_a_word_that_is_no_direction_is_invalid(driver: Driven) -> None:
    driver.open()
    order = {"symbol": "BTC/USDT", "direction": "HOLD", "type": "MARKET", "amount": "0.1"}
    assert driver.refusal("placeSpotOrder", **order)["kind"] == "invalid"
