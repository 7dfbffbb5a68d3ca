"""A made history: sixty nights of every series, one of each verdict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

NIGHTS: Final = 60
FIRST: Final = datetime(2026, 1, 1, 2, tzinfo=UTC)
MACHINE: Final = "1f2e3d4c"
MEDIANS_US: Final = {"order_latency": 410.0, "mixed": 620.0, "stream_throughput": 820.0}
PERCENTILES: Final = ("p50", "p90", "p99")
# Effect, low, high, verdict and why of a series, in turns.
VERDICTS: Final = (
    ("same", 0.004, -0.012, 0.021, "the whole interval lies within the margin"),
    ("worse", 0.312, 0.248, 0.377, "the whole interval lies beyond the margin"),
    ("better", -0.147, -0.192, -0.101, "the whole interval lies beyond the margin"),
    ("not enough data", None, None, None, "3 nights to compare with, 7 are needed"),
)


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
        "run": run_of(NIGHTS - 1),
        "target": "reference",
        "profile": "nightly",
        "machine": MACHINE,
        "nights": NIGHTS,
        "verdict": "worse",
        "rules": RULES,
        "before": {
            "run": run_of(NIGHTS - 2),
            "started": at(NIGHTS - 2),
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
    step = {"run": run_of(40), "started": at(40), "effect": 0.31}
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
        "run": run_of(number),
        "started": at(number),
        "value_us": round(value, 1) if is_valid else None,
        "low_us": round(value * 0.97, 1) if is_valid else None,
        "high_us": round(value * 1.04, 1) if is_valid else None,
        "control_us": round(level_us * 0.4, 1) if number > 5 else None,
        "valid": is_valid,
    }


def run_of(night: int) -> str:
    return f"nightly-{(FIRST + timedelta(days=night)):%Y%m%dT%H%M%SZ}"


def at(night: int, minutes: int = 0) -> str:
    return (FIRST + timedelta(days=night, minutes=minutes)).isoformat().replace("+00:00", "Z")
