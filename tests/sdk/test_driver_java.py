"""Our Java driver keeps its protocol: on the reference exchange, and on servers that behave badly."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict
from email.utils import formatdate

import pytest
from websockets.sync.server import ServerConnection

from conformance.embedded import embedded
from conformance.target import Target, load
from conformance.wire.http import Request
from conformance.wire.signing import Recipe, signature, signed_bytes
from sdk_gate.toolchains import java
from sdk_gate.toolchains.tools import ROOT
from tests.sdk.bad_servers import ENDLESS, BadServer, depth, http, scripted_stream, token
from tests.sdk.driver_process import Driver, eventually

LOGIN = {"parameter": "email", "name": "alice@example.com", "password": "secret"}
ORDER = {
    "symbol": "BTC/USDT",
    "direction": "BUY",
    "type": "LIMIT",
    "price": "100",
    "amount": "0.10",
}


@pytest.fixture(scope="module")
def command(tmp_path_factory) -> tuple[str, ...]:
    out = tmp_path_factory.mktemp("java")
    start, *words = java.ready(ROOT / "sdk_gate/drivers/java", out, out / "build.log")
    # A language with commas in its numbers, and an I that is no i.
    return (start, "-Duser.language=tr", *words)


@pytest.fixture(scope="module")
def driver(command, tmp_path_factory) -> Iterator[Driver]:
    running = Driver(command, tmp_path_factory.mktemp("driver"))
    yield running
    running.kill()


@pytest.fixture(scope="module")
def exchange() -> Iterator[Target]:
    with embedded(load("reference"), seed=1) as target:
        yield target


@pytest.fixture
def bad() -> Iterator[BadServer]:
    server = BadServer()
    yield server
    server.close()


def test_it_greets_and_leaves(command, tmp_path) -> None:
    driver = Driver(command, tmp_path)
    assert len(driver.result("hello", protocol="1.0")["features"]) == 7
    assert driver.end() == 0


def test_an_order_is_placed_and_cancelled(driver, exchange) -> None:
    driver.open(exchange.rest, login=LOGIN)
    assert driver.call("getCoinTicker", coin="btc")["symbol"] == "BTC/USDT"
    answer = driver.step(
        "call", operation="placeSpotOrder", params={**ORDER, "clientOrderId": None}
    )
    assert answer["ok"], answer
    assert answer["given"] == {**ORDER, "clientOrderId": None}
    assert driver.call("cancelSpotOrder", orderId=answer["result"]) is None
    told = driver.stderr.read_text("utf-8")
    assert "POST /tx/spot/add 200" in told
    assert "secret" not in told


def test_a_key_signs(driver, exchange) -> None:
    driver.open(exchange.rest, login=LOGIN)
    made = driver.call("createApiKey", scopes="read,trade", remark="ключ & 50%/+")
    assert made["remark"] == "ключ & 50%/+"
    driver.open(exchange.rest, key={"name": made["apiKey"], "secret": made["secret"]})
    assert {wallet["coin"]["unit"] for wallet in driver.call("getSpotWallets")} >= {"BTC", "USDT"}
    assert driver.call("listSpotOrders", symbol="BTC/USDT", pageSize=1)["size"] == 1
    assert driver.call("cancelSpotOrder", orderId=driver.call("placeSpotOrder", **ORDER)) is None


def test_calls_at_once_get_their_own_answers(driver, exchange) -> None:
    driver.open(exchange.rest, login=LOGIN)
    sent = {}
    for coin in ("btc", "eth") * 8:
        sent[driver.send("call", operation="getCoinTicker", params={"coin": coin})] = coin
        sent[driver.send("call", operation="getSpotWallets", params={})] = "wallets"
    for answer in [driver.receive() for _ in sent]:
        assert answer["ok"], answer
        asked, result = sent.pop(answer["id"]), answer["result"]
        what = "wallets" if isinstance(result, list) else result["symbol"].split("/")[0].lower()
        assert what == asked
    assert not sent


@pytest.mark.parametrize(
    "recipe",
    [Recipe(), Recipe(parts=("key", "query", "body"), algorithm="sha512", encoding="base64")],
)
def test_stages_of_a_signature(driver, recipe) -> None:
    driver.open("http://127.0.0.1:9", signing=asdict(recipe))
    values = {"amount": "1E-8", "direction": "SELL", "remark": "a b/c+d&é~*", "x": False, "y": None}
    stage = {"query": {"symbol": "BTC/USDT", "coin": ""}, "form": values, "secret": "hidden"}
    stamps = {"timestamp": "1800000000000", "window": "5000", "key": "name"}
    said = driver.result("sign", method="POST", path="/tx/spot/add", **stage, **stamps)
    assert said["query"] == "symbol=BTC%2FUSDT&coin="
    body = "amount=0.00000001&direction=1&remark=a%20b%2Fc%2Bd%26%C3%A9~%2A&x=false"
    assert said["body"] == body
    request = Request("POST", f"/tx/spot/add?{said['query']}", (), body.encode())
    text = signed_bytes(recipe, request, *stamps.values())
    assert said["canonical"] == text.decode()
    assert said["signature"] == signature(recipe, "hidden", text)


def test_streams(driver, exchange) -> None:
    driver.open(exchange.rest, exchange.stream, login=LOGIN)
    for topic in ("depth.BTC/USDT", "trades.BTC/USDT", "orders"):
        driver.result("subscribe", topic=topic)
    order = driver.call("placeSpotOrder", **ORDER)
    eventually(
        lambda: driver.result("book", symbol="BTC/USDT"),
        lambda book: book["synced"] and ["100", "0.1"] in book["bids"],
    )
    driver.call("cancelSpotOrder", orderId=order)
    orders = driver.await_events("orders", 2)
    assert [each["status"] for each in orders] == ["TRADING", "CANCELED"]
    refusal = driver.step("subscribe", topic="depth.NOSUCH/COIN")["error"]
    assert (refusal["kind"], refusal["code"]) == ("rejected", 4102)
    driver.result("unsubscribe", topic="depth.BTC/USDT")
    assert driver.step("book", symbol="BTC/USDT")["error"]["kind"] == "invalid"


def test_kinds_of_errors(driver, exchange, bad) -> None:
    driver.open(exchange.rest)
    assert driver.error("getCoinTicker", coin="nosuch")["kind"] == "rejected"
    assert driver.error("noSuchOperation")["kind"] == "unsupported"
    assert driver.error("placeSpotOrder", **{**ORDER, "direction": "HOLD"})["kind"] == "invalid"
    driver.open(exchange.rest, login={**LOGIN, "password": "wrong"})
    assert driver.error("getSpotWallets")["kind"] == "unauthorized"
    driver.open("http://127.0.0.1:9")
    assert driver.error("getCoinTicker", coin="btc")["kind"] == "transport"
    driver.open(bad.rest)
    redirect = http("302 Found", "{}", f"Location: {exchange.rest}/market/data/quotations/home")
    for answer, kind in (
        (http("200 OK", '{"code":4004,"message":"no"}'), "rejected"),
        (http("400 Bad Request", '{"code":4004,"message":"no"}'), "rejected"),
        (http("403 Forbidden", '{"code":4003,"message":"no"}'), "unauthorized"),
        (http("500 Internal Server Error", "<html>"), "server"),
        (redirect, "unreadable"),
    ):
        bad.says(answer)
        assert driver.error("getCoinTicker", coin="btc")["kind"] == kind
        assert len(bad.arrived) == 1


def test_numbers_keep_their_digits(driver, bad) -> None:
    driver.open(bad.rest)
    bad.says(http("200 OK", '[0.1234567890123456789, 1E-8, 9007199254740993, "0.10", null, true]'))
    told = driver.call("getQuotationsHome")
    assert told == ["0.1234567890123456789", "0.00000001", 9007199254740993, "0.10", None, True]


def test_reads_are_tried_again_and_writes_are_not(driver, bad) -> None:
    driver.open(bad.rest, login=LOGIN)
    half = http("200 OK", '{"code":0,"data":"E1"', missing=10)
    bad.says(b"", http("503 Service Unavailable", ""), http("200 OK", '{"code":0,"data":"7"}'))
    assert driver.call("getConvertPrice", fromUnit="BTC", toUnit="USDT") == "7"
    assert len(bad.arrived) == 3
    # On a kept connection java.net.http would send a read again by itself.
    assert [heads["connection"] for heads in bad.headers] == ["close"] * 3
    bad.says(half, half, half, half)
    assert driver.error("getCoinTicker", coin="btc")["kind"] == "unreadable"
    assert len(bad.arrived) == 3
    bad.says(token("t"), half, ENDLESS, b"")
    assert driver.error("placeSpotOrder", **ORDER)["kind"] == "unreadable"
    assert driver.error("placeSpotOrder", **ORDER)["kind"] == "timeout"
    assert driver.error("placeSpotOrder", **ORDER)["kind"] == "transport"
    order = "symbol=BTC%2FUSDT&direction=0&type=0&price=100&amount=0.10"
    assert bad.arrived[1:] == [f"POST /tx/spot/add {order}"] * 3


def test_a_limit_is_waited_for(driver, bad) -> None:
    driver.open(bad.rest)
    date = "Date: Thu, 26 Nov 2026 00:00:00 GMT"
    later = "Retry-After: Thu, 26 Nov 2026 00:00:01 GMT"
    refused = http("429 Too Many Requests", '{"code":1,"message":"slow"}', date, later)
    bad.says(refused, http("200 OK", '{"code":0,"data":"7"}'))
    assert driver.call("getConvertPrice", fromUnit="BTC", toUnit="USDT") == "7"
    assert bad.times[1] - bad.times[0] >= 1
    bad.says(http("429 Too Many Requests", "{}", "Retry-After: 60"), http("200 OK", "{}"))
    error = driver.error("getCoinTicker", coin="btc")
    assert (error["kind"], error["retryAfterMs"]) == ("rate_limited", 60_000)
    assert driver.error("getCoinTicker", coin="btc")["kind"] == "rate_limited"
    assert len(bad.arrived) == 1


def test_the_clock_is_corrected_each_time(driver, bad) -> None:
    driver.open(bad.rest, key={"name": "k", "secret": "hidden"})
    yes = http("200 OK", '{"code":0,"data":[]}')
    for ahead_s in (3600, -60):
        date = formatdate(time.time() + ahead_s, usegmt=True)
        bad.says(http("401 Unauthorized", '{"code":3003,"message":"no"}', f"Date: {date}"), yes)
        assert driver.call("getSpotWallets") == []
        stamps = [int(heads["x-ft-timestamp"]) for heads in bad.headers]
        assert abs(stamps[1] / 1000 - time.time() - ahead_s) < 2


def test_one_login_serves_all_and_again_when_it_has_ended(driver, bad) -> None:
    driver.open(bad.rest, login=LOGIN)
    ended, yes = http("401 Unauthorized", '{"code":4000,"message":"no"}'), http("200 OK", "[]")
    bad.says(token("t1"), *[yes] * 4)
    for _ in range(4):
        driver.send("call", operation="getSpotWallets", params={})
    assert all(driver.receive()["ok"] for _ in range(4))
    assert sum(each.startswith("POST /uc/v2/login") for each in bad.arrived) == 1
    bad.says(ended, token("t2"), ended)
    assert driver.error("placeSpotOrder", **ORDER)["kind"] == "unauthorized"
    assert [heads.get("authorization") for heads in bad.headers] == ["t1", None, "t2"]


def test_a_gap_is_noticed(driver) -> None:
    def behave(connection: ServerConnection, subscriptions: int) -> None:
        if subscriptions == 1:
            connection.send(depth("delta", 4, [["8", "1"]], prevSeq=3))
            connection.send(depth("snapshot", 5, [["9.0", "1.50"], ["8.0", "2"]]))
            connection.send(depth("delta", 6, [["8", "0"], ["9.5", "3"]], prevSeq=5))
            connection.send(depth("delta", 6, [["7", "1"]], prevSeq=5))
            connection.send(depth("delta", 7, [["9.5", "4.0"]], prevSeq=6))
            connection.send(depth("delta", 9, [["6", "1"]], prevSeq=8))
        elif subscriptions == 2:
            connection.send(depth("delta", 10, [["5", "1"]], prevSeq=9))

    with scripted_stream(behave) as (stream, arrived):
        driver.open("http://127.0.0.1:9", stream)
        driver.result("subscribe", topic="depth.A/B")
        eventually(
            lambda: arrived.count([1, "unsubscribe", ["depth.A/B"]]), lambda times: times == 1
        )
        book = driver.result("book", symbol="A/B")
        assert not book["synced"]
        assert book["bids"] == [["9.5", "4.0"], ["9.0", "1.50"]]
        eventually(lambda: arrived.count([1, "subscribe", ["depth.A/B"]]), lambda times: times == 2)


def test_a_broken_or_silent_connection_is_restored(driver) -> None:
    def behave(connection: ServerConnection, subscriptions: int) -> None:
        trades = [{"id": number, "price": "1.0"} for number in range(subscriptions)]
        connection.send(
            json.dumps({"topic": "trades.A/B", "type": "snapshot", "ts": 1, "data": trades})
        )
        if subscriptions == 3:
            connection.socket.shutdown(socket.SHUT_RDWR)

    with scripted_stream(behave) as (stream, arrived):
        driver.open("http://127.0.0.1:9", stream)
        for topic in ("trades.A/B", "ticker.A/B"):
            driver.result("subscribe", topic=topic)
        driver.result("unsubscribe", topic="ticker.A/B")
        # The first connection falls silent, for pings are not answered; the second breaks.
        trades = driver.await_events("trades.A/B", 4)
    assert [trade["id"] for trade in trades] == [0, 1, 2, 3]
    assert [1, "ping", None] in arrived
    restored = [each for each in arrived if each[0] in (2, 3) and each[1] != "ping"]
    assert restored == [[number, "subscribe", ["trades.A/B"]] for number in (2, 3)]


def test_authentication_is_restored_first(driver, bad) -> None:
    def behave(connection: ServerConnection, subscriptions: int) -> None:
        if subscriptions == 1:
            connection.socket.shutdown(socket.SHUT_RDWR)

    bad.says(token("t1"), token("t2"))
    with scripted_stream(behave, refused="t1") as (stream, arrived):
        driver.open(bad.rest, stream, login=LOGIN)
        driver.result("subscribe", topic="orders")
        last = [2, "subscribe", ["orders"]]
        eventually(lambda: arrived.count(last), lambda times: times == 1)
    assert [each for each in arrived if each[1] != "ping" and each[0] <= 2] == [
        [1, "auth", ["t1"]],
        [1, "auth", ["t2"]],
        [1, "subscribe", ["orders"]],
        [2, "auth", ["t2"]],
        last,
    ]
