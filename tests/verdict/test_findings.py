"""Claims merged into results, a verdict and an exit code."""

from __future__ import annotations

from datetime import date

import pytest

from conformance.cases.claim import Claim, Verdict, gravest
from conformance.errors import ConfigurationError, ExitCode
from conformance.spec.requirements import Provenance, Requirement, Strength
from conformance.target import Target
from conformance.verdict import deviations
from conformance.verdict.findings import Finding, conclude
from tests import stage

P, F, U, S = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.SKIPPED
LIVE: Target = stage.TARGET.model_copy(update={"gates": ("documented",), "strengths": ("must",)})


def requirement(
    identity: str, provenance: str = "documented", strength: str = "must"
) -> Requirement:
    return Requirement(identity, Strength(strength), Provenance(provenance), "A sentence.")


def found(identity: str, *verdicts: Verdict) -> list[Finding]:
    return [
        Finding(Claim(identity, verdict, f"title {n}"), "a/check")
        for n, verdict in enumerate(verdicts)
    ]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [((P, F, U), F), ((P, U), U), ((P, S), P), ((S, S), S), ((), None)],
)
def test_the_gravest_verdict_wins(verdicts: tuple[Verdict, ...], expected: Verdict | None) -> None:
    assert gravest(verdicts) is expected


@pytest.mark.parametrize(
    ("verdicts", "provenance", "strength", "code"),
    [
        ((P,), "documented", "must", ExitCode.PASS),
        ((P, F), "documented", "must", ExitCode.FAIL),
        ((P, U), "documented", "must", ExitCode.INCONCLUSIVE),
        ((), "documented", "must", ExitCode.INCONCLUSIVE),
        ((F,), "lineage", "must", ExitCode.PASS),
        ((F,), "documented", "should", ExitCode.PASS),
    ],
)
def test_what_gates_on_a_live_target(
    verdicts: tuple[Verdict, ...], provenance: str, strength: str, code: ExitCode
) -> None:
    rows = {"x.y": requirement("x.y", provenance, strength), "x.z": requirement("x.z")}
    findings = [*found("x.y", *verdicts), *found("x.z", P)]
    assert conclude(rows, findings, LIVE, {}).exit_code is code


def test_everything_gates_on_the_reference_target() -> None:
    rows = {"x.y": requirement("x.y", "convention", "may")}
    assert conclude(rows, found("x.y", F), stage.TARGET, {}).exit_code is ExitCode.FAIL


def test_all_skipped_is_no_pass() -> None:
    assert (
        conclude({"x.y": requirement("x.y")}, found("x.y", S), LIVE, {}).exit_code
        is not ExitCode.PASS
    )


@pytest.mark.parametrize(
    ("is_measured", "code"), [(True, ExitCode.PASS), (False, ExitCode.INCONCLUSIVE)]
)
def test_a_run_that_only_measures_passes_when_what_it_measured_is_valid(is_measured, code) -> None:
    made = conclude({"x.y": requirement("x.y")}, [], LIVE, {}, False, is_measured=is_measured)
    assert made.exit_code is code


def test_a_run_cut_short_is_no_pass() -> None:
    rows = {"x.y": requirement("x.y")}
    made = conclude(rows, found("x.y", P), LIVE, {}, is_cut_short=True)
    assert made.exit_code is ExitCode.INCONCLUSIVE


@pytest.mark.parametrize(
    ("verdict", "code"), [(F, ExitCode.PASS), (P, ExitCode.FAIL), (U, ExitCode.INCONCLUSIVE)]
)
def test_a_deviation_excuses_a_failure_goes_stale_and_never_excuses_doubt(
    verdict: Verdict, code: ExitCode
) -> None:
    listed = {"x.y": deviations.Deviation("x.y", "known", "", date(2030, 1, 1))}
    rows = {"x.y": requirement("x.y"), "x.z": requirement("x.z")}
    assert (
        conclude(rows, [*found("x.y", verdict), *found("x.z", P)], LIVE, listed).exit_code is code
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('requirement = "no.such"\nreason = "r"\nreview_by = 2030-01-01', "is no requirement"),
        ('requirement = "x.y"\nreason = " "\nreview_by = 2030-01-01', "without a reason"),
        ('requirement = "x.y"\nreason = "r"', "no review_by"),
        ('requirement = "x.y"\nreason = "r"\nreview_by = 2020-01-01', "was to be reviewed"),
        ("requirement = ", "cannot be read"),
    ],
)
def test_a_deviation_that_cannot_be_used_stops_the_run(tmp_path, text: str, says: str) -> None:
    path = tmp_path / "t.deviations.toml"
    path.write_text("[[deviation]]\n" + text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=says):
        deviations.load(path, {"x.y"}, date(2026, 1, 1))
