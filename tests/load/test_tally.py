"""Frames are counted by topic, and a break in a sequence is seen once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from load.tally import Tally

TOPIC = "depth.BTC/USDT"


def snapshot(seq: int) -> dict:
    return {"topic": TOPIC, "type": "snapshot", "seq": seq, "ts": 1, "data": {}}


def delta(seq: int, previous: int) -> dict:
    return {"topic": TOPIC, "type": "delta", "seq": seq, "prevSeq": previous, "ts": 1, "data": {}}


def tally_of(frames: list[dict], counts: bool = True) -> Tally:
    tally = Tally()
    for frame in frames:
        tally.take(json.dumps(frame).encode(), counts)
    return tally


@pytest.mark.parametrize(
    ("frames", "gaps"),
    [
        ([snapshot(7), delta(8, 7), delta(9, 8)], 0),
        # numbers may leap, as long as each names the one before
        ([snapshot(7), delta(20, 7), delta(30, 20)], 0),
        ([snapshot(7), delta(9, 8), delta(10, 9)], 1),
        # twice the same
        ([snapshot(7), delta(8, 7), delta(8, 7)], 1),
        # a delta before any snapshot
        ([delta(8, 7)], 1),
        # a new snapshot starts anew
        ([snapshot(7), snapshot(50), delta(51, 50)], 0),
        # topics do not mix
        ([snapshot(7), {**snapshot(90), "topic": "depth.ETH/USDT"}, delta(8, 7)], 0),
        # no sequence, no gap
        ([{"topic": "trades.BTC/USDT", "type": "update", "data": []}] * 3, 0),
    ],
)
def test_gaps(frames, gaps):
    tally = tally_of(frames)
    assert (tally.gaps, tally.events.total()) == (gaps, len(frames))


def test_sequences_are_followed_before_counting_begins():
    tally = tally_of([snapshot(7), delta(8, 7)], counts=False)
    tally.take(json.dumps(delta(9, 8)).encode(), counts=True)
    assert (tally.events.total(), tally.gaps) == (1, 0)


def test_answers_and_nonsense_are_not_events():
    tally = tally_of([{"op": "subscribe", "id": "1", "success": True, "args": []}])
    tally.take(b"no json", counts=True)
    tally.take(b"[1]", counts=True)
    assert (tally.acknowledged, tally.unreadable, tally.events.total()) == (1, 2, 0)


def test_a_refused_subscription_is_remembered():
    tally = tally_of([{"op": "error", "success": False, "code": 4102, "message": "unknown"}])
    assert tally.refused == "4102 unknown"


def test_an_event_is_handed_back_and_anything_else_is_not():
    tally = Tally()
    assert tally.take(json.dumps(snapshot(7)).encode(), counts=False) == snapshot(7)
    assert tally.take(json.dumps(delta(8, 7)).encode(), counts=True) == delta(8, 7)
    assert tally.take(b'{"id": "1", "success": true}', counts=True) is None
    assert tally.take(b"no json", counts=True) is None


EVENTS = st.fixed_dictionaries(
    {"topic": st.sampled_from(["a", "b"])},
    optional={
        "type": st.sampled_from(["snapshot", "delta"]),
        "seq": st.sampled_from([1, 2, 3, "2", None]),
        "prevSeq": st.sampled_from([1, 2, 3, "2", None]),
    },
)


@given(events=st.lists(EVENTS, max_size=12))
def test_gaps_are_those_of_the_rule_however_events_are_formed(events):
    last, gaps = {}, 0
    for event in events:
        topic, number = event["topic"], event.get("seq")
        if not isinstance(number, int):
            continue
        is_bound = event.get("type") != "snapshot" and "prevSeq" in event
        gaps += is_bound and (topic not in last or event["prevSeq"] != last[topic])
        last[topic] = number
    tally = tally_of(events)
    assert (tally.gaps, tally.events.total(), tally.unreadable) == (gaps, len(events), 0)


@pytest.mark.parametrize(
    ("at", "counted"), [(9, 0), (10, 1), (19, 1), (20, 0), ("late", 1), (None, 1)]
)
def test_what_counts_is_decided_by_the_time_of_the_event(at, counted):
    tally = Tally(from_ms=10, until_ms=20)
    event = tally.take(json.dumps({**snapshot(7), "ts": at}).encode(), counts=True)
    assert event["ts"] == at
    assert tally.events.total() == counted
    assert tally.take(
        json.dumps({**delta(8, 7), "ts": 10}).encode(), counts=True
    )  # followed all the same
    assert tally.gaps == 0
