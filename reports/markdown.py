"""A summary as Markdown for the page of a CI job, which shows nothing at all of more than 1 MiB."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.figures import PERCENTILES, TOO_FEW_MEANS, measured, rate, validity
from reports.text import clipped, one_line, some, visible, within
from reports.wording import (
    EXIT_CODES,
    PROVENANCES,
    RESULTS,
    SYMBOLS,
    VERDICTS,
    counts,
    excused,
    headline,
    ranked,
    standing,
)

MOST_BYTES = 900_000
FINDING_BYTES = 350_000
SCRIPT_BYTES = 200_000
REQUIREMENT_BYTES = 200_000
MOST_SCRIPTS = 50
MOST_TEXTS = 50
# GitHub's own characters: a backslash before each makes it text.
SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~:@-])")
FENCE = re.compile("`{3,}")


def summary_md(summary: Mapping[str, Any]) -> str:
    """The whole document, below 900 KB whatever a target answered."""
    sections = (_top, _findings, _load, _requirements, _run)
    text = "\n".join(line for section in sections for line in section(summary)) + "\n"
    return _cut(text)


def _cut(text: str) -> str:
    raw = text.encode()
    if len(raw) <= MOST_BYTES:
        return text
    end = "\n\nThe rest is left out: report.html holds it.\n"
    return raw[: MOST_BYTES - len(end)].decode(errors="ignore") + end


def _top(summary: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {SYMBOLS.get(summary['verdict'], '?')} {VERDICTS[summary['verdict']]}"
    yield ""
    yield f"**{_cell(headline(summary))}.**"
    yield ""
    yield f"{counts(summary)}. Target {_cell(summary['target'])}, seed {summary['seed']}."
    if summary["fault"]:
        yield ""
        yield f"> The reference exchange was given a fault on purpose: {_cell(summary['fault'])}"
    yield from _listed(summary["warnings"], "## First of all")


def _listed(texts: Sequence[str], heading: str) -> Iterator[str]:
    if not texts:
        return
    yield from ("", heading, "")
    yield from (f"- {_cell(text, 500)}" for text in texts[:MOST_TEXTS])
    if len(texts) > MOST_TEXTS:
        yield f"- and {len(texts) - MOST_TEXTS} more"


def _findings(summary: Mapping[str, Any]) -> Iterator[str]:
    findings = ranked(summary)
    if not findings:
        return
    listed = excused(summary)
    yield from ("", f"## {some(len(findings), 'finding')}", "")
    yield "| requirement | standing | expected | actual |"
    yield "|---|---|---|---|"
    rows = [_finding_row(each, listed) for each in findings]
    kept, left_out = within(rows, lambda row: len(row.encode()), FINDING_BYTES)
    yield from kept
    if left_out:
        yield from ("", f"{some(left_out, 'more finding')} left out: summary.json holds all.")
    scripts = [_script(each) for each in findings[:MOST_SCRIPTS] if each["reproduce"]]
    shown, _ = within(scripts, lambda text: len(text.encode()), SCRIPT_BYTES)
    yield from shown


def _finding_row(finding: Mapping[str, Any], listed: set[str]) -> str:
    about = (
        f"**{_cell(finding['requirement'])}** {_cell(finding['sentence'])} "
        f"({finding['strength']}, {finding['provenance']})"
    )
    expected = _cell(finding["expected"]) or _cell(finding["title"])
    return f"| {about} | {standing(finding, listed)} | {expected} | {_cell(finding['actual'])} |"


def _script(finding: Mapping[str, Any]) -> str:
    text = visible(clipped(finding["reproduce"], 8000))
    fence = "`" * max(3, *(len(run) + 1 for run in FENCE.findall(text)), 3)
    title = f"{_cell(finding['requirement'])}: {_cell(finding['title'])}"
    return (
        f"\n<details><summary>Reproduce {title}</summary>\n\n"
        f"{fence}sh\n{text}\n{fence}\n\n</details>"
    )


def _load(summary: Mapping[str, Any]) -> Iterator[str]:
    if not summary["load"]:
        return
    names = list(PERCENTILES.values())
    yield from ("", "## Load, in microseconds", "")
    yield f"| scenario | n | achieved of offered per s | measure | {' | '.join(names)} | valid |"
    yield f"|---|--:|--:|---|{'--:|' * len(names)}---|"
    for entry in summary["load"]:
        rates = f"{rate(entry['achieved_per_s'])} of {rate(entry['offered_per_s'])}"
        start = f"{_cell(entry['scenario'])} | {entry['n']:,} | {rates}"
        for row in measured(entry):
            cells = " | ".join(row.cells)
            yield f"| {start} | {row.measure} | {cells} | {_cell(validity(entry))} |"
    yield from ("", f"{TOO_FEW_MEANS}.")


def _requirements(summary: Mapping[str, Any]) -> Iterator[str]:
    by_provenance: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for result in summary["requirement_results"]:
        by_provenance[result["provenance"]].append(result)
    yield from ("", "## Requirements by provenance")
    for provenance, means in PROVENANCES.items():
        yield from _provenance(provenance, means, by_provenance[provenance])


def _provenance(name: str, means: str, results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not results:
        return
    passed = sum(each["verdict"] == "passed" for each in results)
    yield ""
    yield (
        f"<details><summary>{name.capitalize()} ({means}): "
        f"{passed} of {len(results)} passed</summary>"
    )
    yield from ("", "| requirement | strength | verdict |", "|---|---|---|")
    rows = [_result_row(each) for each in results]
    kept, left_out = within(rows, lambda row: len(row.encode()), REQUIREMENT_BYTES // 3)
    yield from kept
    if left_out:
        yield from ("", f"{some(left_out, 'more requirement')} left out.")
    yield from ("", "</details>")


def _result_row(result: Mapping[str, Any]) -> str:
    verdict = f"{SYMBOLS[result['verdict']]} {RESULTS[result['verdict']]}"
    reason = f": {_cell(result['reason'])}" if result["reason"] else ""
    gates = "" if result["gating"] else ", does not gate"
    about = f"{_cell(result['id'])}: {_cell(result['sentence'])}"
    return f"| {about} | {result['strength']}{gates} | {verdict}{reason} |"


def _run(summary: Mapping[str, Any]) -> Iterator[str]:
    yield from _listed(summary["notes"], "## Notes")
    yield ""
    yield (
        f"Exit code {summary['exit_code']}: {EXIT_CODES[summary['exit_code']]}. "
        f"{some(summary['requests_sent'], 'request')} in {summary['duration_s']:g} s, "
        f"started {_cell(summary['started'])}."
    )


def _cell(text: str, most: int = 200) -> str:
    """Text that Markdown leaves alone, on one line."""
    return SPECIAL.sub(r"\\\1", html.escape(one_line(text, most), quote=False))
