"""Each scenario runs for real: its own Locust process, real sockets, the reference exchange."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from urllib.request import urlopen

import pytest

from conformance.embedded import embedded
from conformance.spec.contract import Contract
from conformance.target import Target, load
from load import control
from load.job import Job
from load.limiter import lift, restore

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def exchange() -> Iterator[Target]:
    with embedded(load("reference", {}), seed=1) as target:
        yield target


def command(target: Target, scenario: str, run: Path, profile: str = "glance") -> list[str]:
    return [
        *(sys.executable, "-m", "load", "--scenario", scenario, "--profile", profile),
        *("--base-url", target.rest, "--stream-url", target.stream),
        *("--control-url", target.control, "--run", str(run)),
    ]


def measured(target: Target, scenario: str, run: Path) -> dict:
    done = subprocess.run(
        command(target, scenario, run), cwd=ROOT, timeout=60, capture_output=True, text=True
    )
    (entry,) = json.loads((run / "load.json").read_text())
    # On a busy machine the load generator may be late, which makes a run invalid but not wrong.
    assert done.returncode == (0 if entry["valid"] else 2), done.stderr
    assert entry["valid"] or "load generator" in entry["why_invalid"], entry["why_invalid"]
    assert (entry["scenario"], entry["errors"]) == (scenario, 0)
    assert entry["n"] > 0
    assert f"{entry['n']} samples" in done.stdout
    assert entry["extra"]["sent"] == entry["extra"]["exchange_counted"]
    return entry


def test_order_latency_measures_placing_and_cancels_each_order(exchange, tmp_path):
    entry = measured(exchange, "order_latency", tmp_path)
    assert 0 < entry["wire_us"]["p50"] < entry["response_us"]["max"]
    assert {row["operation"] for row in entry["operations"]} == {
        "placeSpotOrder",
        "cancelSpotOrder",
    }
    assert entry["extra"]["sent"]["placeSpotOrder"] == entry["extra"]["sent"]["cancelSpotOrder"]
    probe = entry["attribution"]["probe"]
    assert (probe["operation"], probe["lost"]) == ("listSymbolThumbs", 0)
    assert 0 < probe["n"] <= 18
    assert probe["server_said_by"] == "Server-Timing: app"
    assert probe["operation"] not in {row["operation"] for row in entry["operations"]}


def test_a_probe_beside_asks_the_other_exchange_and_the_counts_stay_the_target_s_own(
    exchange, tmp_path
):
    with embedded(load("reference"), 2, settings=("--limit", "0")) as other:
        words = [*command(exchange, "order_latency", tmp_path), "--beside", other.rest, "--alone"]
        subprocess.run(words, cwd=ROOT, check=False, capture_output=True, timeout=60)
        with urlopen(f"{other.control}/state") as state:
            seen = json.load(state)["requests"]
    entry = json.loads((tmp_path / "load-order_latency.json").read_text())
    probe = entry["attribution"]["probe"]
    assert probe["answered"] > 0
    assert sum(seen[probe["operation"]].values()) >= probe["answered"]
    assert "count_difference" not in entry["extra"]
    assert entry["extra"]["sent"].get(probe["operation"], 0) <= 8  # what asked for the price


def test_rate_limit_says_in_little_time_what_little_time_tells(exchange, tmp_path):
    entry = measured(exchange, "rate_limit", tmp_path)
    extra, found = entry["extra"], entry["extra"]["inference"]
    assert "use up the limit" in entry["attribution"]["probe"]["not_to_be_had"]
    # One request of that account made the key.
    assert extra["accepted_before_refusal"] == exchange.limits.requests_per_minute - 1
    assert (extra["refusal_status"], extra["refusal_code"]) == (429, 3005)
    assert 1 <= extra["retry_after_s"] <= 60
    assert (found["kind"], found["scope"]) == ("unknown", ["account"])
    assert set(found["weights"].values()) == {1}
    assert (found["requirement"]["is_served"], found["requirement"]["is_refused_beyond"]) == (
        True,
        True,
    )
    assert found["budget"]["requests"] <= found["budget"]["requests_max"]
    # The key that was made is gone again, although its account was refused at the end.
    assert extra["sent"]["createApiKey"] == extra["sent"]["deleteApiKey"] == 1
    assert "failures" not in extra


def test_rate_limit_never_takes_one_kind_for_another(exchange, tmp_path):
    control.tell(exchange, "limiter", {"limit": 30, "window_s": 1.2, "kind": "sliding_log"})
    try:
        found = measured(exchange, "rate_limit", tmp_path)["extra"]["inference"]
    finally:
        control.tell(exchange, "limiter", {"limit": 1200, "window_s": 60, "kind": "fixed"})
    assert found["kind"] in ("sliding_log", "unknown")
    assert found["kind"] == "unknown" or found["limit"] == 30
    assert found["scope"] == ["account"]


def test_stream_throughput_hears_every_channel_without_gaps(exchange, tmp_path):
    entry = measured(exchange, "stream_throughput", tmp_path)
    extra = entry["extra"]
    assert (extra["connections"], extra["acknowledged"]) == (3, 3)
    assert (extra["gaps"], extra["unreadable"]) == (0, 0)
    assert extra["by_channel"]["depth"] > 0
    # Folded while the run went on; messages count by their own time, these by ours, so the edges differ.
    assert abs(entry["also_us"]["stream_receive_lag"]["n"] - extra["messages"]) < 50


def test_locust_itself_runs_mixed_which_asks_what_the_document_offers(exchange, tmp_path):
    addresses = (exchange.rest, exchange.stream, exchange.control)
    job = Job("mixed", "glance", "reference", *addresses, run=tmp_path)
    words = [sys.executable, "-m", "locust", "-f", "load/locustfile.py", "--headless", "-u", "2"]
    done = subprocess.run(
        [*words, "-r", "2", *job.arguments()], cwd=ROOT, timeout=60, capture_output=True, text=True
    )
    entry = json.loads((tmp_path / "load-mixed.json").read_text())
    assert done.returncode == (0 if entry["valid"] else 2), done.stderr
    assert "getCoinTicker" in done.stderr  # Locust's own table
    asked = {row["operation"] for row in entry["operations"]}
    assert {"getCoinTicker", "getSpotWallets"} <= asked
    assert not asked & set(entry["extra"]["left_out"])


def test_mixed_has_every_operation_and_several_workers_count_what_the_exchange_does(
    exchange, tmp_path
):
    words = command(exchange, "mixed", tmp_path)
    done = subprocess.run(
        [*words, "--workers", "2", "--alone"], cwd=ROOT, timeout=60, capture_output=True, text=True
    )
    extra = json.loads((tmp_path / "load-mixed.json").read_text())["extra"]
    assert extra["sent"] == extra["exchange_counted"], done.stdout
    assert set(extra["sent"]) | set(extra["left_out"]) == set(Contract.load().operations)
    shown = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert set(extra["sent"]) <= shown


@pytest.mark.parametrize("alone", [True, False])
def test_a_request_of_somebody_else_is_noticed(exchange, tmp_path, alone):
    words = [*command(exchange, "order_latency", tmp_path), *(["--alone"] if alone else [])]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        journal, deadline = tmp_path / "load-order_latency.samples", monotonic() + 30
        while not journal.exists() and monotonic() < deadline:
            sleep(0.02)
        urlopen(f"{exchange.rest}/market/data/quotations/coin?coin=btc").close()
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    entry = json.loads((tmp_path / "load-order_latency.json").read_text())
    assert entry["extra"]["count_difference"] == {"getCoinTicker": 1}
    assert said.count("the exchange counted 1 more getCoinTicker than were sent") == 1 + alone
    assert ("getCoinTicker" in (entry["why_invalid"] or "")) is alone


def test_ctrl_c_keeps_what_was_recorded(exchange, tmp_path):
    process = subprocess.Popen(
        command(exchange, "order_latency", tmp_path, "soak"), cwd=ROOT, start_new_session=True
    )
    journal = tmp_path / "load-order_latency.samples"
    deadline = monotonic() + 30
    try:
        while not (journal.exists() and journal.stat().st_size > 4096) and monotonic() < deadline:
            sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 2
    finally:
        process.kill()
    assert [each["scenario"] for each in json.loads((tmp_path / "load.json").read_text())] == [
        "order_latency"
    ]


def test_nobody_at_the_address_is_one_line_and_exit_code_3(tmp_path):
    nobody = load("reference", {}).at("http://127.0.0.1:9")
    done = subprocess.run(
        command(nobody, "mixed", tmp_path), cwd=ROOT, timeout=60, capture_output=True, text=True
    )
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "nobody answers at http://127.0.0.1:9" in done.stderr


def test_a_host_elsewhere_is_exit_code_4_and_never_contacted(tmp_path):
    elsewhere = load("reference", {}).at("http://192.0.2.1")
    done = subprocess.run(
        command(elsewhere, "mixed", tmp_path), cwd=ROOT, timeout=20, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)


def test_the_limiter_is_lifted_and_restored_only_where_it_can_be_told(exchange):
    assert lift(exchange) is True
    assert restore(exchange) is True
    assert lift(exchange.at(exchange.rest)) is False
