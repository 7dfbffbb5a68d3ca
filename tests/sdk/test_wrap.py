"""Wrap: commands that people have, on the verifying exchange; what is found, and what cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.errors import ExitCode
from tests.sdk import gate_runs
from tests.sdk.gate_runs import GateRun

WRAPPED = Path(__file__).with_name("wrapped")
TICKER = 'curl -s "$EXCHANGE_REST_URL/market/data/quotations/coin?coin=btc"'
LOGIN = (
    'curl -s "$EXCHANGE_REST_URL/uc/v2/login" '
    '-d "$EXCHANGE_LOGIN_PARAMETER=$EXCHANGE_LOGIN&password=$EXCHANGE_PASSWORD"'
)
ORDER = "symbol=BTC/USDT&direction=0&type=0&price=50000&amount=0.001"


def wrap(folder: Path, command: str) -> GateRun:
    return gate_runs.here(folder, (command,), mode="wrap")


def test_the_quick_start_of_the_exchange_has_no_finding_that_gates(tmp_path: Path) -> None:
    found = wrap(tmp_path, f"bash {WRAPPED / 'quick_start.sh'}")
    assert found.of("failed") == ["sdk.works-with-every-operation"]
    # It goes on after a 429, and asks for the wallets again: as often as in peace.
    assert found.verdict("sdk.retry-after-is-kept") == "skipped", found.said
    assert found.exit_code == ExitCode.PASS
    assert "never called" in {x["actual"] for x in found.summary["findings"]}


def test_a_script_that_asks_again_at_once_is_found_out(tmp_path: Path) -> None:
    found = wrap(tmp_path, f"bash {WRAPPED / 'asks_again.sh'}")
    assert found.exit_code == ExitCode.FAIL
    assert {"sdk.orders-are-made-once", "sdk.retry-after-is-kept"} <= set(found.of("failed"))
    finding = next(
        x for x in found.summary["findings"] if x["requirement"] == "sdk.retry-after-is-kept"
    )
    assert "getSpotWallets after" in finding["actual"]
    again, *shown = finding["reproduce"].splitlines()
    assert again == f"make sdk-gate SDK='bash {WRAPPED / 'asks_again.sh'}' SEED=1"
    assert all(line.startswith("# ") for line in shown)
    assert any(line.startswith("# < 429") for line in shown)


@pytest.mark.parametrize(
    ("command", "requirements"),
    [
        (f"{TICKER}; false", "sdk.own-tests-pass"),
        (f"{TICKER}; echo password $EXCHANGE_PASSWORD", "sdk.secrets-stay-inside"),
        (f'{TICKER}; curl -s "$EXCHANGE_REST_URL/v1/ping"', "sdk.asks-what-is-documented"),
        (f'{TICKER}"&since=1"', "sdk.asks-what-is-documented"),
        (
            f'T=$({LOGIN} | sed \'s/.*"Authorization":"//; s/".*//\'); '
            'curl -s "$EXCHANGE_REST_URL/uc/asset/spot-wallets" -H "Authorization: Bearer $T"',
            "sdk.token-is-sent-raw",
        ),
        (
            'curl -s "$EXCHANGE_REST_URL/tx/spot/add" -H "Content-Type: application/json" -d "{}"',
            "sdk.forms-are-forms",
        ),
        (
            f'curl -s "$EXCHANGE_REST_URL/tx/spot/add" -d "{ORDER}" -H "X-FT-APIKEY: '
            '$EXCHANGE_API_KEY" -H "X-FT-TIMESTAMP: 1" -H "X-FT-SIGN: 00"',
            "sdk.signature-matches-the-bytes sdk.timestamps-are-fresh",
        ),
        (
            f'T=$({LOGIN} | sed \'s/.*"Authorization":"//; s/".*//\'); '
            'for i in 1 2; do curl -s -f "$EXCHANGE_REST_URL/tx/spot/add" -H "Authorization: $T" '
            f'-d "{ORDER}" && break; done',
            "sdk.orders-are-made-once",
        ),
    ],
)
def test_what_a_command_sends_is_judged(tmp_path: Path, command: str, requirements: str) -> None:
    found = wrap(tmp_path, command)
    for each in requirements.split():
        assert found.verdict(each) == "failed", found.said
    assert found.exit_code == ExitCode.FAIL


def test_a_command_that_does_all_right_has_no_finding_that_gates(tmp_path: Path) -> None:
    found = wrap(tmp_path, f"({TICKER}; sleep 1.2; {LOGIN}) > /dev/null")
    assert found.exit_code == ExitCode.PASS, found.said
    assert found.of("failed") == ["sdk.works-with-every-operation"]
    assert found.verdict("sdk.book-follows-the-feed") == "skipped"


def test_the_command_that_plays_it_again_has_every_setting(tmp_path: Path) -> None:
    (tmp_path / "sdk").mkdir()
    known = tmp_path / "known.toml"
    known.touch()
    options = {"folder": "sdk", "target": "differing", "deviations": str(known), "limit-s": "60"}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    found = gate_runs.here(tmp_path, (f"{TICKER}; false",), *words, mode="wrap")
    finding = next(x for x in found.summary["findings"] if x["requirement"] == "sdk.own-tests-pass")
    assert (
        f"FOLDER=sdk TARGET=differing DEVIATIONS={known} LIMIT_S=60 SEED=1" in finding["reproduce"]
    )


def test_a_part_of_an_sdks_own_tests_cannot_be_asked_for(tmp_path: Path) -> None:
    found = gate_runs.here(tmp_path, (TICKER,), "--only", "book/gap", mode="wrap")
    assert found.exit_code == ExitCode.ERROR
    assert (
        found.said
        == "sdk gate: an SDK's own tests run as a whole: leave ONLY out, or MODE=driver\n"
    )
    assert not (tmp_path / "runs").exists()


def test_tests_that_take_longer_than_they_may_tell_nothing_of_the_sdk(tmp_path: Path) -> None:
    found = gate_runs.here(tmp_path, (f"{TICKER}; sleep 60",), "--limit-s", "1.5", mode="wrap")
    assert found.verdict("sdk.own-tests-pass") == "inconclusive", found.said
    titles = [x["title"] for x in found.summary["findings"]]
    assert "the SDK's own tests were stopped after 1.5 s: LIMIT_S= gives them more" in titles
    assert found.exit_code == ExitCode.INCONCLUSIVE


@pytest.mark.parametrize("limit_s", ["0", "soon", "nan", "1e9"])
def test_a_limit_that_is_none_is_refused(tmp_path: Path, limit_s: str) -> None:
    found = gate_runs.here(tmp_path, (TICKER,), "--limit-s", limit_s, mode="wrap")
    assert found.exit_code == ExitCode.ERROR
    assert f"--limit-s: '{limit_s}' is no number of seconds up to 86400" in found.said
    assert found.said.count("\n") == 1


def test_no_secret_of_a_command_reaches_a_file_or_the_terminal(tmp_path: Path) -> None:
    found = wrap(tmp_path, f"{LOGIN}; echo $EXCHANGE_PASSWORD $EXCHANGE_API_SECRET")
    assert found.verdict("sdk.secrets-stay-inside") == "failed", found.said
    log = (tmp_path / "runs" / "latest" / "calm.log").read_text(encoding="utf-8")
    assert log.splitlines()[-1].endswith("(hidden) (hidden)")
    assert '"Authorization":"(hidden)"' in log.replace(" ", "")
    assert "canary-" not in found.said
    texts = [x.read_bytes() for x in (tmp_path / "runs").rglob("*") if x.is_file()]
    assert texts
    assert not any(b"canary-" in text for text in texts)


def test_a_command_that_never_comes_is_told_what_to_do(tmp_path: Path) -> None:
    found = wrap(tmp_path, "echo hello")
    assert found.exit_code == ExitCode.ERROR
    assert "does 'echo hello' use EXCHANGE_REST_URL" in found.said
    assert "Traceback" not in found.said


NEGATIVE = f"""
import json, os, sys, time, urllib.error, urllib.parse, urllib.request
sys.path.insert(0, {str(gate_runs.ROOT)!r})
from conformance.wire.http import Request
from conformance.wire.signing import Key, Recipe, sign

def ask(path, body=None, headers=()):
    data = body and urllib.parse.urlencode(body).encode()
    asked = urllib.request.Request(os.environ["EXCHANGE_REST_URL"] + path, data, dict(headers))
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, json.load(answer).get("data")
    except urllib.error.HTTPError as error:
        return error.code, None

login = {{os.environ["EXCHANGE_LOGIN_PARAMETER"]: os.environ["EXCHANGE_LOGIN"]}}
_, logged_in = ask("/uc/v2/login", {{**login, "password": os.environ["EXCHANGE_PASSWORD"]}})
token = {{"Authorization": logged_in["Authorization"]}}
wallets = "/uc/asset/spot-wallets"
assert ask(wallets, headers=token)[0] == 200
assert ask(wallets, headers={{"Authorization": "not-a-token"}})[0] == 401
_, made = ask("/uc/api-key/create", {{"scopes": "read"}}, token)
for secret, status in ((made["secret"], 200), ("wrong", 401)):
    key = Key(made["apiKey"], secret)
    signed = sign(Recipe(), Request("GET", wallets), key, time.time_ns() // 1_000_000, "5000")
    assert ask(wallets, headers=signed.headers)[0] == status
"""


def test_tests_of_refusals_and_with_keys_of_their_own_are_no_mistakes(tmp_path: Path) -> None:
    (tmp_path / "negative.py").write_text(NEGATIVE, encoding="utf-8")
    found = wrap(tmp_path, f"{sys.executable} negative.py")
    assert found.verdict("sdk.own-tests-pass") == "passed", found.said
    for each in ("sdk.token-is-sent-raw", "sdk.signature-matches-the-bytes"):
        assert found.verdict(each) == "passed"
    assert found.exit_code == ExitCode.PASS


GOES_ON = """
import os, sys, urllib.request
for path in ("coin?coin=btc", "coin?coin=eth", "coin?coin=sol", "coin?coin=xrp", "home"):
    try:
        urllib.request.urlopen(os.environ["EXCHANGE_REST_URL"] + "/market/data/quotations/" + path)
    except Exception as error:
        print("rate limited", error)
"""


def test_tests_that_go_on_after_a_429_are_not_taken_for_the_sdk(tmp_path: Path) -> None:
    (tmp_path / "goes_on.py").write_text(GOES_ON, encoding="utf-8")
    found = wrap(tmp_path, f"{sys.executable} goes_on.py")
    assert found.verdict("sdk.retry-after-is-kept") == "skipped", found.said
    assert found.exit_code == ExitCode.PASS
    assert any("2 requests came before Retry-After" in x for x in found.summary["notes"])


STREAM_TESTS = """
import os, json, time
from websockets.sync.client import connect
url = os.environ["EXCHANGE_STREAM_URL"]
end = time.monotonic() + 3
while time.monotonic() < end:
    try:
        with connect(url) as socket:
            socket.send(json.dumps({"op": "subscribe", "args": ["ticker.BTC/USDT"], "id": "1"}))
            while time.monotonic() < end:
                socket.recv(timeout=end - time.monotonic())
    except TimeoutError:
        break
    except Exception:
        time.sleep(0.1)
"""


def test_a_stream_is_broken_and_pinged(tmp_path: Path) -> None:
    (tmp_path / "stream_tests.py").write_text(STREAM_TESTS, encoding="utf-8")
    found = wrap(tmp_path, f"{sys.executable} stream_tests.py")
    assert found.verdict("sdk.subscriptions-are-restored") == "passed", found.said
    assert found.verdict("sdk.pings-are-answered") == "passed"


SHORT_TESTS = """
import os, json, time
from websockets.sync.client import connect
for topic in ("trades.BTC/USDT", "ticker.BTC/USDT", "ticker.BTC/USDT", "depth.BTC/USDT"):
    try:
        with connect(os.environ["EXCHANGE_STREAM_URL"]) as socket:
            socket.send(json.dumps({"op": "subscribe", "args": [topic], "id": "1"}))
            time.sleep(0.7)
            socket.recv(timeout=1)
    except Exception as error:
        print(type(error))
"""


def test_tests_with_a_client_each_are_not_taken_for_one_that_forgets(tmp_path: Path) -> None:
    (tmp_path / "short_tests.py").write_text(SHORT_TESTS, encoding="utf-8")
    found = wrap(tmp_path, f"{sys.executable} short_tests.py")
    assert found.verdict("sdk.subscriptions-are-restored") == "skipped", found.said
    assert found.exit_code == ExitCode.PASS
