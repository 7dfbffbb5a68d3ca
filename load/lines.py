"""A scenario's result as a few lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = {"p50": "p50", "p90": "p90", "p99": "p99", "p999": "p99.9", "max": "max"}
SHOWN = (
    "capped",
    "accepted_before_refusal",
    "refusal_status",
    "retry_after_s",
    "messages_per_s",
    "gaps",
)


def lines_of(entry: Mapping[str, Any]) -> list[str]:
    """The verdict on the measurement first, then the figures in microseconds."""
    verdict = "valid" if entry["valid"] else f"NOT VALID: {entry['why_invalid']}"
    rates = f"{entry['achieved_per_s']:g} of {entry['offered_per_s']:g} per second"
    lines = [f"{entry['scenario']}: {verdict}; {entry['n']} samples, {rates}"]
    if not entry["n"]:
        return lines
    for name in ("wire_us", "response_us"):
        figures = [f"{NAMES[key]} {_us(value)}" for key, value in entry[name].items()]
        clock = f" ({entry['clock']} clock)" if name == "wire_us" else ""
        lines.append(f"  {name.removesuffix('_us'):8} us: {', '.join(figures)}{clock}")
    extra = [f"{key} {entry['extra'][key]}" for key in SHOWN if key in entry["extra"]]
    return [*lines, f"  {', '.join(extra)}"] if extra else lines


def _us(value: float | None) -> str:
    return "- (too few)" if value is None else f"{value:.0f}"
