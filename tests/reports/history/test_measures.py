"""What is read out of a summary: pairs of rounds, the control of a run's own choice."""

from __future__ import annotations

from typing import Any

import pytest

from reports.document import problem_of
from reports.history.document import document_of
from reports.history.measures import instant, measures_of, nights_of, profile_of, run_of
from tests.reports.builders import measurement, result, small
from tests.reports.history.summaries import a_round, drawn, figures, nightly


def pairs(*rounds: dict[str, Any]) -> dict[str, list[tuple[int, float, float | None]]]:
    """(round, target, control) by series."""
    found: dict[str, list[tuple[int, float, float | None]]] = {}
    for each in measures_of(nightly(list(rounds))):
        found.setdefault(each.series, []).append((each.round, each.target_us, each.control_us))
    return found


def test_made_nights_are_summaries() -> None:
    assert problem_of(drawn(1)) is None
    assert problem_of(nightly([a_round(1, "target", probe_us=figures(90))])) is None


def test_a_round_of_the_target_has_the_control_of_the_same_number() -> None:
    found = pairs(
        a_round(1, "target", us=410.0),
        a_round(1, "control", us=210.0),
        a_round(2, "control", us=220.0),
        a_round(2, "target", us=420.0),
    )
    assert found["order_latency wire p50"] == [(1, 410.0, 210.0), (2, 420.0, 220.0)]
    assert found["order_latency response p99"] == [(1, 1530.0, 930.0), (2, 1560.0, 960.0)]
    assert list(found) == [
        f"order_latency {kind} {name}"
        for kind in ("response", "wire")
        for name in ("p50", "p90", "p99")
    ]


@pytest.mark.parametrize("whose", ["target", "control"])
@pytest.mark.parametrize("change", [{"valid": False, "why_invalid": "late"}, None])
def test_a_round_that_is_not_valid_or_alone_is_not_measured(
    whose: str, change: dict[str, Any] | None
) -> None:
    rounds = [a_round(number, of) for number in (1, 2) for of in ("target", "control")]
    broken = next(each for each in rounds if (each["round"], each["of"]) == (1, whose))
    if change is None:
        rounds.remove(broken)
    else:
        broken |= change
    assert {tuple(each[0] for each in rows) for rows in pairs(*rounds).values()} == {(2,)}


def test_a_percentile_that_either_lacks_is_not_measured_in_that_round() -> None:
    lacking = {**figures(200.0), "p99": None}
    found = pairs(
        *(a_round(1, "target"), a_round(1, "control", wire_us=lacking)),
        *(a_round(2, "target"), a_round(2, "control")),
    )
    assert [each[0] for each in found["order_latency wire p99"]] == [2]
    assert [each[0] for each in found["order_latency wire p90"]] == [1, 2]


def test_controls_that_are_all_invalid_are_no_reason_to_compare_without() -> None:
    assert pairs(a_round(1, "target"), a_round(1, "control", valid=False, why_invalid="x")) == {}


def test_without_control_rounds_the_probe_s_median_is_the_control_of_every_percentile() -> None:
    also = {"order_to_stream": {"n": 2000, **figures(500.0)}}
    found = pairs(
        a_round(1, "target", probe_us=figures(90.0), also_us=also),
        a_round(2, "target"),  # its probe is missing
    )
    assert found["order_latency wire p99"] == [(1, 1200.0, 90.0)]
    assert found["order_latency response p50"] == [(1, 500.0, 90.0)]
    assert found["order_latency order_to_stream p99"] == [(1, 1500.0, 90.0)]
    assert "order_latency order_to_stream p90" not in found


def test_a_probe_with_too_few_samples_gives_its_median_to_all_percentiles_of_all_rounds() -> None:
    few = {**figures(80.0), "p99": None}
    found = pairs(a_round(1, "target", probe_us=few), a_round(2, "target", probe_us=figures(90.0)))
    for name in ("p50", "p90", "p99"):
        assert [each[2] for each in found[f"order_latency wire {name}"]] == [80.0, 90.0]


def test_rounds_with_neither_stand_alone() -> None:
    found = pairs(a_round(1, "target", probe_us=None), a_round(2, "target"))
    assert found["order_latency wire p50"] == [(1, 400.0, None), (2, 400.0, None)]


def test_each_scenario_has_its_own_control() -> None:
    found = pairs(
        *(a_round(1, "target"), a_round(1, "control")),
        a_round(1, "target", "mixed", probe_us=figures(50.0)),
    )
    assert found["order_latency wire p50"] == [(1, 400.0, 200.0)]
    assert found["mixed wire p50"] == [(1, 400.0, 50.0)]


def test_a_run_without_rounds_is_one_block_of_each_valid_measurement() -> None:
    invalid = {"valid": False, "why_invalid": "late"}
    summary = small(
        load=[
            measurement("order_latency", 2000, 400, 1),
            measurement("mixed", 2000, 400, 1, **invalid),
        ]
    )
    found = measures_of(summary)
    assert {each.series.split()[0] for each in found} == {"order_latency"}
    assert {(each.round, each.control_us) for each in found} == {(1, None)}
    assert summary["load"][0]["wire_us"]["p50"] in {each.target_us for each in found}


def test_nothing_that_a_ratio_cannot_be_made_of_is_measured() -> None:
    assert pairs(a_round(1, "target", us=0.0), a_round(1, "control")).keys() == {
        f"order_latency response {name}" for name in ("p50", "p90", "p99")
    }


def test_a_night_has_blocks_and_controls_side_by_side() -> None:
    document = document_of(drawn(3), "nightly-3")
    nights = nights_of(document)
    assert len(nights) == 2 * 8
    night = nights["mixed wire p90"]
    assert (night.run, night.started) == (document.id, "2026-01-04T01:00:00Z")
    assert night.control is not None
    assert len(night.target) == len(night.control) == 8


def test_the_row_of_a_run() -> None:
    summary = nightly(
        [a_round(1, "target", valid=False, why_invalid="x")],
        trend={"verdict": "worse", "nights": 9, "worse": ["a"]},
        environment={**small()["environment"], "machine": "0badcafe"},
        requirement_results=[result()],
    )
    run = run_of(document_of(summary, "nightly-x"))
    assert (run.run, run.kind, run.target, run.profile) == (
        *("nightly-x", "nightly", "reference", "nightly"),
    )
    assert (run.machine, run.trend, run.valid) == ("0badcafe", "worse", False)
    assert run_of(document_of(small(), "a")).trend is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00Z"),
        ("2026-01-01T02:00:00.25+02:00", "2026-01-01T00:00:00.250000Z"),
    ],
)
def test_times_are_kept_in_one_form(said: str, kept: str) -> None:
    assert instant(said) == kept


def test_nights_beside_an_exchange_and_beside_an_endpoint_are_not_compared() -> None:
    beside = [a_round(1, "target", probe_us=figures(90.0)), a_round(1, "control")]
    alone = [a_round(1, "target", probe_us=figures(90.0))]
    names = [profile_of(nightly(rounds)) for rounds in (beside, alone, [a_round(1, "target")])]
    assert names == ["nightly", "nightly beside its endpoint", "nightly"]
