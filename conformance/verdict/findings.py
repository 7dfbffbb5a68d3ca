"""From claims to findings, results per requirement, a verdict and an exit code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.cases.claim import Claim, Verdict, gravest
from conformance.errors import ExitCode
from conformance.spec.requirements import Requirement
from conformance.target import Target
from conformance.verdict.deviations import Deviation


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim that is not a pass, with where it came from and how to see it again."""

    claim: Claim
    check: str
    reproduce: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run says of one requirement: passed, failed, inconclusive, skipped or not_covered."""

    requirement: Requirement
    verdict: str
    gating: bool
    claims: int
    checks: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The whole of it."""

    results: tuple[Result, ...]
    findings: tuple[Finding, ...]
    stale: tuple[Deviation, ...]
    expected: tuple[Deviation, ...]
    verdict: str
    exit_code: ExitCode


NAMES = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.SKIPPED: "skipped",
}


def conclude(
    requirements: Mapping[str, Requirement],
    judged: Iterable[Finding],
    target: Target,
    deviations: Mapping[str, Deviation],
    is_whole: bool = True,
    is_cut_short: bool = False,
    is_measured: bool | None = None,
    is_slower: bool = False,
) -> Conclusion:
    """Merge every claim of a run.

    `is_whole` False (a selection was run) lets uncovered sentences be. A run that was cut short never
    passes, and none of its deviations is stale, for what was not asked cannot have held. A run that only measures
    passes when what it measured is valid (`is_measured`) and nothing fails. A run that is slower than the nights
    before it (`is_slower`) fails, as one that misses its latency budget does.
    """
    by_requirement: dict[str, list[Finding]] = defaultdict(list)
    for finding in judged:
        by_requirement[finding.claim.requirement].append(finding)
    results = tuple(
        _result(each, by_requirement.get(each.id, []), target) for each in requirements.values()
    )
    failed = {result.requirement.id for result in results if result.verdict == "failed"}
    passed = {result.requirement.id for result in results if result.verdict == "passed"}
    expected = tuple(each for each in deviations.values() if each.requirement in failed)
    stale = tuple(each for each in deviations.values() if each.requirement in passed)
    excused = {each.requirement for each in expected}
    stale = () if is_cut_short else stale
    exit_code = _exit_code(results, excused, bool(stale), is_whole, is_measured)
    if is_slower:
        exit_code = ExitCode.FAIL
    if is_cut_short and exit_code is ExitCode.PASS:
        exit_code = ExitCode.INCONCLUSIVE
    words = {ExitCode.PASS: "pass", ExitCode.FAIL: "fail", ExitCode.INCONCLUSIVE: "inconclusive"}
    findings = tuple(_distinct(by_requirement, requirements))
    return Conclusion(results, findings, stale, expected, words[exit_code], exit_code)


def gates(requirement: Requirement, target: Target) -> bool:
    """True when a failure of this requirement fails a run on that target."""
    return requirement.provenance in target.gates and requirement.strength in target.strengths


def _result(requirement: Requirement, found: list[Finding], target: Target) -> Result:
    verdict = gravest(each.claim.verdict for each in found)
    name = NAMES[verdict] if verdict else "not_covered"
    decisive = [each.claim for each in found if each.claim.verdict is verdict]
    reason = decisive[0].title if decisive and verdict is not Verdict.PASS else None
    return Result(
        requirement=requirement,
        verdict=name,
        gating=gates(requirement, target),
        claims=len(found),
        checks=tuple(dict.fromkeys(each.check for each in found)),
        reason=reason if found else "no check of this run judges it",
    )


def _exit_code(
    results: Iterable[Result],
    excused: set[str],
    is_stale: bool,
    is_whole: bool,
    is_measured: bool | None,
) -> ExitCode:
    gating = [each for each in results if each.gating]
    if is_stale or any(
        each.verdict == "failed" and each.requirement.id not in excused for each in gating
    ):
        return ExitCode.FAIL
    unsure = {"inconclusive", "not_covered"} if is_whole else {"inconclusive"}
    is_unsure = any(each.verdict in unsure for each in gating)
    nothing_held = not any(each.verdict == "passed" for each in results)
    if is_measured is not None:
        nothing_held = not is_measured
    return ExitCode.INCONCLUSIVE if is_unsure or nothing_held else ExitCode.PASS


def _distinct(
    by_requirement: Mapping[str, list[Finding]], requirements: Mapping[str, Requirement]
) -> Iterable[Finding]:
    """One finding for the same requirement, check and title: the first seen stands for its like."""
    for identity in requirements:
        seen: set[tuple[str, str]] = set()
        for finding in by_requirement.get(identity, []):
            if finding.claim.verdict in (Verdict.PASS, Verdict.SKIPPED):
                continue
            key = (finding.check, finding.claim.title)
            if key not in seen:
                seen.add(key)
                yield finding
