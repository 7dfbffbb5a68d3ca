"""What the rounds of a nightly run measured: rounds.json, in the form of the summary's `rounds`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
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


def valid_rounds(rounds: Iterable[Mapping[str, Any]], parts_of_one: int) -> int:
    """How many rounds have all their parts, each of them valid."""
    valid = Counter(each["round"] for each in rounds if each["valid"])
    return sum(count == parts_of_one for count in valid.values())


def row(
    number: int, of: str, profile: str, started: str, entry: Mapping[str, Any]
) -> dict[str, Any]:
    """A round of the summary, from what a load run left. `of`: target or control."""
    return {
        "round": number,
        "of": of,
        "scenario": entry["scenario"],
        "profile": profile,
        "started": started,
        "valid": entry["valid"],
        "why_invalid": entry["why_invalid"],
        "n": entry["n"],
        "wire_us": entry["wire_us"],
        "response_us": entry["response_us"],
        "also_us": entry["also_us"],
        "probe_us": _probe(entry),
        "histograms": entry["histograms"],
    }


def _probe(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    parts = entry["attribution"]["probe"]["parts"]
    if not parts:
        return None
    wire = parts["wire"]
    return {"n": wire["n"], **{name: wire[f"{name}_us"] for name in ("p50", "p90", "p99")}}
