"""Made runs, full size: every section that the schemas know, hardly any, and ten thousand findings."""

from __future__ import annotations

from bisect import bisect_right
from random import Random
from typing import Any, Final

from load.attribution import Attribution
from load.histogram import histogram_of
from load.knee import knee
from load.result import figures
from tests.page import nights
from tests.page.answers import BATCHES, GENERATOR, INFERENCE, STREAMS
from tests.page.nights import MEDIANS_US, NIGHTS, at
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
from tests.reports.gate_runs import SDK

ROUNDS: Final = 6
SPANS: Final = 120
FINDINGS: Final = 10_000
UNSURE: Final = "no answer to the log-in"
LONG_SCRIPT: Final = "\n".join(f"curl -s http://127.0.0.1:8080/step/{n}" for n in range(120))


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
        "started": at(NIGHTS - 1),
        "requirements": counted(found["requirement_results"]),
        "findings": [*found["findings"], *_again(found["findings"][0]), unsure],
        "load": loads(),
        "deviations": [deviation(requirement="limits.retry-after-is-true")],
        "warnings": ["order_latency is not valid", "the exchange was given a fault on purpose"],
        "notes": ["A made run: every section that a page can have."],
        "environment": {**found["environment"], **MACHINE},
        "fault": "late-answers",
        "rounds": rounds(),
        "sdk": {
            **SDK,
            "source": "src",
        },  # shown where the kind is sdk alone, by the pages of gates.py
        "trend": {"verdict": "worse", "nights": NIGHTS, "worse": ["order_latency wire p90"]},
    }


LIMITER: Final = {"inference": INFERENCE, "batches": BATCHES}
MACHINE: Final = {
    "machine": nights.MACHINE,
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
        _unstamped(measurement("rate_limit", 1260, 520, 4, extra=LIMITER)),
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
        "profile": "round",
        "started": at(NIGHTS - 1, minutes=number),
        "valid": is_valid,
        "why_invalid": None if is_valid else "the clock was set",
        "n": 3000,
        "wire_us": times,
        "response_us": times,
        "also_us": {"order_to_stream": {"n": 900, **times}},
        "probe_us": times if of == "target" else None,
        "histograms": {"wire": drawn.encode()},
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
