"""A client's copy of a book keeps what it is told, and notices what it was not told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from conformance.model.replica import Book, Level, Replica, flaws


def levels(*rows: str) -> list[Level]:
    """Levels from `price amount` texts."""
    return [(Decimal(price), Decimal(amount)) for price, amount in map(str.split, rows)]


def book(bids: list[Level], asks: list[Level]) -> Book:
    """A book of two sides."""
    return Book(dict(bids), dict(asks))


def test_deltas_set_add_and_remove_levels() -> None:
    replica = Replica()
    replica.snapshot(7, levels("99 1", "98 2"), levels("101 3"))
    replica.delta(7, 8, levels("99 0.5", "97 4"), levels("101 0"))
    replica.delta(8, 11, levels("98 0", "12 0"), levels("101.5 1"))
    assert replica.book == book(levels("99 0.5", "97 4"), levels("101.5 1"))
    assert (replica.sequence, replica.gaps) == (11, [])


def test_a_book_taken_earlier_stays_as_it_was() -> None:
    replica = Replica()
    replica.snapshot(1, levels("99 1"), [])
    before = replica.book
    replica.delta(1, 2, levels("99 0"), [])
    assert before == book(levels("99 1"), [])


def test_a_snapshot_starts_anew() -> None:
    replica = Replica()
    replica.snapshot(1, levels("99 1"), levels("100 1"))
    replica.snapshot(9, levels("50 1"), [])
    assert replica.book == book(levels("50 1"), [])
    assert replica.sequence == 9


@pytest.mark.parametrize(
    ("deltas", "gap"),
    [
        ([(5, 6), (6, 7)], None),
        ([(5, 9), (9, 12)], None),
        ([(5, 6), (7, 8)], "delta 8 follows 7, but 6 was last"),
        ([(4, 6)], "delta 6 follows 4, but 5 was last"),
        ([(5, 5)], "delta 5 does not rise above 5"),
        ([(5, 6), (5, 6)], "delta 6 follows 5, but 6 was last"),
    ],
)
def test_gaps(deltas: list[tuple[int, int]], gap: str | None) -> None:
    replica = Replica()
    replica.snapshot(5, [], [])
    for previous, sequence in deltas:
        replica.delta(previous, sequence, [], [])
    assert replica.gaps == ([] if gap is None else [gap])


def test_a_delta_before_any_snapshot_is_a_gap() -> None:
    replica = Replica()
    replica.delta(1, 2, levels("99 1"), [])
    assert replica.gaps == ["delta 2 came before any snapshot"]


@pytest.mark.parametrize(
    ("bids", "asks", "crossed"),
    [
        (["99 1", "98 1"], ["100 1"], False),
        (["100 1"], ["100 1"], True),
        (["99 1", "101 1"], ["100 1"], True),
        ([], ["100 1"], False),
        (["100 1"], [], False),
    ],
)
def test_crossed(bids: list[str], asks: list[str], crossed: bool) -> None:
    assert book(levels(*bids), levels(*asks)).is_crossed is crossed


@pytest.mark.parametrize(
    ("rows", "highest_first", "flaw"),
    [
        (["3 1", "2 1", "1 1"], True, None),
        (["1 1", "2 1"], False, None),
        ([], True, None),
        (["1 1", "2 1"], True, "2 comes after 1"),
        (["2 1", "1 1"], False, "1 comes after 2"),
        (["2 1", "2.0 1"], True, "2 stands there twice"),
        (["2 0"], True, "2 x 0 is not positive"),
        (["0 1"], False, "0 x 1 is not positive"),
        (["2 -1"], False, "2 x -1 is not positive"),
    ],
)
def test_flaws_of_a_side(rows: list[str], highest_first: bool, flaw: str | None) -> None:
    assert flaws(levels(*rows), highest_first) == ([] if flaw is None else [flaw])


def test_differences_name_level_and_amounts() -> None:
    here, there = book(levels("99 1", "98 2"), []), book(levels("99 1"), levels("101 3"))
    assert here.differences(there) == ["bid 98: 2 here, 0 there", "ask 101: 0 here, 3 there"]
    assert here.differences(here) == []
