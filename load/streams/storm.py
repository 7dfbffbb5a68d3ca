"""Every connection is cut and comes back at the same moment: how long until each hears something again?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from conformance.spec.contract import Contract
from load.histogram import Histogram
from load.streams.events import SNAPSHOT, Events

BEFORE, DURING = "before_storm", "in_storm"
BACK: Final = "storm.back"  # the histogram of times from the cut to the first event
QUANTILES: Final = {"p50": 0.5, "p99": 0.99}


def with_snapshots(contract: Contract) -> frozenset[str]:
    """The channels whose document says that there are snapshots; a new subscription begins with one."""
    return frozenset(
        channel.name
        for channel in contract.channels.values()
        if any(_may_be_snapshot(schema) for schema in channel.messages.values())
    )


def _may_be_snapshot(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("properties", {}).get("type", {}).get("enum", ())
    return SNAPSHOT in kinds


def begun_with(events: Iterable[Events], channels: frozenset[str]) -> Counter[str]:
    """Of all topics that came: how many began with a snapshot, how many otherwise."""
    found: Counter[str] = Counter(snapshot_first=0, otherwise_first=0)
    for each in events:
        for topic, kind in each.first_types.items():
            if topic.partition(".")[0] in channels:
                found["snapshot_first" if kind == SNAPSHOT else "otherwise_first"] += 1
    return found


def told(
    counts: Mapping[str, Any], facts: Mapping[str, Any], back: Histogram | None
) -> dict[str, Any]:
    """The finding, all processes together."""
    figures = {} if back is None else {name: back.quantile(q) for name, q in QUANTILES.items()}
    most = back.max_ns if back is not None and len(back) else None
    return {
        **{name: value for name, value in counts.items() if name != "failures"},
        "storms": facts.get("storms"),
        "back_us": {
            **{name: _us(figures.get(name)) for name in QUANTILES},
            "max": _us(most),
        },
        "generator_cpu_share": max(facts.get("cpu_share", {}).values(), default=None),
        "failures": counts.get("failures", {}),
    }


def _us(value_ns: int | None) -> float | None:
    return None if value_ns is None else round(value_ns / 1000, 1)
