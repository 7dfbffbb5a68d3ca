"""A client that misses a gap, or sees one that is none, is told apart."""

from __future__ import annotations

import pytest

from tests.bench import streams
from tests.bench.stream_clients import Said


def rounds(mine: tuple[int, int], theirs: tuple[int, int], is_valid: bool = True) -> streams.Rounds:
    """One round of ours and of another, each with (gaps noticed, promises broken)."""

    def heard(noticed: int, broken: int) -> list[streams.Heard]:
        said = Said(1e5, 2e5, 1, noticed, 0, 50.0, 90.0, (20.0, 40.0), is_valid)
        return [streams.Heard(said, broken)]

    return {"ours": heard(*mine), "ws": heard(*theirs)}


WHOLE = rounds((0, 0), (0, 0))


@pytest.mark.parametrize(
    ("fast", "paced", "reached"),
    [
        (WHOLE, rounds((20, 20), (20, 20)), [True, True]),
        (WHOLE, rounds((19, 20), (20, 20)), [False, True]),
        (WHOLE, rounds((20, 20), (19, 20)), [False, True]),
        (WHOLE, rounds((20, 20), (21, 20)), [False, True]),
        (WHOLE, WHOLE, [False, True]),  # nothing was broken: nothing is shown
        (rounds((0, 0), (1, 0)), rounds((20, 20), (20, 20)), [True, False]),
    ],
)
def test_every_gap_has_to_be_noticed_and_none_invented(fast, paced, reached):
    assert [row.reached for row in streams._noticed([fast], [paced])] == reached


def test_a_rate_that_is_received_by_an_invalid_run_is_not_reached():
    found = [
        streams._paced(100_000, rounds((0, 0), (0, 0), valid)).reached for valid in (True, False)
    ]
    assert found == [True, False]
