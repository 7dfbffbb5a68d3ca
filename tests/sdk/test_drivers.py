"""What every driver of ours does, as a process that is led over a few steps against the reference exchange."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from conformance.errors import ConfigurationError
from conformance.target import Target
from conformance.wire.http import Request
from conformance.wire.signing import Recipe, signature, signed_bytes
from sdk_gate.asked import DRIVERS
from sdk_gate.protocol import FEATURES
from sdk_gate.vectors.signing import signing_vectors, wrong_stage
from tests.sdk import gate_runs
from tests.sdk.driven import Driven, driven
from tests.sdk.people import ALICE, KEY, SECRETS

LANGUAGES = {"go": "Go", "java": "Java", "node": "Node.js", "python": "Python"}
REMARK = "ключ ä b+c/d&e=50% ~'*"
BUY = {"symbol": "BTC/USDT", "direction": "BUY", "type": "LIMIT"}
LOW = {**BUY, "price": "100", "amount": "0.10"}


@pytest.fixture
def alice(driver: Driven, exchange: Target) -> Driven:
    """The driver, with a client of hers."""
    driver.open(exchange.rest, exchange.stream, login=ALICE)
    return driver


@pytest.fixture
def key(alice: Driven, exchange: Target) -> Iterator[dict[str, str]]:
    """A key of hers, for as long as a test: she may have but a few."""
    made = new_key(alice)
    yield made
    alice.open(exchange.rest, login=ALICE)
    alice.call("deleteApiKey", apiKey=made["name"])


def new_key(driver: Driven) -> dict[str, str]:
    """A key of the account that the client is logged in to."""
    made = driver.call("createApiKey", scopes="read,trade", remark=REMARK)
    assert made["remark"] == REMARK
    return {"name": made["apiKey"], "secret": made["secret"]}


def test_it_says_what_it_can_and_ends(
    command: tuple[str, ...], language: str, tmp_path: Path
) -> None:
    with driven(command, tmp_path) as driver:
        said = driver.result("hello", protocol="1.0")
        assert said["protocol"] == "1.0"
        assert said["sdk"]["language"] == LANGUAGES[language]
        assert sorted(said["features"]) == sorted(FEATURES)
        assert driver.end() == 0


def test_the_end_of_its_input_ends_it(
    command: tuple[str, ...], exchange: Target, tmp_path: Path
) -> None:
    with driven(command, tmp_path) as driver:
        driver.open(exchange.rest, exchange.stream)
        driver.result("subscribe", topic="ticker.BTC/USDT")
        assert driver.leave() == 0


def test_what_does_not_build_is_one_clear_line(language: str, tmp_path: Path) -> None:
    source = shutil.copytree(DRIVERS / language, tmp_path / "source")
    [book] = [each for each in source.rglob("*.*") if each.stem in ("book", "OrderBook")]
    book.write_text("class {\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        gate_runs.built(language, source, tmp_path)
    line = re.fullmatch(r".*does not (?:compile|load).*, see (\S+)", str(caught.value))
    assert line, caught.value
    assert book.name in Path(line[1]).read_text(encoding="utf-8")


def test_public_operations_need_no_credentials(driver: Driven, exchange: Target) -> None:
    driver.open(exchange.rest)
    assert driver.call("getCoinTicker", coin="btc")["symbol"] == "BTC/USDT"
    assert Decimal(driver.call("getConvertPrice", fromUnit="BTC", toUnit="USDT")) > 0


def test_an_order_is_placed_listed_and_cancelled(alice: Driven) -> None:
    order = {**BUY, "price": "7E+4", "amount": "0.00100", "clientOrderId": None}
    placed = alice.call("placeSpotOrder", **order)
    page = alice.call("listSpotOrders", symbol="BTC/USDT", status="TRADING", pageNo=1)
    [row] = [each for each in page["content"] if each["orderId"] == placed]
    assert (row["direction"], row["type"], row["status"]) == ("BUY", "LIMIT_PRICE", "TRADING")
    assert (row["price"], row["amount"]) == ("70000", "0.001")
    assert alice.call("cancelSpotOrder", orderId=placed) is None
    assert alice.refusal("cancelSpotOrder", orderId=placed)["kind"] == "rejected"


def test_a_key_signs_and_a_wrong_one_is_not_accepted(
    driver: Driven, exchange: Target, key: dict[str, str], language: str
) -> None:
    driver.open(exchange.rest, key=key)
    assert {each["coin"]["unit"] for each in driver.call("getSpotWallets")} >= {"BTC", "USDT"}
    order = driver.call("placeSpotOrder", **LOW, clientOrderId=f"a-b_{language}")
    page = driver.call("listSpotOrders", symbol="BTC/USDT", pageSize=1)
    assert (page["number"], page["size"]) == (1, 1)
    assert [each["orderId"] for each in page["content"]] == [order]
    assert driver.call("cancelSpotOrder", orderId=order) is None
    driver.open(exchange.rest, key={**key, "secret": "another"})
    error = driver.refusal("getSpotWallets")
    assert (error["kind"], error["code"], error["status"]) == ("unauthorized", 3002, 401)


def test_another_recipe_and_decimals_as_numbers(driver: Driven, differing: Target) -> None:
    driver.open(differing.rest, login={**ALICE, "parameter": "username"})
    signing = differing.conventions.signing.model_dump()
    driver.open(differing.rest, key=new_key(driver), signing=signing)
    wallets = {each["coin"]["unit"]: each for each in driver.call("getSpotWallets")}
    assert Decimal(wallets["ETH"]["balance"]) > 0
    refused = driver.refusal("cancelSpotOrder", orderId="nosuch")
    assert (refused["kind"], refused["status"]) == ("rejected", 200)


def test_errors_are_told_apart(driver: Driven, exchange: Target) -> None:
    driver.open(exchange.rest, exchange.stream, login={**ALICE, "password": "not-hers"})
    refused = driver.refusal("getCoinTicker", coin="nosuch")
    assert refused["kind"] == "rejected"
    assert refused["code"] > 0
    assert refused["message"]
    assert driver.refusal("noSuchOperation")["kind"] == "unsupported"
    unknown = driver.refusal("getSpotWallets")
    assert (unknown["kind"], unknown["status"]) == ("unauthorized", 401)
    assert "not-hers" not in str(unknown)
    assert driver.error("subscribe", topic="orders")["kind"] == "unauthorized"
    refused = driver.error("subscribe", topic="depth.NO/SUCH")
    assert (refused["kind"], refused["code"]) == ("rejected", 4102)


def test_what_cannot_be_reached_is_told_in_time(driver: Driven) -> None:
    driver.open(timing={"timeoutMs": 300})
    assert driver.refusal("getCoinTicker", coin="btc")["kind"] == "transport"
    assert driver.error("subscribe", topic="ticker.BTC/USDT")["kind"] in ("transport", "timeout")


def test_calls_at_once_get_their_own_answers(alice: Driven) -> None:
    coins = ("btc", "eth", "sol") * 4
    steps: list[Any] = [
        ("call", {"operation": "getCoinTicker", "params": {"coin": coin}}) for coin in coins
    ]
    steps += [("call", {"operation": "getSpotWallets", "params": {}})] * 8
    answers = alice.ask_at_once(*steps)
    assert [each["ok"] for each in answers] == [True] * 20
    assert [each["result"]["symbol"] for each in answers[:12]] == [
        f"{coin.upper()}/USDT" for coin in coins
    ]
    assert [each["given"] for each in answers[:12]] == [{"coin": coin} for coin in coins]
    assert all(isinstance(each["result"], list) for each in answers[12:])


def test_signing_is_that_of_the_vectors(driver: Driven) -> None:
    for vector in signing_vectors():
        said = driver.result("sign", **vector.step())
        assert wrong_stage(vector, said) is None, vector.id


def test_the_stages_of_signing_are_those_of_the_documents(
    driver: Driven, differing: Target
) -> None:
    # Whatever the exchange that the client was opened for has for a recipe.
    driver.open(key=KEY, signing=differing.conventions.signing.model_dump())
    query = {"symbol": "BTC/USDT", "status": "", "none": None, "zero": 0, "no": False, "yes": True}
    stamps = {"timestamp": "1800000000000", "window": "5000", "key": "name", "secret": "s€cret"}
    said = driver.result(
        "sign", method="POST", path="/a", query=query, form={"a": REMARK}, **stamps
    )
    sent = ["no=false", "status=", "symbol=BTC%2FUSDT", "yes=true", "zero=0"]
    assert sorted(said["query"].split("&")) == sent
    assert said["body"].replace("+", "%20") == f"a={quote(REMARK, safe='')}"
    request = Request("POST", f"/a?{said['query']}", (), said["body"].encode())
    text = signed_bytes(Recipe(), request, stamps["timestamp"], "5000", "name")
    assert said["canonical"] == text.decode()
    assert said["signature"] == signature(Recipe(), "s€cret", text)


def test_a_book_is_kept(alice: Driven) -> None:
    assert alice.error("book", symbol="BTC/USDT")["kind"] == "invalid"
    alice.result("subscribe", topic="depth.BTC/USDT")
    book = alice.until(lambda said: said["synced"], "book", symbol="BTC/USDT")
    bids, asks = ([Decimal(price) for price, _ in book[side]] for side in ("bids", "asks"))
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    placed = alice.call("placeSpotOrder", **BUY, price="12.340", amount="0.5")
    level = (Decimal("12.34"), Decimal("0.5"))
    alice.until(lambda said: said["synced"] and level in bids_of(said), "book", symbol="BTC/USDT")
    alice.call("cancelSpotOrder", orderId=placed)
    alice.until(
        lambda said: said["synced"] and level not in bids_of(said), "book", symbol="BTC/USDT"
    )
    alice.result("unsubscribe", topic="depth.BTC/USDT")
    assert alice.error("book", symbol="BTC/USDT")["kind"] == "invalid"


def bids_of(book: dict[str, Any]) -> list[tuple[Decimal, Decimal]]:
    """The bids as numbers."""
    return [(Decimal(price), Decimal(amount)) for price, amount in book["bids"]]


def test_public_topics_reach_the_user(alice: Driven) -> None:
    for topic in ("trades.BTC/USDT", "ticker.BTC/USDT"):
        alice.result("subscribe", topic=topic)
    assert alice.events("ticker.BTC/USDT")[0]["symbol"] == "BTC/USDT"
    trades = alice.events("trades.BTC/USDT")
    market = {"symbol": "BTC/USDT", "direction": "SELL", "type": "MARKET", "amount": "0.001"}
    alice.call("placeSpotOrder", **market)
    trades += alice.events("trades.BTC/USDT")
    assert all(Decimal(each["price"]) > 0 for each in trades)
    assert len({each["id"] for each in trades}) == len(trades)
    alice.result("unsubscribe", topic="trades.BTC/USDT")


def test_private_topics_are_authenticated(alice: Driven) -> None:
    for topic in ("orders", "account"):
        alice.result("subscribe", topic=topic)
    order = alice.call("placeSpotOrder", **LOW)
    alice.call("cancelSpotOrder", orderId=order)
    orders = alice.events("orders", count=2)
    assert [each["status"] for each in orders] == ["TRADING", "CANCELED"]
    assert {each["orderId"] for each in orders} == {order}
    assert alice.events("account")[0][0]["coin"]["unit"]
    alice.result("unsubscribe", topic="orders")
    alice.result("events", topic="orders")
    alice.call("cancelSpotOrder", orderId=alice.call("placeSpotOrder", **LOW))
    assert alice.result("events", topic="orders")["events"] == []
    alice.result("close")


def test_logs_tell_of_requests_and_of_no_secrets(
    driver: Driven, exchange: Target, key: dict[str, str]
) -> None:
    driver.open(exchange.rest, key=key)
    driver.call("getSpotWallets")
    driver.open(exchange.rest, exchange.stream, login=ALICE)
    driver.result("subscribe", topic="account")
    given = {"email": ALICE["name"], "password": ALICE["password"]}
    token = driver.call("login", **given)["Authorization"]
    log = driver.log()
    assert re.search(r"\bGET\b.*/uc/asset/spot-wallets\b.*\b200\b", log)
    assert re.search(r"\bPOST\b.*/uc/v2/login\b.*\b200\b", log)
    assert [each for each in (*SECRETS, key["secret"], token) if each in log] == []
