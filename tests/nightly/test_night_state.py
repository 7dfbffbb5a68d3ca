"""A night that was killed is gone on with, by one process, and only when it is the same night."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.errors import RunError
from conformance.night_state import FILE, RESUMED_WITHIN, NightState, held, read, unfinished

NOW = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)
SETTINGS = {"target": "reference", "seed": "1"}


def begun(
    runs: Path, name: str = "nightly-reference-1", ago: timedelta = timedelta(), **change
) -> NightState:
    folder = runs / name
    folder.mkdir()
    state = NightState(folder, {**SETTINGS, **change}, NOW - ago)
    state.save()
    return state


def test_what_was_done_is_known_after_a_crash(tmp_path):
    state = begun(tmp_path)
    state.settle("contract tests")
    state.settle("mixed", "it did not fit")
    found = unfinished(tmp_path, SETTINGS, NOW)
    assert found is not None
    assert found.folder == state.folder
    assert found.is_settled("contract tests")
    assert found.is_settled("mixed")
    assert not found.is_settled("round 1 target")
    assert found.left_out == {"mixed": "it did not fit"}


def test_a_finished_night_is_not_gone_on_with(tmp_path):
    begun(tmp_path).finish()
    assert unfinished(tmp_path, SETTINGS, NOW) is None


@pytest.mark.parametrize(
    ("ago", "is_found"),
    [
        (timedelta(minutes=1), True),
        (RESUMED_WITHIN, True),
        (RESUMED_WITHIN * 2, False),
        (timedelta(hours=-1), False),
    ],
)
def test_only_a_night_that_was_begun_lately_is_gone_on_with(tmp_path, ago, is_found):
    begun(tmp_path, ago=ago)
    assert (unfinished(tmp_path, SETTINGS, NOW) is not None) is is_found


def test_another_target_or_seed_is_another_night(tmp_path):
    begun(tmp_path, seed="2")
    assert unfinished(tmp_path, SETTINGS, NOW) is None


def test_the_newest_of_several_is_taken(tmp_path):
    begun(tmp_path, "nightly-a", timedelta(hours=2))
    newest = begun(tmp_path, "nightly-b", timedelta(hours=1))
    assert unfinished(tmp_path, SETTINGS, NOW).folder == newest.folder


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"started": 1}', "null"])
def test_a_state_that_cannot_be_read_is_none(tmp_path, text):
    (tmp_path / "nightly-x").mkdir()
    (tmp_path / "nightly-x" / FILE).write_text(text)
    assert read(tmp_path / "nightly-x") is None
    assert unfinished(tmp_path, SETTINGS, NOW) is None


def test_two_processes_never_work_on_one_night(tmp_path):
    code = (
        "import sys, pathlib, conformance.night_state as s\n"
        "with s.held(pathlib.Path(sys.argv[1])):\n print('held', flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=pipe, stdout=pipe
    ) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(RunError, match="another process"), held(tmp_path):
            pass
        other.kill()
        other.wait()
    with held(tmp_path):  # the system lets go of it with the process
        assert (tmp_path / ".nightly.lock").exists()
