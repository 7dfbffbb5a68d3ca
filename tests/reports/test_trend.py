"""A run beside its history: what is compared, what is told, and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from reports.change.rules import Rules
from reports.history.store import History
from reports.trend import compared, gravest, main
from tests.reports.history.summaries import a_round, nightly

SCHEMA = json.loads(Path("reports/trend.schema.json").read_text(encoding="utf-8"))
RULES = Rules(draws=500)
ROUNDS = 6
P50 = "order_latency wire p50"


def night(number: int, us: float = 400.0, control_us: float = 200.0, **changes) -> dict:
    """A nightly run whose rounds differ a little from each other, as real ones do."""
    rounds = []
    for each in range(1, ROUNDS + 1):
        wobble = 1 + 0.01 * ((7 * number + 3 * each) % 5 - 2)
        rounds.append(a_round(each, "target", us=us * wobble))
        rounds.append(
            a_round(each, "control", us=control_us * (1 + 0.01 * ((5 * number + each) % 5 - 2)))
        )
    return nightly(rounds, number, **changes)


@pytest.fixture
def history(tmp_path):
    with History.open(tmp_path / "history") as found:
        for number in range(8):
            found.add(night(number), f"nightly-reference-{number}")
        yield found


def trend_of(history: History, summary: dict, name: str = "nightly-reference-tonight") -> dict:
    found = compared(history, summary, name, RULES)
    jsonschema.validate(found, SCHEMA)
    return found


def series(trend: dict, name: str = P50) -> dict:
    return next(each for each in trend["series"] if each["series"] == name)


def test_a_night_like_those_before_is_not_worse(history):
    trend = trend_of(history, night(9))
    assert {each["verdict"] for each in trend["series"]} <= {"same", "not enough data"}
    assert trend["nights"] == 9
    assert series(trend)["controlled"] is True


def test_a_slower_night_is_worse_and_says_by_how_much(history):
    found = series(trend_of(history, night(9, us=600)))
    assert found["verdict"] == "worse"
    assert found["effect"] == pytest.approx(0.5, abs=0.1)
    assert found["low"] > 0.05
    assert [each["valid"] for each in found["nights"]] == [True] * 9


def test_a_slower_machine_is_no_slower_target(history):
    trend = trend_of(history, night(9, us=600, control_us=300))
    assert series(trend)["verdict"] != "worse"
    assert series(trend)["baseline_us"] == pytest.approx(600, rel=0.1)


def test_the_gravest_series_come_first(history):
    trend = trend_of(history, night(9, us=600))
    assert trend["verdict"] == "worse"
    assert trend["series"][0]["verdict"] == "worse"


def test_the_first_night_has_nothing_to_be_compared_with(tmp_path):
    with History.open(tmp_path / "empty") as empty:
        trend = trend_of(empty, night(1))
    assert trend["verdict"] == "not enough data"
    assert trend["before"] is None
    assert trend["changed"] == {"requirements": [], "facts": []}


def test_a_run_that_is_kept_already_is_not_compared_with_itself(history):
    slow = night(9, us=600)
    history.add(slow, "nightly-reference-tonight")
    trend = trend_of(history, slow)
    assert trend["nights"] == 9
    assert series(trend)["verdict"] == "worse"


def test_another_target_machine_or_profile_is_no_night_of_this_series(history):
    for change in (
        {"target": "other"},
        {"environment": {**night(9)["environment"], "machine": "ffff0000"}},
    ):
        trend = trend_of(history, night(9, **change))
        assert trend["nights"] == 1


def test_the_night_before_and_what_changed_since_are_told(history):
    trend = trend_of(history, night(9, fault="fees-are-charged-twice"))
    assert trend["before"]["run"].startswith("nightly-reference-7-")
    assert trend["changed"]["facts"] == [
        {"name": "deliberate fault", "before": None, "now": "fees-are-charged-twice"}
    ]


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ([], "not enough data"),
        (["same", "worse", "not enough data"], "worse"),
        (["same", "not enough data", "better"], "not enough data"),
        (["same", "better"], "better"),
        (["same", "same"], "same"),
    ],
)
def test_one_verdict_stands_for_all_series(verdicts, told):
    assert gravest(verdicts) == told


def test_the_command_writes_the_trend_beside_the_summary(tmp_path, capsys):
    run = tmp_path / "nightly-reference-1"
    run.mkdir()
    (run / "summary.json").write_text(json.dumps(night(1)), encoding="utf-8")
    assert main([str(run), "--history", str(tmp_path / "history")]) == 0
    jsonschema.validate(json.loads((run / "trend.json").read_text()), SCHEMA)
    assert main([str(tmp_path), "--history", str(tmp_path / "history")]) == 3
    assert "no run in" in capsys.readouterr().err


def test_a_history_that_cannot_be_used_is_one_line(tmp_path, capsys, monkeypatch):
    run = tmp_path / "nightly-reference-1"
    run.mkdir()
    (run / "summary.json").write_text(json.dumps(night(1)), encoding="utf-8")
    monkeypatch.setenv("HISTORY_INDEX", "postgresql+psycopg://u:topsecret@127.0.0.1:1/none")
    assert main([str(run), "--history", str(tmp_path / "history")]) == 3
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "topsecret" not in said
