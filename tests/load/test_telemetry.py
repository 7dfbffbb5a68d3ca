"""A collector hears what was measured; one that is dead, mute or missing costs the run nothing but a line."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from conformance.embedded import embedded
from conformance.target import load
from load import telemetry
from load.recorder import Kind
from load.telemetry_export import EDGES_S, Durations, Folded
from tests.load.collector import attributes, collecting, quantile_s
from tests.load.rows import MS, row, rows

ROOT = Path(__file__).resolve().parents[2]
FACTS = {"exchange.target": "reference", "exchange.scenario": "mixed"}


class Silent:
    """Shows nothing."""

    def samples(self, rows, operations):
        self.seen = len(rows)

    def failed(self, operation, why):
        self.why = why


@pytest.mark.parametrize(
    ("environment", "is_wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:4318/v1/metrics"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h", "OTEL_METRICS_EXPORTER": "none"}, False),
    ],
)
def test_the_standard_variables_switch_it_on(environment, is_wanted):
    assert telemetry.is_wanted(environment) is is_wanted


def test_without_the_extra_it_is_one_line_and_the_run_goes_on(monkeypatch, capsys):
    monkeypatch.setattr(telemetry, "NEEDED", ("opentelemetry.not_there",))
    then = Silent()
    assert telemetry.started(then, [], {}, "") is then
    assert capsys.readouterr().err == (
        "telemetry: no live figures: install the extra `telemetry`, or unset the OTEL variables\n"
    )


def test_the_load_itself_never_imports_the_sdk():
    code = "import sys, load.locustfile; print([m for m in sys.modules if 'opentelemetry' in m])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_buckets_reach_from_10_us_to_60_s_and_none_is_wide():
    assert (EDGES_S[0], EDGES_S[-1]) == (10e-6, 60.0)
    assert all(1 < high / low < 1.27 for low, high in itertools.pairwise(EDGES_S))


def test_every_duration_is_in_one_bucket_the_edge_in_the_lower_one():
    found = Durations()
    found.add(np.array([0, 10_000, 10_001, 60_000_000_000, 60_000_000_001], dtype=np.int64))
    assert (found.counts[0], found.counts[1], found.counts[-2], found.counts[-1]) == (2, 1, 1, 1)
    assert found.counts.sum() == 5


def test_rows_are_folded_by_operation_and_outcome():
    folded = Folded(["a", "b"])
    folded.add(
        rows(
            row(MS, late_ns=5_000),
            row(2 * MS, operation=1, kind=Kind.REFUSED),
            row(3 * MS, operation=1, kind=Kind.LOST),
            row(4 * MS, stamped=False),
        )
    )
    assert folded.requests == {
        ("a", "answered"): 2,
        ("b", "refused"): 1,
        ("b", "lost"): 1,
    }
    counts = {key: int(each.counts.sum()) for key, each in folded.durations.items()}
    assert counts == {
        ("wire", "a"): 1,
        ("response", "a"): 2,
        ("wire", "b"): 0,
        ("response", "b"): 1,
    }
    assert folded.send_lag_s() == pytest.approx(5e-6, rel=0.1)
    assert folded.send_lag_s() is None


def test_a_collector_gets_counts_times_and_the_judgement(monkeypatch):
    times_ns = np.random.default_rng(1).lognormal(np.log(400_000), 0.5, 5000).astype(int).tolist()
    given = rows(*(row(MS * number, took) for number, took in enumerate(times_ns, 1)))
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "team=markets")
        then = Silent()
        tell = telemetry.Telemetry(then, ["placeSpotOrder"], FACTS)
        tell.measured_from_ns = lambda: 1001 * MS
        for start in range(0, 5000, 500):
            tell.samples(given[start : start + 500], ["placeSpotOrder"])
        tell.failed("placeSpotOrder", "no")
        assert tell.close(is_valid=True) is None
    assert (then.seen, then.why) == (500, "no")
    (count,) = collector.points("exchange.load.requests")
    assert attributes(count) == {"operation": "placeSpotOrder", "outcome": "answered"}
    assert max(count.as_int, count.as_double) == 4000
    (response,) = collector.points("exchange.load.response.duration")
    assert response.count == sum(response.bucket_counts) == 4000
    p99_s = quantile_s(response.explicit_bounds, response.bucket_counts, 0.99)
    assert p99_s == pytest.approx(np.quantile(times_ns[1000:], 0.99) / 1e9, rel=0.26)
    (valid,) = collector.points("exchange.load.valid")
    assert max(valid.as_int, valid.as_double) == 1
    facts = collector.facts()
    assert {"service.name": "exchange-conformance", "team": "markets", **FACTS}.items() <= (
        facts.items()
    )


def test_nobody_there_is_one_line_and_soon_over(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    _is_told_in_time()


def test_a_collector_that_never_answers_is_one_line_and_soon_over(monkeypatch):
    with collecting(is_mute=True) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
        _is_told_in_time()
        assert collector.asked


def _is_told_in_time() -> None:
    tell = telemetry.Telemetry(Silent(), ["a"], FACTS)
    tell.samples(rows(row(MS)), ["a"])
    before = monotonic()
    said = tell.close(is_valid=True)
    assert said is not None
    assert said.startswith("telemetry: the collector did not take ")
    assert monotonic() - before < telemetry.CLOSE_S + 1


def test_an_exporter_that_stands_still_never_blocks_the_load(monkeypatch):
    monkeypatch.setattr(telemetry, "MOST_PENDING", 1 << 16)
    command = [sys.executable, "-c", "print('ready', flush=True); import time; time.sleep(60)"]
    monkeypatch.setattr(telemetry, "COMMAND", command)
    monkeypatch.setattr(telemetry, "CLOSE_S", 0.2)
    tell = telemetry.Telemetry(Silent(), ["a"], FACTS)
    given = rows(*[row(MS)] * 1000)
    for _ in range(60):
        tell.samples(given, ["a"])
    assert tell.close() == "telemetry: the exporter did not end within 0.2 s"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise SystemExit(1)", "did not start: no live figures"),
        ("print('ready', flush=True)", "died: no live figures from then on"),
    ],
)
def test_an_exporter_that_dies_costs_a_line(monkeypatch, code, told):
    monkeypatch.setattr(telemetry, "COMMAND", [sys.executable, "-c", code])
    tell = telemetry.Telemetry(Silent(), ["a"], FACTS)
    tell.samples(rows(row(MS)), ["a"])
    tell._process.wait()
    tell.samples(rows(row(MS)), ["a"])
    assert tell.close() == f"telemetry: the exporter {told}"


def test_a_real_run_tells_a_collector_what_it_reports(tmp_path):
    target = load("reference")
    with collecting() as collector, embedded(target, 1) as exchange:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
        words = ["--scenario", "mixed", "--profile", "glance", "--run", str(tmp_path)]
        words += ["--base-url", exchange.rest, "--stream-url", exchange.stream]
        done = subprocess.run(
            [sys.executable, "-m", "load", *words, "--control-url", exchange.control],
            cwd=ROOT,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode in (0, 2), done.stderr  # 2: this machine was too busy to measure
    (entry,) = json.loads((tmp_path / "load.json").read_text())
    answered = {
        attributes(each)["operation"]: max(each.as_int, each.as_double)
        for each in collector.points("exchange.load.requests")
        if attributes(each)["outcome"] == "answered"
    }
    assert answered == {each["operation"]: each["n"] for each in entry["operations"]}
    assert collector.facts()["exchange.scenario"] == "mixed"
    (valid,) = collector.points("exchange.load.valid")
    assert bool(max(valid.as_int, valid.as_double)) is entry["valid"]
