"""Each wrong exchange is caught, by the requirement that its fault names; the right one is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.spec import requirements
from reference_exchange.faults import CATALOGUE
from reference_exchange.faults.classes import class_of
from reference_exchange.faults.fault import Fault
from tests import proof_of_faults, stage


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: fault.name)
def test_a_fault_trips_the_requirement_that_it_names(fault: Fault) -> None:
    found = proof_of_faults.attempt(fault.name)
    assert found.is_caught, f"{found.trips} {found.why}"


@pytest.mark.parametrize("manner", ["default", "differing"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_fault_no_finding(seed: int, manner: str) -> None:
    assert proof_of_faults.alarms((seed, manner)) == []


def test_the_same_seed_asks_and_concludes_the_same(tmp_path: Path) -> None:
    asked = []
    for number in range(2):
        run = stage.session(tmp_path / str(number), seed=7)
        for each in stage.CHECKS:
            run.check(each)
        run.conclude()
        asked.append((tmp_path / str(number) / "run.jsonl").read_text(encoding="utf-8"))
    assert asked[0] == asked[1]


def test_every_requirement_has_a_class_of_faults() -> None:
    for name in requirements.load(stage.CONTRACT):
        assert class_of(name)


def test_every_fault_names_a_requirement_of_the_catalogue() -> None:
    known = requirements.load(stage.CONTRACT)
    assert [each.name for each in CATALOGUE.values() if each.breaks not in known] == []


def test_every_fault_says_what_is_wrong() -> None:
    assert [each.name for each in CATALOGUE.values() if not each.sentence.endswith(".")] == []
