"""Percentiles are right where they are given, absent where the samples do not carry them."""

from __future__ import annotations

import io
import json
from array import array

import pytest
from hdrh.histogram import HdrHistogram

from load.plan import Profile, Stage, plan
from load.recorder import (
    Kind,
    Recorder,
    Sample,
    figures,
    histogram,
    needed,
    percentile,
    receive_lag_ns,
    response_ns,
    send_lag_ns,
    wire_ns,
)


@pytest.mark.parametrize(("quantile", "samples"), [(0.5, 5), (0.9, 29), (0.99, 299), (0.999, 2995)])
def test_a_percentile_needs_its_number_of_samples(quantile, samples):
    assert needed(quantile) == samples
    assert percentile(range(samples - 1), quantile) is None
    assert percentile(range(samples), quantile) is not None


@pytest.mark.parametrize(
    ("count", "quantile", "value"),
    [
        (5, 0.5, 3),
        (10, 0.5, 5),
        (11, 0.5, 6),
        (100, 0.9, 90),
        (1000, 0.99, 990),
        (1001, 0.99, 991),
        (3000, 0.999, 2997),
        (10_000, 0.999, 9990),
    ],
)
def test_a_percentile_is_the_smallest_value_not_exceeded_by_its_share(count, quantile, value):
    assert percentile(range(1, count + 1), quantile) == value


def test_figures_are_microseconds_with_a_tenth():
    made = figures([250_149, 250_151, 1_000_000, 40, 250_100])
    assert made == {"p50": 250.1, "p90": None, "p99": None, "p999": None, "max": 1000.0}


def test_no_samples_give_no_figures():
    assert set(figures([]).values()) == {None}


def test_sub_millisecond_values_are_told_apart():
    values = [406_000] * 500 + [773_000] * 400 + [893_000] * 100
    assert figures(values)["p50"] == 406.0
    assert figures(values)["p90"] == 773.0
    assert figures(values)["p99"] == 893.0


@pytest.mark.parametrize(
    ("sample", "wire", "response", "send_lag", "receive_lag"),
    [
        # free in time: everything after the intended time but before sending is our own lateness
        (Sample(0, 0, 1000, 500, 1100, 1400, 1500), 300, 500, 100, 100),
        # the connection came free late: the wait belongs to the response, not to our lateness
        (Sample(0, 0, 1000, 3000, 3050, 3400, 3500), 350, 2500, 50, 100),
        # no stamp: the wire ends where we read, and no receive lag can be told
        (Sample(0, 0, 1000, 500, 1100, 0, 1500), 400, 500, 100, 0),
    ],
)
def test_the_times_of_a_sample(sample, wire, response, send_lag, receive_lag):
    assert wire_ns(sample) == wire
    assert response_ns(sample) == response
    assert send_lag_ns(sample) == send_lag
    assert receive_lag_ns(sample) == receive_lag


def test_samples_come_back_as_they_were_recorded():
    recorder = Recorder()
    given = [
        Sample(recorder.number_of(name), Kind.ANSWERED, k, k + 1, k + 2, k + 3, k + 4)
        for k, name in enumerate(["place", "cancel", "place"])
    ]
    for sample in given:
        recorder.add(sample)
    assert list(recorder.samples()) == given
    assert recorder.operations == ["place", "cancel"]


def test_a_full_recorder_counts_what_it_drops():
    recorder = Recorder(limit=2)
    for _ in range(5):
        recorder.add(Sample(0, 0, 1, 1, 1, 1, 1))
    assert (len(recorder), recorder.dropped) == (2, 3)


def test_dumped_samples_can_be_read_from_their_description():
    recorder = Recorder()
    recorder.add(Sample(recorder.number_of("place"), 0, 1, 2, 3, 4, 5))
    file = io.BytesIO()
    recorder.dump(file)
    described = json.loads(json.dumps(recorder.describe()))
    values = array("q")
    values.frombytes(file.getvalue())
    assert len(values) == described["samples"] * len(described["fields"])
    assert values[described["fields"].index("sent_ns")] == 3


def test_the_histogram_can_be_read_by_the_codec_and_keeps_what_is_out_of_range():
    values = [500, 300_000, 300_000, 2_000_000, 10**16]
    read = HdrHistogram.decode(histogram(values))
    assert read.get_total_count() == len(values)
    assert read.get_value_at_percentile(50) == pytest.approx(300, rel=0.001)
    assert read.get_min_value() == 1


@pytest.mark.parametrize(
    ("stall_s", "base_s"),
    [(1.0, 0.010), (1.0, 0.0004), (0.2, 0.010)],
)
@pytest.mark.parametrize(("name", "quantile"), [("p99", 0.99), ("p999", 0.999)])
def test_a_stall_is_not_omitted(stall_s, base_s, name, quantile):
    # At a constant rate over T, with one stall D and otherwise an answer after b, every request due
    # during the stall waits for its end: the quantile is b + D - (1 - q) T, while it is above b.
    total_s = 60.0 if stall_s >= 1 else 15.0
    made = plan(Profile("any", "mixed", 1, 0.0, (Stage(1000, total_s),)))
    from_ns, until_ns = int(5e9), int(5e9 + stall_s * 1e9)
    recorder = Recorder()
    for due_ns in made.offsets_ns:
        served_ns = until_ns if from_ns <= due_ns < until_ns else due_ns
        answered_ns = served_ns + int(base_s * 1e9)
        recorder.add(Sample(0, 0, due_ns, due_ns, due_ns, answered_ns, answered_ns))
    expected_s = base_s + stall_s - (1 - quantile) * total_s
    measured = figures([response_ns(each) for each in recorder.samples()])[name]
    assert measured == pytest.approx(expected_s * 1e6, rel=0.03)
