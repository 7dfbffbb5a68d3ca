"""Over sockets: what is accepted, refused and lost is told apart, and the first refusal ends an ask."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conformance.wire.http import Response
from load.client import Client
from load.limits.perform import Performer, is_refusal
from load.limits.steps import Ask, Subject, Wait
from load.limits.told import Told

WHO = Subject("127.0.0.1", "carol", "", "getSpotWallets")
REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
STATUSES = {"yes": 200, "no": 429, "broken": 500, "out": 401}


class Scripted(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: list[str] = []

    def do_GET(self):
        word = self.answers.pop(0) if self.answers else "yes"
        body = b'{"code":0}' if word == "yes" else b'{"code":3005,"message":"no"}'
        self.send_response(STATUSES[word])
        if word == "no":
            self.send_header("Retry-After", "7")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def performer() -> Iterator[Performer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    made = Performer(
        lambda source: Client(url, 5, source), lambda _: REQUEST, lambda: True, lambda *_: None, 4
    )
    yield made
    made.close()
    server.shutdown()
    server.server_close()


def ask(performer: Performer, most: int, *answers: str):
    Scripted.answers = list(answers)
    seen = []

    def script():
        seen.append((yield Ask(WHO, most)))

    performer.play(script())
    return seen[0][1]


def test_the_first_refusal_ends_it_and_says_what_it_said(performer):
    batch = ask(performer, 10, "yes", "yes", "no", "yes")
    assert (batch.accepted, len(batch.refusals), batch.lost) == (2, 1, 0)
    assert (batch.refusals[0].status, batch.refusals[0].code) == (429, 3005)
    assert batch.refusals[0].told == Told(7.0, "seconds")
    assert batch.accepted_s == tuple(sorted(batch.accepted_s))


def test_no_more_are_asked_than_wanted(performer):
    assert ask(performer, 3).sent == 3


@pytest.mark.parametrize("word", ["broken", "out"])
def test_what_is_no_refusal_for_the_rate_is_lost(performer, word):
    batch = ask(performer, 10, "yes", word)
    assert (batch.accepted, len(batch.refusals), batch.lost) == (1, 0, 1)


def test_a_wait_lasts_until_its_time(performer):
    times = []

    def script():
        times.append((yield Wait(performer.now_s + 0.05))[0])

    start_s = performer.now_s
    performer.play(script())
    assert times[0] >= start_s + 0.05


@pytest.mark.parametrize(
    ("status", "told", "expected"),
    [
        (429, Told(), True),
        (418, Told(), True),
        (503, Told(3.0), True),
        (503, Told(), False),
        (401, Told(), False),
    ],
)
def test_what_counts_as_a_refusal(status, told, expected):
    assert is_refusal(Response(status, (), b'{"code":1,"message":"no"}'), told) is expected
