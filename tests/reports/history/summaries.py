"""Made nights: a control beside the target, round by round."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.reports.builders import measurement, result, small

FIRST = datetime(2026, 1, 1, 1, 0, tzinfo=UTC)
SCENARIOS = ("order_latency", "mixed")


def started(night: int) -> str:
    """When a night's run began."""
    return f"{FIRST + timedelta(days=night):%Y-%m-%dT%H:%M:%SZ}"


def figures(median_us: float | None) -> dict[str, float | None]:
    """Percentiles as a load run writes them."""
    shares = {"p50": 1.0, "p90": 1.5, "p99": 3.0}
    known = {
        name: None if median_us is None else round(median_us * each, 1)
        for name, each in shares.items()
    }
    return {**known, "p999": None, "max": known["p99"]}


def a_round(
    number: int, of: str, scenario: str = "order_latency", **changes: Any
) -> dict[str, Any]:
    """One round of the target or the control. `us`: its median on the wire."""
    us = changes.pop("us", 400.0 if of == "target" else 200.0)
    return {
        "round": number,
        "of": of,
        "profile": "nightly",
        "scenario": scenario,
        "started": started(0),
        "valid": True,
        "why_invalid": None,
        "n": 2000,
        "wire_us": figures(us),
        "response_us": figures(None if us is None else us + 100),
        "also_us": {},
        "histograms": {},
        **changes,
    }


def nightly(rounds: list[dict[str, Any]], night: int = 0, **changes: Any) -> dict[str, Any]:
    """A nightly run with these rounds."""
    load = [measurement(each, 10, 400, 1, profile="nightly") for each in SCENARIOS]
    return small(kind="nightly", started=started(night), load=load, rounds=rounds, **changes)


def drawn(night: int, seed: int = 1, requirements: int = 12, **changes: Any) -> dict[str, Any]:
    """A night as the suite would write it: 8 rounds of 2 scenarios, with histograms of a usual size."""
    random = Random(f"{seed} {night}")
    rounds = []
    for number in range(1, 9):
        for scenario in SCENARIOS:
            machine = random.lognormvariate(0, 0.1)
            for of, us in (("target", 400), ("control", 200)):
                noisy = us * machine * random.lognormvariate(0, 0.02)
                rounds.append(a_round(number, of, scenario, us=noisy, **_beside(random, noisy)))
    rows = [
        result(id=f"made.requirement-{each}", verdict=random.choice(("passed", "failed")))
        for each in range(requirements)
    ]
    return nightly(rounds, night, seed=seed, requirement_results=rows, **changes)


def _beside(random: Random, us: float) -> dict[str, Any]:
    histogram = base64.b64encode(random.randbytes(330)).decode()
    return {
        "also_us": {"order_to_stream": {"n": 2000, **figures(us * 1.2)}},
        "histograms": {"wire": histogram, "response": histogram[::-1]},
    }
