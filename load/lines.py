"""A scenario's result as a few lines for people; in brackets the 95 % confidence interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from load.streams.lines import lines_of_streams

NAMES = {"p50": "p50", "p90": "p90", "p99": "p99", "p999": "p99.9", "max": "max"}
SHOWN = (
    "capped",
    "accepted_before_refusal",
    "refusal_status",
    "retry_after_s",
    "messages_per_s",
    "messages_per_s_per_core",
    "gaps",
)


def lines_of(entry: Mapping[str, Any]) -> list[str]:
    """The verdict on the measurement first, then the figures in microseconds."""
    verdict = "valid" if entry["valid"] else f"NOT VALID: {entry['why_invalid']}"
    rates = f"{entry['achieved_per_s']:g} of {entry['offered_per_s']:g} per second"
    lines = [f"{entry['scenario']}: {verdict}; {entry['n']} samples, {rates}"]
    if not entry["n"]:
        return lines
    for name in ("wire", "response"):
        bounds = entry["interval_us"][name]
        figures = [
            f"{NAMES[key]} {_us(value, bounds.get(key))}"
            for key, value in entry[f"{name}_us"].items()
        ]
        clock = f" ({entry['clock']} clock)" if name == "wire" else ""
        lines.append(f"  {name:8} us: {', '.join(figures)}{clock}")
    for name, also in entry["also_us"].items():
        figures = [f"{NAMES[key]} {_us(also[key], None)}" for key in NAMES]
        lines.append(f"  {name.replace('_', ' ')} us: {', '.join(figures)} of {also['n']}")
    if entry["knee"]:
        knee = entry["knee"]
        lines.append(f"  knee: holds at {knee['holds_at_per_s']:g} per second; {knee['because']}")
    lines += lines_of_streams(entry["extra"])
    extra = [f"{key} {entry['extra'][key]}" for key in SHOWN if key in entry["extra"]]
    return [*lines, f"  {', '.join(extra)}"] if extra else lines


def _us(value: float | None, bounds: Sequence[float] | None) -> str:
    """A figure with its confidence interval."""
    if value is None:
        return "- (too few)"
    return f"{value:.0f}" if bounds is None else f"{value:.0f} [{bounds[0]:.0f}, {bounds[1]:.0f}]"
