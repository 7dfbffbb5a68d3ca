"""The order of a night: what is done once, what is done again, what fits, and what its exit code says.

The parts themselves are replaced: what they leave is written as they would.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import job, nightly, parts
from conformance.errors import ExitCode
from conformance.night_plan import CONCLUDING_S
from conformance.night_state import read
from conformance.parts import Ended, Wanted
from conformance.record import load_file, run_log
from conformance.record.run_log import RunLog
from conformance.target import load

TARGET = load("reference")


class Parts:
    """What a night called, in order; `breaks` names a part that ends the night, and how."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.breaks: dict[str, BaseException] = {}
        self.codes: dict[str, int] = {}
        self.told: list[object] = []

    def contract(self, wanted, target, folder, limit_s=None) -> None:
        self._call("contract")
        log = RunLog(folder)
        log.write("header", job.header(wanted, target))
        log.write("footer", {"asked": {}, "heard": {}, "requests_sent": 1, "duration_s": 1})
        log.close()

    def rounds(self, wanted, target, night, count, budget) -> None:
        if not night.is_settled("round 1 target"):
            self._call("rounds")
            night.settle("round 1 target")

    def measure(self, wanted, target, folder, what, again=2) -> None:
        self._call(what.scenario)
        folder.mkdir(parents=True)
        load_file.write(folder, [{"scenario": what.scenario, "valid": True, "n": 1, "errors": 0,
                                  "clock": "kernel", "why_invalid": None, "extra": {},
                                  "wire_us": {"p50": 400.0}}])  # fmt: skip

    def ours(self, module: str, *words: str) -> int:
        self._call(" ".join([module, *words[:1]]) if module == "reports.history" else module)
        return self.codes.get(module, 0)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.breaks:
            raise self.breaks.pop(name)


ASKING = ["contract", "rounds", "order_latency", "stream_throughput", "mixed", "rate_limit"]
TELLING = ["reports.trend", "reports", "reports.history import", "reports.history prune"]


@pytest.fixture
def made(monkeypatch, tmp_path):
    """The parts of a night that asks nobody, in a folder of its own."""
    found = Parts()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parts, "contract", found.contract)
    monkeypatch.setattr(parts, "reach", lambda stack, wanted, target: target)
    monkeypatch.setattr(nightly, "measure_rounds", found.rounds)
    monkeypatch.setattr(job, "measure", found.measure)
    monkeypatch.setattr(nightly, "_ours", found.ours)
    monkeypatch.setattr(nightly, "notify", lambda summary, trend: found.told.append(trend))
    monkeypatch.setattr(
        nightly, "conclude_run", lambda folder, today: {"fault": None, "exit_code": 0}
    )
    return found


def night(**change) -> nightly.Night:
    return replace(nightly.Night(Wanted("nightly"), profile="smoke"), **change)


def test_a_night_asks_then_compares_then_draws_then_keeps(made):
    assert nightly.run(night()) == ExitCode.PASS
    assert made.calls == ASKING + TELLING
    assert read(Path("runs/latest")).is_finished
    assert [row["scenario"] for row in load_file.read(Path("runs/latest"))] == ASKING[2:]


@pytest.mark.parametrize("part", ASKING)
def test_a_night_that_was_stopped_goes_on_where_it_was(made, part):
    made.breaks[part] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        nightly.run(night())
    began = Path("runs/latest").resolve()
    before, made.calls = made.calls, []
    assert nightly.run(night()) == ExitCode.PASS
    assert Path("runs/latest").resolve() == began
    assert made.calls == ASKING[ASKING.index(part) :] + TELLING
    assert before == ASKING[: ASKING.index(part) + 1]
    assert [row["scenario"] for row in load_file.read(began)] == ASKING[2:]


def test_a_cut_log_is_put_aside_and_not_written_on(made):
    made.breaks["rounds"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        nightly.run(night())
    state = read(Path("runs/latest"))
    state.done.remove(nightly.CONTRACT)
    state.save()
    nightly.run(night())
    lines = run_log.read(Path("runs/latest"))
    assert [line["line"] for line in lines] == ["header", "footer"]
    assert len(list(Path("runs/latest/").glob("run.cut-*"))) == 1


def test_a_finished_or_a_fresh_night_is_begun_anew(made):
    nightly.run(night())
    first = Path("runs/latest").resolve()
    made.calls = []
    nightly.run(night(wanted=Wanted("nightly", seed=2)))
    assert Path("runs/latest").resolve() != first
    assert made.calls == ASKING + TELLING


def test_a_part_that_ends_the_night_gives_its_code_and_the_night_is_not_kept(made):
    made.breaks["mixed"] = Ended(3)
    assert nightly.run(night()) == 3
    assert made.calls == [*ASKING[:5], "reports"]
    assert not read(Path("runs/latest")).is_finished
    assert made.told == [None]


def test_a_safety_stop_in_the_middle_ends_the_night(made, monkeypatch):
    def stopped(*words) -> None:
        made.measure(*words)
        raise Ended(ExitCode.SAFETY_STOP)

    monkeypatch.setattr(job, "measure", stopped)
    assert nightly.run(night()) == ExitCode.SAFETY_STOP
    assert made.calls == [*ASKING[:3], "reports"]


def test_a_scenario_that_the_target_does_not_allow_is_left_out(made):
    made.breaks["rate_limit"] = Ended(ExitCode.SAFETY_STOP)
    assert nightly.run(night()) == ExitCode.PASS
    assert read(Path("runs/latest")).left_out == {"rate_limit": "the target does not allow it"}


def test_without_time_the_longer_load_is_left_out_and_named(made):
    assert nightly.run(night(budget_s=CONCLUDING_S + 1)) == ExitCode.PASS
    assert made.calls == ["contract", "rounds", *TELLING]
    left_out = read(Path("runs/latest")).left_out
    assert set(left_out) == set(ASKING[2:])
    assert all("budget" in why for why in left_out.values())


def test_what_the_budget_left_out_is_asked_again_when_there_is_time(made):
    made.codes["reports"] = ExitCode.ERROR  # so the night is not finished
    nightly.run(night(budget_s=CONCLUDING_S + 1))
    assert "rate_limit" in read(Path("runs/latest")).left_out
    made.codes, made.calls = {}, []
    nightly.run(night())
    assert "rate_limit" in made.calls
    assert read(Path("runs/latest")).left_out == {}


@pytest.mark.parametrize("module", ["reports.trend", "reports", "reports.history"])
def test_a_history_that_cannot_be_used_is_our_error_and_the_night_can_be_repeated(made, module):
    made.codes[module] = ExitCode.ERROR
    assert nightly.run(night()) == ExitCode.ERROR
    assert "reports.history import" in made.calls
    assert not read(Path("runs/latest")).is_finished
    made.codes, made.calls = {}, []
    assert nightly.run(night()) == ExitCode.PASS
    assert made.calls == TELLING


def test_a_night_with_a_deliberate_fault_is_not_kept_among_the_others(made, monkeypatch):
    monkeypatch.setattr(
        nightly, "conclude_run", lambda folder, today: {"fault": "x", "exit_code": 1}
    )
    assert nightly.run(night(wanted=Wanted("nightly", faults=("fees-are-charged-twice",)))) == 1
    assert "reports.history import" not in made.calls
    assert "reports.trend" in made.calls


def test_a_target_that_allows_no_load_has_no_rounds(made, monkeypatch):
    closed = TARGET.model_copy(update={"allows": TARGET.allows.model_copy(update={"load": False})})
    monkeypatch.setattr(job, "checked", lambda wanted: closed)
    assert nightly.run(night()) == ExitCode.PASS
    assert made.calls == ["contract", *TELLING]


def test_a_profile_without_a_scenario_is_refused_before_anything_is_asked(made):
    with pytest.raises(Exception, match="'nightly' has no scenario"):
        nightly.run(night(profile="nightly"))
    assert made.calls == []


def test_modules_of_ours_that_crash_are_our_error(monkeypatch):
    assert nightly._ours("reports.nowhere") == ExitCode.ERROR


def test_the_state_of_a_night_is_readable_json(made):
    nightly.run(night())
    told = json.loads(Path("runs/latest/nightly.json").read_text())
    assert (told["schema"], told["finished"]) == (1, True)
