"""A scenario's result in its run's folder: written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.errors import RunError
from conformance.record import json_file


def file_of(folder: Path, scenario: str) -> Path:
    """Where a scenario's result is."""
    return folder / f"load-{scenario}.json"


def make(folder: Path) -> None:
    """Have the folder of a run. Raises RunError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot write to {folder}: {error.strerror}") from None


def keep(folder: Path, entry: Mapping[str, Any]) -> None:
    """Write a result. Raises RunError when the disk takes no more."""
    json_file.write(file_of(folder, entry["scenario"]), entry)
