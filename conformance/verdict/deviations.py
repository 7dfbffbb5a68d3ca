"""Known, accepted failures of a target: read from the file beside it, and never allowed to go stale.

    [[deviation]]
    requirement = "limits.retry-after-is-true"
    reason = "the gateway rounds down; fix announced for March"
    link = "https://tracker.example/123"
    review_by = 2026-12-31

Listed and failing: expected, the run does not fail for it. Listed and passing: stale, the run fails.
No reason, no such requirement, or past its date: an error before the run starts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from conformance.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Deviation:
    """One accepted failure."""

    requirement: str
    reason: str
    link: str
    review_by: date


def load(path: Path, known: Collection[str], today: date) -> dict[str, Deviation]:
    """The deviations of a file by requirement; none when there is no file. Raises ConfigurationError."""
    if not path.exists():
        return {}
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    rows = raw.get("deviation", [])
    return {row.requirement: row for row in (_read(path, each, known, today) for each in rows)}


def _read(path: Path, row: Any, known: Collection[str], today: date) -> Deviation:
    requirement = str(row.get("requirement", ""))
    if requirement not in known:
        raise ConfigurationError(f"{path}: {requirement!r} is no requirement: correct or remove it")
    if not str(row.get("reason", "")).strip():
        raise ConfigurationError(f"{path}: {requirement} is excused without a reason: give one")
    review_by = row.get("review_by")
    if not isinstance(review_by, date):
        raise ConfigurationError(f"{path}: {requirement} has no review_by date: give one")
    if review_by < today:
        raise ConfigurationError(
            f"{path}: {requirement} was to be reviewed by {review_by}: review it, or remove it"
        )
    return Deviation(requirement, row["reason"], str(row.get("link", "")), review_by)
