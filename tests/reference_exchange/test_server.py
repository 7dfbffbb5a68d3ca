"""The server keeps its promises on real sockets: one process a module, on free ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from conformance.wire.http import Request
from conformance.wire.signing import Key, Recipe, sign
from reference_exchange.exchange import MOST_BODY
from reference_exchange.stream_server import MOST_UNSENT

ROOT = Path(__file__).parents[2]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DEADLINE_S = 10
BUSY = ("BTC/USDT", "ETH/USDT", "ETH/BTC")
SNAPSHOTS = [f"{channel}.{symbol}" for channel in ("depth", "trades") for symbol in BUSY]


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where, and its process."""

    rest: tuple[str, int]
    stream: str
    control: tuple[str, int]
    process: subprocess.Popen[str]


@contextmanager
def served(folder: Path, *words: str) -> Iterator[Served]:
    ready = folder / "ready.json"
    process = started("--ready-file", str(ready), *words)
    try:
        deadline = time.monotonic() + DEADLINE_S
        while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        where = json.loads(ready.read_text())
        assert where["pid"] == process.pid
        yield Served(
            host_and_port(where["rest"]), where["stream"], host_and_port(where["control"]), process
        )
    finally:
        process.kill()
        process.communicate()


def started(*words: str) -> subprocess.Popen[str]:
    ports = ("--port", "0", "--stream-port", "0", "--control-port", "0")
    command = [sys.executable, "-m", "reference_exchange", *ports, *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


def host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("server"), "--limit", "0") as running:
        yield running


def asked(
    where: tuple[str, int], method: str, target: str, body: str = "", source: str = "", **more: str
) -> tuple[int, dict]:
    connection = HTTPConnection(*where, timeout=5, source_address=(source, 0) if source else None)
    connection.request(method, target, body, {**FORM, **more})
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told


def token(server: Served, name: str = "alice") -> str:
    login = f"email={name}%40example.com&password=secret"
    return asked(server.rest, "POST", "/uc/v2/login", login)[1]["data"]["Authorization"]


def raw(server: Served, request: bytes) -> socket.socket:
    connection = socket.create_connection(server.rest, timeout=5)
    connection.sendall(request)
    return connection


def head_of(connection: socket.socket) -> bytes:
    return heard_until(connection, b"\r\n").partition(b"\r\n")[0]


def heard_until(connection: socket.socket, wanted: bytes) -> bytes:
    """What comes up to there; the server may send head and body apart."""
    heard = b""
    while wanted not in heard:
        more = connection.recv(65536)
        assert more, f"the connection ended after {heard!r}"
        heard += more
    return heard


# --- REST -----------------------------------------------------------------------------------------


def test_a_connection_is_kept_for_several_requests(server):
    connection = HTTPConnection(*server.rest, timeout=5)
    for _ in range(3):
        connection.request("GET", "/market/data/quotations/coin?coin=btc")
        assert json.loads(connection.getresponse().read())["code"] == 0
        assert connection.sock is not None
    connection.close()


def server_timing(where: tuple[str, int], target: str) -> str | None:
    connection = HTTPConnection(*where, timeout=5)
    connection.request("GET", target)
    said = connection.getresponse().getheader("Server-Timing")
    connection.close()
    return said


def test_every_answer_says_what_the_rules_took(server):
    for target in ("/market/data/quotations/coin?coin=btc", "/nowhere"):
        before_ns = time.perf_counter_ns()
        name, _, took_ms = (server_timing(server.rest, target) or "").partition(";dur=")
        assert name == "app"
        assert 0 < float(took_ms) < (time.perf_counter_ns() - before_ns) / 1e6


def test_the_differing_manner_does_not_say(tmp_path):
    with served(tmp_path, "--manner", "differing") as other:
        assert server_timing(other.rest, "/market/data/quotations/coin?coin=btc") is None


def test_requests_sent_ahead_are_answered_in_their_order(server):
    get = "GET /market/convert/price?fromUnit={}&toUnit=USDT HTTP/1.1\r\nHost: x\r\n\r\n"
    connection = raw(server, (get.format("USDT") + get.format("NONE")).encode())
    heard = heard_until(connection, b'"code":3000')
    connection.close()
    assert 0 < heard.index(b'"data":"1') < heard.index(b'"code":3000')


def test_the_target_is_kept_as_it_was_sent_and_header_names_in_any_case(server):
    status, told = asked(server.rest, "GET", "/market/data/quotations/coin?coin=%62t%63")
    assert (status, told["data"]["symbol"]) == (200, "BTC/USDT")
    jwt = token(server)
    status, _ = asked(server.rest, "GET", "/uc/asset/spot-wallets", aUTHORIZATION=jwt)
    assert status == 200


@pytest.mark.parametrize("sent", [0, 10])
def test_a_declared_body_that_is_too_large_is_refused_before_it_is_read(server, sent):
    head = f"POST /tx/spot/add HTTP/1.1\r\nHost: x\r\nContent-Length: {MOST_BODY + 1}\r\n\r\n"
    connection = raw(server, head.encode() + b"x" * sent)
    assert b" 413 " in head_of(connection)
    connection.close()


def test_a_body_that_grows_too_large_is_refused_before_its_end(server):
    head = b"POST /tx/spot/add HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection = raw(server, head + b"%x\r\n" % (MOST_BODY + 1) + b"x" * (MOST_BODY + 1) + b"\r\n")
    assert b" 413 " in head_of(connection)
    connection.close()


def test_after_a_refused_body_the_connection_goes_on(server):
    head = f"POST /tx/spot/add HTTP/1.1\r\nHost: x\r\nContent-Length: {MOST_BODY + 1}\r\n\r\n"
    connection = raw(server, head.encode() + b"x" * (MOST_BODY + 1))
    assert b" 413 " in heard_until(connection, b'"code":4130')
    connection.sendall(b"GET /market/data/quotations/home HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 200 " in heard_until(connection, b'"code":0')
    connection.close()


def test_an_order_whose_body_breaks_off_is_not_placed(server):
    jwt = token(server, "carol")
    form = "symbol=SOL/USDT&direction=0&type=0&price=100&amount=1"
    head = f"POST /tx/spot/add HTTP/1.1\r\nHost: x\r\nContent-Length: {len(form) + 2}\r\n"
    media = f"Content-Type: {FORM['Content-Type']}\r\nAuthorization: {jwt}\r\n\r\n"
    raw(server, (head + media + form).encode()).close()
    status, told = asked(server.rest, "GET", "/tx/spot/list", Authorization=jwt)
    assert (status, told["data"]["totalElements"]) == (200, 0)


def test_a_forwarded_address_is_not_believed(server):
    jwt = token(server)
    made = asked(
        server.rest,
        "POST",
        "/uc/api-key/create",
        "remark=&scopes=read&ips=127.0.0.9",
        Authorization=jwt,
    )[1]["data"]
    for source, forwarded, expected in (
        ("127.0.0.1", "127.0.0.9", 403),
        ("127.0.0.9", "127.0.0.1", 200),
    ):
        headers = {**signed(made), "X-Forwarded-For": forwarded}
        status, _ = asked(server.rest, "GET", "/uc/asset/spot-wallets", source=source, **headers)
        assert status == expected, source


def signed(key: dict, target: str = "/uc/asset/spot-wallets") -> dict[str, str]:
    request = Request("GET", target)
    now_ms = time.time_ns() // 1_000_000
    return dict(sign(Recipe(), request, Key(key["apiKey"], key["secret"]), now_ms).headers)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("/tx/spot/list?symbol=BTC%2FUSDT", 200),
        ("/tx/spot/list?symbol=BTC%2fUSDT", 401),
        ("/tx/spot/list?symbol=BTC/USDT", 401),
    ],
)
def test_a_signature_is_over_the_target_as_it_was_sent(server, sent, expected):
    form = "remark=&scopes=read"
    made = asked(server.rest, "POST", "/uc/api-key/create", form, Authorization=token(server))
    headers = signed(made[1]["data"], "/tx/spot/list?symbol=BTC%2FUSDT")
    status, told = asked(server.rest, "GET", sent, **headers)
    assert (status, told["code"]) == (expected, 0 if expected == 200 else 3002)


# --- control --------------------------------------------------------------------------------------


def test_the_control_port_moves_limits_faults_and_state(tmp_path):
    with served(tmp_path) as running:
        ticker = ("GET", "/market/data/quotations/coin?coin=btc")

        def tell(command: str, **given: object) -> dict:
            status, told = asked(running.control, "POST", command, json.dumps(given))
            assert status == 200, told
            return told

        def state() -> dict:
            return asked(running.control, "GET", "/state")[1]

        tell("/limiter", limit=1, window_s=60)
        assert [asked(running.rest, *ticker)[0] for _ in range(2)] == [200, 429]
        tell("/clock", advance_ms=60_000)
        assert asked(running.rest, *ticker)[0] == 200
        tell("/faults", names=["coin-ticker-is-of-another-coin"])
        assert state()["faults"] == ["coin-ticker-is-of-another-coin"]
        assert asked(running.rest, *ticker)[1]["data"]["symbol"] == "ETH/USDT"
        tell("/reset", seed=7)
        assert state()["seed"] == 7


# --- streams --------------------------------------------------------------------------------------


def stream(server: Served, path: str = "") -> ClientConnection:
    return connect(server.stream + path, compression=None, open_timeout=5, ping_interval=None)


def subscribe(client: ClientConnection, *topics: str) -> list[dict]:
    client.send(json.dumps({"op": "subscribe", "args": topics, "id": "1"}))
    return [json.loads(client.recv(5)) for _ in range(1 + len(topics))]


def test_all_subscribers_are_told_the_same_bytes(server):
    with ExitStack() as stack:
        clients = [stack.enter_context(stream(server)) for _ in range(3)]
        for client in clients:
            ack, snapshot = subscribe(client, "depth.SOL/USDT")
            assert ack["success"]
            assert snapshot["type"] == "snapshot"
        place(server, "150.001")
        heard = {client.recv(5) for client in clients}
    assert len(heard) == 1
    assert json.loads(heard.pop())["data"]["bids"][0][0] == "150.001"


def place(server: Served, price: str) -> None:
    form = f"symbol=SOL/USDT&direction=0&type=0&price={price}&amount=1"
    status, told = asked(server.rest, "POST", "/tx/spot/add", form, Authorization=token(server))
    assert status == 200, told


def test_protocol_pings_are_answered(server):
    with stream(server) as client:
        assert client.ping(b"payload").wait(5)


def test_only_the_root_is_a_stream(server):
    with pytest.raises(InvalidStatus, match="404"):
        stream(server, "elsewhere")


def test_a_reader_that_is_too_slow_is_disconnected_without_a_gap(server):
    most = (
        12 * MOST_UNSENT // 10_000
    )  # the kernel's buffers take some; 10 kB is what a round brings
    with ExitStack() as stack:
        plain = stack.enter_context(socket.socket())
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        plain.connect(host_and_port(server.stream))
        opened = connect(server.stream, sock=plain, compression=None, max_queue=1)
        client = stack.enter_context(opened)
        with suppress(ConnectionClosed):
            for number in range(most):
                operation = ("subscribe", "unsubscribe")[number % 2]
                words = {"op": operation, "args": SNAPSHOTS, "id": str(number)}
                client.send(json.dumps(words))
        wait_for_no_connection(server)
        heard = numbers_heard(client)
    assert 0 < len(heard) < most
    assert heard == list(range(len(heard)))


def wait_for_no_connection(server: Served) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while asked(server.control, "GET", "/state")[1]["connections"]:
        assert time.monotonic() < deadline, "nobody was disconnected"
        time.sleep(0.02)


def numbers_heard(client: ClientConnection) -> list[int]:
    """The numbers of the acknowledgements that come before the end, in their order."""
    heard = []
    with suppress(ConnectionClosed):
        while True:
            message = json.loads(client.recv(5))
            if "id" in message:
                heard.append(int(message["id"]))
    return heard


# --- the process ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_a_second_although_clients_are_connected(tmp_path, number):
    with served(tmp_path) as running, stream(running) as client:
        subscribe(client, "trades.BTC/USDT")
        idle = raw(running, b"")
        told_at = time.monotonic()
        os.kill(running.process.pid, number)
        assert running.process.wait(5) == 0
        assert time.monotonic() - told_at < 1
        idle.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fault", "coin-ticker-is-of-another-con"), "coin-ticker-is-of-another-coin"),
        (("--host", "0.0.0.0"), "--exposed"),
        (("--port", "70000"), "cannot listen"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_code_3(words, said):
    process = started(*words)
    _, problem = process.communicate(timeout=10)
    assert process.returncode == 3
    assert said in problem
    assert problem.count("\n") == 1


def test_a_port_in_use_is_one_line_and_exit_code_3():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = started("--port", str(port))
        _, problem = process.communicate(timeout=10)
    assert process.returncode == 3
    assert f"127.0.0.1:{port}" in problem
    assert problem.count("\n") == 1


def test_a_slower_build_works_that_much_longer_at_each_request(tmp_path):
    with served(tmp_path, "--extra-work-us", "20000") as slower:
        said = server_timing(slower.rest, "/market/data/quotations/coin?coin=btc") or ""
    assert float(said.partition(";dur=")[2]) >= 20.0


def test_extra_work_that_is_no_time_is_refused_in_one_line():
    process = started("--port", "0", "--extra-work-us", "-1")
    _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 3
    assert "--extra-work-us" in said
    assert len(said.splitlines()) == 1


def test_an_exchange_ends_with_whoever_started_it(tmp_path):
    ready, pipe = tmp_path / "ready.json", subprocess.PIPE
    ports = ("--port", "0", "--stream-port", "0", "--control-port", "0")
    command = [sys.executable, "-m", "reference_exchange", "--while-stdin", *ports]
    process = subprocess.Popen([*command, "--ready-file", str(ready)], cwd=ROOT, stdin=pipe)
    try:
        deadline = time.monotonic() + DEADLINE_S
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.close()  # as the system does for a process that was killed
        assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.wait()
