"""The client reads whole answers however they arrive, and says when; anything else is an error."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from threading import Thread
from time import time_ns

import pytest

from conformance.wire.http import Request
from conformance.wire.rest import build
from load.client import IDLE_NS, Client

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Peer = Callable[[socket.socket, int], None]


@contextmanager
def serving(peer: Peer) -> Iterator[str]:
    """A loopback server that gives each connection, with its number, to `peer`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak(connection: socket.socket, number: int) -> None:
            # A client may hang up whenever it wants to.
            with connection, suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peer(connection, number)

        def accept() -> None:
            for number in count():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                Thread(target=speak, args=(connection, number), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def answering(*parts: bytes) -> Peer:
    """Answers each request with the same parts, each sent by itself."""

    def peer(connection: socket.socket, number: int) -> None:
        while connection.recv(65536):
            for part in parts:
                connection.sendall(part)

    return peer


def once(answer: bytes) -> Peer:
    """Answers one request of each connection, and hangs up."""

    def peer(connection: socket.socket, number: int) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return peer


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "status", "body"),
    [
        ([OK], 200, b"ok"),
        # byte by byte
        ([bytes([each]) for each in OK], 200, b"ok"),
        # chunked, in one piece and cut inside a chunk's size
        ([CHUNKED + b"2\r\nok\r\n3\r\n!!!\r\n0\r\n\r\n"], 200, b"ok!!!"),
        (
            [CHUNKED, b"1", b"0\r\n0123456789abcdef\r\n", b"0\r\n", b"\r\n"],
            200,
            b"0123456789abcdef",
        ),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], 204, b""),
        ([b"HTTP/1.1 429 Too Many\r\ncontent-length: 0\r\nretry-after: 7\r\n\r\n"], 429, b""),
    ],
)
def test_an_answer_is_read_whole(parts, status, body):
    with serving(answering(*parts)) as url:
        client = Client(url, 2.0)
        for _ in range(2):
            answer = client.send(client.prepare(build("GET", "/")))
            assert (answer.response.status, answer.response.body) == (status, body)
        client.close()


def test_headers_are_found_whatever_their_case():
    with serving(once(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Thing: 7\r\n\r\n")) as url:
        client = Client(url, 2.0)
        answer = client.send(client.prepare(build("GET", "/")))
        assert answer.response.header("x-thing") == "7"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort",
        CHUNKED + b"2\r\nok\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        OK + OK,
    ],
)
def test_what_is_not_one_whole_answer_is_an_error(answer):
    with serving(once(answer)) as url:
        client = Client(url, 2.0)
        with pytest.raises(ConnectionError):
            client.send(client.prepare(build("GET", "/")))


def test_after_an_error_the_next_request_has_a_connection_of_its_own():
    def peer(connection: socket.socket, number: int) -> None:
        if number > 0:
            answering(OK)(connection, number)

    with serving(peer) as url:
        client = Client(url, 2.0)
        payload = client.prepare(build("GET", "/"))
        with pytest.raises(OSError, match=r"closed|reset"):
            client.send(payload)
        assert client.send(payload).response.status == 200
        client.close()


def test_silence_ends_with_a_time_out():
    def peer(connection: socket.socket, number: int) -> None:
        connection.recv(65536)
        connection.recv(65536)

    with serving(peer) as url:
        client = Client(url, 0.05)
        with pytest.raises(TimeoutError):
            client.send(client.prepare(build("GET", "/")))


@pytest.mark.parametrize(
    ("answer", "connections"),
    [(OK, [0, 0]), (OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), [0, 1])],
)
def test_a_connection_is_kept_unless_the_answer_closes_it(answer, connections):
    seen: list[int] = []

    def peer(connection: socket.socket, number: int) -> None:
        while connection.recv(65536):
            seen.append(number)
            connection.sendall(answer)

    with serving(peer) as url:
        client = Client(url, 2.0)
        for _ in range(2):
            client.send(client.prepare(build("GET", "/")))
        client.close()
    assert seen == connections


def test_a_connection_that_was_idle_for_long_is_not_trusted(monkeypatch):
    seen: list[int] = []

    def peer(connection: socket.socket, number: int) -> None:
        while connection.recv(65536):
            seen.append(number)
            connection.sendall(OK)

    with serving(peer) as url:
        client = Client(url, 2.0)
        client.send(client.prepare(build("GET", "/")))
        monkeypatch.setattr("load.client.time_ns", lambda: time_ns() + IDLE_NS)
        client.send(client.prepare(build("GET", "/")))
        client.close()
    assert seen == [0, 1]


def test_times_are_in_order_and_the_kernel_stamps_the_answer():
    with serving(answering(OK)) as url:
        client = Client(url, 2.0)
        # The kernel switches stamping on in the background; the very first answers may have none.
        answers = [client.send(client.prepare(build("GET", "/"))) for _ in range(50)]
        client.close()
    stamped = [each for each in answers if each.kernel_ns is not None]
    assert stamped
    for each in stamped:
        assert each.sent_ns < (each.kernel_ns or 0) < each.received_ns
    assert all(each.sent_ns < each.received_ns for each in answers)


@pytest.mark.parametrize(
    ("base", "request_", "sent"),
    [
        (
            "http://host:8080",
            build("GET", "/a", {"b": "c d"}),
            b"GET /a?b=c+d HTTP/1.1\r\nHost: host:8080\r\n\r\n",
        ),
        (
            "http://host/api/",
            build("POST", "/a", form={"symbol": "BTC/USDT"}, headers=(("Authorization", "t"),)),
            b"POST /api/a HTTP/1.1\r\nHost: host\r\nAuthorization: t\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 17\r\n\r\n"
            b"symbol=BTC%2FUSDT",
        ),
        (
            "http://host",
            Request("POST", "/empty"),
            b"POST /empty HTTP/1.1\r\nHost: host\r\nContent-Length: 0\r\n\r\n",
        ),
    ],
)
def test_a_request_travels_as_these_bytes(base, request_, sent):
    assert Client(base, 1.0).prepare(request_) == sent
