"""A run in plain words: one sentence for its verdict, one for its counts, one for its exit code.

Every page says them in the same words, and every finding stands in the same order everywhere: what
fails the run, then what fails without failing the run, then what could not be judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reports.text import some

VERDICTS = {"pass": "Pass", "fail": "Fail", "inconclusive": "Could not tell"}
SYMBOLS = {
    "passed": "✓",
    "failed": "✕",
    "inconclusive": "?",
    "skipped": "–",
    "not_covered": "○",
    "pass": "✓",
    "fail": "✕",
}
RESULTS = {
    "passed": "passed",
    "failed": "failed",
    "inconclusive": "could not tell",
    "skipped": "skipped",
    "not_covered": "not covered",
}
PROVENANCES = {
    "documented": "the exchange's own pages say it",
    "lineage": "found in public code of the same family of exchanges",
    "convention": "what comparable exchanges do",
}
EXIT_CODES = {
    0: "every gating requirement holds",
    1: "a gating requirement or a latency budget failed, a night is slower, or a listed deviation no longer fails",
    2: "nothing failed, but something that gates could not be judged, or a figure is not valid",
    3: "our own error, bad configuration, or the target could not be reached",
    4: "stopped by a safety limit",
}
SDK = "sdk"  # the kind of a run of the SDK gate
SDK_EXIT_CODES = {
    0: "every gating requirement holds",
    1: "a gating requirement failed, or a listed deviation no longer fails",
    2: "nothing failed, but something that gates could not be judged",
    3: "our own error, bad configuration, or the driver is not usable",
}
MODES = {
    "driver": "its driver was put through scripted cases, judged at both ends",
    "wrap": "its own tests were run, what arrived was judged",
}


@dataclass(frozen=True, slots=True)
class Gate:
    """The gating requirements of a run, counted. `excused` fail as the target's deviations list."""

    total: int
    passed: int
    failed: int
    excused: int
    inconclusive: int
    skipped: int
    not_covered: int


def excused(summary: Mapping[str, Any]) -> set[str]:
    """The requirements whose failure is a listed deviation."""
    return {row["requirement"] for row in summary["deviations"] if row["state"] == "expected"}


def stale(summary: Mapping[str, Any]) -> set[str]:
    """The requirements that are listed as deviations although they hold."""
    return {row["requirement"] for row in summary["deviations"] if row["state"] == "stale"}


def slower(summary: Mapping[str, Any]) -> list[str]:
    """The series that are worse than in the nights before."""
    return list((summary.get("trend") or {"worse": ()})["worse"])


def _named(series: list[str], most: int = 3) -> str:
    shown = ", ".join(series[:most])
    return shown if len(series) <= most else f"{shown} and {len(series) - most} more"


def gate(summary: Mapping[str, Any]) -> Gate:
    """Count what gates."""
    listed = excused(summary)
    counted = Counter(
        "excused" if row["verdict"] == "failed" and row["id"] in listed else row["verdict"]
        for row in summary["requirement_results"]
        if row["gating"]
    )
    names = ("passed", "failed", "excused", "inconclusive", "skipped", "not_covered")
    return Gate(total=sum(counted.values()), **{name: counted[name] for name in names})


def is_sdk(summary: Mapping[str, Any]) -> bool:
    """Whether an SDK was judged, and not an exchange."""
    return bool(summary["kind"] == SDK and "sdk" in summary)


def job(summary: Mapping[str, Any]) -> str:
    """What was done, as a page's first words say it."""
    return "sdk gate" if is_sdk(summary) else str(summary["kind"])


def subject(summary: Mapping[str, Any]) -> str:
    """Who was judged: an SDK by its name, version and language, or a target."""
    return sdk_name(summary["sdk"]) if is_sdk(summary) else str(summary["target"])


def sdk_name(sdk: Mapping[str, Any]) -> str:
    """Name, version and language, as far as they are known."""
    named = " ".join(x for x in (sdk["name"], sdk.get("version", "")) if x)
    return f"{named} ({sdk['language']})" if sdk.get("language") else str(named)


def whose(summary: Mapping[str, Any]) -> str:
    """Whose deviations are listed."""
    return "SDK's" if is_sdk(summary) else "target's"


def exit_codes(summary: Mapping[str, Any]) -> Mapping[int, str]:
    """What the exit codes of such a run mean."""
    return SDK_EXIT_CODES if is_sdk(summary) else EXIT_CODES


def headline(summary: Mapping[str, Any]) -> str:
    """The verdict in one sentence, without its full stop."""
    counted = gate(summary)
    if is_sdk(summary):
        return f"May this release ship? {_answer(summary, counted)}"
    if summary["verdict"] == "pass":
        return _passed(summary, counted)
    if summary["verdict"] == "fail":
        return _failed(summary, counted)
    return _unsure(summary, counted)


def _answer(summary: Mapping[str, Any], counted: Gate) -> str:
    """May an SDK's release ship?"""
    if summary["verdict"] == "pass":
        return f"{'What was asked holds' if counted.not_covered else 'Yes'}: {_held(counted)}"
    if summary["verdict"] == "fail":
        return f"No: {_failing(summary, counted) or 'the run failed'}"
    unjudged = _unjudged(counted)
    return f"It could not be told{unjudged and f': {unjudged}'}"


def _passed(summary: Mapping[str, Any], counted: Gate) -> str:
    if summary["kind"] == "load":
        return "The measurements are valid, and no gating requirement fails"
    start = "What was asked holds" if counted.not_covered else "The exchange keeps its contract"
    return f"{start}: {_held(counted)}"


def _held(counted: Gate) -> str:
    held = (
        f"{counted.passed} of {some(counted.total, 'gating requirement')} hold{_s(counted.passed)}"
    )
    rest = [
        f"{counted.skipped} skipped" if counted.skipped else "",
        f"{counted.excused} failing as listed" if counted.excused else "",
        f"{counted.not_covered} not asked" if counted.not_covered else "",
    ]
    return held + "".join(f", {part}" for part in rest if part)


def _failed(summary: Mapping[str, Any], counted: Gate) -> str:
    if counted.failed:
        return f"The exchange does not keep its contract: {_failing(summary, counted)}"
    if stale(summary):
        return _failing(summary, counted).capitalize()
    if slower(summary):
        held = f"{counted.passed} of {some(counted.total, 'gating requirement')}"
        return f"Slower than the nights before: {_named(slower(summary))}; {held} hold"
    return "The run failed"


def _failing(summary: Mapping[str, Any], counted: Gate) -> str:
    if counted.failed:
        those = f"{counted.failed} of {some(counted.total, 'gating requirement')}"
        return f"{those} fail{_s(counted.failed)}"
    count = len(stale(summary))
    those = f"{some(count, 'listed deviation')} no longer fail{_s(count)}"
    return f"the list of deviations is out of date: {those}" if count else ""


def _unsure(summary: Mapping[str, Any], counted: Gate) -> str:
    invalid = sum(not row["valid"] for row in summary["load"])
    if summary["kind"] == "load" and invalid:
        return f"{invalid} of {some(len(summary['load']), 'measurement')} not valid"
    start = "It could not be told whether the exchange keeps its contract"
    if unjudged := _unjudged(counted):
        return f"{start}: {unjudged}"
    if invalid:
        return f"{start}: {invalid} of {some(len(summary['load']), 'measurement')} not valid"
    return start


def _unjudged(counted: Gate) -> str:
    count = counted.inconclusive + counted.not_covered
    return (
        f"{count} of {some(counted.total, 'gating requirement')} could not be judged"
        if count
        else ""
    )


def _s(count: int) -> str:
    return "s" if count == 1 else ""


def counts(summary: Mapping[str, Any]) -> str:
    """All requirements by verdict in one line."""
    found = summary["requirements"]
    parts = [f"{found[name]} {words}" for name, words in RESULTS.items()]
    return f"{some(found['total'], 'requirement')}: {', '.join(parts)}"


def standing(finding: Mapping[str, Any], listed: set[str]) -> str:
    """What a finding means for the run."""
    if finding["verdict"] == "inconclusive":
        return "could not be judged" if finding["gating"] else "could not be judged, does not gate"
    if not finding["gating"]:
        return "fails, does not gate"
    return "fails as listed" if finding["requirement"] in listed else "fails the run"


def ranked(summary: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The findings, gravest first; those alike stay in the order of the requirements."""
    listed = excused(summary)

    def rank(finding: Mapping[str, Any]) -> tuple[bool, bool, bool]:
        is_excused = finding["requirement"] in listed
        return (finding["verdict"] != "fail", not finding["gating"], is_excused)

    return sorted(summary["findings"], key=rank)


def again(summary: Mapping[str, Any], quote: Any, case: str = "") -> str:
    """The command that asks the same questions again; `quote` makes a word safe for a shell.

    `case` is one of the SDK gate's, which only a driver can be put through alone.
    """
    if is_sdk(summary):
        only = [f"ONLY={case}"] if case and summary["sdk"]["mode"] == "driver" else []
        settings = [*_sdk_settings(summary["sdk"]), *only, f"SEED={summary['seed']}"]
        words = ["make", "sdk-gate", *settings]
        return " ".join(quote(word) for word in words)
    words = ["make", summary["kind"], f"TARGET={summary['target']}", f"SEED={summary['seed']}"]
    if summary["fault"]:
        words.append(f"FAULT={summary['fault']}")
    return " ".join(quote(word) for word in words)


def _sdk_settings(sdk: Mapping[str, Any]) -> Iterator[str]:
    """One of our drivers is known by its name, whatever MODE says."""
    yield f"SDK={sdk['command']}"
    if sdk["mode"] == "driver":
        yield "MODE=driver"
    yield f"TARGET={sdk['target']}"
    if "source" in sdk:
        yield f"SOURCE={sdk['source']}"
