"""Tools that we did not write judge the contract documents: `python -m tests.judges --run DIR`.

    documents.py   counts what validators, Spectral and our lint find
    prism.py       lets a mock server play the exchange from openapi.yaml
    clients.py     generates clients in four languages and compiles them
    tools.py       installs the tools into .tools/

A judge that cannot be asked falls short, with the reason in its line; it never passes.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from conformance.errors import SuiteError
from tests.judges import clients, documents, prism

COMMAND = "make prove ONLY=documents"
Figure = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judge:
    """Who is asked, and the number that we want to hear."""

    name: str
    unit: str
    goal: int
    ask: Callable[[Path], int]


def judges() -> list[Judge]:
    """Every judge of the documents as they stand."""
    answers = len(clients.answer_examples())
    legal, illegal = len(prism.asked()), len(prism.ILLEGAL)
    return [
        Judge("our lint on both documents", "problems", 0, documents.lint_problems),
        Judge("openapi-spec-validator on openapi.yaml", "errors", 0, documents.openapi_validator),
        Judge("AsyncAPI 3.0.0 schema on asyncapi.yaml", "errors", 0, documents.asyncapi_schema),
        Judge("Spectral on openapi.yaml", "problems", 0, documents.spectral_on_openapi),
        Judge("Spectral on asyncapi.yaml", "problems", 0, documents.spectral_on_asyncapi),
        Judge("Prism serves legal requests", "answers 200", legal, prism.legal_requests),
        Judge("Prism refuses illegal requests", "answers 4xx", illegal, prism.illegal_requests),
        Judge("generated Go client", "compiled", 1, clients.go_client),
        Judge("generated Java client", "compiled", 1, clients.java_client),
        Judge("generated TypeScript client", "compiled", 1, clients.typescript_client),
        Judge("generated Python client", "answers decoded", answers, clients.python_client),
    ]


def main(run: Path) -> list[Figure]:
    """Ask every judge; logs go to the run's folder."""
    logs = (run / "judges").resolve()
    logs.mkdir(parents=True, exist_ok=True)
    return [ask(each, logs) for each in judges()]


def ask(judge: Judge, logs: Path) -> Figure:
    """One row of figures.json."""
    value, unit = None, judge.unit
    try:
        value = judge.ask(logs)
    except (SuiteError, OSError, subprocess.SubprocessError, httpx.HTTPError) as error:
        unit = f"{judge.unit}, not judged: {str(error).splitlines()[0]}"
    figure = {"name": judge.name, "value": value, "unit": unit, "goal": judge.goal}
    return {**figure, "reached": value == judge.goal, "peers": {}, "command": COMMAND}
