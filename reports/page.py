"""A summary as one HTML page: offline, no script, no request, all text of a target escaped."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from reports import attribution, figures, wording
from reports.spectrum import series, spectrum_svg, swatch
from reports.text import clipped, some, visible, within

TEMPLATES = Path(__file__).parent / "templates"
MOST_NAME = 60
MOST_TEXT = 1200
MOST_SCRIPT = 8000
FINDING_BYTES = 700_000
RESULT_BYTES = 450_000
MARKUP_BYTES = 1200  # what the template adds to the texts of a finding or a requirement, at most
MOST_TEXTS = 100
MOST_OTHERS = 20
MOST_ROWS = 200


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


def report_html(summary: Mapping[str, Any]) -> str:
    """The whole page."""
    return _environment().get_template("report.html.j2").render(_context(summary))


def _environment() -> Environment:
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
    environment.filters["us"] = figures.microseconds
    environment.filters["rate"] = figures.rate
    environment.globals.update(wording=wording, figures=figures, some=some, swatch=swatch)
    environment.globals["attribution"] = attribution
    environment.globals["MOST_ROWS"] = MOST_ROWS
    return environment


def _printable(value: Any) -> Any:
    """Every text that the template prints passes here; what is markup already is ours."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _context(summary: Mapping[str, Any]) -> dict[str, Any]:
    drawn = series(summary["load"])
    findings = _findings(wording.ranked(summary))
    return {
        "summary": summary,
        "css": Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        "listed": wording.excused(summary),
        "gate": wording.gate(summary),
        "findings": findings,
        "found": {each.first["requirement"]: place for place, each in enumerate(findings.rows, 1)},
        "results": _results(summary["requirement_results"]),
        "provenances": _by_provenance(summary["requirement_results"]),
        "operations": Shown(*_first(summary["operations"])),
        "channels": Shown(*_first(summary["channels"])),
        "warnings": Shown(*_first(summary["warnings"], MOST_TEXTS)),
        "notes": Shown(*_first(summary["notes"], MOST_TEXTS)),
        "drawn": drawn,
        "is_attributed": any(True for each in summary["load"] for _ in attribution.rows(each)),
        "spectrum": spectrum_svg(drawn),
        "again": wording.again(summary, shlex.quote),
    }


def _first(rows: Sequence[Any], most: int = MOST_ROWS) -> tuple[Sequence[Any], int]:
    return rows[:most], max(0, len(rows) - most)


def _findings(rows: Sequence[Mapping[str, Any]]) -> Shown:
    """The groups that fit, gravest first."""
    by_requirement: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_requirement.setdefault(row["requirement"], []).append(row)
    groups = [_group(found) for found in by_requirement.values()]
    return Shown(*within(groups, _group_size, FINDING_BYTES))


def _group(found: Sequence[Mapping[str, Any]]) -> Group:
    others, left_out = _first(found[1:], MOST_OTHERS)
    return Group(found[0], others, left_out)


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
    """The bytes that a row takes on the page."""
    texts = (
        clipped(text, MOST_SCRIPT if name == "reproduce" else MOST_TEXT)
        for name, value in row.items()
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str)
    )
    return MARKUP_BYTES + sum(len(escape(visible(text)).encode()) for text in texts)


def _by_provenance(rows: Sequence[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    counted: dict[str, Counter[str]] = {name: Counter() for name in wording.PROVENANCES}
    for row in rows:
        counted[row["provenance"]][row["verdict"]] += 1
    return counted
