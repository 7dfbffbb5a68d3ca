"""What every driver's client sends and tells before a server that cuts, drips, redirects and refuses."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from email.utils import formatdate
from itertools import pairwise

import pytest

from conformance.wire.http import Request
from conformance.wire.signing import Recipe, signature, signed_bytes
from tests.sdk.driven import Driven
from tests.sdk.people import ALICE, KEY
from tests.sdk.scripted_server import (
    HANG_UP,
    Dripping,
    Last,
    ScriptedServer,
    answer,
    scripted_server,
)

ORDER = {"symbol": "BTC/USDT", "direction": "BUY", "type": "LIMIT", "price": "6E4"}
SELL = {"symbol": "BTC/USDT", "direction": "SELL", "type": "MARKET", "amount": "1E-8"}
HALF = answer(200, '{"code":0,"data":"E1"', missing=9)
BARE = answer(200, "{}")
YES = answer(200, '{"code":0,"message":"success","data":"E1"}')
ELSEWHERE = "Location: http://127.0.0.1:1/"
OTHER = Recipe(parts=("key", "query", "body"), algorithm="sha512", encoding="base64")


def token(name: str) -> bytes:
    """The answer to a login."""
    return answer(200, f'{{"code":0,"data":{{"Authorization":"eyJ.{name}"}}}}')


def stale(exchange_s: float) -> bytes:
    """A timestamp is refused, at that time by the exchange's clock."""
    date = "Date: " + formatdate(exchange_s, usegmt=True)
    return answer(401, '{"code":3003,"message":"outside"}', date)


def tokens_of(server: ScriptedServer) -> list[str | None]:
    """The token of each request, without its beginning."""
    sent = [each.headers.get("authorization") for each in server.arrived]
    return [each and each.removeprefix("eyJ.") for each in sent]


@pytest.mark.parametrize(
    ("say", "kind", "attempts"),
    [
        pytest.param(Last(HALF), "unreadable", 3, id="half a body"),
        pytest.param(answer(502, "<html>"), "server", 3, id="502"),
        pytest.param(answer(503), "server", 3, id="503"),
        pytest.param(answer(500, "<html>"), "server", 1, id="500"),
        pytest.param(answer(500, '{"code":4000}'), "unauthorized", 1, id="500 and 4000"),
        pytest.param(answer(200, '{"code":4000}'), "unauthorized", 1, id="200 and 4000"),
        pytest.param(answer(401), "unauthorized", 1, id="401"),
        pytest.param(answer(403, "<html>"), "unauthorized", 1, id="403"),
        pytest.param(answer(403, '{"code":3004}'), "unauthorized", 1, id="403 and a code"),
        pytest.param(answer(400, '{"code":4004}'), "rejected", 1, id="400 and a code"),
        pytest.param(answer(404, "<html>"), "unreadable", 1, id="404"),
        pytest.param(answer(302, "{}", ELSEWHERE), "unreadable", 1, id="302"),
        pytest.param(answer(429), "rate_limited", 3, id="429"),
        pytest.param(answer(429, '{"code":4000}'), "rate_limited", 3, id="429 and 4000"),
    ],
)
def test_a_read_is_tried_again_where_that_may_help(
    driver: Driven, say: bytes, kind: str, attempts: int
) -> None:
    # A connection that was used before is where libraries try again by themselves.
    with scripted_server(BARE, *[say] * attempts) as server:
        driver.open(server.address)
        assert driver.call("getCoinTicker", coin="btc") == {}
        assert driver.refusal("getCoinTicker", coin="btc")["kind"] == kind
    times_s = [each.at_s for each in server.arrived[1:]]
    pauses_s = [later - sooner for sooner, later in pairwise(times_s)]
    assert all(pause_s > due_s for pause_s, due_s in zip(pauses_s, (0.01, 0.02), strict=False))


def test_a_read_without_an_answer_is_tried_three_times(driver: Driven, language: str) -> None:
    # Each of them java.net.http sends once more by itself, see Transport.java.
    attempts = 6 if language == "java" else 3
    with scripted_server(BARE, *[HANG_UP] * attempts) as server:
        driver.open(server.address)
        driver.call("getCoinTicker", coin="btc")
        assert driver.refusal("getCoinTicker", coin="btc")["kind"] == "transport"


@pytest.mark.parametrize(
    "body", ["<html>", '{"code":0,"data":NaN}', "", '{"code":0} {}', '{"code":0'], ids=repr
)
def test_what_is_not_json_is_unreadable(driver: Driven, body: str) -> None:
    with scripted_server(*[answer(200, body)] * 3) as server:
        driver.open(server.address)
        assert driver.refusal("getCoinTicker", coin="btc")["kind"] == "unreadable"
        assert len(server.arrived) in (1, 3), "it may be tried again, or not"
        server.has_said_enough()


@pytest.mark.parametrize(
    ("say", "kind"),
    [
        pytest.param(HANG_UP, "transport", id="hangs up"),
        pytest.param(Last(HALF), "unreadable", id="half a body"),
        pytest.param(answer(502, "<html>"), "server", id="502"),
        pytest.param(answer(503, "busy"), "server", id="503"),
        pytest.param(answer(200, "<html>"), "unreadable", id="no JSON"),
        pytest.param(answer(302, "", ELSEWHERE), "unreadable", id="302"),
        pytest.param(answer(307, "", ELSEWHERE), "unreadable", id="307"),
        pytest.param(answer(403, "<html>"), "unauthorized", id="403"),
    ],
)
def test_an_order_that_may_have_happened_is_sent_once(
    driver: Driven, say: bytes, kind: str
) -> None:
    with scripted_server(BARE, say) as server:
        driver.open(server.address, key=KEY)
        driver.call("getCoinTicker", coin="btc")
        assert driver.refusal("placeSpotOrder", **ORDER, amount="1.50E-8")["kind"] == kind
    order = server.arrived[1]
    assert (order.method, order.path) == ("POST", "/tx/spot/add")
    sent = ["amount=0.0000000150", "direction=0", "price=60000", "symbol=BTC%2FUSDT", "type=0"]
    assert sorted(order.body.split("&")) == sent


def test_an_answer_that_does_not_end_is_none_in_time(driver: Driven) -> None:
    begun = b"HTTP/1.1 200 OK\r\n"
    endless = (Dripping(begun + b"Content-Length: 1000000\r\n\r\n"), Dripping(begun + b"X: "), HALF)
    read = ("call", {"operation": "getCoinTicker", "params": {"coin": "btc"}})
    order = ("call", {"operation": "placeSpotOrder", "params": SELL})
    # At once, for each takes its time: reads have three attempts, and orders one.
    with scripted_server(*endless * 3) as server:
        driver.open(server.address, key=KEY, timing={"timeoutMs": 300})
        answers = driver.ask_at_once(read, order, read, order, order)
    assert [each["error"]["kind"] for each in answers] == ["timeout"] * 5
    asked = Counter(each.path for each in server.arrived)
    assert asked == {"/market/data/quotations/coin": 6, "/tx/spot/add": 3}


def test_an_order_over_the_limit_is_sent_again_after_its_wait(driver: Driven) -> None:
    # By the exchange's clock, which is not ours.
    date = "Date: " + formatdate(1_800_000_000, usegmt=True)
    later = "Retry-After: " + formatdate(1_800_000_001, usegmt=True)
    with scripted_server(answer(429, "{}", date, later), YES) as server:
        driver.open(server.address, key=KEY)
        assert driver.call("placeSpotOrder", **SELL) == "E1"
    refused, accepted = server.arrived
    assert accepted.at_s - refused.at_s >= 1
    sent = ["amount=0.00000001", "direction=1", "symbol=BTC%2FUSDT", "type=1"]
    assert sorted(accepted.body.split("&")) == sent == sorted(refused.body.split("&"))


def test_while_the_exchange_wants_quiet_nothing_else_goes_out(driver: Driven) -> None:
    with scripted_server(answer(429, "{}", "Retry-After: 60")) as server:
        driver.open(server.address)
        limited = driver.refusal("getCoinTicker", coin="btc")
        assert (limited["kind"], limited["retryAfterMs"]) == ("rate_limited", 60_000)
        limited = driver.refusal("getCoinTicker", coin="btc")
        assert limited["kind"] == "rate_limited"
        assert 50_000 < limited["retryAfterMs"] <= 60_000


def test_one_login_serves_all_calls_at_once(driver: Driven) -> None:
    calls = [("call", {"operation": "getSpotWallets", "params": {}})] * 4
    with scripted_server(token("one"), *[BARE] * 4) as server:
        driver.open(server.address, login=ALICE)
        assert [each["ok"] for each in driver.ask_at_once(*calls)] == [True] * 4
    assert server.arrived[0].path == "/uc/v2/login"
    assert tokens_of(server) == [None, *["one"] * 4]


def test_a_token_that_ended_is_renewed_once(driver: Driven) -> None:
    ended = answer(200, '{"code":4000,"message":"ended"}')
    script = (token("one"), ended, token("two"), YES, answer(401), token("three"), ended)
    with scripted_server(*script) as server:
        driver.open(server.address, login=ALICE)
        assert driver.call("placeSpotOrder", **SELL) == "E1"
        assert driver.refusal("getSpotWallets")["kind"] == "unauthorized"
    assert tokens_of(server) == [None, "one", None, "two", "two", None, "three"]


def test_a_drifting_clock_is_set_by_the_exchange_each_time(driver: Driven) -> None:
    now_s = time.time()
    drifts_s = (-200_000_000, 3600, -60)
    script = [each for drift_s in drifts_s for each in (stale(now_s + drift_s), YES)]
    with scripted_server(*script, stale(now_s), stale(now_s)) as server:
        driver.open(server.address, key=KEY)
        assert [driver.call("placeSpotOrder", **SELL) for _ in drifts_s] == ["E1"] * 3
        assert driver.refusal("getSpotWallets")["code"] == 3003
    stamps_s = [int(each.headers["x-ft-timestamp"]) / 1000 for each in server.arrived]
    for drift_s, stamp_s in zip(drifts_s, stamps_s[1::2], strict=False):
        assert -1 <= stamp_s - (now_s + drift_s) < 10, "10 s are what all of it may take"
    assert KEY["secret"] not in str(server.arrived)


@pytest.mark.parametrize("recipe", [Recipe(), OTHER], ids=["documented", "other"])
def test_what_arrives_is_signed_by_the_exchanges_recipe(driver: Driven, recipe: Recipe) -> None:
    with scripted_server(BARE, YES) as server:
        driver.open(server.address, key=KEY, signing=asdict(recipe))
        driver.call("listSpotOrders", symbol="BTC/USDT", status="")
        driver.call("placeSpotOrder", **SELL, clientOrderId="a b+c/d&é€~*")
    for each in server.arrived:
        request = Request(each.method, each.target, (), each.body.encode())
        names = (recipe.timestamp_header, recipe.window_header, recipe.key_header)
        text = signed_bytes(recipe, request, *(each.headers[name.lower()] for name in names))
        signed = each.headers[recipe.signature_header.lower()]
        assert signed == signature(recipe, KEY["secret"], text)
    query = server.arrived[0].target.partition("?")[2]
    assert sorted(query.split("&")) == ["status=", "symbol=BTC%2FUSDT"]


def test_answers_are_read_exactly(driver: Driven) -> None:
    body = (
        '{"a":0.1234567890123456789,"b":1E-8,"c":9223372036854775807,"d":9007199254740993,'
        '"e":"0.10","f":[0.10,null,true,"ключ €"],"g":-0.5e-3}'
    )
    read = {
        "a": "0.1234567890123456789",
        "b": "0.00000001",
        "c": 9223372036854775807,
        "d": 9007199254740993,
        "e": "0.10",
        "f": ["0.10", None, True, "ключ €"],
        "g": "-0.0005",
    }
    whole = f'{{"code":0,"data":{body}}}'
    no = answer(200, '{"code":7,"message":"но"}')
    with scripted_server(answer(200, body), answer(200, whole), no) as server:
        driver.open(server.address)
        assert driver.call("getCoinTicker", coin="btc") == read
        assert driver.call("getCoinTicker", coin="btc") == read
        refused = driver.refusal("getCoinTicker", coin="btc")
    assert (refused["kind"], refused["code"], refused["message"]) == ("rejected", 7, "но")
    assert refused["status"] == 200
