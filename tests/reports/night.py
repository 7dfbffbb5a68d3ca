"""What a history says of one made night, to change at will."""

from __future__ import annotations

from typing import Any

from tests.page.nights import RULES


def series(**changes: Any) -> dict[str, Any]:
    """One figure over three nights, slower tonight."""
    nights = [(f"run-{day}", f"2026-01-0{day}T00:00:00Z", 410.0 + day) for day in (1, 2, 3)]
    return {
        "series": "order_latency wire p50",
        "verdict": "worse",
        "why": "between 18 % and 24 % slower than 12 nights before",
        "value_us": 500.0,
        "baseline_us": 412.0,
        "effect": 0.21,
        "low": 0.18,
        "high": 0.24,
        "window": 1,
        "baseline_nights": 12,
        "q": 0.001,
        "controlled": True,
        "nights": [
            {
                "run": run,
                "started": started,
                "value_us": value_us,
                "valid": True,
                "low_us": value_us - 5,
                "high_us": value_us + 5,
                "control_us": 300.0,
            }
            for run, started, value_us in nights
        ],
        "band_us": [400.0, 430.0],
        "change_points": [],
        **changes,
    }


def trend(**changes: Any) -> dict[str, Any]:
    """What a history says of a night on which one series is worse and one requirement fails anew."""
    changed = {
        "id": "spot.order-is-listed",
        "sentence": "An accepted order is in the list of orders.",
        "before": "passed",
        "now": "failed",
    }
    return {
        "schema": 1,
        "run": "run-3",
        "target": "reference",
        "profile": "smoke",
        "machine": "0a1b2c3d",
        "nights": 13,
        "verdict": "worse",
        "rules": RULES,
        "before": {
            "run": "run-2",
            "started": "2026-01-02T00:00:00Z",
            "verdict": "pass",
            "trend": "same",
        },
        "changed": {
            "requirements": [changed],
            "facts": [{"name": "kernel", "before": "6.1", "now": "6.2"}],
        },
        "series": [series(), series(series="mixed wire p50", verdict="same", why="the same")],
        **changes,
    }
