"""The load of a run as GitLab's load_performance report takes it: the form of k6's `--summary-export`, in ms.

`http_req_waiting` is our wire time (from the send until this machine had the answer), `http_req_duration` our
response time (from the planned time until the answer was read, so queueing counts, which k6 leaves out).
`checks` are the gating requirements. Percentiles come from the histograms; one that too few samples carry is left
out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import ceil, log
from typing import Any

from hdrh.histogram import HdrHistogram

from reports.charts.spectrum import UNREADABLE
from reports.text import one_line
from reports.wording import gate

HIGHEST_NS = 60_000_000_000
METRICS = {"http_req_waiting": "wire", "http_req_duration": "response"}
PERCENTILES = {"med": 50.0, "p(90)": 90.0, "p(95)": 95.0}
MOST_SCENARIOS = 50

Entry = Mapping[str, Any]


def load_performance(summary: Mapping[str, Any]) -> str:
    """The whole document. Without a load run it has the checks alone."""
    entries = [each for each in summary["load"] if each["n"]][:MOST_SCENARIOS]
    metrics = dict(_checks(summary))
    if entries:
        metrics |= _requests(entries, "")
        for entry in entries:
            metrics |= _requests([entry], f"{{scenario:{one_line(entry['scenario'])}}}")
    return json.dumps({"metrics": metrics}, indent=1) + "\n"


def _checks(summary: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    counted = gate(summary)
    fails = counted.failed + counted.inconclusive
    if counted.passed + fails:
        yield "checks", _rate(counted.passed, fails)


def _requests(entries: Sequence[Entry], tag: str) -> dict[str, Any]:
    """k6 writes a metric of one tag as `name{tag:value}`."""
    count, errors = (sum(each.get(name, 0) for each in entries) for name in ("n", "errors"))
    seconds = sum(each.get("duration_s", 0) for each in entries)
    found: dict[str, Any] = {
        f"http_reqs{tag}": {"count": count, "rate": count / seconds if seconds else 0.0},
        # Of this rate k6 calls those that failed `passes`, for it counts what is true of them.
        f"http_req_failed{tag}": _rate(errors, count),
    }
    for metric, figure in METRICS.items():
        figures = dict(_trend(entries, figure))
        if figures:
            found[f"{metric}{tag}"] = figures
    return found


def _rate(passes: int, fails: int) -> dict[str, float]:
    total = passes + fails
    return {"passes": passes, "fails": fails, "value": passes / total if total else 0.0}


def _trend(entries: Sequence[Entry], figure: str) -> Iterator[tuple[str, float]]:
    """avg, min, med, max, p(90) and p(95) of the samples of all these scenarios together."""
    whole = HdrHistogram(1, HIGHEST_NS, 3)
    for entry in entries:
        with suppress(*UNREADABLE):  # a result of an older suite has none
            whole.add(HdrHistogram.decode(entry["histograms"][figure]))
    count = whole.get_total_count()
    if not count:
        return
    yield "avg", whole.get_mean_value() / 1e6
    yield "min", whole.get_min_value() / 1e6
    yield "max", whole.get_max_value() / 1e6
    for name, percent in PERCENTILES.items():
        if count >= _needed(percent / 100):
            yield name, whole.get_value_at_percentile(percent) / 1e6


def _needed(quantile: float) -> int:
    """As everywhere in this suite: fewer would lie below the true one too often."""
    return ceil(log(0.05) / log(quantile))
