"""What a load run left beside the log: load.json, a list of scenarios in the form of the summary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.errors import RunError

FILE = "load.json"


def read(folder: Path) -> list[dict[str, Any]]:
    """The scenarios of a run's load, none when there was no load. Raises RunError."""
    path = folder / FILE
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None
    return list(found)


def write(folder: Path, scenarios: list[dict[str, Any]]) -> None:
    """Put the scenarios of a run's load in their place. Raises RunError."""
    path = folder / FILE
    try:
        path.write_text(json.dumps(scenarios, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}") from None
