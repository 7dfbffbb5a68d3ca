"""The servers of the verifying exchange before clients that are odd: what came is noted, and answered."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import pytest

from conformance.cases.claim import Verdict
from conformance.spec.contract import Contract
from conformance.target import load
from sdk_gate import gate
from sdk_gate.arrivals import CONNECTED, GREETED, OTHER, UNTRUSTED
from sdk_gate.asked import Asked
from sdk_gate.exchange.http_server import MOST_BODY
from sdk_gate.exchange.verifying import Addresses, VerifyingExchange
from sdk_gate.judges import requests
from sdk_gate.stage import until

TICKER = "/market/data/quotations/coin?coin=btc"
REQUEST = b"GET /market/data/quotations/coin?coin=btc HTTP/1.1\r\nHost: x\r\n\r\n"
Served = tuple[VerifyingExchange, Addresses]


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    asked, target = Asked("x"), load("reference")
    contract = Contract.load(asked.openapi, asked.asyncapi, target.settings)
    config = gate.config_of(target, 1, gate.residents_of(1))
    with gate.serving(contract, config) as (exchange, addresses):
        yield exchange, addresses


@pytest.fixture
def served(running: Served) -> Served:
    running[0].begin(1)
    return running


def port(address: str) -> int:
    return int(address.rstrip("/").rpartition(":")[2])


def answer(address: str, sent: bytes, host: str = "127.0.0.1") -> bytes:
    """What comes for these bytes until the other side closes, or is silent."""
    with socket.create_connection((host, port(address)), timeout=5) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        came = b""
        while data := client.recv(65_536):
            came += data
    return came


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        ("GET /market/data?coin=été HTTP/1.1\r\nHost: x\r\n\r\n", "/market/data?coin=été"),
        ("GET /market/data?coin=a b HTTP/1.1\r\nHost: x\r\n\r\n", "/market/data?coin=a b"),
        (f"GET {TICKER} HTTP/1.1\r\n\r\n", TICKER),
        ("GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", "/"),
    ],
)
def test_what_is_no_request_is_answered_400_and_held_against_the_sdk(
    served: Served, sent: str, line: str
) -> None:
    exchange, addresses = served
    mark = exchange.wire.mark()
    assert answer(addresses.rest, sent.encode()).startswith(b"HTTP/1.1 400 ")
    [arrived] = exchange.wire.since(mark).arrivals
    assert (arrived.request.method, arrived.request.target) == ("GET", line)
    assert arrived.malformed
    assert arrived.status == 400
    recipe = load("reference").conventions.signing.recipe
    known = requests.Known(exchange.contract, recipe, {}, ())
    [claim] = [x for x in requests.judge(known, [arrived]) if x.verdict is Verdict.FAIL]
    assert claim.requirement == "sdk.asks-what-is-documented"
    assert arrived.malformed in claim.actual


def test_a_request_behind_another_is_named_by_its_own_line(served: Served) -> None:
    exchange, addresses = served
    mark = exchange.wire.mark()
    answer(addresses.rest, REQUEST + b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n")
    targets = [(x.request.target, bool(x.malformed)) for x in exchange.wire.since(mark).arrivals]
    assert targets == [(TICKER, False), ("/a b", True)]


def test_a_body_beyond_all_measure_is_noted_and_refused(served: Served) -> None:
    exchange, addresses = served
    mark = exchange.wire.mark()
    sent = b"POST /uc/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port(addresses.rest)), timeout=5) as client:
        client.sendall(sent + b"x" * (MOST_BODY + 1))
        assert client.recv(65_536).startswith(b"HTTP/1.1 400 ")
    [arrived] = exchange.wire.since(mark).arrivals
    assert arrived.malformed == f"a body of more than {MOST_BODY} bytes"
    assert (arrived.request.method, arrived.request.target) == ("POST", "/uc/login")


def test_a_client_that_breaks_off_has_sent_nothing_wrong(served: Served) -> None:
    exchange, addresses = served
    mark = exchange.wire.mark()
    assert answer(addresses.rest, b"POST /uc/login HTTP/1.1\r\nHost: x\r\nContent-Le") == b""
    half = b"POST /uc/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"
    assert answer(addresses.rest, half) == b""
    assert exchange.wire.since(mark).arrivals == ()


def test_a_client_may_wait_to_be_told_to_go_on(served: Served) -> None:
    exchange, addresses = served
    head = (
        b"POST /uc/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    )
    mark = exchange.wire.mark()
    with socket.create_connection(("127.0.0.1", port(addresses.rest)), timeout=5) as client:
        client.sendall(head)
        assert client.recv(65_536).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"a=1")
        assert client.recv(65_536).startswith(b"HTTP/1.1 4")
    assert [x.request.body for x in exchange.wire.since(mark).arrivals] == [b"a=1"]


@pytest.mark.parametrize("begin", ["http://127.0.0.1:9", "HTTP://somewhere.test", ""])
def test_a_target_may_have_its_absolute_form(served: Served, begin: str) -> None:
    exchange, addresses = served
    mark = exchange.wire.mark()
    sent = f"GET {begin}{TICKER} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert answer(addresses.rest, sent.encode()).startswith(b"HTTP/1.1 200 ")
    [arrived] = exchange.wire.since(mark).arrivals
    assert (arrived.request.target, arrived.operation) == (TICKER, "getCoinTicker")


def has_v6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
    except OSError:
        return False
    return True


HOSTS = ["127.0.0.1", *(["::1"] if has_v6() else [])]


@pytest.mark.parametrize("host", HOSTS)
def test_whoever_takes_an_address_of_localhost_is_served(served: Served, host: str) -> None:
    exchange, addresses = served
    mark = exchange.wire.mark()
    assert b"404" in answer(addresses.other, REQUEST, host)
    seen = exchange.wire.since(mark)
    assert [each.host for each in seen.arrivals] == [OTHER]
    assert seen.count(OTHER, CONNECTED) == 1


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("name", ["localhost", None])
def test_a_handshake_is_noted_though_the_client_gives_up(
    served: Served, host: str, name: str | None
) -> None:
    exchange, addresses = served
    mark = exchange.wire.mark()
    context = ssl.create_default_context()
    context.check_hostname = False
    with (
        socket.create_connection((host, port(addresses.untrusted)), timeout=5) as client,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(client, server_hostname=name)
    seen = exchange.wire.since(mark)
    assert (seen.count(UNTRUSTED, CONNECTED), seen.count(UNTRUSTED, GREETED)) == (1, 1)
    assert seen.arrivals == ()


def test_a_client_without_tls_begins_none(served: Served) -> None:
    exchange, addresses = served
    mark = exchange.wire.mark()
    with socket.create_connection(("127.0.0.1", port(addresses.untrusted)), timeout=5) as client:
        client.sendall(REQUEST)
        assert until(lambda: exchange.wire.since(mark).count(UNTRUSTED, CONNECTED) == 1)
        while client.recv(4096):
            pass
    seen = exchange.wire.since(mark)
    assert (seen.count(UNTRUSTED, GREETED), seen.arrivals) == (0, ())
