"""Made runs, full size: every section that the schemas know, hardly any, and ten thousand findings."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from load.attribution import Attribution
from load.histogram import histogram_of
from load.knee import knee
from load.result import figures
from tests.page.answers import GENERATOR, INFERENCE, STREAMS
from tests.reports.builders import (
    FAILED,
    counted,
    deviation,
    finding,
    full_summary,
    measurement,
    result,
    small,
)

NIGHTS: Final = 60
ROUNDS: Final = 6
SPANS: Final = 120
FINDINGS: Final = 10_000
FIRST: Final = datetime(2026, 1, 1, 2, tzinfo=UTC)
MEDIANS_US: Final = {"order_latency": 410.0, "mixed": 620.0, "stream_throughput": 820.0}
PERCENTILES: Final = ("p50", "p90", "p99")
UNSURE: Final = "no answer to the log-in"
LONG_SCRIPT: Final = "\n".join(f"curl -s http://127.0.0.1:8080/step/{n}" for n in range(120))
# Effect, low, high, verdict and why of a series, in turns.
VERDICTS: Final = (
    ("same", 0.004, -0.012, 0.021, "the whole interval lies within the margin"),
    ("worse", 0.312, 0.248, 0.377, "the whole interval lies beyond the margin"),
    ("better", -0.147, -0.192, -0.101, "the whole interval lies beyond the margin"),
    ("not enough data", None, None, None, "3 nights to compare with, 7 are needed"),
)


def summary() -> dict[str, Any]:
    """A nightly run with something in every place."""
    found = full_summary(tuple(FAILED))
    unjudged = next(row for row in found["requirement_results"] if row["verdict"] == "passed")
    unjudged |= {"verdict": "inconclusive", "reason": UNSURE}
    uncovered = found["requirement_results"][-1]
    uncovered |= {"verdict": "not_covered", "reason": "no check asks for it", "claims": 0}
    unsure = finding(requirement=unjudged["id"], verdict="inconclusive", title=UNSURE)
    for row in found["findings"]:
        row["reproduce"] = LONG_SCRIPT
    return {
        **found,
        "kind": "nightly",
        "started": _at(NIGHTS - 1),
        "requirements": counted(found["requirement_results"]),
        "findings": [*found["findings"], *_again(found["findings"][0]), unsure],
        "load": loads(),
        "deviations": [deviation(requirement="limits.retry-after-is-true")],
        "warnings": ["order_latency is not valid", "the exchange was given a fault on purpose"],
        "notes": ["A made run: every section that a page can have."],
        "environment": {**found["environment"], **MACHINE},
        "fault": "late-answers",
        "rounds": rounds(),
        "trend": {"verdict": "worse", "nights": NIGHTS, "worse": ["order_latency wire p90"]},
    }


MACHINE: Final = {
    "machine": "1f2e3d4c",
    "cpu": "Example Processor 7000",
    "kernel": "6.1.0-18-amd64",
    "cores": 8,
    "memory_mib": 15_990,
}


def _again(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**row, "check": f"{row['check']}-{n}", "case": f"case {n}"} for n in range(3)]


def loads() -> list[dict[str, Any]]:
    """Scenarios of every kind: in steps, over streams, a limiter's, and one that is not valid."""
    times = {"over_time": over_time(1), "interval_us": {"wire": BOUNDS, "response": BOUNDS}}
    unsure = {**BOUNDS, "p999": None}
    few = {"over_time": over_time(2), "interval_us": {"wire": unsure, "response": unsure}}
    late = {"valid": False, "why_invalid": "sent late: p99 2,310 us of 500", "partial": True}
    return [
        _whole("order_latency", 4000, 1, **times, **late),
        _whole("mixed", 6000, 2, stages=stages(), knee=knee(stages()), **few),
        _whole("stream_throughput", 2400, 3, extra=STREAMS, over_time=over_time(3)),
        _unstamped(measurement("rate_limit", 1260, 520, 4, extra={"inference": INFERENCE})),
    ]


def _unstamped(entry: dict[str, Any]) -> dict[str, Any]:
    """The same where the kernel gave no stamps."""
    load = {"n": 0, "mean_us": None, "not_to_be_had": "the kernel gave no stamps"}
    probe = Attribution(operations={"listSymbolThumbs"}, per_s=10.0).table()
    why = {"not_to_be_had": "the kernel gave no stamps"}
    return {**entry, "attribution": {"load": load, "probe": {**probe, **why}}}


BOUNDS: Final = {
    "p50": [401.2, 418.9],
    "p90": [532.0, 561.4],
    "p99": [1490.3, 2101.8],
    "p999": [3902.4, 5120.7],
}


def _whole(scenario: str, n: int, seed: int, **changes: Any) -> dict[str, Any]:
    entry = measurement(scenario, n, MEDIANS_US[scenario], seed)
    beside = {"order_to_stream": {"n": n, **entry["wire_us"]}}
    late = figures(histogram_of(_times(Random(seed), 20, 3000)))
    return {
        **entry,
        "service_us": entry["wire_us"],
        "notes": [f"{scenario} was asked of one worker"],
        "also_us": beside,
        "send_lag_us": late,
        "receive_lag_us": late,
        "generator": GENERATOR,
        "over_range": 2,
        "partial": False,
        **changes,
    }


def stages() -> list[dict[str, Any]]:
    """Six steps, of which the last is too much."""
    return [_stage(100.0 * 2**step, 420.0 * (1 if step < 5 else 40)) for step in range(6)]


def _stage(rate_per_s: float, median_us: float) -> dict[str, Any]:
    times = figures(histogram_of(_times(Random(int(rate_per_s)), median_us, 3000)))
    is_kept = median_us < 10_000
    return {
        "rate_per_s": rate_per_s,
        "seconds": 10.0,
        "n": round(rate_per_s * 10),
        "errors": 0 if is_kept else 31,
        "achieved_per_s": rate_per_s if is_kept else rate_per_s * 0.81,
        "wire_us": times,
        "response_us": times,
        "send_lag_us": times,
    }


def over_time(seed: int) -> dict[str, Any]:
    """As many spans as there may be, with a slow stretch, a pause and errors among them."""
    random = Random(seed)
    edges = [round(100 * 10 ** (place / 10), 1) for place in range(31)]
    return {
        "every_s": 5.0,
        "edges_us": edges,
        "rows": [_span(random, number, edges) for number in range(SPANS)],
    }


def _span(random: Random, number: int, edges: list[float]) -> dict[str, Any]:
    n = 0 if number in (70, 71) else 3200 if number % 40 == 0 else 400
    times = _times(random, 420 * (6 if 40 <= number < 48 else 1), n)
    counts = [0] * (len(edges) + 1)
    for each in times:
        counts[bisect_right(edges, each / 1000)] += 1
    found = figures(histogram_of(times))
    errors = 12 if number == 44 else 0
    row = {"from_s": number * 5.0, "n": n, "errors": errors, "counts": counts}
    return {**row, "wire_us": found, "response_us": found}


def rounds() -> list[dict[str, Any]]:
    """Target and control in turns; one round of the control is not valid."""
    return [
        _round(number, of, scenario)
        for number in range(1, ROUNDS + 1)
        for of in (("target", "control") if number % 2 else ("control", "target"))
        for scenario in MEDIANS_US
    ]


def _round(number: int, of: str, scenario: str) -> dict[str, Any]:
    median_us = MEDIANS_US[scenario] * (1.0 if of == "target" else 0.4)
    drawn = histogram_of(_times(Random(f"{number} {of} {scenario}"), median_us, 3000))
    times, is_valid = figures(drawn), (number, of) != (2, "control")
    return {
        "round": number,
        "of": of,
        "scenario": scenario,
        "started": _at(NIGHTS - 1, minutes=number),
        "valid": is_valid,
        "why_invalid": None if is_valid else "the clock was set",
        "n": 3000,
        "wire_us": times,
        "response_us": times,
        "also_us": {"order_to_stream": {"n": 900, **times}},
        "probe_us": times if of == "target" else None,
        "histograms": {"wire": drawn.encode()},
    }


def trend() -> dict[str, Any]:
    """Sixty nights of every series, one of each verdict."""
    names = [
        f"{scenario} {figure} {percentile}"
        for scenario in MEDIANS_US
        for figure in ("wire", "response", "order_to_stream")
        for percentile in PERCENTILES
    ]
    return {
        "schema": 1,
        "run": _run(NIGHTS - 1),
        "target": "reference",
        "profile": "nightly",
        "machine": MACHINE["machine"],
        "nights": NIGHTS,
        "verdict": "worse",
        "rules": RULES,
        "before": {
            "run": _run(NIGHTS - 2),
            "started": _at(NIGHTS - 2),
            "verdict": "pass",
            "trend": "same",
        },
        "changed": CHANGED,
        "series": [_series(name, place) for place, name in enumerate(names)],
    }


RULES: Final = {
    "margin": 0.05,
    "margin_us": 20.0,
    "confidence": 0.95,
    "false_discovery_rate": 0.05,
    "baseline_nights_min": 7,
    "baseline_nights_max": 40,
    "windows": [1, 2, 3, 5, 7],
}
CHANGED: Final = {
    "requirements": [
        {
            "id": "spot.order-is-listed",
            "sentence": "An accepted order is in the list of orders.",
            "before": "passed",
            "now": "failed",
        },
        {"id": "auth.log-in", "sentence": "A user logs in.", "before": None, "now": "passed"},
    ],
    "facts": [
        {"name": "kernel", "before": "6.1.0-17-amd64", "now": "6.1.0-18-amd64"},
        {"name": "limiter", "before": None, "now": "token bucket, 50 in 5 s"},
    ],
}


def _series(name: str, place: int) -> dict[str, Any]:
    verdict, effect, low, high, why = VERDICTS[place % len(VERDICTS)]
    random, level = Random(name), MEDIANS_US[name.split()[0]] * (1 + place % 3)
    step = {"run": _run(40), "started": _at(40), "effect": 0.31}
    nights = [_night(random, number, level, effect or 0) for number in range(NIGHTS)]
    return {
        "series": name,
        "verdict": verdict,
        "why": why,
        "value_us": nights[-1]["value_us"],
        "baseline_us": round(level, 1),
        "effect": effect,
        "low": low,
        "high": high,
        "window": 3 if effect is not None else None,
        "baseline_nights": 40 if effect is not None else 3,
        "q": 0.0004 if verdict == "worse" else None,
        "controlled": place % 2 == 0,
        "nights": nights,
        "band_us": [level * 0.94, level * 1.06] if effect is not None else None,
        "change_points": [step] if verdict == "worse" else [],
    }


def _night(random: Random, number: int, level_us: float, effect: float) -> dict[str, Any]:
    value = level_us * random.lognormvariate(0, 0.03) * (1 + effect if number >= 40 else 1)
    is_valid = number != 20
    return {
        "run": _run(number),
        "started": _at(number),
        "value_us": round(value, 1) if is_valid else None,
        "low_us": round(value * 0.97, 1) if is_valid else None,
        "high_us": round(value * 1.04, 1) if is_valid else None,
        "control_us": round(level_us * 0.4, 1) if number > 5 else None,
        "valid": is_valid,
    }


def shortened(value: Any, most: int = 4) -> Any:
    """The same with at most so many rows in every list of rows: all fields, drawn fast."""
    if isinstance(value, dict):
        return {name: shortened(each, most) for name, each in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [shortened(each, most) for each in value[-most:]]
    return value


def many() -> dict[str, Any]:
    """Ten thousand findings, each against a requirement of its own, and as many notes."""
    ids = [f"spot.requirement-{number}" for number in range(FINDINGS)]
    actual = "<" * 2000
    return small(
        verdict="fail",
        exit_code=1,
        findings=[finding(requirement=each, actual=actual) for each in ids],
        requirement_results=[result(id=each, verdict="failed", reason=actual) for each in ids],
        notes=[f"note {number}" for number in range(FINDINGS)],
        load=loads(),
        rounds=rounds(),
    )


def _times(random: Random, median_us: float, n: int) -> list[int]:
    return [
        round(median_us * 1000 * random.lognormvariate(0, 0.2) * (7 if place % 60 == 59 else 1))
        for place in range(n)
    ]


def _run(night: int) -> str:
    return f"nightly-{(FIRST + timedelta(days=night)):%Y%m%dT%H%M%SZ}"


def _at(night: int, minutes: int = 0) -> str:
    return (FIRST + timedelta(days=night, minutes=minutes)).isoformat().replace("+00:00", "Z")
