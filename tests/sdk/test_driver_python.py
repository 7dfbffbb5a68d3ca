"""The Python driver, led over a few steps against the reference exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path

import pytest

from conformance.errors import ConfigurationError
from conformance.target import Target
from conformance.wire.http import Request
from conformance.wire.signing import Recipe, signature, signed_bytes
from sdk_gate.toolchains import python
from tests.sdk.driven import ALICE, ROOT, Driven, config, driven, exchange

SOURCE = ROOT / "sdk_gate" / "drivers" / "python"
ORDER = {"symbol": "BTC/USDT", "direction": "BUY", "type": "LIMIT", "price": "50000.00"}
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with exchange() as running:
        yield running


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    with started(tmp_path_factory.mktemp("driver")) as running:
        yield running


def started(folder: Path) -> AbstractContextManager[Driven]:
    return driven(python.ready(SOURCE, folder / "built", folder / "build.log"), folder)


@pytest.fixture
def alice(driver: Driven, target: Target) -> Driven:
    driver.result("open", config=config(target, login=ALICE))
    return driver


def test_it_says_what_it_can_and_ends(tmp_path):
    with started(tmp_path) as driver:
        said = driver.result("hello", protocol="1.0")
        assert said["sdk"]["language"] == "Python"
        assert len(said["features"]) == 7
        assert driver.end() == 0


def test_public_operations_need_no_credentials(driver, target):
    driver.result("open", config=config(target))
    ticker = driver.result("call", operation="getCoinTicker", params={"coin": "btc"})
    assert ticker["symbol"] == "BTC/USDT"
    price = driver.result(
        "call", operation="getConvertPrice", params={"fromUnit": "BTC", "toUnit": "USDT"}
    )
    assert Decimal(price) > 0


def test_an_order_is_placed_listed_and_cancelled(alice):
    params = {**ORDER, "amount": "0.001000", "clientOrderId": None}
    placed = alice.ask("call", operation="placeSpotOrder", params=params)
    assert placed["ok"], placed
    assert placed["given"] == params
    page = alice.result("call", operation="listSpotOrders", params={"status": "TRADING"})
    [order] = [each for each in page["content"] if each["orderId"] == placed["result"]]
    assert order["direction"] == "BUY"
    assert Decimal(order["price"]) == 50000
    cancel = {"orderId": placed["result"]}
    assert alice.result("call", operation="cancelSpotOrder", params=cancel) is None


def test_a_key_signs_and_a_wrong_one_is_not_accepted(alice, target):
    params = {"scopes": "read", "remark": "ü/+&% ~"}
    made = alice.result("call", operation="createApiKey", params=params)
    assert made["remark"] == params["remark"]
    key = {"name": made["apiKey"], "secret": made["secret"]}
    alice.result("open", config=config(target, key=key))
    wallets = alice.result("call", operation="getSpotWallets", params={})
    assert {"USDT", "BTC"} <= {each["coin"]["unit"] for each in wallets}
    page = alice.result("call", operation="listSpotOrders", params={"symbol": "BTC/USDT"})
    assert page["number"] == 1
    alice.result("open", config=config(target, key={**key, "secret": "another"}))
    error = alice.error("call", operation="getSpotWallets", params={})
    assert (error["kind"], error["code"], error["status"]) == ("unauthorized", 3002, 401)


def test_errors_are_told_apart(driver, target):
    def kind(operation: str, params: dict[str, object]) -> str:
        return str(driver.error("call", operation=operation, params=params)["kind"])

    driver.result("open", config=config(target, login={**ALICE, "password": "wrong"}))
    assert kind("getCoinTicker", {"coin": "nosuch"}) == "rejected"
    assert kind("getSpotWallets", {}) == "unauthorized"
    assert kind("noSuchOperation", {}) == "unsupported"
    assert kind("getCoinTicker", {"coin": 1.5}) == "invalid"
    driver.result("open", config={**config(target), "rest": NOWHERE})
    assert kind("getCoinTicker", {"coin": "btc"}) == "transport"


def test_calls_at_once_get_their_own_answers(alice):
    logged = len(alice.log())
    steps = [
        ("call", {"operation": "getCoinTicker", "params": {"coin": coin}})
        for coin in ("btc", "eth") * 4
    ]
    steps += [("call", {"operation": "getSpotWallets", "params": {}})] * 4
    answers = alice.ask_at_once(*steps)
    symbols = [each["result"]["symbol"] for each in answers[:8]]
    assert symbols == ["BTC/USDT", "ETH/USDT"] * 4
    assert all(isinstance(each["result"], list) for each in answers[8:])
    assert len(re.findall("/uc/v2/login: HTTP 200", alice.log()[logged:])) == 1


def test_signing_stages_are_those_of_the_recipe(driver):
    said = driver.result(
        "sign",
        method="GET",
        path="/tx/spot/list",
        query={"symbol": "BTC/USDT", "note": "ü +&%", "absent": None, "zero": 0, "yes": True},
        form=None,
        timestamp="1800000000000",
        window="5000",
        key="name",
        secret="secret",
    )
    assert said["query"] == "symbol=BTC%2FUSDT&note=%C3%BC%20%2B%26%25&zero=0&yes=true"
    request = Request("GET", f"/tx/spot/list?{said['query']}")
    text = signed_bytes(Recipe(), request, "1800000000000", "5000", "name")
    assert said["canonical"] == text.decode()
    assert said["signature"] == signature(Recipe(), "secret", text)


def test_a_book_is_kept_and_trades_are_handed_out(alice):
    assert alice.error("book", symbol="BTC/USDT")["kind"] == "invalid"
    for topic in ("depth.BTC/USDT", "trades.BTC/USDT"):
        alice.result("subscribe", topic=topic)
    book = alice.until(lambda said: said["synced"], "book", symbol="BTC/USDT")
    bids, asks = ([Decimal(price) for price, _ in book[side]] for side in ("bids", "asks"))
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    alice.result("subscribe", topic="depth.BTC/USDT")
    again = alice.until(lambda said: said["synced"], "book", symbol="BTC/USDT")
    assert again["synced"], "a second subscription begins with a snapshot too"
    alice.result("events", topic="trades.BTC/USDT")
    market = {"symbol": "BTC/USDT", "direction": "SELL", "type": "MARKET", "amount": "0.001"}
    alice.result("call", operation="placeSpotOrder", params=market)
    said = alice.until(lambda said: said["events"], "events", topic="trades.BTC/USDT")
    assert all(Decimal(each["price"]) > 0 for each in said["events"])
    assert len({each["id"] for each in said["events"]}) == len(said["events"])
    alice.result("unsubscribe", topic="trades.BTC/USDT")
    refused = alice.error("subscribe", topic="trades.NO/SUCH")
    assert (refused["kind"], refused["code"]) == ("rejected", 4102)


def test_private_topics_are_authenticated(alice):
    alice.result("subscribe", topic="orders")
    params = {**ORDER, "amount": "0.001"}
    order = alice.result("call", operation="placeSpotOrder", params=params)
    said = alice.until(lambda said: said["events"], "events", topic="orders")
    assert said["events"][0]["orderId"] == order
    alice.result("call", operation="cancelSpotOrder", params={"orderId": order})


def test_secrets_are_not_logged(alice):
    alice.result("subscribe", topic="account")
    token = alice.result(
        "call", operation="login", params={"email": ALICE["name"], "password": ALICE["password"]}
    )["Authorization"]
    assert "/uc/v2/login" in alice.log()
    assert token not in alice.log()
    assert "eyJ" not in alice.log(), "a JWT begins with it"
    assert f'{ALICE["password"]}"' not in alice.log()


def test_what_does_not_compile_is_one_clear_line(tmp_path):
    (tmp_path / "driver.py").write_text("def :\n")
    with pytest.raises(ConfigurationError, match="does not compile, see"):
        python.ready(tmp_path, tmp_path / "built", tmp_path / "build.log")
