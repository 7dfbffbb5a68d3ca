"""The Node.js driver, built and driven against the reference exchange."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.embedded import embedded
from conformance.errors import ConfigurationError
from conformance.target import Target, load
from conformance.wire.http import Request
from conformance.wire.signing import Recipe, signature, signed_bytes
from sdk_gate.protocol import FEATURES
from sdk_gate.toolchains import node

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "sdk_gate" / "drivers" / "node"
SCHEMA = json.loads((ROOT / "sdk_gate" / "protocol" / "driver-1.0.schema.json").read_text())
TIMING = {"timeoutMs": 3000, "retryMs": 50, "pingMs": 500, "silenceMs": 3000}
LOGIN = {"parameter": "email", "name": "alice@example.com", "password": "secret"}
LIMIT = {"symbol": "BTC/USDT", "direction": "BUY", "type": "LIMIT"}
PATIENCE_S = 60


@cache
def validator(*path: str) -> Draft202012Validator:
    """What holds a value to one definition of the protocol's schema."""
    where = "/".join(("#/$defs", *path))
    return Draft202012Validator({"$ref": where, "$defs": SCHEMA["$defs"]})


class Driver:
    """A running driver; each line of it is held to the schema."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._last = 0

    def send(self, do: str, **fields: Any) -> int:
        """Write a step and return its id."""
        self._last += 1
        step = {"id": self._last, "do": do, **fields}
        validator("step").validate(step)
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(step) + "\n")
        self.process.stdin.flush()
        return self._last

    def receive(self) -> dict[str, Any]:
        """Read one answer."""
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        validator("answer").validate(answer)
        return answer

    def ask(self, do: str, **fields: Any) -> Any:
        """The result of a step that has to succeed."""
        identity = self.send(do, **fields)
        answer = self.receive()
        assert answer["id"] == identity
        assert answer["ok"], answer
        if do in SCHEMA["$defs"]["results"]:
            validator("results", do).validate(answer["result"])
        return answer["result"]

    def call(self, operation: str, **params: Any) -> Any:
        """The result of an operation that has to succeed."""
        return self.ask("call", operation=operation, params=params)

    def failure(self, operation: str, **params: Any) -> dict[str, Any]:
        """The error of an operation that has to fail."""
        self.send("call", operation=operation, params=params)
        answer = self.receive()
        assert not answer["ok"], answer
        error: dict[str, Any] = answer["error"]
        return error

    def events(self, topic: str) -> list[Any]:
        """The first events of a topic, as soon as there are any."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            events: list[Any] = self.ask("events", topic=topic)["events"]
            if events:
                return events
            time.sleep(0.02)
        raise AssertionError(f"no event of {topic}")


@pytest.fixture(scope="module")
def exchange() -> Iterator[Target]:
    with embedded(load("reference"), seed=1) as target:
        yield target


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("node")
    return node.ready(SOURCE, folder / "driver", folder / "build.log")


@contextmanager
def driven(command: tuple[str, ...], said: Path) -> Iterator[Driver]:
    env = {**os.environ, "SDK_GATE_LOG": "debug"}
    with said.open("w") as log:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
        process = subprocess.Popen(command, text=True, env=env, **pipes)
        watchdog = threading.Timer(PATIENCE_S, process.kill)
        watchdog.start()
        try:
            yield Driver(process)
        finally:
            watchdog.cancel()
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                pipe.close()


@pytest.fixture
def driver(command: tuple[str, ...], tmp_path: Path) -> Iterator[Driver]:
    with driven(command, tmp_path / "said.log") as driver:
        yield driver


def config(exchange: Target, **more: Any) -> dict[str, Any]:
    return {"rest": exchange.rest, "stream": exchange.stream, "timing": TIMING, **more}


def waiting_order(driver: Driver, price: str) -> str:
    order_id: str = driver.call("placeSpotOrder", **LIMIT, price=price, amount="0.001")
    return order_id


def test_hello_says_all_features_and_bye_ends(driver: Driver) -> None:
    said = driver.ask("hello", protocol="1.0")
    assert said["protocol"] == "1.0"
    assert sorted(said["features"]) == sorted(FEATURES)
    driver.ask("bye")
    assert driver.process.wait(5) == 0


def test_the_end_of_input_ends_it(driver: Driver, exchange: Target) -> None:
    driver.ask("open", config=config(exchange, login=LOGIN))
    driver.ask("subscribe", topic="ticker.BTC/USDT")
    assert driver.process.stdin is not None
    driver.process.stdin.close()
    assert driver.process.wait(5) == 0


def test_an_order_is_placed_found_and_cancelled(driver: Driver, exchange: Target) -> None:
    driver.ask("open", config=config(exchange, login=LOGIN))
    assert driver.call("getCoinTicker", coin="btc")["symbol"] == "BTC/USDT"
    params = {**LIMIT, "price": "7E+4", "amount": "0.00100", "clientOrderId": None}
    driver.send("call", operation="placeSpotOrder", params=params)
    placed = driver.receive()
    assert placed["given"] == params
    found = driver.call("listSpotOrders", symbol="BTC/USDT", status="TRADING")["content"]
    mine = next(order for order in found if order["orderId"] == placed["result"])
    assert (mine["direction"], mine["type"]) == ("BUY", "LIMIT_PRICE")
    assert (mine["price"], mine["amount"]) == ("70000", "0.001")
    assert driver.call("cancelSpotOrder", orderId=placed["result"]) is None


def test_a_key_signs_reads_and_writes(driver: Driver, exchange: Target) -> None:
    with_key(driver, exchange, LOGIN)
    assert {each["coin"]["unit"] for each in driver.call("getSpotWallets")} >= {"BTC", "USDT"}
    order = driver.call(
        "placeSpotOrder", **LIMIT, price="70000", amount="0.001", clientOrderId="a-b_c"
    )
    assert driver.call("cancelSpotOrder", orderId=order) is None


def test_another_recipe_and_decimals_as_numbers(command: tuple[str, ...], tmp_path: Path) -> None:
    differing = load("differing")
    signing = differing.conventions.signing.model_dump()
    login = {**LOGIN, "parameter": "username"}
    with embedded(differing, seed=1) as target, driven(command, tmp_path / "said.log") as driver:
        with_key(driver, target, login, signing=signing)
        wallet = next(
            each for each in driver.call("getSpotWallets") if each["coin"]["unit"] == "ETH"
        )
        assert all(type(wallet[name]) in (str, int) for name in ("balance", "frozenBalance"))
        refused = driver.failure("cancelSpotOrder", orderId="nosuch")
        assert (refused["kind"], refused["status"]) == ("rejected", 200)


def with_key(driver: Driver, exchange: Target, login: dict[str, str], **more: Any) -> str:
    """Open a client that signs with a new key; the key's secret."""
    driver.ask("open", config=config(exchange, login=login))
    made = driver.call("createApiKey", remark="ä +&=%/", scopes="read,trade")
    key: dict[str, str] = {"name": made["apiKey"], "secret": made["secret"]}
    driver.ask("open", config=config(exchange, key=key, **more))
    return key["secret"]


def test_the_stages_of_signing(driver: Driver) -> None:
    query = {"symbol": "BTC/USDT", "status": "", "pageNo": 0, "pageSize": None}
    form = {"remark": "a b+c&d=e%f/ä~€!'()*", "enabled": False, "amount": "1.50E-8"}
    given = {"timestamp": "1800000000000", "window": "5000", "key": "k", "secret": "s€"}
    got = driver.ask("sign", method="POST", path="/a/b", query=query, form=form, **given)
    assert got["query"] == "symbol=BTC%2FUSDT&status=&pageNo=0"
    encoded = "a%20b%2Bc%26d%3De%25f%2F%C3%A4~%E2%82%AC%21%27%28%29%2A"
    assert got["body"] == f"remark={encoded}&enabled=false&amount=0.0000000150"
    request = Request("POST", f"/a/b?{got['query']}", (), got["body"].encode())
    text = signed_bytes(Recipe(), request, "1800000000000", "5000", "k")
    assert got["canonical"].encode() == text
    assert got["signature"] == signature(Recipe(), "s€", text)


def test_steps_overlap_and_answers_belong_to_them(driver: Driver, exchange: Target) -> None:
    driver.ask("open", config=config(exchange, login=LOGIN))
    asked = {
        driver.send("call", operation="getCoinTicker", params={"coin": coin}): coin
        for coin in ("btc", "eth", "sol") * 4
    }
    answers = [driver.receive() for _ in asked]
    assert {each["id"] for each in answers} == set(asked)
    for each in answers:
        coin = asked[each["id"]]
        assert each["given"] == {"coin": coin}
        assert each["result"]["symbol"] == f"{coin.upper()}/USDT"


def test_the_book_shows_an_order_and_loses_it(driver: Driver, exchange: Target) -> None:
    driver.ask("open", config=config(exchange, login=LOGIN))
    driver.ask("subscribe", topic="depth.SOL/USDT")
    order = {**LIMIT, "symbol": "SOL/USDT", "price": "12.340", "amount": "0.5"}
    identity = driver.call("placeSpotOrder", **order)
    assert ["12.34", "0.5"] in [plainly(level) for level in book_with(driver, "12.34", True)]
    driver.call("cancelSpotOrder", orderId=identity)
    book_with(driver, "12.34", False)


def plainly(level: list[str]) -> list[str]:
    return [text.rstrip("0").rstrip(".") for text in level]


def book_with(driver: Driver, price: str, is_there: bool) -> list[list[str]]:
    """The bids, once a price is there or gone."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        book = driver.ask("book", symbol="SOL/USDT")
        prices = [plainly(level)[0] for level in book["bids"]]
        if book["synced"] and (price in prices) == is_there:
            return list(book["bids"])
        time.sleep(0.02)
    raise AssertionError(f"the book does not get there: {book}")


def test_trades_and_private_topics_reach_the_user(driver: Driver, exchange: Target) -> None:
    driver.ask("open", config=config(exchange, login=LOGIN))
    for topic in ("trades.BTC/USDT", "ticker.BTC/USDT", "orders", "account"):
        driver.ask("subscribe", topic=topic)
    order = waiting_order(driver, "70000")
    assert {each["orderId"] for each in driver.events("orders")} == {order}
    trades = driver.events("trades.BTC/USDT")
    assert len({each["id"] for each in trades}) == len(trades) > 0
    assert driver.events("ticker.BTC/USDT")[0]["symbol"] == "BTC/USDT"
    assert driver.events("account")[0][0]["coin"]["unit"]
    driver.ask("unsubscribe", topic="orders")
    driver.call("cancelSpotOrder", orderId=order)
    assert driver.ask("events", topic="orders")["events"] == []
    driver.ask("close")


def test_kinds_of_errors(driver: Driver, exchange: Target) -> None:
    driver.ask("open", config=config(exchange, login=LOGIN))
    refused = driver.failure("cancelSpotOrder", orderId="nosuch")
    assert refused["kind"] == "rejected"
    assert refused["code"] > 0
    assert refused["message"]
    assert driver.failure("nosuch")["kind"] == "unsupported"
    assert driver.failure("cancelSpotOrder", orderId=["a", "list"])["kind"] == "invalid"
    driver.ask("open", config=config(exchange, login={**LOGIN, "password": "not-the-password"}))
    unknown = driver.failure("getSpotWallets")
    assert unknown["kind"] == "unauthorized"
    assert unknown["status"] == 401
    assert "not-the-password" not in json.dumps(unknown)
    driver.send("subscribe", topic="orders")
    assert driver.receive()["error"]["kind"] == "unauthorized"
    driver.send("subscribe", topic="depth.NO/SUCH")
    assert driver.receive()["error"]["kind"] == "rejected"
    driver.ask("open", config={**config(exchange), "rest": "http://127.0.0.1:1"})
    assert driver.failure("getCoinTicker", coin="btc")["kind"] == "transport"


def test_logs_tell_requests_and_no_secrets(
    command: tuple[str, ...], exchange: Target, tmp_path: Path
) -> None:
    said = tmp_path / "said.log"
    with driven(command, said) as driver:
        secret = with_key(driver, exchange, LOGIN)
        driver.call("getSpotWallets")
    text = said.read_text()
    assert "GET /uc/asset/spot-wallets 200" in text
    assert "alice" not in text
    assert "secret" not in text.lower()
    assert secret not in text


def test_a_driver_that_does_not_load_is_an_error_of_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "source"
    shutil.copytree(SOURCE, broken)
    (broken / "client" / "book.mjs").write_text("export class Book {")
    with pytest.raises(ConfigurationError, match=r"^the Node.js driver does not load, see \S+$"):
        node.ready(broken, tmp_path / "out", tmp_path / "build.log")
