"""What a terminal shows at the end of a run: what failed, the speed, the page, the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.figures import PERCENTILES, measured, rate, validity
from reports.text import one_line, some
from reports.wording import VERDICTS, counts, excused, headline, ranked, standing

MOST_FINDINGS = 20
MOST_WARNINGS = 10
STYLES = {"PASS": "green", "FAIL": "red", "COULD": "yellow", "warning:": "yellow"}


def verdict_lines(summary: Mapping[str, Any], report: str = "") -> list[str]:
    """Plain text, one line each; `report` is the path of the page."""
    lines = [*_warnings(summary), *_findings(summary), *_load(summary)]
    if report:
        lines.append(f"report: {report}")
    verdict = VERDICTS[summary["verdict"]].upper()
    return [*lines, counts(summary), f"{verdict}: {one_line(headline(summary))}"]


def style_of(line: str) -> str:
    """The colour of a line's first word, for a caller that prints in colour."""
    return STYLES.get(line.split(" ", 1)[0].rstrip(":"), STYLES.get(line.split(" ", 1)[0], ""))


def _warnings(summary: Mapping[str, Any]) -> Iterator[str]:
    if summary["fault"]:
        yield f"warning: the reference exchange has the fault {one_line(summary['fault'])}"
    for text in summary["warnings"][:MOST_WARNINGS]:
        yield f"warning: {one_line(text, 300)}"
    if len(summary["warnings"]) > MOST_WARNINGS:
        yield f"warning: {len(summary['warnings']) - MOST_WARNINGS} more in the report"


def _findings(summary: Mapping[str, Any]) -> Iterator[str]:
    """The first finding of each requirement that did not hold."""
    listed = excused(summary)
    first = {each["requirement"]: each for each in reversed(ranked(summary))}
    shown = list(reversed(first.values()))
    for finding in shown[:MOST_FINDINGS]:
        word = "FAIL" if finding["verdict"] == "fail" else "COULD NOT TELL"
        yield (
            f"{word} {one_line(finding['requirement'])} "
            f"({finding['strength']}, {finding['provenance']}; {standing(finding, listed)}): "
            f"{one_line(finding['sentence'])}"
        )
        yield f"  {_told(finding)}"
    if len(shown) > MOST_FINDINGS:
        yield f"{some(len(shown) - MOST_FINDINGS, 'more requirement')} in the report"


def _told(finding: Mapping[str, Any]) -> str:
    if not finding["expected"] and not finding["actual"]:
        return one_line(finding["title"])
    return f"expected {one_line(finding['expected'])}; got {one_line(finding['actual'])}"


def _load(summary: Mapping[str, Any]) -> Iterator[str]:
    for entry in summary["load"]:
        rates = f"{rate(entry['achieved_per_s'])} of {rate(entry['offered_per_s'])} per second"
        name = one_line(entry["scenario"])
        yield f"{name}: {one_line(validity(entry), 300)}; n = {entry['n']:,}, {rates}"
        for row in measured(entry):
            pairs = zip(PERCENTILES.values(), row.cells, strict=True)
            figures = ", ".join(f"{percentile} {value}" for percentile, value in pairs)
            yield f"  {row.measure:8} us: {figures}"
