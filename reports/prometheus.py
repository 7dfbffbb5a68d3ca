"""The last run as metrics in the text form that Prometheus scrapes and GitLab's metrics report reads.

Times are in seconds. A percentile that too few samples carry has no line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from reports.text import one_line
from reports.wording import RESULTS, VERDICTS, is_sdk

PREFIX = "exchange_conformance"
QUANTILES = {"p50": "0.5", "p90": "0.9", "p99": "0.99", "p999": "0.999", "max": "1"}
TRENDS = ("worse", "same", "better", "not enough data")
MOST_SCENARIOS = 50
MOST_SERIES = 500
MOST_FEATURES = 50


class _Metrics:
    """Gauges of one registry, each with the target as its first label."""

    def __init__(self, target: str) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._target = _label(target)
        self._gauges: dict[str, Gauge] = {}

    def set(self, name: str, means: str, value: float | None, /, **labels: str) -> None:
        """One sample; nothing for a value that is not there."""
        if value is None:
            return
        if name not in self._gauges:
            names = ("target", *labels)
            self._gauges[name] = Gauge(f"{PREFIX}_{name}", means, names, registry=self.registry)
        shown = {key: _label(each) for key, each in labels.items()}
        self._gauges[name].labels(target=self._target, **shown).set(value)


def metrics_prom(summary: Mapping[str, Any], trend: Mapping[str, Any] | None = None) -> str:
    """The whole document."""
    metrics = _Metrics(summary["target"])
    _run(metrics, summary)
    _requirements(metrics, summary)
    for entry in summary["load"][:MOST_SCENARIOS]:
        _scenario(metrics, entry)
    if trend:
        _trend(metrics, trend)
    return generate_latest(metrics.registry).decode()


def _run(metrics: _Metrics, summary: Mapping[str, Any]) -> None:
    environment = summary["environment"]
    metrics.set(
        "run_info",
        "What was run.",
        1,
        kind=summary["kind"],
        suite_version=environment["suite_version"],
        spec_sha256=environment["spec_sha256"],
        machine=environment.get("machine", ""),
    )
    if is_sdk(summary):
        _sdk(metrics, summary["sdk"])
    for verdict in VERDICTS:
        is_it = float(summary["verdict"] == verdict)
        metrics.set("verdict", "1 for the verdict of the run.", is_it, verdict=verdict)
    started = datetime.fromisoformat(summary["started"]).timestamp()
    metrics.set("start_time_seconds", "When the run began, Unix time.", started)
    metrics.set("duration_seconds", "How long the run took.", summary["duration_s"])
    metrics.set("exit_code", "0 pass, 1 fail, 2 could not tell.", summary["exit_code"])
    who = "the SDK" if is_sdk(summary) else "the contract tests"
    metrics.set("requests_sent", f"By {who}.", summary["requests_sent"])


def _sdk(metrics: _Metrics, sdk: Mapping[str, Any]) -> None:
    names = ("name", "version", "language", "protocol", "mode")
    told = {name: sdk.get(name, "") for name in names}
    metrics.set("sdk_info", "Which SDK was judged.", 1, **told)
    for feature in sdk.get("features", ())[:MOST_FEATURES]:
        metrics.set("sdk_feature", "What its driver declares.", 1, feature=feature)


def _requirements(metrics: _Metrics, summary: Mapping[str, Any]) -> None:
    found = Counter(
        (row["verdict"], "true" if row["gating"] else "false")
        for row in summary["requirement_results"]
    )
    for verdict in RESULTS:
        for gating in ("true", "false"):
            count = found[verdict, gating]
            means = "Requirements by verdict."
            metrics.set("requirements", means, count, verdict=verdict, gating=gating)


def _scenario(metrics: _Metrics, entry: Mapping[str, Any]) -> None:
    scenario = entry["scenario"]
    for figure in ("wire", "response"):
        for percentile, quantile in QUANTILES.items():
            value = _seconds(entry[f"{figure}_us"][percentile])
            labels = {"scenario": scenario, "figure": figure, "quantile": quantile}
            metrics.set("latency_seconds", "Latency by scenario and figure.", value, **labels)
    lag = _seconds(entry["send_lag_us"]["p99"])
    metrics.set("send_lag_seconds", "Our own lateness, p99.", lag, scenario=scenario)
    valid = float(entry["valid"])
    metrics.set("load_valid", "Whether the measurement may be believed.", valid, scenario=scenario)
    metrics.set("load_samples", "Answers that were measured.", entry["n"], scenario=scenario)
    errors = entry.get("errors")
    metrics.set("load_errors", "Refused or lost requests.", errors, scenario=scenario)
    for name in ("offered", "achieved"):
        value, means = entry[f"{name}_per_s"], f"The {name} rate."
        metrics.set(f"{name}_requests_per_second", means, value, scenario=scenario)


def _trend(metrics: _Metrics, trend: Mapping[str, Any]) -> None:
    metrics.set("trend_nights", "Nights of this target.", trend["nights"])
    for verdict in TRENDS:
        is_it = float(trend["verdict"] == verdict)
        metrics.set("trend_verdict", "1 for what the history says.", is_it, verdict=verdict)
    for row in trend["series"][:MOST_SERIES]:
        series, worse = row["series"], float(row["verdict"] == "worse")
        metrics.set("series_worse", "1 where a series is worse.", worse, series=series)
        means = "Change against the nights before: 0.1 is 10 % slower."
        metrics.set("series_effect_ratio", means, row["effect"], series=series)


def _seconds(value_us: float | None) -> float | None:
    return None if value_us is None else round(value_us / 1e6, 9)


def _label(text: str) -> str:
    return one_line(text)
