"""What is written is read back by Prometheus' own parser, whatever a target is called."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reports.prometheus import metrics_prom
from tests.reports.builders import FAILED, full_summary, loads, small
from tests.reports.night import trend


def samples(text: str, name: str) -> list[tuple[dict[str, str], float]]:
    return [
        (each.labels, each.value)
        for family in text_string_to_metric_families(text)
        for each in family.samples
        if each.name == f"exchange_conformance_{name}"
    ]


def test_the_verdict_is_the_one_that_is_1() -> None:
    found = samples(metrics_prom(full_summary(tuple(FAILED))), "verdict")
    assert {labels["verdict"]: value for labels, value in found} == {
        "pass": 0,
        "fail": 1,
        "inconclusive": 0,
    }


def test_requirements_add_up() -> None:
    summary = full_summary(tuple(FAILED))
    found = samples(metrics_prom(summary), "requirements")
    assert sum(value for _, value in found) == summary["requirements"]["total"]
    failed = [value for labels, value in found if labels["verdict"] == "failed"]
    assert sum(failed) == 3


def test_latency_is_in_seconds_and_none_where_too_few_carry_it() -> None:
    summary = small(load=loads())
    found = samples(metrics_prom(summary), "latency_seconds")
    by_name = {(x["scenario"], x["figure"], x["quantile"]): value for x, value in found}
    p50_us = summary["load"][0]["wire_us"]["p50"]
    assert by_name["order_latency", "wire", "0.5"] == pytest.approx(p50_us / 1e6)
    assert summary["load"][2]["wire_us"]["p99"] is None
    assert ("stream_throughput", "wire", "0.99") not in by_name


def test_when_it_began_is_unix_time() -> None:
    ((_, value),) = samples(metrics_prom(small()), "start_time_seconds")
    assert value == 1767225600


def test_the_trend_is_there_when_there_is_a_history() -> None:
    text = metrics_prom(small(), trend())
    assert {x["verdict"]: v for x, v in samples(text, "trend_verdict")}["worse"] == 1
    effects = {x["series"]: v for x, v in samples(text, "series_effect_ratio")}
    assert effects["order_latency wire p50"] == 0.21
    assert samples(metrics_prom(small()), "trend_verdict") == []


@pytest.mark.parametrize(
    "evil", ['a"} 1\nb{c="d', "back\\slash\\n", "\ud800half", "é" * 5000, "{}", "\x00\x1b[0m"]
)
def test_hostile_names_stay_in_their_label(evil: str) -> None:
    entry: dict[str, Any] = {**loads()[0], "scenario": evil}
    text = metrics_prom(small(target=evil, load=[entry]))
    usual = metrics_prom(small(load=[loads()[0]]))
    assert len(text.splitlines()) == len(usual.splitlines())
    ((labels, value),) = samples(text, "load_samples")
    assert value == 4000
    assert labels["target"][:2] == evil.replace("\x00", "\\u0000").replace("\ud800", "\\ud800")[:2]
