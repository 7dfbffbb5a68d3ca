"""What a load run left beside the log: load.json, a list of scenarios in the form of the summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.record import json_file

FILE = "load.json"


def read(folder: Path) -> list[dict[str, Any]]:
    """The scenarios of a run's load, none when there was no load. Raises RunError."""
    return list(json_file.read(folder / FILE, []))


def write(folder: Path, scenarios: list[dict[str, Any]]) -> None:
    """Put the scenarios of a run's load in their place. Raises RunError."""
    json_file.write(folder / FILE, scenarios)
