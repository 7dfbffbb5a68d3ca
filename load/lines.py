"""A scenario's result as a few lines for people; in brackets the 95 % confidence interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from load.limits import answer

from load.timeline import PARTS

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
    for name in ("wire", "response"):
        bounds = entry["interval_us"][name]
        figures = [
            f"{NAMES[key]} {_us(value, bounds.get(key))}"
            for key, value in entry[f"{name}_us"].items()
        ]
        clock = f" ({entry['clock']} clock)" if name == "wire" else ""
        lines.append(f"  {name:8} us: {', '.join(figures)}{clock}")
    lines += [f"  {text}" for text in _attributed(entry["attribution"])]
    for name, also in entry["also_us"].items():
        figures = [f"{NAMES[key]} {_us(also[key], None)}" for key in NAMES]
        lines.append(f"  {name.replace('_', ' ')} us: {', '.join(figures)} of {also['n']}")
    if entry["knee"]:
        knee = entry["knee"]
        lines.append(f"  knee: holds at {knee['holds_at_per_s']:g} per second; {knee['because']}")
    extra = [f"{key} {entry['extra'][key]}" for key in SHOWN if key in entry["extra"]]
    return [*lines, f"  {', '.join(extra)}"] if extra else lines


def _attributed(found: Mapping[str, Any]) -> Iterator[str]:
    """Means, which add up: of the response over the load's own samples, of the wire over the probe's."""
    if means := found["load"]["mean_us"]:
        yield f"response mean us: {_sum(means, 'response', PARTS[:-1])}"
    probe = found["probe"]
    if probe["parts"]:
        means = {name: each["mean_us"] for name, each in probe["parts"].items()}
        # Only where every answer said it, or the means would be of different requests.
        is_said = probe["parts"]["server"]["n"] == probe["n"]
        within = ("beside_server", "server") if is_said else ("network_and_server",)
        told = _sum(means, "wire", ("kernel_out", *within))
        asked = f"{probe['operation']}, {probe['n']} of {probe['answered']} stamped"
        yield f"wire mean us: {told} (probe: {asked}; server: {probe['server_said_by']})"
    if probe["not_to_be_had"]:
        yield f"what the wire is made of is not to be had: {probe['not_to_be_had']}"


def _sum(means: Mapping[str, float], whole: str, parts: Sequence[str]) -> str:
    told = [f"{name.replace('_', ' ')} {means[name]:.1f}" for name in parts]
    return f"{means[whole]:.1f} = {' + '.join(told)}"


def _us(value: float | None, bounds: Sequence[float] | None) -> str:
    """A figure with its confidence interval."""
    if value is None:
        return "- (too few)"
    return f"{value:.0f}" if bounds is None else f"{value:.0f} [{bounds[0]:.0f}, {bounds[1]:.0f}]"
