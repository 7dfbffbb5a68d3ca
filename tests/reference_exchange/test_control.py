"""The control port does what it is told, and refuses with a reason what it cannot use."""

from __future__ import annotations

import json

import pytest

from conformance.spec.contract import Contract
from conformance.wire.http import Request
from reference_exchange.config import ExchangeConfig
from reference_exchange.control import FARTHEST_MS, Control, MovableClock
from reference_exchange.exchange import ReferenceExchange

CONTRACT = Contract.load()
START_MS = 1_800_000_000_000
TICKER = Request("GET", "/market/data/quotations/coin?coin=eth")


class Desk:
    """A control port on an exchange, with the machine's clock in hand."""

    def __init__(self) -> None:
        self.machine_ms = START_MS
        self.clock = MovableClock(lambda: self.machine_ms)
        self.exchange = ReferenceExchange(CONTRACT, ExchangeConfig(), self.clock)
        self.control = Control(self.exchange, self.clock, [])

    def tell(self, command: str, **given) -> dict:
        status, told = self.ask(command, json.dumps(given).encode() if given else b"")
        assert status == 200, told
        return told

    def ask(self, command: str, body: bytes = b"") -> tuple[int, dict]:
        method, _, path = command.partition(" ")
        return self.control.handle(method, path, body)

    def status(self, request: Request) -> int:
        return self.exchange.handle(request, "127.0.0.1").status

    def ticker(self) -> dict:
        return json.loads(self.exchange.handle(TICKER, "127.0.0.1").body)["data"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


REFUSED = [
    ("POST /reset", b"{", "Expecting"),
    ("POST /reset", b"[" * 100_000, ""),
    ("POST /reset", b"[]", "object"),
    ("POST /reset", b'{"sead": 1}', "sead"),
    ("POST /reset", b'{"seed": "1"}', "seed"),
    ("POST /reset", b'{"seed": true}', "seed"),
    ("POST /clock", b"{}", "advance_ms"),
    ("POST /clock", b'{"advance_ms": -1}', "ahead"),
    ("POST /clock", b'{"advance_ms": 1.5}', "whole"),
    ("POST /clock", b'{"offset_ms": -1}', "ahead"),
    ("POST /clock", b'{"freeze": 1}', "freeze"),
    ("POST /clock", json.dumps({"advance_ms": FARTHEST_MS + 1}).encode(), "at most"),
    ("POST /faults", b"{}", "names"),
    ("POST /faults", b'{"names": "x"}', "names"),
    ("POST /faults", b'{"names": ["coin-ticker-is-of-another-con"]}', "coin-ticker-is-of-another"),
    ("POST /limiter", b'{"kind": "leaky"}', "sliding_log"),
    ("POST /limiter", b'{"kind": []}', "sliding_log"),
    ("POST /limiter", b'{"limit": -1}', "limit"),
    ("POST /limiter", b'{"limit": null}', "limit"),
    ("POST /limiter", b'{"window_s": 0}', "window_s"),
    ("POST /limiter", b'{"window_s": NaN}', "window_s"),
    ("POST /limiter", b'{"window_s": "1"}', "window_s"),
]


@pytest.mark.parametrize(("command", "body", "why"), REFUSED)
def test_what_cannot_be_used_is_refused_with_a_reason_and_changes_nothing(desk, command, body, why):
    before = desk.tell("GET /state")
    status, told = desk.ask(command, body)
    assert status == 400
    assert why in told["error"]
    assert desk.tell("GET /state") == before


@pytest.mark.parametrize("command", ["GET /", "GET /reset", "POST /state", "PUT /clock"])
def test_an_unknown_command_is_answered_with_those_that_there_are(desk, command):
    status, told = desk.ask(command)
    assert status == 404
    assert "POST /reset" in told["error"]


def test_the_clock_goes_ahead_by_a_step_and_up_to_an_offset(desk):
    assert desk.tell("POST /clock", advance_ms=500)["now_ms"] == START_MS + 500
    assert desk.tell("POST /clock", offset_ms=2000)["now_ms"] == START_MS + 2000
    assert desk.tell("POST /clock", offset_ms=2000)["offset_ms"] == 2000


def test_a_frozen_clock_stands_still_and_can_be_moved(desk):
    desk.tell("POST /clock", freeze=True)
    desk.machine_ms += 1000
    assert desk.clock() == START_MS
    assert desk.tell("POST /clock", advance_ms=10)["now_ms"] == START_MS + 10
    assert desk.tell("POST /clock", freeze=False)["now_ms"] == START_MS + 1010


def test_the_market_goes_on_when_the_clock_is_moved(desk):
    desk.tell("POST /clock", advance_ms=60_000)
    assert desk.tell("GET /state")["trades"] > 0


def test_a_reset_begins_the_same_anew_and_another_seed_another(desk):
    first = desk.ticker()
    desk.tell("POST /clock", advance_ms=60_000)
    desk.machine_ms -= 60_000
    assert desk.tell("POST /reset") == {"seed": 1}
    assert desk.ticker() == first
    assert desk.tell("POST /reset", seed=2) == {"seed": 2}
    assert desk.ticker() != first
    assert desk.tell("GET /state")["seed"] == 2


def test_faults_come_and_go_and_outlive_a_reset(desk):
    name = "coin-ticker-is-of-another-coin"
    btc = Request("GET", "/market/data/quotations/coin?coin=btc")
    symbols = []
    for command, given in (
        ("POST /faults", {"names": [name]}),
        ("POST /reset", {}),
        ("POST /faults", {"names": []}),
    ):
        desk.tell(command, **given)
        answer = desk.exchange.handle(btc, "127.0.0.1")
        symbols.append(json.loads(answer.body)["data"]["symbol"])
    assert symbols == ["ETH/USDT", "ETH/USDT", "BTC/USDT"]
    listed = desk.tell("GET /faults")
    assert listed["in_force"] == []
    assert listed["all"][name]


def test_the_limiter_counts_by_other_rules_from_nothing(desk):
    desk.tell("POST /limiter", limit=2, window_s=0.5, kind="sliding_log")
    assert [desk.status(TICKER) for _ in range(3)] == [200, 200, 429]
    desk.tell("POST /limiter", reset=True)
    assert desk.status(TICKER) == 200
    desk.machine_ms += 500
    assert [desk.status(TICKER) for _ in range(3)] == [200, 200, 429]
    assert desk.tell("POST /limiter", limit=0)["kind"] == "sliding_log"
    assert [desk.status(TICKER) for _ in range(5)] == [200] * 5


def test_the_state_counts_what_went_on(desk):
    desk.exchange.connect("127.0.0.1")
    desk.machine_ms += 1234
    state = desk.tell("GET /state")
    assert (state["connections"], state["uptime_ms"], state["orders"]) == (1, 1234, 0)


def test_the_state_counts_answers_by_operation_and_status_until_a_reset(desk):
    desk.tell("POST /limiter", limit=3)
    stranger, nowhere = Request("POST", "/uc/user-info"), Request("GET", "/nowhere")
    for request in (stranger, TICKER, TICKER, TICKER, nowhere):
        desk.status(request)
    counted = desk.tell("GET /state")["requests"]
    assert counted == {"getCoinTicker": {"200": 2, "429": 1}, "getUserInfo": {"401": 1}}
    desk.tell("POST /reset")
    assert desk.tell("GET /state")["requests"] == {}
