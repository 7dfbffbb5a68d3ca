"""What a night's history said of it: trend.json, in the form of reports/trend.schema.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.errors import RunError

FILE = "trend.json"
WORSE = "worse"


def read(folder: Path) -> dict[str, Any] | None:
    """The trend of a run, None for a run that was compared with nothing. Raises RunError."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None


def digest(trend: dict[str, Any]) -> dict[str, Any]:
    """What the summary says of it."""
    worse = [each["series"] for each in trend["series"] if each["verdict"] == WORSE]
    return {"verdict": trend["verdict"], "nights": trend["nights"], "worse": worse}
