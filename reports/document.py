"""Reads a run's summary.json and trend.json: what comes out of here has the form of their schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from conformance.errors import RunError
from reports.text import one_line

SCHEMA = Path(__file__).parent / "summary.schema.json"
TREND_SCHEMA = Path(__file__).parent / "trend.schema.json"
FILE = "summary.json"
TREND = "trend.json"

Summary = dict[str, Any]
Trend = dict[str, Any]


def schema(path: Path = SCHEMA) -> dict[str, Any]:
    """The JSON Schema of a summary, or of another document."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def read(folder: Path) -> Summary:
    """The summary of a run's folder. Raises RunError."""
    path = folder / FILE
    found = _json(path, folder)
    problem = problem_of(found)
    if problem:
        raise RunError(f"{path} is no summary of a run: {problem}")
    return dict(found)


def read_trend(folder: Path) -> Trend | None:
    """What a run's history says of it; None where no history was asked. Raises RunError."""
    path = folder / TREND
    if not path.exists():
        return None
    found = _json(path, folder)
    problem = problem_of(found, TREND_SCHEMA)
    if problem:
        raise RunError(f"{path} is no trend of a run: {problem}")
    return dict(found)


def _json(path: Path, folder: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"no run in {folder}: {path.name}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is not JSON: {error}") from None


def problem_of(document: Any, path: Path = SCHEMA) -> str | None:
    """The first thing in which a document departs from its schema, or None."""
    validator = jsonschema.Draft202012Validator(schema(path))
    error = next(iter(validator.iter_errors(document)), None)
    return error and one_line(f"{error.json_path}: {error.message}", 300)
