"""What was seen of a slow reader, a storm, a ramp and of memory means what it is said to mean."""

from __future__ import annotations

from array import array
from random import Random

import pytest

from conformance.spec.contract import Contract
from load.histogram import histogram_of
from load.recorder import Kind
from load.streams import ramp, slow_reader, spans, storm
from load.streams.clocks import Offset
from load.streams.events import Delivered, Events, Window, delivered, quiet
from load.streams.memory import Look, slopes
from load.streams.memory import told as memory_told
from load.streams.ramp import OURS, Step, why_stop
from load.streams.slow_reader import Silence, close_code
from tests.load.rows import row, rows

CONTRACT = Contract.load()


def events(*given: tuple[str, str, int]) -> Events:
    found = Events()
    for topic, kind, at_ms in given:
        found.take({"topic": topic, "type": kind, "ts": at_ms})
    return found


# --- events -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "came", "expected"),
    [
        ([("a", "delta", 10), ("a", "delta", 19)], 2, 2),
        # one is missing
        ([("a", "delta", 10)], 1, 2),
        # what lies outside is not asked for, nor counted
        ([("a", "delta", 9), ("a", "delta", 10), ("a", "delta", 19), ("a", "delta", 20)], 2, 2),
        # the one that has more says what was to be expected
        ([("a", "delta", 10), ("a", "delta", 11), ("a", "delta", 19)], 3, 3),
        # a snapshot is no event, and what has no time cannot be placed
        ([("a", "snapshot", 10), ("a", "delta", None), ("a", "delta", "12")], 0, 2),
        ([], 0, 2),
    ],
)
def test_delivered_against_expected(other, came, expected):
    reference = events(("a", "delta", 10), ("a", "delta", 19), ("b", "update", 12))
    found = delivered(reference, [events(*other)], ["a"], Window(10, 20))
    assert found == Delivered(came, expected)


def test_quiet_topics_are_those_without_events_and_at_least_one():
    assert quiet(["a", "b", "c"], {"a": 990, "b": 9}) == ["c", "b"]
    assert quiet(["a", "b"], {"a": 50, "b": 50}) == ["a"]
    assert quiet([], {}) == []


# --- slow reader ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "did", "code"),
    [
        ({}, "kept everything", None),
        ({"came": Delivered(8, 9)}, "dropped some", None),
        ({"gaps": 1}, "dropped some", None),
        # it may still be under way, so it is not said to be dropped
        (
            {"came": Delivered(8, 9), "is_past": False},
            "was still behind when the trial ended",
            None,
        ),
        (
            {"why_ended": "the exchange closed the stream: 1008 too slow"},
            "disconnected it",
            1008,
        ),
        ({"why_ended": "the exchange closed the stream"}, "disconnected it", None),
        ({"why_ended": "[Errno 104] Connection reset by peer"}, "disconnected it", None),
    ],
)
def test_what_an_exchange_did_with_a_slow_reader(change, did, code):
    given = {"silent_s": 4.0, "waited_bytes": 9, "came": Delivered(9, 9), "gaps": 0}
    found = slow_reader.told(Silence(**{"is_past": True, **given, **change}))
    assert (found["did"], found["close_code"]) == (did, code)


def test_a_port_is_no_close_code():
    assert close_code("127.0.0.1:8081 does not answer") is None


# --- storm ------------------------------------------------------------------------------------------


def test_snapshots_are_asked_of_the_channels_whose_document_has_them():
    channels = storm.with_snapshots(CONTRACT)
    assert {"depth", "ticker", "kline"} <= channels
    assert "orders" not in channels
    heard = [
        events(("depth.X", "snapshot", 1), ("depth.X", "delta", 2), ("orders", "update", 1)),
        events(("depth.X", "delta", 1), ("depth.X", "snapshot", 2)),
    ]
    assert storm.begun_with(heard, channels) == {"snapshot_first": 1, "otherwise_first": 1}


def test_a_storm_is_told_of_all_processes_together():
    counts = {"cut": 8, "back": 7, "not_back": 1, "failures": {"refused": 1}}
    facts = {"storms": 2, "cpu_share": {"worker-0": 0.2, "worker-1": 0.7}}
    found = storm.told(counts, facts, histogram_of([1_000_000] * 7))
    assert (found["cut"], found["back"], found["not_back"], found["storms"]) == (8, 7, 1, 2)
    assert found["failures"] == {"refused": 1}
    assert found["generator_cpu_share"] == 0.7
    assert found["back_us"]["p50"] == pytest.approx(1000, rel=0.001)
    assert found["back_us"]["p99"] is None  # seven carry none


# --- ramp -------------------------------------------------------------------------------------------

STEP = {
    "connections": 2,
    "subscriptions": 8,
    "came": Delivered(50, 50),
    "gaps": 0,
    "busy_share": 0.3,
    "receive_lag_us": 900.0,
}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"came": Delivered(49, 50)}, "lost: 49 of 50 came, 0 gaps"),
        ({"gaps": 1}, "lost: 50 of 50 came, 1 gaps"),
        ({"refused": "4102 too many"}, "refused: 4102 too many"),
        ({"ended": "closed: 1008"}, "disconnected: closed: 1008"),
        # when we are at our limit nothing is laid at the exchange's door
        ({"busy_share": 0.99, "came": Delivered(1, 50), "ended": "closed: 1008"}, OURS),
        ({"receive_lag_us": 200_000.0, "came": Delivered(1, 50)}, OURS),
        ({"receive_lag_us": None}, None),
    ],
)
def test_why_a_ramp_stops(change, why):
    assert why_stop(Step(**{**STEP, **change}), busy_max=0.95) == why


def counted(connections: int, subscriptions: int, processes: int = 1) -> dict:
    size = {"connections": connections, "subscriptions": subscriptions, "gaps": 0}
    return {**size, "processes": processes, "delivered": 5, "expected": 5}


def known(why: str | None = None, worker: str = "w") -> dict:
    told = {"busy_share": {worker: 0.2}, "receive_lag_p99_us": {worker: 70.0}}
    return {**told, "why": {worker: why} if why else {}}


@pytest.mark.parametrize(
    ("counts", "facts", "of", "largest", "tested", "stopped_by"),
    [
        ([counted(1, 1), counted(2, 4)], [known(), known()], 1, 4, 4, ramp.END),
        ([counted(1, 1), counted(2, 4)], [known(), known("lost: 3")], 1, 1, 4, "lost: 3"),
        ([counted(1, 1)], [known()], 1, 1, 1, ramp.CUT),
        ([counted(1, 1)], [known("refused: 4102")], 1, None, 1, "refused: 4102"),
        ([], [], 1, None, None, ramp.CUT),
        # one of two workers stopped at the first step, so the second was not what it was to be
        ([counted(1, 1, 2), counted(1, 2, 1)], [known(OURS), known()], 2, None, 1, OURS),
        ([counted(1, 1, 2), counted(2, 4, 2)], [known(), known()], 2, 4, 4, ramp.END),
    ],
)
def test_the_largest_number_that_delivered_all(counts, facts, of, largest, tested, stopped_by):
    named = {ramp.name_of(number): each for number, each in enumerate(counts)}
    said = {ramp.name_of(number): each for number, each in enumerate(facts)}
    found = ramp.told(named, {**said, "topics": 48}, [(1, 1), (2, 2)], of)
    assert found["stopped_by"] == stopped_by
    assert (found["delivered_all_up_to"] or {}).get("subscriptions") == largest
    assert (found["tested_up_to"] or {}).get("subscriptions") == tested


# --- memory -----------------------------------------------------------------------------------------


def looks(noise: int = 0) -> list[Look]:
    """A set that grows by 1,000 bytes a second, 9,000 a connection and 50 a subscription."""
    draw, found = Random(1), []
    held = [(0, 0), (10, 0), (20, 0), (40, 0), (40, 200), (40, 400), (40, 800)]
    for at, (connections, subscriptions) in enumerate(each for each in held for _ in range(3)):
        size = 60_000_000 + 1000 * at + 9000 * connections + 50 * subscriptions
        found.append(
            Look(float(at), connections, subscriptions, size + draw.randint(-noise, noise))
        )
    return found


def test_slopes_are_apart_from_each_other_and_from_time():
    found = slopes(looks())
    assert (found["per_connection_bytes"], found["per_subscription_bytes"]) == (9000, 50)


def test_the_truth_lies_within_the_interval():
    found = slopes(looks(noise=5000))
    for name, truth in (("per_connection_bytes", 9000), ("per_subscription_bytes", 50)):
        low, high = found[f"{name}_interval"]
        assert low <= truth <= high
        assert low < high


def test_without_steps_there_is_no_slope_and_without_a_process_a_reason():
    assert slopes(looks()[:3]) is None
    assert slopes([Look(float(at), 1, 1, 5) for at in range(9)]) is None
    found = memory_told([], looks(), "it does not run on this machine")
    assert (found["exchange"], found["exchange_unknown_because"]) == (
        None,
        "it does not run on this machine",
    )
    assert found["client"]["per_connection_bytes"] == 9000
    assert memory_told([], looks(), None)["exchange_unknown_because"] == "too little was seen"


# --- spans ------------------------------------------------------------------------------------------


def span(per_s: float = 100.0, event_p50: float | None = 500.0, order_p99: float | None = 900.0):
    return {
        "messages_per_s": per_s,
        "event_to_kernel_at_most_us": {"p50": event_p50, "p90": None, "p99": None},
        "order_wire_us": {"p50": None, "p90": None, "p99": order_p99},
    }


@pytest.mark.parametrize(
    ("during", "says"),
    [
        (span(), []),
        (span(per_s=91.0, event_p50=1499.0, order_p99=2699.0), []),
        (span(per_s=89.0), ["89 messages a second, before 100"]),
        (span(event_p50=1501.0), ["event_to_kernel_at_most_us p50 1501, before 500"]),
        (span(order_p99=2701.0), ["order_wire_us p99 2701, before 900"]),
        (span(order_p99=None), []),
        (None, []),
    ],
)
def test_others_are_disturbed_when_they_fare_worse_than_before(during, says):
    assert spans.disturbed(span(), during) == says


def test_a_span_holds_what_came_and_was_sent_within_it():
    seen = iter([(10, 0), (30, 2), (50, 2), (70, 4)])
    found = spans.Spans(lambda: next(seen))
    for _ in range(2):
        with found.span("x"):
            pass
    counts = found.counts()
    assert (counts["x"]["messages"], counts["x"]["processes"]) == (40, 1)
    ages = array("q", [1000, 2000, 3000, 4000, 9000])
    times = found.times_ns(ages, Offset(0, 7), rows(), 0)
    assert list(times["span.x.events"]) == [1007, 2007, 3007, 4007]
    assert list(found.times_ns(ages, None, rows(), 0)["span.x.events"]) == []


def test_only_answered_orders_of_a_span_are_its_orders():
    found = spans.Spans(lambda: (0, 0))
    with found.span("x"):
        pass
    ((begin, end),) = found._spans["x"]
    before, within = begin.at_ns - 10, begin.at_ns
    sent = rows(
        row(before),
        row(within, 400_000),
        row(within, operation=1),
        row(within, kind=Kind.REFUSED),
        row(within, stamped=False),
        row(end.at_ns),
    )
    assert list(found.times_ns(array("q"), None, sent, 0)["span.x.orders"]) == [300_000]


def test_a_span_of_two_processes_has_the_rate_of_both():
    counts = {"x": {"messages": 40, "process_ns": 4 * 10**9, "cpu_ns": 1, "processes": 2}}
    found = spans.told("x", counts, {})
    assert (found["seconds"], found["messages_per_s"]) == (2.0, 20.0)
    assert found["order_wire_us"] == {"n": 0, "p50": None, "p90": None, "p99": None}
    assert spans.told("y", counts, {}) is None
