"""Load figures as rows of text, in microseconds; never a number that too few samples carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reports import limiter
from reports.text import one_line

PERCENTILES = {"p50": "p50", "p90": "p90", "p99": "p99", "p999": "p99.9", "max": "max"}
TOO_FEW = "–"
TOO_FEW_MEANS = (
    "– means too few samples: p99 is given from 299 on, p99.9 from 2,995, "
    "so that the true one lies above all that was seen in fewer than 1 of 20 runs"
)
LAGS = {"send_lag_us": "sending", "receive_lag_us": "reading"}
ENVIRONMENT = {
    "python": "Python",
    "platform": "Platform",
    "suite_version": "Suite",
    "spec_sha256": "Contract, SHA-256",
    "machine": "Machine",
    "cpu": "Processor",
    "kernel": "Kernel",
    "cores": "Cores",
    "memory_mib": "Memory, MiB",
}
MEASURES = {
    "wire": "from our send to the answer: the exchange and the network",
    "response": "from the planned time to our read: what a client waits, queueing included",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One row: a scenario's percentiles by one way of measuring."""

    measure: str
    cells: tuple[str, ...]


def measured(entry: Mapping[str, Any]) -> Iterator[Measured]:
    """The rows of one scenario, wire first."""
    for measure in MEASURES:
        figures = entry[f"{measure}_us"]
        yield Measured(measure, tuple(microseconds(figures[name]) for name in PERCENTILES))


def microseconds(value: float | None) -> str:
    """A time as people write it; one decimal only where it says something."""
    if value is None:
        return TOO_FEW
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def rate(value: float) -> str:
    """Per second, with one decimal below a hundred."""
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def named(entry: Mapping[str, Any], most: int = 60) -> str:
    """The scenario of a measurement, never without saying that it is not valid."""
    return f"{one_line(entry['scenario'], most)}{'' if entry['valid'] else ' (not valid)'}"


def validity(entry: Mapping[str, Any]) -> str:
    """Whether the measurement may be believed, and why not."""
    return "valid" if entry["valid"] else f"not valid: {entry['why_invalid']}"


def facts(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What else the scenario says of itself, name by name."""
    for name in ("profile", "duration_s", "errors", "clock"):
        if name in entry:
            yield name.replace("_", " "), str(entry[name])
    for name, words in LAGS.items():
        lag = entry.get(name, {}).get("p99")
        yield (
            f"our own lateness in {words}, p99",
            TOO_FEW if lag is None else f"{microseconds(lag)} µs",
        )
    for note in entry.get("notes", ()):
        yield "note", note
    if "inference" in entry.get("extra", {}):
        yield from limiter.facts(entry["extra"]["inference"])
    for name, value in entry.get("extra", {}).items():
        if name in ("inference", "batches"):  # told above; drawn
            continue
        yield name.replace("_", " "), _flat(value)


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_within(each)}" for name, each in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(_within(each) for each in value) or "none"
    return TOO_FEW if value is None else str(value)


def _within(value: Any) -> str:
    """A value in a list: what is a list itself stands in brackets."""
    return f"({_flat(value)})" if isinstance(value, dict | list) else _flat(value)
