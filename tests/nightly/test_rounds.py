"""Which rounds count, and what they measure."""

from __future__ import annotations

import pytest

from conformance import target
from conformance.record.rounds_file import valid_rounds
from conformance.rounds import scenario_of

REFERENCE = target.load("reference")


@pytest.mark.parametrize(
    ("rounds", "parts", "count"),
    [
        ([], 2, 0),
        ([(1, True)], 2, 0),
        ([(1, True), (1, True)], 2, 1),
        ([(1, True), (1, False), (2, True), (2, True)], 2, 1),
        ([(1, True), (2, False), (3, True)], 1, 2),
    ],
)
def test_a_round_counts_when_all_of_it_is_valid(rounds, parts, count):
    rows = [{"round": number, "valid": is_valid} for number, is_valid in rounds]
    assert valid_rounds(rows, parts) == count


def test_where_orders_are_not_allowed_reading_is_measured():
    assert scenario_of(REFERENCE) == "order_latency"
    closed = REFERENCE.allows.model_copy(update={"trading": False})
    assert scenario_of(REFERENCE.model_copy(update={"allows": closed})) == "mixed"
