"""What a run says of the streams, made of what all processes counted together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from load.histogram import Histogram
from load.plan import Profile
from load.streams import ramp, spans, storm
from load.streams.clocks import MS_NS, Offset, width_ns
from load.streams.slow_reader import BEFORE as BEFORE_SLOW
from load.streams.slow_reader import DURING as WITH_SLOW
from load.streams.spans import MEASURED

BOUNDED: Final = "offset-bounded"
RAW: Final = ("spans", "trials", "schema", "exchange_clock", "not_tried", "first_wrong")
SHOWN: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99}

Counts = Mapping[str, Any]
Histograms = Mapping[str, Histogram]


def told(
    facts: Counts, counts: Counts, histograms: Histograms, profile: Profile
) -> tuple[dict[str, Any], dict[str, Histogram]]:
    """The `extra` of an entry, and the histograms that are left to be shown as they are."""
    whole = {**facts, **counts}
    if "spans" not in counts:
        return whole, dict(histograms)
    plain = {name: value for name, value in whole.items() if name not in RAW}
    ours = (spans.SPAN, storm.BACK)
    left = {name: each for name, each in histograms.items() if not name.startswith(ours)}
    found = {
        **plain,
        **_rates(counts),
        "schema": {
            "every": profile.trials.sampled_every,
            **counts.get("schema", {}),
            "first_wrong": facts.get("first_wrong"),
        },
        "latency": latency(
            facts.get("exchange_clock", {}),
            histograms.get(f"{spans.SPAN}{MEASURED}{spans.EVENTS}"),
        ),
        **_trials(facts, counts, histograms, profile),
    }
    return found, left


def latency(clocks: Mapping[str, Any], ages: Histogram | None) -> dict[str, Any]:
    """From the exchange's event time to our kernel, as intervals: two clocks are never exactly one."""
    known = {name: each for name, each in clocks.items() if each is not None}
    if not known or len(known) < len(clocks):
        return {"clocks": None, "because": "the exchange does not tell what time it is"}
    offsets = {name: Offset.of(each["offset"]) for name, each in known.items()}
    width = max(map(width_ns, offsets.values()))
    least = min(offsets.values(), key=lambda each: each.low_ns)
    most = max(offsets.values(), key=lambda each: each.high_ns)
    return {
        "clocks": BOUNDED,
        "n": len(ages) if ages else 0,
        **{f"{name}_us": _interval(ages, quantile, width) for name, quantile in SHOWN.items()},
        "interval_width_us": round(width / 1000, 1),
        "event_time_step_us": MS_NS / 1000,
        "exchange_ahead_us": [round(least.low_ns / 1000, 1), round(most.high_ns / 1000, 1)],
        "offset_by": sorted({each["by"] for each in known.values()}),
        "offset_rounds": sum(each.rounds for each in offsets.values()),
        "offset_is_steady": all(each.is_steady for each in offsets.values()),
    }


def _interval(ages: Histogram | None, quantile: float, width: int) -> list[float] | None:
    most_ns = ages.quantile(quantile) if ages else None
    if most_ns is None:
        return None
    return [round(max(most_ns - width, 0) / 1000, 1), round(most_ns / 1000, 1)]


def _rates(counts: Counts) -> dict[str, Any]:
    seen = counts["spans"].get(MEASURED)
    if not seen or not seen["cpu_ns"]:
        return {"messages_per_s_per_core": None}
    return {
        "messages_per_s_per_core": round(seen["messages"] / (seen["cpu_ns"] / 1e9), 1),
        "generator_cpu_s": round(seen["cpu_ns"] / 1e9, 2),
    }


def _trials(
    facts: Counts, counts: Counts, histograms: Histograms, profile: Profile
) -> dict[str, Any]:
    tried, known = counts.get("trials", {}), facts.get("trials", {})
    seen = {name: spans.told(name, counts["spans"], histograms) for name in counts["spans"]}
    found: dict[str, Any] = {}
    if "slow_reader" in known:
        found["slow_reader"] = {**known["slow_reader"], **_others(seen, BEFORE_SLOW, WITH_SLOW)}
    if "storm" in tried:
        back = histograms.get(storm.BACK)
        mine = storm.told(tried["storm"], known["storm"], back)
        found["storm"] = {**mine, **_others(seen, storm.BEFORE, storm.DURING)}
    if "ramp" in tried and profile.trials.ramp is not None:
        of = counts["spans"].get(MEASURED, {}).get("processes", 1)
        steps = profile.trials.ramp.steps
        found["ramp"] = ramp.told(tried["ramp"], known["ramp"], steps, of)
    if "memory" in known:
        found["memory"] = known["memory"]
    if facts.get("not_tried"):
        found["not_tried"] = facts["not_tried"]
    return found


def _others(seen: Mapping[str, Any], before: str, during: str) -> dict[str, Any]:
    return {
        "others_before": seen.get(before),
        "others_meanwhile": seen.get(during),
        "others_disturbed": spans.disturbed(seen.get(before), seen.get(during)),
    }
