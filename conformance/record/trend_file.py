"""What a night's history said of it: trend.json, in the form of reports/trend.schema.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.record import json_file

FILE = "trend.json"
WORSE = "worse"


def read(folder: Path) -> dict[str, Any] | None:
    """The trend of a run, None for a run that was compared with nothing. Raises RunError."""
    found = json_file.read(folder / FILE)
    return None if found is None else dict(found)


def digest(trend: dict[str, Any]) -> dict[str, Any]:
    """What the summary says of it."""
    worse = [each["series"] for each in trend["series"] if each["verdict"] == WORSE]
    return {"verdict": trend["verdict"], "nights": trend["nights"], "worse": worse}
