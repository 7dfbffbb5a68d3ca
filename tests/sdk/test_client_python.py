"""The Python client before a server that cuts, drips, redirects and refuses: what it sends, and what it tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest

from sdk_gate.toolchains import python
from tests.sdk.driven import ALICE, ROOT, Driven, driven
from tests.sdk.odd_server import HANG_UP, OddServer, Say, answer, dripping, odd_server

SOURCE = ROOT / "sdk_gate" / "drivers" / "python"
TICKER = "/market/data/quotations/coin"
ORDER = "/tx/spot/add"
YES = answer(200, '{"code":0,"message":"success","data":"E1"}')
TOKEN = answer(200, '{"code":0,"data":{"Authorization":"eyJ.token"}}')
EXPIRED = answer(401, '{"code":4000,"message":"not logged in"}')
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
TIMING = {"timeoutMs": 400, "retryMs": 10, "pingMs": 60_000, "silenceMs": 60_000}
KEY = {"name": "ft-name", "secret": "hidden-secret"}


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    folder = tmp_path_factory.mktemp("driver")
    command = python.ready(SOURCE, folder / "built", folder / "build.log")
    with driven(command, folder) as running:
        yield running


def opened(driver: Driven, server: OddServer, **credentials: Any) -> None:
    addresses = {"rest": server.address, "stream": "ws://127.0.0.1:1/"}
    driver.result("open", config={**addresses, "timing": TIMING, **credentials})


def ticker(driver: Driven) -> dict[str, Any]:
    return driver.ask("call", operation="getCoinTicker", params={"coin": "btc"})


def order(driver: Driven) -> dict[str, Any]:
    params = {"symbol": "BTC/USDT", "direction": "SELL", "type": "MARKET", "amount": "1E-8"}
    return driver.ask("call", operation="placeSpotOrder", params=params)


@pytest.mark.parametrize(
    ("say", "kind", "attempts"),
    [
        (HANG_UP, "transport", 3),
        (HEAD + b'{"code":0', "unreadable", 3),
        (answer(503, "<html>"), "server", 3),
        (answer(500, "<html>"), "server", 1),
        (answer(200, "<html>"), "unreadable", 1),
        (answer(200, '{"code":0,"data":NaN}'), "unreadable", 1),
        (answer(302, "", "Location: http://127.0.0.1:1/"), "unreadable", 1),
        (answer(200, '{"code":7,"message":"no"}'), "rejected", 1),
        (answer(404, "<html>"), "rejected", 1),
        (answer(403, '{"code":3004,"message":"no"}'), "unauthorized", 1),
        (answer(429, "{}"), "rate_limited", 3),
        (answer(429, "{}", "Retry-After: 60"), "rate_limited", 1),
        (dripping(HEAD), "timeout", 3),
        (dripping(b"HTTP/1.1 200 OK\r\nX-Odd: "), "timeout", 3),
        (b"nonsense\r\n\r\n", "unreadable", 1),
    ],
)
def test_a_read_is_tried_again_where_that_may_help(driver, say: Say, kind: str, attempts: int):
    with odd_server(*[say] * 5) as server:
        opened(driver, server)
        assert ticker(driver)["error"]["kind"] == kind
        assert server.count(TICKER) == attempts


@pytest.mark.parametrize(
    ("say", "kind"),
    [
        (HANG_UP, "transport"),
        (HEAD + b'{"code":0', "unreadable"),
        (answer(502, "<html>"), "server"),
        (answer(200, "<html>"), "unreadable"),
        (dripping(HEAD), "timeout"),
        (answer(307, "", "Location: http://127.0.0.1:1/"), "unreadable"),
    ],
)
def test_an_order_that_may_have_happened_is_sent_once(driver, say: Say, kind: str):
    with odd_server(TOKEN, say, YES, YES) as server:
        opened(driver, server, login=ALICE)
        assert order(driver)["error"]["kind"] == kind
        assert server.count(ORDER) == 1


def test_an_order_over_the_limit_is_sent_again_after_its_wait(driver):
    date = "Date: " + formatdate(1_800_000_000, usegmt=True)
    later = "Retry-After: " + formatdate(1_800_000_001, usegmt=True)
    with odd_server(TOKEN, answer(429, "{}", date, later), YES) as server:
        opened(driver, server, login=ALICE)
        assert order(driver)["result"] == "E1"
        assert "amount=0.00000001" in server.heard[-1]
        assert "direction=1&type=1" in server.heard[-1]


def test_while_the_exchange_wants_quiet_nothing_else_goes_out(driver):
    with odd_server(answer(429, "{}", "Retry-After: 60"), YES) as server:
        opened(driver, server)
        assert ticker(driver)["error"]["retryAfterMs"] == 60_000
        assert 0 < ticker(driver)["error"]["retryAfterMs"] <= 60_000
        assert len(server.heard) == 1


def test_an_ended_token_is_renewed_once(driver):
    with odd_server(TOKEN, EXPIRED, TOKEN, YES, EXPIRED, TOKEN, EXPIRED, YES) as server:
        opened(driver, server, login=ALICE)
        assert order(driver)["result"] == "E1"
        assert "\r\nAuthorization: eyJ.token\r\n" in server.heard[-1]
        assert order(driver)["error"]["kind"] == "unauthorized"
        assert len(server.says) == 1


def test_a_drifting_clock_is_set_by_the_exchange_each_time(driver):
    def stale(epoch_s: int) -> bytes:
        date = "Date: " + formatdate(epoch_s, usegmt=True)
        return answer(401, '{"code":3003,"message":"outside"}', date)

    with odd_server(stale(1_900_000_000), YES, stale(1_700_000_000), YES) as server:
        opened(driver, server, key=KEY)
        for due in ("19000000", "17000000"):
            assert order(driver)["result"] == "E1"
            stamp = re.findall(r"X-FT-TIMESTAMP: (\d+)", server.heard[-1])[0]
            assert stamp.startswith(due)
        assert server.count(ORDER) == 4
        assert KEY["secret"] not in "".join(server.heard) + driver.log()


def test_digits_are_kept(driver):
    body = '{"a":0.1234567890123456,"b":1e-8,"c":9223372036854775807,"d":100000000000000000000}'
    with odd_server(answer(200, body)) as server:
        opened(driver, server)
        assert ticker(driver)["result"] == {
            "a": "0.1234567890123456",
            "b": "0.00000001",
            "c": 9223372036854775807,
            "d": "100000000000000000000",
        }
