"""The driver in Go is built, speaks the protocol, and its client copes with an exchange that misbehaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.embedded import embedded
from conformance.errors import ConfigurationError
from conformance.target import Target, load
from conformance.wire.http import Request
from conformance.wire.rest import encode_pairs
from conformance.wire.signing import Recipe, signature, signed_bytes
from sdk_gate.toolchains import go, tools
from tests.sdk.scripted_exchange import Last, Scripted, answer, serving

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "sdk_gate/protocol/driver-1.0.schema.json").read_text(encoding="utf-8"))
SOURCE = ROOT / "sdk_gate/drivers/go"
TIMING = {"timeoutMs": 1000, "retryMs": 50, "pingMs": 1000, "silenceMs": 3000}
ALICE = {"parameter": "email", "name": "alice@example.com", "password": "secret"}
KEY = {"name": "k", "secret": "s3cr3t"}
ORDER = {
    "symbol": "BTC/USDT",
    "direction": "BUY",
    "type": "LIMIT",
    "price": "6E4",
    "amount": "0.00100",
}
TICKER = b'{"close": 0.12345678901234567890, "id": 9007199254740993, "zone": null}'


class Driver:
    """The driver's process. Every line, in both directions, is held to the schema."""

    def __init__(self, command: tuple[str, ...]) -> None:
        environment = {**os.environ, "SDK_GATE_LOG": "debug"}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, text=True, env=environment, stdin=pipe, stdout=pipe, stderr=pipe
        )
        self.count = 0

    def ask(self, do: str, **fields: Any) -> Any:
        """Send a step; its answer."""
        self.count += 1
        step = {"id": self.count, "do": do, **fields}
        hold("step", step)
        self.process.stdin.write(json.dumps(step) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        hold("answer", answer)
        assert answer["id"] == self.count
        if answer["ok"] and do in SCHEMA["$defs"]["results"]:
            hold(f"results/{do}", answer["result"])
        return answer

    def done(self, do: str, **fields: Any) -> Any:
        """The result of a step that has to succeed."""
        answer = self.ask(do, **fields)
        assert answer["ok"], answer
        return answer["result"]

    def call(self, operation: str, **params: Any) -> Any:
        """The result of a call, or its error; it leaves its parameters alone."""
        answer = self.ask("call", operation=operation, params=params)
        assert answer["given"] == params
        return answer["result"] if answer["ok"] else answer["error"]

    def open(self, rest: str, stream: str = "ws://127.0.0.1:9/", **who: Any) -> None:
        """Make a client."""
        self.done("open", config={"rest": rest, "stream": stream, "timing": TIMING, **who})

    def soon(self, do: str, **fields: Any) -> Any:
        """The result of a step, once there is something in it."""
        deadline = monotonic() + 5
        while monotonic() < deadline:
            result = self.done(do, **fields)
            if result.get("events") or result.get("synced"):
                return result
            sleep(0.02)
        raise AssertionError(f"nothing came of {do} {fields}")


def hold(part: str, line: Any) -> None:
    """Raise when a part of the protocol's schema does not allow a line."""
    Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{part}"}).validate(line)


# The toolchain is a minute's download: whoever has used it once has it, and `make prove ONLY=sdk` always has.
pytestmark = pytest.mark.skipif(
    not (tools.TOOLS / "go" / ".installed").exists(),
    reason="no Go yet: `make sdk-gate SDK=go` installs it, then this is tested",
)


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("go")
    return go.ready(SOURCE, folder / "out", folder / "build.log")


@pytest.fixture
def driver(command: tuple[str, ...]) -> Iterator[Driver]:
    started = Driver(command)
    yield started
    started.done("bye")
    said = started.process.communicate(timeout=5)[1]
    assert started.process.returncode == 0
    assert not [word for word in ("password", "secret", KEY["secret"], "eyJ") if word in said]


@pytest.fixture(scope="module")
def exchange() -> Iterator[Target]:
    with embedded(load("reference", {}), seed=1) as target:
        yield target


def test_what_does_not_compile_is_one_line(tmp_path: Path) -> None:
    broken = shutil.copytree(SOURCE, tmp_path / "source")
    (broken / "book.go").write_text("package exchange\n", encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match=r"^the Go driver in \S+ does not compile, see \S+$"
    ):
        go.ready(broken, tmp_path / "out", tmp_path / "log")


def test_it_says_hello(driver: Driver) -> None:
    result = driver.done("hello", protocol="1.0")
    assert result["protocol"] == "1.0"
    assert len(result["features"]) == 7


def test_orders_with_a_token(driver: Driver, exchange: Target) -> None:
    driver.open(exchange.rest, login=ALICE)
    assert driver.call("getCoinTicker", coin="btc")["symbol"] == "BTC/USDT"
    order = driver.call("placeSpotOrder", **ORDER, clientOrderId=None)
    rows = driver.call("listSpotOrders", symbol="BTC/USDT", pageNo=1)["content"]
    row = next(row for row in rows if row["orderId"] == order)
    assert (row["direction"], row["type"], row["status"]) == ("BUY", "LIMIT_PRICE", "TRADING")
    assert driver.call("cancelSpotOrder", orderId=order) is None
    assert driver.call("cancelSpotOrder", orderId="nowhere")["kind"] == "rejected"
    assert driver.call("getCoinTicker", coin="nosuch")["kind"] == "rejected"
    assert driver.call("noSuch")["kind"] == "unsupported"
    assert driver.call("placeSpotOrder", **{**ORDER, "price": "dear"})["kind"] == "invalid"


def test_reads_with_a_key(driver: Driver, exchange: Target) -> None:
    driver.open(exchange.rest, login=ALICE)
    made = driver.call("createApiKey", scopes="read,trade", remark="ä b+c/d&e%")
    driver.open(exchange.rest, key={"name": made["apiKey"], "secret": made["secret"]})
    assert driver.call("getSpotWallets")[0]["coin"]["unit"]
    assert driver.call("listSpotOrders", symbol="BTC/USDT")["content"]
    order = driver.call("placeSpotOrder", **ORDER)
    assert driver.call("cancelSpotOrder", orderId=order) is None
    driver.open(exchange.rest, key={"name": made["apiKey"], "secret": "another"})
    assert driver.call("getSpotWallets")["kind"] == "unauthorized"


def test_signs_as_the_suite_does(driver: Driver) -> None:
    form = {"symbol": "Ä/B +", "amount": "1E-8", "zero": 0, "no": False, "none": None, "empty": ""}
    stages = driver.done(
        "sign",
        method="POST",
        path="/p",
        query={},
        form=form,
        timestamp="1",
        window="5000",
        key="k",
        secret="s",
    )
    sent = {"amount": "0.00000001", "empty": "", "no": "false", "symbol": "Ä/B +", "zero": "0"}
    request = Request("POST", "/p", (), encode_pairs(sent.items()).encode())
    text = signed_bytes(Recipe(), request, "1", "5000", "k")
    assert stages["body"] == request.body.decode()
    assert stages["canonical"] == text.decode()
    assert stages["signature"] == signature(Recipe(), "s", text)


def test_streams_and_book(driver: Driver, exchange: Target) -> None:
    driver.open(exchange.rest, exchange.stream, login=ALICE)
    for topic in ("depth.BTC/USDT", "trades.BTC/USDT", "account"):
        driver.done("subscribe", topic=topic)
    book = driver.soon("book", symbol="BTC/USDT")
    assert float(book["bids"][0][0]) < float(book["asks"][0][0])
    assert driver.soon("events", topic="trades.BTC/USDT")["events"][0]["id"] > 0
    assert driver.soon("events", topic="account")["events"]
    driver.done("unsubscribe", topic="depth.BTC/USDT")
    assert driver.ask("book", symbol="BTC/USDT")["error"]["kind"] == "invalid"
    assert driver.ask("subscribe", topic="depth.NO/NO")["error"]["code"] == 4102
    driver.done("close")


def test_answers_are_read_exactly(driver: Driver) -> None:
    enveloped = b'{"code": 0, "message": "ok", "data": ' + TICKER + b"}"
    script = Scripted(
        answer(200, TICKER), answer(200, enveloped), answer(200, b'{"code": 7, "message": "no"}')
    )
    with serving(script) as rest:
        driver.open(rest)
        wanted = {"close": "0.12345678901234567890", "id": 9007199254740993, "zone": None}
        assert driver.call("getCoinTicker", coin="btc") == wanted
        assert driver.call("getCoinTicker", coin="btc") == wanted
        refused = {"kind": "rejected", "code": 7, "message": "no", "status": 200}
        assert driver.call("getCoinTicker", coin="btc") == refused


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Last(), "transport"),
        (answer(503, b"busy"), "server"),
        (answer(200, b'{"code": 0, "da', length=99), "timeout"),
        (Last(answer(200, b'{"code": 0, "da', length=99)), "unreadable"),
        (answer(200, b"<html>"), "unreadable"),
        (answer(302, b"", "Location: http://127.0.0.1:9/"), "unreadable"),
        (answer(403, b"<html>"), "unauthorized"),
    ],
)
def test_an_order_is_sent_once(driver: Driver, reply: bytes, kind: str) -> None:
    script = Scripted(answer(200, b"{}"), reply)
    with serving(script) as rest:
        driver.open(rest, key=KEY)
        driver.call("getCoinTicker", coin="btc")
        assert driver.call("placeSpotOrder", **ORDER)["kind"] == kind
    body = script.arrivals[1][3]
    assert body == "amount=0.00100&direction=0&price=60000&symbol=BTC%2FUSDT&type=0"


@pytest.mark.parametrize("broken", [Last(), answer(502, b""), Last(answer(200, b"{", length=9))])
def test_a_read_is_tried_three_times(driver: Driver, broken: bytes) -> None:
    # After an answer the connection is kept: net/http would repeat on it by itself.
    script = Scripted(answer(200, b"{}"), broken, broken, broken)
    with serving(script) as rest:
        driver.open(rest)
        assert driver.call("getCoinTicker", coin="btc") == {}
        assert "kind" in driver.call("getCoinTicker", coin="btc")
    times = [arrival[0] for arrival in script.arrivals[1:]]
    assert times[1] - times[0] > 0.05
    assert times[2] - times[1] > 0.1


def test_a_redirect_is_not_followed(driver: Driver) -> None:
    script = Scripted(answer(302, b"", "Location: /elsewhere"))
    with serving(script) as rest:
        driver.open(rest, key=KEY)
        assert driver.call("getSpotWallets")["kind"] == "unreadable"


def test_waits_as_long_as_it_is_asked_to(driver: Driver) -> None:
    date = "Date: Thu, 26 Nov 2026 01:00:00 GMT"
    asked = (date, "Retry-After: Thu, 26 Nov 2026 01:00:01 GMT")
    script = Scripted(
        answer(429, b"", *asked), answer(200, b'"E1"'), answer(429, b"", "Retry-After: 60")
    )
    with serving(script) as rest:
        driver.open(rest, key=KEY)
        assert driver.call("placeSpotOrder", **ORDER) == "E1"
        limited = driver.call("placeSpotOrder", **ORDER)
        assert (limited["kind"], limited["retryAfterMs"]) == ("rate_limited", 60_000)
        assert driver.call("getCoinTicker", coin="btc")["kind"] == "rate_limited"
    assert script.arrivals[1][0] - script.arrivals[0][0] > 1


def test_the_clock_is_corrected(driver: Driver) -> None:
    late = answer(401, b'{"code": 3003, "message": "late"}', "Date: Thu, 26 Nov 2020 01:00:00 GMT")
    script = Scripted(late, answer(200, b"[]"), late, late)
    with serving(script) as rest:
        driver.open(rest, key=KEY)
        assert driver.call("getSpotWallets") == []
        assert driver.call("getSpotWallets")["code"] == 3003
    stamps = [int(arrival[2]["x-ft-timestamp"]) for arrival in script.arrivals]
    assert all(0 <= stamp - 1_606_352_400_500 < 5_000 for stamp in stamps[1:])


def test_a_token_that_ended_is_replaced_once(driver: Driver) -> None:
    def token(text: bytes) -> bytes:
        return answer(200, b'{"code": 0, "data": {"Authorization": "' + text + b'"}}')

    ended = answer(200, b'{"code": 4000, "message": "ended"}')
    script = Scripted(
        token(b"one"),
        ended,
        token(b"two"),
        answer(200, b"[]"),
        answer(401, b""),
        token(b"three"),
        ended,
    )
    with serving(script) as rest:
        driver.open(rest, login=ALICE)
        assert driver.call("getSpotWallets") == []
        assert driver.call("getSpotWallets")["kind"] == "unauthorized"
    sent = [arrival[2].get("authorization") for arrival in script.arrivals]
    assert sent == [None, "one", None, "two", "two", None, "three"]
