"""What the exchange counted is ours to the last request, or it is said how much it differs."""

from __future__ import annotations

import pytest

from conformance.errors import TargetUnreachable
from conformance.target import load
from load.exchange_counts import Beside, difference, requests_at, sentence

REFERENCE = load("reference", {})


@pytest.mark.parametrize(
    ("sent", "counted", "uncertain", "found"),
    [
        ({"a": 5}, {"a": 5}, {}, {}),
        ({"a": 5, "b": 1}, {"a": 5}, {}, {"b": -1}),
        ({"a": 5}, {"a": 5, "b": 2}, {}, {"b": 2}),
        # what had no answer may have been served or not
        ({"a": 5}, {"a": 4}, {"a": 1}, {}),
        ({"a": 5}, {"a": 5}, {"a": 1}, {}),
        ({"a": 5}, {"a": 3}, {"a": 1}, {"a": -2}),
        # and explains nothing that was never sent
        ({"a": 5}, {"a": 6}, {"a": 1}, {"a": 1}),
        ({"a": 5, "b": 5}, {"a": 4, "b": 5}, {"b": 1}, {"a": -1}),
    ],
)
def test_only_what_was_lost_may_be_missing(sent, counted, uncertain, found):
    assert difference(sent, counted, uncertain) == found


@pytest.mark.parametrize(
    ("before", "after", "counted"),
    [
        ({}, {"a": 3}, {"a": 3}),
        ({"a": 3}, {"a": 3, "b": 1}, {"b": 1}),
        # it began anew meanwhile
        ({"a": 3}, {"a": 1}, {"a": -2}),
    ],
)
def test_the_count_of_a_run_is_what_it_grew_by(before, after, counted):
    found = Beside.of(before, after, True)
    assert found is not None
    assert found.counted == counted


@pytest.mark.parametrize(("before", "after"), [(None, {"a": 1}), ({}, None), (None, None)])
def test_an_exchange_that_does_not_tell_has_no_count(before, after):
    assert Beside.of(before, after, True) is None


def test_a_difference_is_one_sentence():
    said = "the exchange counted 3 more getX, 2 fewer login than were sent"
    assert sentence({"getX": 3, "login": -2}) == said


def test_without_a_control_address_nobody_is_asked():
    assert requests_at(REFERENCE.at("http://127.0.0.1:9")) is None


def test_a_control_address_that_is_dead_is_said_in_one_line():
    with pytest.raises(TargetUnreachable, match="does not answer"):
        requests_at(REFERENCE.at("http://127.0.0.1:9", control="http://127.0.0.1:9"))
