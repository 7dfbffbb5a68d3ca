"""Some of the proof's runs, so that the proof itself is kept working."""

from __future__ import annotations

import shutil

import pytest

from tests.bench.processes import AT_ONCE, serving
from tests.proof_of_validity import DISTURBANCES, Disturbance, prove_one

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not on this machine")


@pytest.mark.parametrize("name", ["a run too short for a p99", "the clock set back by 5 ms"])
def test_a_disturbed_run_says_why_it_is_not_valid(tmp_path, name):
    with serving(AT_ONCE) as port:
        assert prove_one(name, DISTURBANCES[name], port, tmp_path / "run").wrong == ""


def test_a_run_that_names_another_cause_proves_nothing(tmp_path):
    other = Disturbance("the clock was set", rate_per_s=400, seconds=0.5)
    with serving(AT_ONCE) as port:
        assert "does not name the cause" in prove_one("other", other, port, tmp_path / "run").wrong
