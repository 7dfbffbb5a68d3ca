"""What live figures cost the load, and how right they are: without a collector, with one, with a dead one."""

from __future__ import annotations

import socket
from pathlib import Path
from statistics import median
from typing import Any, Final

from load.telemetry import VARIABLES
from reference_exchange.bench import Row
from tests.bench.processes import AT_ONCE, ROOT, locust, serving
from tests.load.collector import Collector, collecting, quantile_s

COMMAND: Final = "make bench ONLY=telemetry"
ROUNDS: Final = 3
SECONDS: Final = 4
LAG_US: Final = 100  # a fifth of what makes a measurement not valid
BUCKET: Final = 0.26
PROFILE: Final = {
    "connections": 8,
    "warm_up_s": 0.5,
    "stages": [{"rate_per_s": 1000, "duration_s": float(SECONDS)}],
}


def measure(run: Path) -> list[Row]:
    """Rounds in turn, so that what the machine does meanwhile falls on all of them; the middle of three."""
    found: dict[str, list[dict[str, Any]]] = {"without": [], "with": [], "dead": []}
    off: list[float] = []
    with serving(AT_ONCE) as port, collecting() as collector:
        endpoints = {"without": "", "with": collector.address, "dead": _nobody()}
        for number in range(ROUNDS):
            for name, endpoint in endpoints.items():
                folder = run / f"{name}-{number}"
                file, settings = ROOT / "load" / "locustfile.py", {VARIABLES[0]: endpoint}
                entry = locust(port, PROFILE, folder, SECONDS + 60, file, settings)
                found[name].append(entry)
            off.append(_off(collector, found["with"][-1]))
    lags = {name: median(x["send_lag_us"]["p99"] for x in each) for name, each in found.items()}
    usual, valid = (sum(each["valid"] for each in found[name]) for name in ("without", "dead"))
    return [
        *(_lag(name, lags) for name in ("with", "dead")),
        _row("p99 by a collector, off ours at most", max(off), "", f"at most {BUCKET}", BUCKET),
        _valid(valid, usual),
    ]


def _lag(name: str, lags: dict[str, float]) -> Row:
    more = round(lags[name] - lags["without"], 1)
    goal = f"at most {LAG_US} more than without"
    peers = {f"{each} us": value for each, value in lags.items()}
    return _row(
        f"send lag p99, a collector that is {_words(name)}", more, "us", goal, LAG_US, peers
    )


def _valid(value: int, usual: int) -> Row:
    goal = f"at least {usual}, as without"
    return Row("valid with a dead collector", value, "runs", goal, value >= usual > 0, {}, COMMAND)


def _words(name: str) -> str:
    return {"with": "there", "dead": "dead"}[name]


def _row(
    name: str,
    value: float,
    unit: str,
    goal: str,
    most: float,
    peers: dict[str, float] | None = None,
) -> Row:
    return Row(name, round(value, 3), unit, goal, value <= most, peers or {}, COMMAND)


def _off(collector: Collector, entry: dict[str, Any]) -> float:
    """By which share a collector's p99 over all operations differs from the report's."""
    points = collector.points("exchange.load.response.duration")
    counts = [sum(each) for each in zip(*(x.bucket_counts for x in points), strict=True)]
    theirs_us = quantile_s(points[0].explicit_bounds, counts, 0.99) * 1e6
    ours_us = float(entry["response_us"]["p99"])
    return abs(theirs_us - ours_us) / ours_us


def _nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"
