"""Reads a run's summary.json: what comes out of here has the form of summary.schema.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from conformance.errors import RunError
from conformance.record import trend_file
from reports.text import one_line

SCHEMA = Path(__file__).parent / "summary.schema.json"
FILE = "summary.json"
TREND_SCHEMA = Path(__file__).parent / "trend.schema.json"
TREND_FILE = trend_file.FILE

Summary = dict[str, Any]
Trend = dict[str, Any]


def schema(path: Path = SCHEMA) -> dict[str, Any]:
    """The JSON Schema of a summary, or of what else stands in that file."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def read(folder: Path) -> Summary:
    """The summary of a run's folder. Raises RunError."""
    path = folder / FILE
    if not path.exists():
        raise RunError(f"no run in {folder}: {FILE}: No such file or directory")
    return read_as(path, SCHEMA, "no summary of a run")


def read_trend(folder: Path) -> Trend | None:
    """What its history says of a nightly run; None of any other. Raises RunError."""
    path = folder / TREND_FILE
    return read_as(path, TREND_SCHEMA, "no trend of a run") if path.exists() else None


def read_as(path: Path, form: Path, no: str) -> dict[str, Any]:
    """A document of a form; `no` says what it is not, if it is not. Raises RunError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is not JSON: {error}") from None
    problem = problem_of(found, form)
    if problem:
        raise RunError(f"{path} is {no}: {problem}")
    return dict(found)


def problem_of(document: Any, form: Path = SCHEMA) -> str | None:
    """The first thing in which a document departs from the schema, or None."""
    validator = jsonschema.Draft202012Validator(schema(form))
    error = next(iter(validator.iter_errors(document)), None)
    return error and one_line(f"{error.json_path}: {error.message}", 300)
