"""Workers' parts come together as one process would have had it, and a killed run is read from its journals."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from conformance.errors import RunError
from load.asked import Asked
from load.attribution import Attribution
from load.exchange_counts import Beside
from load.histogram import histogram_of
from load.journal import Head, Journal, journals, path_of, read
from load.lines import lines_of
from load.part import Part, added, conclude, joined
from load.plan import Profile, Stage, plan
from load.recorder import FIELDS, Rows
from load.recovery import KILLED, NO_PROBE, part_of, recovered
from load.timeline import Timeline
from tests.load.rows import MS, row, rows
from tests.load.test_attribution import EVERY
from tests.load.test_judge import BOUNDS, WATCHED

START = 1_000_000_000_000
PROFILE = Profile("smoke", "order_latency", 4, 1.0, (Stage(100, 4.0),))
PLAN = plan(PROFILE)
ASKED = Asked(PROFILE, PLAN, frozenset({"place"}))
OPERATIONS = ["place", "cancel"]
ATTRIBUTION = Attribution({"read"}, problems={"none"})
ATTRIBUTION.add([EVERY])


def samples(offsets) -> Rows:
    """One order and its cancel for each planned time."""
    made = [(START + at, 300_000 + at % 7919 * 100) for at in offsets]
    orders = [row(due, took) for due, took in made]
    cancels = [row(due + MS, took // 2, 1, follows=True) for due, took in made]
    return rows(*orders, *cancels)


def part(worker: str, found: Rows, **change) -> Part:
    """What a worker delivers."""
    timeline = Timeline()
    timeline.add(found, OPERATIONS, PLAN, START)
    given = {"worker": worker, "timeline": timeline, "stop_ns": PLAN.end_ns, "watched": WATCHED}
    return Part(**{**given, **change})


def test_four_workers_conclude_what_one_process_would_have():
    whole = conclude(ASKED, [part("", samples(PLAN.offsets_ns))], [], BOUNDS)
    shares = [samples(PLAN.part(number, 4).offsets_ns) for number in range(4)]
    sent = [
        part(f"worker-{number}", share, number=number, of=4).pack()
        for number, share in enumerate(shares)
    ]
    merged = conclude(ASKED, [Part.unpack(each) for each in reversed(sent)], [], BOUNDS)
    said = {name: (each["valid"], each["n"]) for name, each in merged["generator"].items()}
    assert said == {f"worker-{number}": (True, 100) for number in range(4)}
    del whole["generator"], merged["generator"]
    assert merged == whole


def test_a_worker_that_ran_badly_is_named_and_the_others_are_not():
    late = replace(WATCHED, busy_share=0.99)
    parts = [
        part("worker-0", samples(PLAN.part(0, 2).offsets_ns), number=0, of=2),
        part("worker-1", samples(PLAN.part(1, 2).offsets_ns), number=1, of=2, watched=late),
    ]
    found = conclude(ASKED, parts, [], BOUNDS)
    assert found["why_invalid"].startswith("the load generator's worker-1 was busy 99%")
    assert [each["valid"] for each in found["generator"].values()] == [True, False]
    said = lines_of(found)
    assert "  workers: 1 of 2 valid" in said
    assert any(line.startswith("    worker-1: the load generator's worker-1 was") for line in said)


def test_a_lost_worker_without_a_journal_is_in_the_result_all_the_same():
    gone = Part("worker-1", Timeline(), 0, number=1, of=2, lost="worker-1 was lost")
    here = part("worker-0", samples(PLAN.part(0, 2).offsets_ns), number=0, of=2)
    found = conclude(ASKED, [here, gone], [], BOUNDS)
    assert (found["valid"], found["partial"]) == (False, True)
    row = found["generator"]["worker-1"]
    assert (row["valid"], row["n"], row["offered_per_s"]) == (False, 0, 50.0)
    assert row["why_invalid"] == "worker-1 was lost"
    assert found["generator"]["worker-0"]["valid"]


def test_a_part_travels_whole():
    given = part(
        "worker-1",
        samples(PLAN.offsets_ns),
        facts={"topics": 48},
        counts={"messages": 3},
        histograms={"order_to_stream": histogram_of([1000, 2000])},
        attribution=ATTRIBUTION,
        first_error="place: 500",
    )
    assert Part.unpack(given.pack()) == given


def beside(difference: int = 0, **change) -> Beside:
    """What the exchange counted of two workers that logged in once each: the warm-up is among it."""
    return Beside({"cancel": 500, "login": 2, "place": 500 + difference}, **change)


def two_workers(**change) -> list[Part]:
    shares = [samples(PLAN.part(number, 2).offsets_ns) for number in range(2)]
    return [
        part(f"worker-{n}", each, number=n, of=2, outside={"login": 1}, **change)
        for n, each in enumerate(shares)
    ]


def test_what_all_workers_sent_is_what_the_exchange_counted():
    found = conclude(ASKED, two_workers(), [], BOUNDS, beside(is_ours_alone=True))
    assert found["valid"]
    assert found["extra"]["sent"] == found["extra"]["exchange_counted"] == dict(beside().counted)
    assert "count_difference" not in found["extra"]


@pytest.mark.parametrize(("is_ours_alone", "is_valid"), [(True, False), (False, True)])
def test_what_differs_is_said_and_counts_against_the_run_where_nobody_else_asks(
    is_ours_alone, is_valid
):
    found = conclude(ASKED, two_workers(), [], BOUNDS, beside(-3, is_ours_alone=is_ours_alone))
    assert found["extra"]["count_difference"] == {"place": -3}
    assert found["valid"] is is_valid
    assert is_valid or "counted 3 fewer place" in found["why_invalid"]


def test_a_log_in_without_an_answer_may_have_been_counted_or_not():
    counted = Beside({"cancel": 500, "place": 500}, is_ours_alone=True)
    assert not conclude(ASKED, two_workers(), [], BOUNDS, counted)["valid"]
    mine = two_workers(unanswered={"login": 1})
    assert conclude(ASKED, mine, [], BOUNDS, counted)["valid"]


def test_nothing_is_compared_where_a_worker_was_lost():
    found = conclude(ASKED, two_workers(), ["worker-2 was lost"], BOUNDS, beside(9))
    assert "count_difference" not in found["extra"]


def test_counts_add_up_and_facts_do_not():
    assert added({"a": 1, "by": {"x": 1}}, {"a": 2, "by": {"x": 1, "y": 5}}) == {
        "a": 3,
        "by": {"x": 2, "y": 5},
    }
    one, other = {"topics": 4, "clocks": {"w0": 1}}, {"topics": 4, "clocks": {"w1": 2}}
    assert joined(one, other) == {"topics": 4, "clocks": {"w0": 1, "w1": 2}}


def head_of(worker: str, start_ns: int, profile: Profile, number: int = 0, of: int = 1) -> Head:
    """The first line of a journal."""
    return Head(
        scenario="order_latency",
        worker=worker,
        start_ns=start_ns,
        operations=OPERATIONS,
        profile=asdict(profile),
        seed=1,
        number=number,
        of=of,
        headline=["place"],
    )


def written(folder, worker: str, found: Rows, cut: int = 0) -> None:
    """A journal, its last bytes cut off."""
    head = head_of(worker, START, PROFILE)
    journal = Journal(path_of(folder, "order_latency", worker), head)
    data = found.astype("<i8").tobytes()
    journal.write(data[: len(data) - cut])
    journal.close()


def test_a_journal_comes_back_but_for_a_row_that_was_cut(tmp_path):
    found = samples(PLAN.offsets_ns)
    written(tmp_path, "", found, cut=5)
    head, again = read(path_of(tmp_path, "order_latency"))
    assert (head.operations, head.start_ns, head.headline) == (OPERATIONS, START, ["place"])
    assert again.tolist() == found.tolist()[:-1]
    assert again.shape[1] == len(FIELDS)


def test_a_killed_run_is_made_from_its_journals_and_says_that_it_is_partial(tmp_path):
    for number in range(2):
        share = samples(PLAN.part(number, 2).offsets_ns)
        written(tmp_path, f"worker-{number}", share[share[:, 1] < START + 3000 * MS])
    assert len(journals(tmp_path, "order_latency")) == 2
    found = recovered(tmp_path, "order_latency")
    assert found is not None
    assert (found["n"], found["partial"], found["valid"]) == (200, True, False)
    assert KILLED in found["why_invalid"]
    assert found["attribution"]["load"]["n"] == 200
    assert found["attribution"]["probe"]["not_to_be_had"] == NO_PROBE
    assert recovered(tmp_path, "mixed") is None


def test_a_lost_workers_journal_is_read_where_it_can_be_seen(tmp_path):
    written(tmp_path, "worker-1", samples(PLAN.offsets_ns))
    found = part_of(tmp_path, ASKED, "worker-1")
    assert found is not None
    assert found.timeline == part("worker-1", samples(PLAN.offsets_ns)).timeline
    assert part_of(tmp_path, ASKED, "worker-2") is None
    assert part_of(None, ASKED, "worker-1") is None


@pytest.mark.parametrize("text", [b"", b"no json\n", b"[1]\n", b'{"scenario": "x"}\n'])
def test_what_is_no_journal_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "load-mixed.samples"
    path.write_bytes(text)
    with pytest.raises(RunError, match="no journal"):
        read(path)


def test_a_disk_that_takes_no_more_is_said_in_one_line(tmp_path):
    written(tmp_path, "", samples(PLAN.offsets_ns))
    head, _ = read(path_of(tmp_path, "order_latency"))
    with pytest.raises(RunError, match="No space left on device"):
        Journal(Path("/dev/full"), head)
