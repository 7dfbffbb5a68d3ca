"""Pages of the SDK gate under test: a run, its cases, and several SDKs beside each other."""

from __future__ import annotations

from typing import Any, Final

from reports.case_page import case_html
from reports.cases import SCHEMA as CASE
from reports.cases import Case
from reports.document import schema
from reports.page import report_html
from reports.sdk_matrix import matrix_html
from reports.sdk_table import columns, document
from tests.page.hostile import Say, poisoned, speaker
from tests.reports.gate_runs import (
    ONCE,
    SDK,
    case,
    failing_case,
    gate_summary,
    large_case,
    skipped_case,
)

ROWS: Final = 14  # of a matrix: as many as the Tab key can walk through


def run() -> str:
    """A run's page that leads to its cases."""
    return report_html(gate_summary((ONCE,)), cases=[failing_case(), skipped_case()])


def hostile_run(first: int = 0) -> str:
    """The same with markup in every text."""
    say = speaker(first)
    made = poisoned(gate_summary((ONCE,)), schema(), say)
    return report_html({**made, "kind": "sdk"}, cases=[_hostile(say)])


def one_case() -> str:
    """A case that failed, among others."""
    found = failing_case()
    return case_html(found, gate_summary((ONCE,)), [case("a/before"), found, case("z/after")])


def hostile_case(first: int = 0) -> str:
    """The same with markup in every text."""
    return case_html(_hostile(speaker(first)), gate_summary((ONCE,)))


def large() -> str:
    """Two thousand requests."""
    return case_html(large_case(), gate_summary())


def matrix() -> str:
    """Four SDKs, one of which fails and one of which can do less."""
    return matrix_html(_index())


def hostile_matrix(first: int = 0) -> str:
    """Runs with markup in every text, beside each other."""
    say = speaker(first)
    made = [(poisoned(_named(each), schema(), say), _hostile(say)) for each in ("Go", "Java")]
    return matrix_html(document(columns([(summary, [found, found]) for summary, found in made])))


def _hostile(say: Say) -> Case:
    made = failing_case()
    return Case(made.stem, poisoned(made.document, schema(CASE), say))


def _index() -> dict[str, Any]:
    runs = [
        (_named("Python"), [case(), skipped_case()]),
        (_named("Node.js", ONCE), [failing_case(), case("orders/other")]),
        (_named("Java"), [case(f"orders/{n}") for n in range(20)]),
        (_named("Go"), [case()]),
    ]
    return document(columns(runs))


def _named(language: str, *failed: str) -> dict[str, Any]:
    made = gate_summary(failed)
    rows = [x for x in made["requirement_results"] if x["verdict"] != "passed"]
    held = [x for x in made["requirement_results"] if x["verdict"] == "passed"]
    kept = [*rows, *held[:ROWS]]
    return {**made, "requirement_results": kept, "sdk": {**SDK, "language": language}}
