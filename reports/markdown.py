"""A summary as Markdown for the page of a CI job, which shows nothing at all of more than 1 MiB.

Each part has its own share of that, and leaves out whole rows: what is cut is Markdown still.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.figures import PERCENTILES, TOO_FEW_MEANS, measured, rate, validity
from reports.markdown_trend import changed, history
from reports.text import clipped, fitting, in_markdown, some, visible
from reports.wording import (
    PROVENANCES,
    RESULTS,
    SYMBOLS,
    VERDICTS,
    counts,
    excused,
    exit_codes,
    headline,
    is_sdk,
    ranked,
    standing,
    subject,
)

MOST_BYTES = 900_000  # the shares below and those of markdown_trend, with room for the headings
FINDING_BYTES = 300_000
SCRIPT_BYTES = 180_000
REQUIREMENT_BYTES = 150_000
TEXT_BYTES = 50_000
LOAD_BYTES = 50_000
MOST_SCRIPTS = 50
MOST_TEXTS = 50
FENCE = re.compile("`{3,}")


def summary_md(summary: Mapping[str, Any], trend: Mapping[str, Any] | None = None) -> str:
    """The whole document, below 900 KB whatever a target answered."""
    nightly = [*changed(summary, trend), *history(trend)] if trend else []
    parts = (_findings, _load, _requirements, _run)
    lines = [*_top(summary), *nightly, *(line for part in parts for line in part(summary))]
    return "\n".join(lines) + "\n"


def _top(summary: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {SYMBOLS.get(summary['verdict'], '?')} {VERDICTS[summary['verdict']]}"
    yield ""
    yield f"**{in_markdown(headline(summary))}.**"
    yield ""
    yield f"{counts(summary)}. {_subject(summary)}, seed {summary['seed']}."
    if summary["fault"]:
        yield ""
        yield f"> The reference exchange was given a fault on purpose: {in_markdown(summary['fault'])}"
    yield from _listed(summary["warnings"], "## First of all")


def _subject(summary: Mapping[str, Any]) -> str:
    if not is_sdk(summary):
        return f"Target {in_markdown(summary['target'])}"
    sdk = summary["sdk"]
    features = ", ".join(sdk.get("features", ())) or "none"
    declared = f", features: {in_markdown(features, 500)}" if sdk["mode"] == "driver" else ""
    return f"SDK {in_markdown(subject(summary))}, {sdk['mode']}{declared}"


def _listed(texts: Sequence[str], heading: str) -> Iterator[str]:
    if not texts:
        return
    yield from ("", heading, "")
    kept = fitting((f"- {in_markdown(text, 500)}" for text in texts[:MOST_TEXTS]), TEXT_BYTES)
    yield from kept
    if len(texts) > len(kept):
        yield f"- and {len(texts) - len(kept)} more"


def _findings(summary: Mapping[str, Any]) -> Iterator[str]:
    findings = ranked(summary)
    if not findings:
        return
    listed = excused(summary)
    yield from ("", f"## {some(len(findings), 'finding')}", "")
    yield "| requirement | standing | expected | actual |"
    yield "|---|---|---|---|"
    has_cases = is_sdk(summary)
    kept = fitting((_finding_row(each, listed, has_cases) for each in findings), FINDING_BYTES)
    yield from kept
    if left_out := len(findings) - len(kept):
        yield from ("", f"{some(left_out, 'more finding')} left out: summary.json holds all.")
    scripts = (_script(each) for each in findings[:MOST_SCRIPTS] if each["reproduce"])
    yield from fitting(scripts, SCRIPT_BYTES)


def _finding_row(finding: Mapping[str, Any], listed: set[str], has_cases: bool) -> str:
    case = f"; case {in_markdown(finding['check'])}" if has_cases else ""
    about = (
        f"**{in_markdown(finding['requirement'])}** {in_markdown(finding['sentence'])} "
        f"({finding['strength']}, {finding['provenance']}{case})"
    )
    expected = in_markdown(finding["expected"]) or in_markdown(finding["title"])
    return (
        f"| {about} | {standing(finding, listed)} | {expected} | {in_markdown(finding['actual'])} |"
    )


def _script(finding: Mapping[str, Any]) -> str:
    text = visible(clipped(finding["reproduce"], 8000))
    fence = "`" * max(3, *(len(run) + 1 for run in FENCE.findall(text)), 3)
    title = f"{in_markdown(finding['requirement'])}: {in_markdown(finding['title'])}"
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
    rows = [row for entry in summary["load"] for row in _measured_rows(entry)]
    kept = fitting(rows, LOAD_BYTES)
    yield from kept
    if left_out := len(rows) - len(kept):
        yield from ("", f"{some(left_out, 'more row')} left out.")
    yield from ("", f"{TOO_FEW_MEANS}.")


def _measured_rows(entry: Mapping[str, Any]) -> Iterator[str]:
    rates = f"{rate(entry['achieved_per_s'])} of {rate(entry['offered_per_s'])}"
    start = f"{in_markdown(entry['scenario'])} | {entry['n']:,} | {rates}"
    for row in measured(entry):
        cells = " | ".join(row.cells)
        yield f"| {start} | {row.measure} | {cells} | {in_markdown(validity(entry))} |"


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
    kept = fitting(map(_result_row, results), REQUIREMENT_BYTES // 3)
    yield from kept
    if left_out := len(results) - len(kept):
        yield from ("", f"{some(left_out, 'more requirement')} left out.")
    yield from ("", "</details>")


def _result_row(result: Mapping[str, Any]) -> str:
    verdict = f"{SYMBOLS[result['verdict']]} {RESULTS[result['verdict']]}"
    reason = f": {in_markdown(result['reason'])}" if result["reason"] else ""
    gates = "" if result["gating"] else ", does not gate"
    about = f"{in_markdown(result['id'])}: {in_markdown(result['sentence'])}"
    return f"| {about} | {result['strength']}{gates} | {verdict}{reason} |"


def _run(summary: Mapping[str, Any]) -> Iterator[str]:
    yield from _listed(summary["notes"], "## Notes")
    yield ""
    yield (
        f"Exit code {summary['exit_code']}: {exit_codes(summary)[summary['exit_code']]}. "
        f"{some(summary['requests_sent'], 'request')} in {summary['duration_s']:g} s, "
        f"started {in_markdown(summary['started'])}."
    )
