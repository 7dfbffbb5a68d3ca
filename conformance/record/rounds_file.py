"""What the rounds of a nightly run measured: rounds.json, in the form of the summary's `rounds`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.record import json_file

FILE = "rounds.json"


def read(folder: Path) -> list[dict[str, Any]]:
    """The rounds of a run, none when there were none. Raises RunError."""
    return list(json_file.read(folder / FILE, []))


def write(folder: Path, rounds: list[dict[str, Any]]) -> None:
    """Put the rounds of a run in their place. Raises RunError."""
    json_file.write(folder / FILE, rounds)


def valid_rounds(rounds: Iterable[Mapping[str, Any]]) -> int:
    """How many rounds are valid, all their parts."""
    valid: dict[int, bool] = {}
    for each in rounds:
        valid[each["round"]] = valid.get(each["round"], True) and each["valid"]
    return sum(valid.values())


def rows(
    number: int, started: str, entry: Mapping[str, Any], is_beside: bool
) -> Iterator[dict[str, Any]]:
    """A round of the summary, from what a load run left: the target, and the control if the probe asked one."""
    target = {
        "round": number,
        "of": "target",
        "scenario": entry["scenario"],
        "profile": entry["profile"],
        "started": started,
        "valid": entry["valid"],
        "why_invalid": entry["why_invalid"],
        "n": entry["n"],
        "wire_us": entry["wire_us"],
        "response_us": entry["response_us"],
        "also_us": entry["also_us"],
        "probe_us": None if is_beside else _probe(entry),
        "histograms": entry["histograms"],
    }
    yield target
    if is_beside:
        yield _control(target, entry)


def _control(target: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    wire, why = _probe(entry), target["why_invalid"]
    if wire is None and target["valid"]:
        why = f"the control was not measured: {entry['attribution']['probe']['not_to_be_had']}"
    return {
        **target,
        "of": "control",
        "valid": wire is not None and target["valid"],
        "why_invalid": why,
        "n": wire["n"] if wire else 0,
        "wire_us": _figures(wire),
        # Whatever else is measured is compared with the control's time on the wire: how long the probe's one
        # connection was busy is its own doing and not the machine's.
        "response_us": _figures(wire),
        "also_us": {name: {"n": wire["n"], **_figures(wire)} for name in entry["also_us"] if wire},
        "probe_us": None,
        "histograms": {},
    }


def _figures(probe: Mapping[str, Any] | None) -> dict[str, float | None]:
    known = {name: probe[name] if probe else None for name in ("p50", "p90", "p99")}
    return {**known, "p999": None, "max": None}


def _probe(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    parts = entry["attribution"]["probe"]["parts"]
    if not parts:
        return None
    found = parts["wire"]
    return {"n": found["n"], **{name: found[f"{name}_us"] for name in ("p50", "p90", "p99")}}
