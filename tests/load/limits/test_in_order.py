"""What the picture of a limiter is drawn from."""

from __future__ import annotations

from load.limits.in_order import BATCHES_MOST, in_order
from load.limits.steps import Batch, Refusal, Subject
from load.limits.told import Told

ALICE = Subject("127.0.0.1", "alice", "", "listSpotOrders")


def refusal(at_s: float) -> Refusal:
    return Refusal(at_s, 0.001, 429, 3005, Told())


def test_a_batch_tells_its_span_since_the_first_and_what_came_of_it():
    rows = in_order(
        [Batch(ALICE, (100.0, 100.5), (refusal(100.6),)), Batch(ALICE, (), (refusal(130.0),))]
    )
    spans = [(row["from_s"], row["until_s"], row["accepted"], row["refused"]) for row in rows]
    assert spans == [(0, 0.6, 2, 1), (30, 30, 0, 1)]
    assert (rows[0]["account"], rows[0]["operation"]) == ("alice", "listSpotOrders")


def test_what_was_not_answered_at_all_is_no_row():
    assert in_order([Batch(ALICE, lost=3)]) == []
    assert in_order([]) == []


def test_a_long_experiment_is_cut():
    assert len(in_order([Batch(ALICE, (float(at),)) for at in range(900)])) == BATCHES_MOST
