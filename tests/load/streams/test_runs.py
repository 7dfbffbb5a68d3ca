"""The behaviours are tried for real: Locust, sockets, an exchange that keeps its word and some that do not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from conformance.embedded import embedded
from conformance.target import Target, load
from load.job import PROFILES
from load.streams.ramp import OURS
from tests.load.streams.odd_exchange import odd

ROOT = Path(__file__).resolve().parents[3]
BOUNDS = PROFILES.read_text().partition("[bounds]")[2].partition("\n\n")[0]
# Silent for long enough that more waits than the kernels hold (70 kB here), for the one that is impatient.
TRIALS = {
    "memory": "memory = { connections = 40, hold_s = 0.2 }",
    "slow_reader": "slow_reader = { silent_s = 4.0, before_s = 1.0 }",
    "storm": "storm = { connections = 6, times = 2, every_s = 1.0, before_s = 1.0 }",
    "ramp": "ramp = { subscriptions = [1, 48], connections = [4, 8], step_s = 0.5 }",
}
# What a busy machine may take. A process alone ends when it is done; workers keep to the timetable.
TAKES_S = {"memory": 10, "slow_reader": 14, "storm": 8, "ramp": 16}


def profiles(folder: Path, trials: tuple[str, ...], workers: int) -> Path:
    """A profile that tries these, in a file of its own."""
    seconds = sum(TAKES_S[name] for name in trials) * (1 if workers == 1 else 0.75) or 0.8
    path = folder / "profiles.toml"
    path.write_text(
        f"[bounds]{BOUNDS}\n[own.stream_throughput]\nconnections = 2\nstreams = 2\n"
        "warm_up_s = 0.2\nstages = [{ rate_per_s = 100, duration_s = 0.5 },"
        f" {{ rate_per_s = 100, duration_s = {seconds} }}]\n"
        "[own.stream_throughput.trials]\nsampled_every = 20\n"
        + "\n".join(TRIALS[name] for name in trials)
    )
    return path


def extra(target: Target, folder: Path, *trials: str, workers: int = 1) -> dict[str, Any]:
    """What one run found; whether the figures may be believed is not asked on a busy machine."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "load", "--scenario", "stream_throughput", "--profile", "own"),
            *("--base-url", target.rest, "--stream-url", target.stream),
            *("--control-url", target.control, "--run", str(folder / "run")),
            *("--profiles", str(profiles(folder, trials, workers)), "--workers", str(workers)),
        ],
        cwd=ROOT,
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 2), done.stderr
    (entry,) = json.loads((folder / "run" / "load.json").read_text())
    assert entry["errors"] == 0
    found: dict[str, Any] = entry["extra"]
    assert "not_tried" not in found, found["not_tried"]
    return {**found, "lines": done.stdout}


def reference() -> Target:
    return load("reference", {})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """All behaviours in one run against an exchange that keeps its word."""
    folder = tmp_path_factory.mktemp("all")
    with embedded(reference(), seed=1) as target:
        yield extra(target, folder, *TRIALS)


def test_nothing_is_missing_and_the_rate_is_told_per_core(found):
    assert found["messages"] == found["messages_expected"] > 0
    assert (found["gaps"], found["unreadable"]) == (0, 0)
    assert found["messages_per_s_per_core"] > found["messages_per_s"] > 0


def test_samples_of_every_channel_are_as_documented(found):
    schema = found["schema"]
    assert (schema["every"], schema["wrong"], schema["first_wrong"]) == (20, {}, None)
    assert set(schema["sampled"]) == {"depth", "trades", "ticker", "kline"}
    assert found["messages"] / 20 <= sum(schema["sampled"].values()) < found["messages"]


def test_latency_is_an_interval_that_says_how_wide_it_is(found):
    told = found["latency"]
    assert (told["clocks"], told["offset_by"], told["event_time_step_us"]) == (
        "offset-bounded",
        ["ping"],
        1000.0,
    )
    low, high = told["exchange_ahead_us"]
    assert low <= 0 <= high  # one machine has one clock
    assert told["interval_width_us"] == pytest.approx(1000 + high - low, abs=0.2)
    low, high = told["p50_us"]
    assert 0 <= low < high


def test_a_slow_reader_with_little_unread_is_kept(found):
    slow = found["slow_reader"]
    assert (slow["did"], slow["gaps"], slow["close_code"]) == ("kept everything", 0, None)
    assert slow["delivered"] == slow["expected"] > 0
    assert slow["waited_bytes"] > 0
    for name in ("others_before", "others_meanwhile"):
        assert slow[name]["messages_per_s"] > 0
        assert slow[name]["order_wire_us"]["n"] > 50


def test_all_come_back_from_a_storm_and_are_shown_the_book_first(found):
    storm = found["storm"]
    assert (storm["cut"], storm["back"], storm["not_back"], storm["failures"]) == (12, 12, 0, {})
    assert (storm["snapshot_first"], storm["otherwise_first"]) == (12 * found["topics"], 0)
    assert 0 < storm["back_us"]["p50"] <= storm["back_us"]["max"]
    assert storm["others_meanwhile"]["order_wire_us"]["n"] > 0


def test_a_ramp_ends_at_the_end_of_its_range(found):
    ramp = found["ramp"]
    if ramp["stopped_by"] == OURS:
        pytest.skip("something else keeps this machine busy, and the ramp says so")
    most = {"connections": 8, "subscriptions": 8 * found["topics"]}
    assert ramp["stopped_by"] == "the end of the stated range"
    assert ramp["delivered_all_up_to"] == ramp["tested_up_to"] == most
    assert [each["connections"] for each in ramp["steps"]] == [1, 1, 4, 8]
    assert all(each["delivered"] == each["expected"] for each in ramp["steps"])
    assert ramp["steps"][-1]["expected"] > 0


def test_memory_is_seen_of_a_process_of_ours(found):
    memory = found["memory"]
    assert memory["connections"] == 40
    assert memory["subscriptions"] % 40 == 0
    assert memory["exchange_unknown_because"] is None
    low, high = memory["exchange"]["per_connection_bytes_interval"]
    assert low <= memory["exchange"]["per_connection_bytes"] <= high
    assert memory["client"] is not None


def test_the_important_ones_are_printed(found):
    for begin in ("schema: 0 of", "slow reader: ", "storm: 12 of 12", "ramp: tested", "memory: "):
        assert f"\n  {begin}" in found["lines"]


def test_two_workers_share_what_is_tried(tmp_path):
    with embedded(reference(), seed=1) as target:
        told = extra(target, tmp_path, "storm", "ramp", workers=2)
    assert told["messages"] == told["messages_expected"] > 0
    assert (told["storm"]["cut"], told["storm"]["back"]) == (12, 12)
    assert [each["connections"] for each in told["ramp"]["steps"]] == [1, 1, 4, 8]
    assert told["ramp"]["stopped_by"] == "the end of the stated range"
    assert told["latency"]["clocks"] == "offset-bounded"


def test_a_clock_that_goes_before_is_known_and_no_latency(tmp_path):
    with embedded(reference(), seed=1) as target:
        ahead = json.dumps({"offset_ms": 123_456}).encode()
        urlopen(Request(f"{target.control}/clock", ahead, method="POST"), timeout=5).close()
        told = extra(target, tmp_path)
    low, high = told["latency"]["exchange_ahead_us"]
    assert low <= 123_456_000 <= high
    assert high - low < 50_000
    assert told["latency"]["p50_us"][1] < 1_000_000
    assert told["messages"] == told["messages_expected"] > 0


def test_gaps_and_wrong_messages_are_noticed_and_without_a_pong_the_date_is_asked(tmp_path):
    faults = (
        *("depth-numbers-skip-one-in-five", "tickers-on-the-stream-lack-their-volume"),
        "pings-are-not-answered",
    )
    with embedded(reference(), seed=1, faults=faults) as target:
        told = extra(target, tmp_path)
    assert told["gaps"] > 0
    assert set(told["schema"]["wrong"]) == {"ticker"}
    assert "volume" in told["schema"]["first_wrong"]
    assert "the first: " in told["lines"]
    assert told["latency"]["offset_by"] == ["Date"]
    assert told["latency"]["interval_width_us"] > 1_000_000  # a Date has whole seconds


def test_an_exchange_that_loses_messages_stops_the_ramp(tmp_path):
    with odd("drops", reference(), tmp_path) as target:
        ramp = extra(target, tmp_path, "ramp")["ramp"]
    assert ramp["stopped_by"].startswith("lost: ")
    assert ramp["delivered_all_up_to"]["connections"] < ramp["tested_up_to"]["connections"]
    assert ramp["steps"][-1]["delivered"] < ramp["steps"][-1]["expected"]


def test_a_refusal_stops_the_ramp_with_its_code(tmp_path):
    with odd("refuses", reference(), tmp_path) as target:
        ramp = extra(target, tmp_path, "ramp")["ramp"]
    assert ramp["stopped_by"].startswith("refused: ")
    assert "4102" in ramp["stopped_by"]
    assert ramp["delivered_all_up_to"]["connections"] == 4


def test_the_close_code_of_an_exchange_that_disconnects_is_told(tmp_path):
    with odd("impatient", reference(), tmp_path) as target:
        slow = extra(target, tmp_path, "slow_reader")["slow_reader"]
    assert (slow["did"], slow["close_code"]) == ("disconnected it", 1008)
    assert slow["delivered"] < slow["expected"]
    assert 0 <= slow["last_event_after_s"] < slow["silent_s"]


def test_a_storm_after_which_no_snapshot_comes_is_told(tmp_path):
    with odd("forgets_snapshots", reference(), tmp_path) as target:
        storm = extra(target, tmp_path, "storm")["storm"]
    assert storm["snapshot_first"] == 0
    assert storm["otherwise_first"] > 0
    assert storm["gaps"] > 0  # a delta without the book that it changes
