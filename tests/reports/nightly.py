"""Made nights: a run with everything that a page can draw, and the trend of its history."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from math import sin
from random import Random
from typing import Any

from load.histogram import histogram_of
from load.knee import knee
from load.result import figures
from tests.page.answers import BATCHES
from tests.page.nights import RULES
from tests.page.whole import rounds
from tests.reports.builders import FAILED, deviation, full_summary, measurement

EDGES_US = [round(100 * 10 ** (n / 12), 1) for n in range(48)]
EMPTY = {"p50": None, "p90": None, "p99": None, "p999": None, "max": None}
LAST_NIGHT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
VERDICTS = {
    "order_latency wire p50": ("worse", 0.18),
    "order_latency wire p99": ("worse", 0.31),
    "order_latency response p50": ("same", 0.01),
    "order_latency order_to_stream p50": ("better", -0.12),
    "rate_limit wire p50": ("same", -0.004),
    "rate_limit wire p99": ("not enough data", None),
    "mixed wire p50": ("same", 0.002),
    "mixed wire p99": ("same", 0.02),
    "mixed response p99": ("same", -0.011),
    "stream_throughput wire p50": ("same", 0.006),
    "stream_throughput wire p99": ("not enough data", 0.09),
    "stream_throughput order_to_stream p50": ("same", 0.013),
    "stream_throughput stream_receive_lag p99": ("same", -0.03),
}


def over_time(median_us: float, seed: int, rows: int = 60, every_s: float = 1.0) -> dict[str, Any]:
    """A run whose latency rises for a tenth of its time."""
    random = Random(seed)
    return {
        "every_s": every_s,
        "edges_us": EDGES_US,
        "rows": [_moment(random, median_us, n, rows, every_s) for n in range(rows)],
    }


def _moment(random: Random, median_us: float, n: int, rows: int, every_s: float) -> dict[str, Any]:
    slower = 2.5 if 0.6 < n / rows < 0.7 else 1.0
    times = [
        median_us
        * slower
        * random.lognormvariate(0.1 * sin(n / 9), 0.2)
        * random.choice([1] * 60 + [6])
        for _ in range(320)
    ]
    counts = [0] * (len(EDGES_US) + 1)
    for time in times:
        counts[sum(edge <= time for edge in EDGES_US)] += 1
    response = figures(histogram_of([round(time * 1000) for time in times]))
    wire = figures(histogram_of([round(time * 900) for time in times]))
    return {
        "from_s": n * every_s,
        "n": len(times),
        "errors": 3 if n == 40 else 0,
        "wire_us": wire,
        "response_us": response,
        "counts": counts,
    }


def stages() -> list[dict[str, Any]]:
    """A run in steps, the last two beyond what the exchange can do."""
    return [
        _stage(*each)
        for each in ((100, 1), (250, 1), (500, 1.1), (1000, 1.5), (1500, 9), (2000, 60))
    ]


def _stage(rate: float, slower: float) -> dict[str, Any]:
    random = Random(int(rate))
    times = [round(400_000 * slower * random.lognormvariate(0, 0.3)) for _ in range(400)]
    return {
        "rate_per_s": float(rate),
        "seconds": 4.0,
        "n": 400,
        "errors": 0,
        "achieved_per_s": round(rate * (0.9 if slower > 50 else 1), 2),
        "wire_us": figures(histogram_of(times)),
        "response_us": figures(histogram_of([round(time * (1 + slower / 20)) for time in times])),
        "send_lag_us": EMPTY,
    }


def limiter(**changes: Any) -> dict[str, Any]:
    """What a long experiment says of a limiter."""
    inference = {
        "kind": "fixed",
        "same_as": [],
        "limit": 1200,
        "window_s": 60.0,
        "window_s_between": [59.5287, 60.5874],
        "per_minute_between": [1188.37, 1209.5],
        "counts_refused": "makes no difference",
        "confidence": 0.9412,
        "candidates": {"fixed": 0.9412, "sliding_counter": 0.0511, "token_bucket": 0.0077},
        "looks": 53,
        "because": None,
        "scope": ["account"],
        "scope_unsure": {},
        "weights": {"listDeposits": 1, "getUserInfo": 1},
        "weights_unsure": None,
        "refusal": {"status": 429, "code": 3005, "retry_after": "seconds", "always_the_same": True},
        "retry_after": {
            "is_true": True,
            "too_early_ms": 0,
            "too_late_ms": 883,
            "known_to_ms": 1069,
            "told": 19,
        },
        "recovery": {"how": "all at once", "first_after_s": [58.95, 60.009], "back_then": 1200},
        "refusing_is_cheap": {"is_cheap": False, "refused": 24},
        "told": {"limit": 1200, "remaining": 1198, "reset_s": 60},
        "requirement": {
            "documented_per_minute": 1200,
            "is_served": True,
            "is_refused_beyond": True,
            "agrees": True,
        },
        "budget": {
            "requests_max": 11400,
            "refusals_max": 60,
            "seconds_max": 239.0,
            "requests": 8423,
            "refusals": 24,
            "seconds": 222.0,
        },
        "stopped": None,
    }
    return {
        "accepted_before_refusal": 1199,
        "refusal_status": 429,
        "refusal_code": 3005,
        "retry_after_s": 60.0,
        "first_refusal_after_s": 0.464,
        "inference": {**inference, **changes},
        "batches": BATCHES,
    }


def listened() -> dict[str, Any]:
    """What a long run says of the streams, with its trials."""
    before = {"event_to_kernel_at_most_us": {"p99": 2100.0}, "order_wire_us": {"p99": 1900.0}}
    during = {"event_to_kernel_at_most_us": {"p99": 7300.0}, "order_wire_us": {"p99": 2050.0}}
    said = ["event_to_kernel_at_most_us p99 7300, before 2100"]
    came = {"cut": 128, "back": 128, "back_us": {"p50": 264831.0, "p99": None, "max": 519126.4}}
    storm = {**came, "others_before": before, "others_meanwhile": during, "others_disturbed": said}
    slow = {"others_before": before, "others_meanwhile": before, "others_disturbed": []}
    steps = [
        {
            "connections": n,
            "subscriptions": 64,
            "delivered": 900 * n - (n > 8) * 40,
            "expected": 900 * n,
        }
        for n in (2, 4, 8, 16)
    ]
    return {
        "topics": 48,
        "connections": 4,
        "messages": 3780,
        "messages_expected": 3780,
        "messages_per_s": 944.7,
        "by_channel": {"depth": 3384, "trades": 36, "kline": 324, "ticker": 36},
        "gaps": 0,
        "latency": {
            "clocks": "offset-bounded",
            "p50_us": [64.1, 1209.9],
            "p90_us": [724.6, 1870.3],
            "p99_us": [1089.6, 2235.4],
        },
        "slow_reader": {"did": "dropped some", "delivered": 2100, "expected": 2520, **slow},
        "storm": storm,
        "ramp": {
            "tested_up_to": None,
            "delivered_all_up_to": None,
            "stopped_by": "lost",
            "steps": steps,
        },
    }


def nightly_summary() -> dict[str, Any]:
    """A night over the whole contract, with something in every part of the page."""
    summary = full_summary(tuple(FAILED))
    machine = {
        "machine": "9f2c11ab",
        "cpu": "Example CPU",
        "kernel": "6.1.0",
        "cores": 8,
        "memory_mib": 31744,
    }
    return {
        **summary,
        "kind": "nightly",
        "rounds": rounds(),
        "load": nightly_loads(),
        "deviations": [deviation(requirement="limits.retry-after-is-true")],
        "environment": {**summary["environment"], **machine},
    }


def nightly_loads(median_us: float = 410) -> list[dict[str, Any]]:
    """Four scenarios, each with its time; one in steps, one of the limiter, one of the streams."""
    return deepcopy(_nightly_loads(median_us))


@cache
def _nightly_loads(median_us: float) -> list[dict[str, Any]]:
    steps = stages()
    entries = [
        with_intervals(measurement("order_latency", 6000, median_us, 1)),
        with_intervals(measurement("mixed", 3000, 520, 2, stages=steps, knee=knee(steps))),
        measurement("rate_limit", 1260, 300, 3, extra=limiter()),
        measurement("stream_throughput", 3000, 820, 4, extra=listened()),
    ]
    response = entries[3]["histograms"]["response"]
    entries[3]["histograms"] |= {"order_to_stream": response, "stream_receive_lag": response}
    for number, entry in enumerate(entries):
        entry["over_time"] = over_time(entry["response_us"]["p50"], number)
    return entries


def with_intervals(entry: dict[str, Any]) -> dict[str, Any]:
    """The same with bounds around every percentile that it carries, three per cent wide."""
    bounds = {
        of: {name: _around(entry[f"{of}_us"][name]) for name in ("p50", "p90", "p99", "p999")}
        for of in ("wire", "response")
    }
    return {**entry, "interval_us": bounds}


def _around(value: float | None) -> list[float] | None:
    return None if value is None else [round(value * 0.985, 1), round(value * 1.015, 1)]


def trend(nights: int = 30, **changes: Any) -> dict[str, Any]:
    """A history in which two series became slower, one faster, and one changed its level long ago."""
    return {
        "schema": 1,
        "run": run_of(0),
        "target": "reference",
        "profile": "nightly",
        "machine": "9f2c11ab",
        "nights": nights,
        "verdict": "worse",
        "rules": RULES,
        "before": {"run": run_of(1), "started": started(1), "verdict": "pass", "trend": "same"},
        "changed": {
            "requirements": [
                {
                    "id": "spot.cancel-releases-everything",
                    "sentence": "What was frozen for an order is free again after its cancel.",
                    "before": "passed",
                    "now": "failed",
                }
            ],
            "facts": [{"name": "kernel", "before": "6.1.0-25", "now": "6.1.0-26"}],
        },
        "series": [
            series(name, nights, *of, seed) for seed, (name, of) in enumerate(VERDICTS.items())
        ],
        **changes,
    }


def series(name: str, nights: int, verdict: str, effect: float | None, seed: int) -> dict[str, Any]:
    """One series: a level with noise, and tonight's effect upon it."""
    random, level = Random(seed), 400.0 * (1 + seed % 4)
    values = [level * random.lognormvariate(0, 0.03) for _ in range(nights)]
    values[-1] = level * (1 + (effect or 0))
    points = []
    if seed in (0, 6) and nights > 12:
        values[: nights // 2] = [value * 0.8 for value in values[: nights // 2]]
        ago = nights - 1 - nights // 2
        points = [{"run": run_of(ago), "started": started(ago), "effect": 0.25}]
    return {
        "series": name,
        "verdict": verdict,
        "why": f"{verdict} than the nights before" if verdict in ("worse", "better") else verdict,
        "value_us": round(values[-1], 1),
        "baseline_us": level,
        "effect": effect,
        "low": None if effect is None else effect - 0.06,
        "high": None if effect is None else effect + 0.06,
        "window": 1,
        "baseline_nights": nights - 1,
        "q": 0.004 if verdict == "worse" else 0.8,
        "controlled": True,
        "nights": [_night(nights - 1 - n, value, n == 7) for n, value in enumerate(values)],
        "band_us": [round(level * 0.94, 1), round(level * 1.06, 1)],
        "change_points": points,
    }


def _night(ago: int, value: float, is_invalid: bool) -> dict[str, Any]:
    return {
        "run": run_of(ago),
        "started": started(ago),
        "value_us": round(value, 1),
        "low_us": round(value * 0.97, 1),
        "high_us": round(value * 1.03, 1),
        "control_us": round(value * 0.5, 1),
        "valid": not is_invalid,
    }


def run_of(ago: int) -> str:
    """The name under which a history knows the run so many nights ago."""
    return f"{folder_of(ago)}-0a1b2c{ago:02x}"


def folder_of(ago: int) -> str:
    """The name of that run's folder."""
    return f"nightly-reference-{LAST_NIGHT - timedelta(days=ago):%Y%m%dT%H%M%SZ}-1"


def started(ago: int) -> str:
    """When the night so many nights ago began."""
    return f"{LAST_NIGHT - timedelta(days=ago):%Y-%m-%dT%H:%M:%SZ}"
