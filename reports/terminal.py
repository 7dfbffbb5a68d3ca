"""What a terminal shows at the end of a run: the verdict, what failed, the speed, the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.figures import PERCENTILES, measured, rate, validity
from reports.text import clipped, one_line, some, visible
from reports.wording import (
    VERDICTS,
    counts,
    excused,
    headline,
    is_sdk,
    ranked,
    standing,
    subject,
)

MOST_FINDINGS = 10
MOST_WARNINGS = 10
MOST_SCRIPT_LINES = 30
MOST_SCRIPT = 4000
STYLES = {"PASS": "green", "FAIL": "red", "COULD": "yellow", "warning": "yellow"}

Finding = Mapping[str, Any]


def verdict_lines(
    summary: Mapping[str, Any], report: str = "", pages: Mapping[str, str] | None = None
) -> list[str]:
    """Plain text, one line each; `report` is the path of the page, `pages` those of the cases by their names."""
    lines = [_verdict(summary), *_subject(summary), counts(summary), *_warnings(summary)]
    lines += [*_findings(summary, pages or {}), *_load(summary)]
    return [*lines, f"report: {report}"] if report else lines


def style_of(line: str) -> str:
    """The colour of a line's first word, for a caller that prints in colour."""
    return STYLES.get(line.split(" ", 1)[0].rstrip(":"), "")


def _verdict(summary: Mapping[str, Any]) -> str:
    return f"{VERDICTS[summary['verdict']].upper()}: {one_line(headline(summary))}"


def _subject(summary: Mapping[str, Any]) -> Iterator[str]:
    """Which SDK it was."""
    if is_sdk(summary):
        sdk = summary["sdk"]
        features = ", ".join(sdk.get("features", ())) or "none"
        declared = f", features: {features}" if sdk["mode"] == "driver" else ""
        yield one_line(f"{subject(summary)}, {sdk['mode']}{declared}, seed {summary['seed']}", 500)


def _warnings(summary: Mapping[str, Any]) -> Iterator[str]:
    if summary["fault"]:
        yield f"warning: the reference exchange has the fault {one_line(summary['fault'])}"
    for text in summary["warnings"][:MOST_WARNINGS]:
        yield f"warning: {one_line(text, 300)}"
    if len(summary["warnings"]) > MOST_WARNINGS:
        yield f"warning: {len(summary['warnings']) - MOST_WARNINGS:,} more in the report"


def _findings(summary: Mapping[str, Any], pages: Mapping[str, str]) -> Iterator[str]:
    """The first finding of each requirement: in full what fails the run, shortly all else."""
    listed = excused(summary)
    first = {each["requirement"]: each for each in reversed(ranked(summary))}
    shown = list(reversed(first.values()))
    for finding in shown[:MOST_FINDINGS]:
        fails = standing(finding, listed) == "fails the run"
        yield from _in_full(finding) if fails else _shortly(finding, listed)
        if finding["check"] in pages:
            yield f"  case:     {one_line(pages[finding['check']])}"
    yield from _rest(shown[MOST_FINDINGS:])


def _in_full(finding: Finding) -> Iterator[str]:
    where = f"{finding['strength']}, {finding['provenance']}"
    yield f"FAIL {one_line(finding['requirement'])} ({where}): {one_line(finding['sentence'])}"
    yield f"  found:    {one_line(finding['title'])}"
    if finding["expected"] or finding["actual"]:
        yield f"  expected: {one_line(finding['expected'], 500)}"
        yield f"  actual:   {one_line(finding['actual'], 500)}"
    yield from _script(finding["reproduce"])


def _script(text: str) -> Iterator[str]:
    if not text:
        return
    lines = visible(clipped(text, MOST_SCRIPT)).splitlines()
    yield "  reproduce:"
    yield from (f"    {line}" for line in lines[:MOST_SCRIPT_LINES])
    if len(lines) > MOST_SCRIPT_LINES:
        yield f"    ({some(len(lines) - MOST_SCRIPT_LINES, 'more line')} in the report)"


def _shortly(finding: Finding, listed: set[str]) -> Iterator[str]:
    word = "note" if finding["verdict"] == "fail" else "COULD NOT TELL"
    told = one_line(finding["actual"] or finding["title"])
    name = one_line(finding["requirement"])
    yield f"{word} {name} ({standing(finding, listed)}): {told}"


def _rest(left_out: Sequence[Finding]) -> Iterator[str]:
    if not left_out:
        return
    yield f"and {some(len(left_out), 'more requirement')}: see the report"


def _load(summary: Mapping[str, Any]) -> Iterator[str]:
    for entry in summary["load"]:
        rates = f"{rate(entry['achieved_per_s'])} of {rate(entry['offered_per_s'])} per second"
        name = one_line(entry["scenario"])
        yield f"{name}: {one_line(validity(entry), 300)}; n = {entry['n']:,}, {rates}"
        for row in measured(entry):
            pairs = zip(PERCENTILES.values(), row.cells, strict=True)
            figures = ", ".join(f"{percentile} {value}" for percentile, value in pairs)
            yield f"  {row.measure:8} us: {figures}"
