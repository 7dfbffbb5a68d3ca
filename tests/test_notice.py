"""A verdict that changed is told once, to a real server of this machine; what goes wrong is one line."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from conformance import notice
from tests.reports.builders import result, small
from tests.reports.night import series, trend

SECRET = "/T000/B000/not-for-logs"
BEFORE = {"run": "run-2", "started": "2026-01-02T00:00:00Z", "verdict": "pass", "trend": "same"}


class Receiver(HTTPServer):
    """Answers with the statuses that it is given, one after the other, and keeps what came."""

    def __init__(self, statuses: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses, self.came = statuses, []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((self.path, json.loads(body)))
        self.send_response(self.server.statuses.pop(0))
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver([200]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def tell(url: str, slept: list[float] | None = None, **changes: Any) -> bool:
    sleep = (slept if slept is not None else []).append
    return notice.notify(small(verdict="fail", **changes), trend(), url, "", sleep)


@pytest.mark.parametrize(
    ("verdict", "slower", "before", "is_told"),
    [
        ("pass", "same", ("pass", "same"), False),
        ("fail", "same", ("pass", "same"), True),
        ("pass", "same", ("fail", "same"), True),
        ("fail", "worse", ("fail", "worse"), False),
        ("pass", "worse", ("pass", "same"), True),
        ("pass", "same", ("pass", "worse"), True),
        ("pass", "not enough data", ("pass", "same"), False),
        ("pass", "better", ("pass", None), False),
        ("pass", "not enough data", None, False),
        ("fail", "not enough data", None, True),
        ("inconclusive", "not enough data", None, True),
    ],
)
def test_a_change_is_worth_telling(
    verdict: str, slower: str, before: tuple[str, str | None] | None, is_told: bool
) -> None:
    last = before and {**BEFORE, "verdict": before[0], "trend": before[1]}
    night = trend(verdict=slower, before=last)
    assert notice.is_worth_telling(small(verdict=verdict), night) is is_told


def test_without_a_history_only_what_is_bad_is_told() -> None:
    assert not notice.is_worth_telling(small(), None)
    assert notice.is_worth_telling(small(verdict="fail"), None)


def test_the_message_says_what_changed_in_words_and_by_field() -> None:
    rows = [result(verdict="failed"), result(id="not.gating", verdict="failed", gating=False)]
    summary = small(verdict="fail", requirement_results=rows)
    found = notice.message(summary, trend(), "https://ci.example/1")
    assert found["text"] == (
        "Nightly run of reference: FAIL (before: pass)\nTrend: worse (before: same)\n"
        "Worse: order_latency wire p50\nNew failures: spot.order-is-listed\nhttps://ci.example/1"
    )
    assert (found["verdict_before"], found["verdict"]) == ("pass", "fail")
    assert found["worse_series"] == ["order_latency wire p50"]
    assert found["new_failures"] == ["spot.order-is-listed"]


def test_a_first_night_names_all_that_fails() -> None:
    rows = [result(id="a.a", verdict="failed"), result(id="a.b")]
    summary = small(verdict="fail", requirement_results=rows)
    assert notice.message(summary, trend(before=None))["new_failures"] == ["a.a"]


def test_many_names_and_hostile_ones_stay_short_and_are_no_mention() -> None:
    worse = [series(series=f"<!channel> {'é' * 999}\n{number}") for number in range(99)]
    found = notice.message(small(target="a\ud800<b>\n"), trend(series=worse))
    assert "<" not in found["text"]
    assert "and 79 more" in found["text"]
    assert len(json.dumps(found)) < 50_000


def test_it_is_sent_once(receiver: Receiver) -> None:
    assert tell(receiver.url)
    ((path, body),) = receiver.came
    assert path == SECRET
    assert body["text"].startswith("Nightly run of reference: FAIL")


def test_nothing_is_sent_when_nothing_changed_or_no_address_is_set(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = trend(verdict="same")
    assert not notice.notify(small(), same, receiver.url)
    monkeypatch.delenv(notice.VARIABLE, raising=False)
    assert not notice.notify(small(verdict="fail"), trend())
    assert receiver.came == []


def test_the_address_comes_from_the_environment(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(notice.VARIABLE, receiver.url)
    monkeypatch.setenv("CI_JOB_URL", "https://ci.example/job/1")
    assert notice.notify(small(verdict="fail"), trend())
    assert receiver.came[0][1]["link"] == "https://ci.example/job/1"


def test_an_error_of_the_server_is_tried_again_with_longer_pauses(receiver: Receiver) -> None:
    receiver.statuses, slept = [500, 429, 204], []
    assert tell(receiver.url, slept)
    assert slept == [2.0, 4.0]
    assert len(receiver.came) == 3


@pytest.mark.parametrize(
    ("statuses", "told"), [([500] * 3, "status 500, 3 times"), ([404], "404"), ([302], "302")]
)
def test_a_refusal_is_one_line_without_the_address(
    receiver: Receiver,
    statuses: list[int],
    told: str,
    capsys: pytest.CaptureFixture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(0)
    receiver.statuses = statuses
    assert not tell(receiver.url)
    said = capsys.readouterr()
    assert said.err.startswith("warning: the webhook was not told: ")
    assert told in said.err
    assert said.err.count("\n") == 1
    assert receiver.statuses == []
    for text in (said.out, said.err, caplog.text):
        assert SECRET not in text
        assert "127.0.0.1" not in text


def test_nobody_there_is_one_line(capsys: pytest.CaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert not tell(f"http://127.0.0.1:{port}{SECRET}")
    said = capsys.readouterr().err
    assert "no answer (ConnectError), 3 times" in said
    assert str(port) not in said


@pytest.mark.parametrize("drip", [b"", b"HTTP/1.1 200 OK\r\n"])
def test_a_server_that_hangs_is_left(
    drip: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(notice, "TIMEOUT_S", 0.2)
    held = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hold() -> None:
            for _ in range(notice.TRIES):
                connection, _ = server.accept()
                connection.send(drip) if drip else None
                held.append(connection)

        thread = threading.Thread(target=hold)
        thread.start()
        assert not tell(f"http://127.0.0.1:{server.getsockname()[1]}{SECRET}")
        thread.join()
    for each in held:
        each.close()
    assert ", 3 times" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    ["http://chat.example/x", "ftp://127.0.0.1/x", "https://", "no address", "http://[::1", "//x"],
)
def test_an_address_that_is_not_safe_is_refused(url: str, capsys: pytest.CaptureFixture) -> None:
    assert not tell(url)
    said = capsys.readouterr().err
    assert notice.VARIABLE in said
    assert url not in said.replace(notice.VARIABLE, "")


def test_the_link_is_the_page_of_the_job() -> None:
    github = {"GITHUB_SERVER_URL": "https://g", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}
    assert notice.link_of(github) == "https://g/a/b/actions/runs/7"
    assert notice.link_of({**github, "NIGHTLY_LINK": "https://mine"}) == "https://mine"
    assert notice.link_of({}) == ""
