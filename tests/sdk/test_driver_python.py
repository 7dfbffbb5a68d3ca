"""What is particular to the client in Python; what every driver does is in test_drivers*.py."""

from __future__ import annotations

import pytest

from conformance.target import Target
from tests.sdk.driven import Driven
from tests.sdk.scripted_server import answer, scripted_server

pytestmark = pytest.mark.parametrize("language", ["python"], indirect=True)


def test_a_float_is_invalid(driver: Driven) -> None:
    driver.open()
    assert driver.refusal("getCoinTicker", coin=1.5)["kind"] == "invalid"


def test_what_is_not_http_is_unreadable_and_not_tried_again(driver: Driven) -> None:
    with scripted_server(b"nonsense\r\n\r\n") as server:
        driver.open(server.address)
        assert driver.refusal("getCoinTicker", coin="btc")["kind"] == "unreadable"


def test_what_is_not_json_is_not_tried_again(driver: Driven) -> None:
    with scripted_server(answer(200, "<html>"), answer(200, '{"code":0,"data":NaN}')) as server:
        driver.open(server.address)
        for _ in range(2):
            assert driver.refusal("getCoinTicker", coin="btc")["kind"] == "unreadable"


def test_an_integer_of_more_than_64_bits_is_text(driver: Driven) -> None:
    with scripted_server(answer(200, '{"large":100000000000000000000}')) as server:
        driver.open(server.address)
        assert driver.call("getCoinTicker", coin="btc") == {"large": "100000000000000000000"}


def test_a_second_subscription_begins_with_a_snapshot_too(driver: Driven, exchange: Target) -> None:
    driver.open(exchange.rest, exchange.stream)
    for _ in range(2):
        driver.result("subscribe", topic="depth.BTC/USDT")
        driver.until(lambda said: said["synced"], "book", symbol="BTC/USDT")
