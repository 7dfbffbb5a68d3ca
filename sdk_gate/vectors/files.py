"""The vectors' files: where they are, how they are written, and whether they have their form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match

from conformance.errors import ConfigurationError

FOLDER = Path(__file__).resolve().parent
Document = Mapping[str, Any]


def path(name: str) -> Path:
    """Where the vectors of a name are."""
    return FOLDER / f"{name}.json"


def load(name: str) -> dict[str, Any]:
    """The committed vectors of a name."""
    return _read(path(name))


def schema(name: str) -> dict[str, Any]:
    """What form the vectors of a name have."""
    return _read(FOLDER / f"{name}.schema.json")


def _read(place: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(place.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        message = f"{place.name} cannot be read ({error}): run `python -m sdk_gate.vectors write`"
        raise ConfigurationError(message) from error


def text_of(document: Document) -> str:
    """A document as it is committed: ASCII alone, so that no editor can change a letter."""
    return json.dumps(document, indent=2) + "\n"


def flaws(name: str, document: Document) -> Iterator[str]:
    """What is wrong with the form of a document, a line each."""
    validator = jsonschema.Draft202012Validator(schema(name))
    for each in validator.iter_errors(document):
        error = best_match([each]) or each  # of several kinds, the one that was meant
        yield f"{name}.json: {error.json_path}: {error.message[:200]}"
    ids = [each.get("id") for each in document.get("vectors", [])]
    for each in sorted({str(one) for one in ids if ids.count(one) > 1}):
        yield f"{name}.json: the id {each} stands there twice"
