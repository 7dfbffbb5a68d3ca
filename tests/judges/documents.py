"""Judges that read the documents: our lint, two validators and Spectral, each a count of problems."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.errors import ConfigurationError
from conformance.spec.contract import SPECS
from conformance.spec.documents import read
from conformance.spec.lint import lint
from conformance.spec.lint_shared import invalid_document
from tests.judges import tools


def lint_problems(logs: Path) -> int:
    """What our own lint finds."""
    found = lint(read(SPECS / "openapi.yaml"), read(SPECS / "asyncapi.yaml"))
    (logs / "lint.log").write_text("\n".join(map(str, found)), encoding="utf-8")
    return len(found)


def openapi_validator(logs: Path) -> int:
    """What openapi-spec-validator finds."""
    return _invalid("openapi", logs)


def asyncapi_schema(logs: Path) -> int:
    """What the published JSON Schema of AsyncAPI 3.0.0 finds."""
    return _invalid("asyncapi", logs)


def _invalid(name: str, logs: Path) -> int:
    found = list(invalid_document(name, read(SPECS / f"{name}.yaml")))
    (logs / f"{name}-validator.log").write_text("\n".join(map(str, found)), encoding="utf-8")
    return len(found)


def spectral_on_openapi(logs: Path) -> int:
    """What Spectral's rules for OpenAPI find, hints included."""
    return _spectral("openapi", logs)


def spectral_on_asyncapi(logs: Path) -> int:
    """What Spectral's rules for AsyncAPI find, hints included."""
    return _spectral("asyncapi", logs)


def _spectral(name: str, logs: Path) -> int:
    log, answer = logs / f"spectral-{name}.log", logs / f"spectral-{name}.json"
    program = tools.node("spectral", log)
    ruleset, document = SPECS / ".spectral.yaml", SPECS / f"{name}.yaml"
    words: list[str | Path] = [
        "lint",
        "--ruleset",
        ruleset,
        "--format",
        "json",
        "--output",
        answer,
        document,
    ]
    code = tools.run([program, *words], log)
    if code not in (0, 1) or not answer.exists():  # 1: there are problems; 2: it could not judge
        raise ConfigurationError(f"Spectral could not judge {name}.yaml, see {log}")
    return len(json.loads(answer.read_text(encoding="utf-8")))
