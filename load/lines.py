"""A scenario's result as a few lines for people; in brackets the 95 % confidence interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from load.exchange_counts import sentence
from load.limits import answer
from load.streams.lines import lines_of_streams
from load.timeline import PARTS

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
BY_OPERATION: Final = "mixed"
COLUMNS: Final = ("n", "errors", "wire p50", "p99", "response p50", "p99", "sent", "exchange")


def lines_of(entry: Mapping[str, Any]) -> list[str]:
    """The verdict on the measurement first, then the figures in microseconds."""
    verdict = "valid" if entry["valid"] else f"NOT VALID: {entry['why_invalid']}"
    rates = f"{entry['achieved_per_s']:g} of {entry['offered_per_s']:g} per second"
    lines = [f"{entry['scenario']}: {verdict}; {entry['n']} samples, {rates}"]
    limiter = entry["extra"].get("inference")
    told = [f"  {each}" for each in answer.lines_of(limiter)] if limiter else []
    if not entry["n"]:
        return lines + told
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
    lines += _workers(entry["generator"])
    lines += lines_of_streams(entry["extra"])
    extra = [f"{key} {entry['extra'][key]}" for key in SHOWN if key in entry["extra"]]
    lines += [f"  {', '.join(extra)}"] if extra else []
    if entry["extra"].get("count_difference"):
        lines.append(f"  {sentence(entry['extra']['count_difference'])}")
    lines += told
    return [*lines, *table_of(entry)] if entry["scenario"] == BY_OPERATION else lines


def table_of(entry: Mapping[str, Any]) -> list[str]:
    """Every operation in a row, with the exchange's own count; then those left out, and why."""
    extra = entry["extra"]
    sent, counted = extra.get("sent", {}), extra.get("exchange_counted")
    rows = {row["operation"]: row for row in entry["operations"]}
    names = sorted({*rows, *sent, *(counted or {})})
    lines = [_row("operation (us)", COLUMNS)] if names else []
    for name in names:
        theirs = "-" if counted is None else counted.get(name, 0)
        lines.append(_row(name, (*_figures(rows.get(name)), sent.get(name, 0), theirs)))
    return lines + [f"  left out: {name}: {why}" for name, why in extra.get("left_out", {}).items()]


def _figures(row: Mapping[str, Any] | None) -> tuple[Any, ...]:
    """Counts and percentiles; what was asked outside the measured time alone has none."""
    if row is None:
        return 0, 0, "-", "-", "-", "-"
    values = [row[f"{name}_us"][key] for name in ("wire", "response") for key in ("p50", "p99")]
    return row["n"], row["errors"], *("-" if each is None else f"{each:.0f}" for each in values)


def _row(name: str, cells: Sequence[Any]) -> str:
    widths = (max(len(title), 7) for title in COLUMNS)
    return f"  {name:<22}" + "".join(
        f"{each:>{w + 1}}" for each, w in zip(cells, widths, strict=True)
    )


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


def _workers(generator: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How many workers may be believed, and what is wrong with each of the others."""
    if len(generator) < 2:
        return []
    good = sum(each["valid"] for each in generator.values())
    bad = [f"{name}: {x['why_invalid']}" for name, x in generator.items() if not x["valid"]]
    return [f"  workers: {good} of {len(generator)} valid", *(f"    {each}" for each in bad)]


def _us(value: float | None, bounds: Sequence[float] | None) -> str:
    """A figure with its confidence interval."""
    if value is None:
        return "- (too few)"
    return f"{value:.0f}" if bounds is None else f"{value:.0f} [{bounds[0]:.0f}, {bounds[1]:.0f}]"
