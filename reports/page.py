"""A run as one HTML page: offline, no script, no request, all text of a target escaped."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from reports import attribution, changed, compared, figures, matrix, wording
from reports.cases import RESULTS, Case, by_name
from reports.charts import draw, gallery
from reports.charts.picture import TOO_MUCH
from reports.compared import Other
from reports.text import clipped, some, visible, within

TEMPLATES = Path(__file__).parent / "templates"
MOST_NAME = 60
MOST_TEXT = 1200
MOST_SCRIPT = 8000
# Together with the pictures and the rest below what a page may weigh: 1.5 MB.
FINDING_BYTES = 360_000
RESULT_BYTES = 280_000
TEXT_BYTES = 30_000
LOAD_BYTES = 100_000
OPERATION_BYTES = 80_000
CHANGED_BYTES = 30_000
CASE_BYTES = 120_000
MARKUP_BYTES = 1200  # what the template adds to the texts of a finding or a requirement, at most
ROW_BYTES = 700  # the same of a row of a table
UNSHOWN = ("histograms", "over_time", "nights", "generator", "batches")  # drawn, or only counted
MOST_OTHERS = 20
MOST_ROWS = 200
MOST_OPERATIONS = 60
MOST_CHECKS = 8
MOST_PAIRS = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of a long list that are drawn, and how many are left out."""

    rows: Sequence[Any]
    left_out: int


@dataclass(frozen=True, slots=True)
class Group:
    """What was found against one requirement: the gravest in full, the others below it."""

    first: Mapping[str, Any]
    others: Sequence[Mapping[str, Any]]
    left_out: int


def report_html(
    summary: Mapping[str, Any],
    trend: Mapping[str, Any] | None = None,
    other: Other | None = None,
    cases: Sequence[Case] = (),
) -> str:
    """The whole page.

    `trend`: what the history says of this run; `other`: the run that it is laid over; `cases`: those of the SDK gate
    that have pages of their own.
    """
    context = {**_context(summary, trend, other), **_of_cases(cases)}
    return environment().get_template("report.html.j2").render(context)


def style(*names: str) -> Markup:
    """The style of every page, and what some have besides."""
    files = (TEMPLATES / f"{name}.css" for name in ("report", *names))
    return Markup("".join(each.read_text(encoding="utf-8") for each in files))


@cache
def environment() -> Environment:
    """Where templates are rendered: everything is escaped, and what cannot be printed is spelled."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["text"] = lambda text: clipped(text, MOST_TEXT)
    environment.filters["script"] = lambda text: clipped(text, MOST_SCRIPT)
    environment.filters["name"] = lambda text: clipped(text, MOST_NAME)
    environment.filters["when"] = lambda time: f"{time[:10]} {time[11:19]} UTC"
    environment.filters["beside"] = lambda page: page.rpartition("/")[2]
    environment.filters["us"] = figures.microseconds
    environment.filters["rate"] = figures.rate
    environment.globals.update(wording=wording, figures=figures, some=some)
    environment.globals.update(attribution=attribution, changed=changed, compared=compared)
    environment.globals.update(
        MOST_OPERATIONS=MOST_OPERATIONS, MOST_CHECKS=MOST_CHECKS, MOST_PAIRS=MOST_PAIRS
    )
    environment.globals["TOO_MUCH"] = TOO_MUCH
    return environment


def _printable(value: Any) -> Any:
    """Every text that the template prints passes here; what is markup already is ours."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _context(
    summary: Mapping[str, Any], trend: Mapping[str, Any] | None, other: Other | None
) -> dict[str, Any]:
    findings = _findings(wording.ranked(summary))
    return {
        "summary": summary,
        "trend": trend,
        "other": other,
        "css": style("sdk") if wording.is_sdk(summary) else style(),
        "listed": wording.excused(summary),
        "gate": wording.gate(summary),
        "findings": findings,
        "found": {each.first["requirement"]: place for place, each in enumerate(findings.rows, 1)},
        "results": _results(summary["requirement_results"]),
        "matrix": matrix.matrix(summary["requirement_results"]),
        "load": _rows(summary["load"], LOAD_BYTES),
        "operations": _rows(summary["operations"], OPERATION_BYTES),
        "deviations": _rows(summary["deviations"], TEXT_BYTES),
        "channels": _rows(summary["channels"], TEXT_BYTES),
        "warnings": _texts(summary["warnings"]),
        "notes": _texts(summary["notes"]),
        "changes": _rows(trend["changed"]["requirements"] if trend else (), CHANGED_BYTES),
        "facts": _rows(trend["changed"]["facts"] if trend else (), CHANGED_BYTES),
        "moved": _rows(changed.moved(trend) if trend else (), CHANGED_BYTES),
        "pairs": compared.pairs(summary, other.summary) if other else [],
        "is_attributed": any(True for each in summary["load"] for _ in attribution.rows(each)),
        "charts": gallery.gallery(summary, trend, other),
        "undrawn": "" if draw.is_available() else draw.MISSING,
        "again": wording.again(summary, shlex.quote),
    }


def _of_cases(cases: Sequence[Case]) -> dict[str, Any]:
    """The pages that findings and requirements lead to, and the rows that lead there."""
    kept, left_out = within(cases, lambda each: _row_size(_beside_lists(each)), CASE_BYTES)
    return {"cases": Shown(kept, left_out), "case_of": by_name(kept), "case_results": RESULTS}


def _beside_lists(case: Case) -> Mapping[str, Any]:
    return {name: case.document[name] for name in ("case", "sentence", "why")}


def _rows(rows: Sequence[Mapping[str, Any]], most: int) -> Shown:
    """The rows of a table that fit."""
    kept, left_out = within(rows[:MOST_ROWS], _row_size, most)
    return Shown(kept, left_out + max(0, len(rows) - MOST_ROWS))


def _row_size(row: Mapping[str, Any]) -> int:
    """The bytes that a row of a table takes: the texts within it, however deep, and its markup."""
    return ROW_BYTES + _deep_size({name: each for name, each in row.items() if name not in UNSHOWN})


def _deep_size(value: Any) -> int:
    if isinstance(value, str):
        return len(escape(visible(clipped(value, MOST_TEXT))).encode())
    if isinstance(value, Mapping):
        return sum(_deep_size(name) + _deep_size(each) for name, each in value.items())
    return sum(map(_deep_size, value)) if isinstance(value, list) else 12


def _texts(texts: Sequence[str]) -> Shown:
    return Shown(*within(texts, _deep_size, TEXT_BYTES))


def _findings(rows: Sequence[Mapping[str, Any]]) -> Shown:
    """The groups that fit, gravest first."""
    by_requirement: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_requirement.setdefault(row["requirement"], []).append(row)
    groups = [_group(found) for found in by_requirement.values()]
    return Shown(*within(groups, _group_size, FINDING_BYTES))


def _group(found: Sequence[Mapping[str, Any]]) -> Group:
    others = found[1:]
    return Group(found[0], others[:MOST_OTHERS], max(0, len(others) - MOST_OTHERS))


def _group_size(group: Group) -> int:
    return sum(_size(row) for row in (group.first, *group.others))


def _results(rows: Sequence[Mapping[str, Any]]) -> Shown:
    """The requirements that fit, in groups of one area each."""
    kept, left_out = within(rows, _size, RESULT_BYTES)
    areas: dict[str, list[Mapping[str, Any]]] = {}
    for row in kept:
        areas.setdefault(row["id"].partition(".")[0], []).append(row)
    return Shown(list(areas.items()), left_out)


def _size(row: Mapping[str, Any]) -> int:
    """The bytes that a finding or a requirement takes on the page."""
    texts = (
        clipped(text, MOST_SCRIPT if name == "reproduce" else MOST_TEXT)
        for name, value in row.items()
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str)
    )
    return MARKUP_BYTES + sum(len(escape(visible(text)).encode()) for text in texts)
