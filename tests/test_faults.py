"""Each wrong exchange is caught, by the requirement that its fault names; the right one is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cases.claim import Verdict
from conformance.spec import requirements
from reference_exchange.faults import CATALOGUE
from reference_exchange.faults.fault import Fault
from tests import stage

# Judged by generated requests and by the state machine, so shown by runs of pytest: test_contract_runs.
BY_GENERATED = {
    "rest.legal-input-accepted",
    "spot.lifecycle-agrees-with-the-model",
    "stream.session-agrees-with-the-model",
}
SCRIPTED = [each for each in CATALOGUE.values() if each.breaks not in BY_GENERATED]


@pytest.mark.parametrize("fault", SCRIPTED, ids=lambda fault: fault.name)
def test_a_fault_trips_the_requirement_that_it_names(fault: Fault, tmp_path: Path) -> None:
    claims = stage.ask(stage.session(tmp_path, [fault.name]), fault.breaks)
    failed = {claim.requirement for claim in claims if claim.verdict is Verdict.FAIL}
    assert fault.breaks in failed


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_fault_no_finding(seed: int, tmp_path: Path) -> None:
    run = stage.session(tmp_path, seed=seed)
    claims = [claim for each in stage.CHECKS for claim in run.check(each)]
    run.conclude()
    telling = [c for c in claims if c.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)]
    assert telling == []


def test_every_fault_names_a_requirement_of_the_catalogue() -> None:
    known = requirements.load(stage.CONTRACT)
    assert [each.name for each in CATALOGUE.values() if each.breaks not in known] == []


def test_every_fault_says_what_is_wrong() -> None:
    assert [each.name for each in CATALOGUE.values() if not each.sentence.endswith(".")] == []
