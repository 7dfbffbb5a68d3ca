"""Reads a run's summary.json: what comes out of here has the form of summary.schema.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from conformance.errors import RunError
from reports.text import one_line

SCHEMA = Path(__file__).parent / "summary.schema.json"
FILE = "summary.json"

Summary = dict[str, Any]


def schema() -> dict[str, Any]:
    """The JSON Schema of a summary."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def read(folder: Path) -> Summary:
    """The summary of a run's folder. Raises RunError."""
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"no run in {folder}: {FILE}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is not JSON: {error}") from None
    problem = problem_of(found)
    if problem:
        raise RunError(f"{path} is no summary of a run: {problem}")
    return dict(found)


def problem_of(document: Any) -> str | None:
    """The first thing in which a document departs from the schema, or None."""
    validator = jsonschema.Draft202012Validator(schema())
    error = next(iter(validator.iter_errors(document)), None)
    return error and one_line(f"{error.json_path}: {error.message}", 300)
