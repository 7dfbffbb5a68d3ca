"""One JSON file a case: what it is about, what was said and sent, what was concluded. The pages are drawn from it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from conformance.errors import RunError
from conformance.record import json_file
from conformance.record.run_log import HIDDEN
from sdk_gate.judges.words import forms
from sdk_gate.play import Played

FOLDER: Final = "cases"


def slug(name: str) -> str:
    """A case's name as a file's."""
    return name.replace("/", "-")


def write(folder: Path, played: Played) -> None:
    """Write a case's file; secrets are hidden. Raises RunError."""
    try:
        (folder / FOLDER).mkdir(exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot write to {folder}: {error.strerror}") from None
    text = _hidden(json.dumps(document(played), ensure_ascii=False), played.secrets)
    json_file.write(folder / FOLDER / f"{slug(played.case.name)}.json", json.loads(text))


def hide(log: Path, secrets: Iterable[str]) -> None:
    """Replace secrets in a log that nobody writes any more. Raises RunError."""
    try:
        text = log.read_bytes().decode("utf-8", "surrogateescape")
        log.write_bytes(_hidden(text, secrets).encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise RunError(f"cannot hide secrets in {log}: {error.strerror}") from None


def _hidden(text: str, secrets: Iterable[str]) -> str:
    written = {form for secret in secrets for form in forms(secret)}
    for form in sorted(written, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text


def document(played: Played) -> dict[str, Any]:
    """The file's content."""
    case = played.case
    return {
        "schema": 1,
        "case": case.name,
        "sentence": case.sentence,
        "requirements": list(
            dict.fromkeys([*case.judges, *(x.requirement for x in played.claims)])
        ),
        "needs": list(case.needs),
        "verdict": played.verdict.value,
        "why": played.why,
        "duration_s": played.duration_s,
        "claims": [
            {
                "requirement": each.requirement,
                "verdict": each.verdict.value,
                "title": each.title,
                "expected": each.expected,
                "actual": each.actual,
                "records": list(each.records),
            }
            for each in played.claims
        ],
        "steps": played.steps,
        "wire": played.wire,
    }
