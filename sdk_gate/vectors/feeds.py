"""The feeds of messages.json. A table: frames in order, and the local order book after each of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sdk_gate.vectors.answers import LARGE
from sdk_gate.vectors.frames import FRAMES

FOLLOWS = "sdk.book-follows-the-feed"
BEGINS = "sdk.book-begins-with-a-snapshot"
GAPS = "sdk.gaps-are-noticed"
REPLACES = "sdk.snapshots-replace-the-book"
REPEATED = "sdk.repeated-deltas-change-nothing"
DIGITS = "sdk.books-keep-their-digits"


@dataclass(frozen=True, slots=True)
class Feed:
    """Frames, and after each the book in the notation `bid, bid | ask, ask`; None while it is not to be trusted."""

    id: str
    requirement: str
    about: str
    steps: tuple[tuple[str, str | None], ...]


def sides(text: str) -> dict[str, list[list[str]]]:
    """`99 1, 98 2 | 101 3` as pairs of price and amount, bids before asks."""
    bids, _, asks = text.partition("|")
    return {"bids": _levels(bids), "asks": _levels(asks)}


def _levels(text: str) -> list[list[str]]:
    return [each.split() for each in text.split(",") if each.strip()]


def snapshot(seq: int, book: str, symbol: str = "BTC/USDT") -> str:
    """A frame with a whole book."""
    head = {"topic": f"depth.{symbol}", "type": "snapshot", "seq": seq, "ts": 1800000000000}
    return json.dumps({**head, "data": sides(book)}, separators=(",", ":"))


def delta(previous: int, seq: int, changes: str, symbol: str = "BTC/USDT") -> str:
    """A frame with changes of a book."""
    head = {
        "topic": f"depth.{symbol}",
        "type": "delta",
        "seq": seq,
        "prevSeq": previous,
        "ts": 1800000000100,
    }
    return json.dumps({**head, "data": sides(changes)}, separators=(",", ":"))


START = "73999 1, 73998 2 | 74001 3, 74002 4"

FEEDS = (
    Feed("snapshot-alone", FOLLOWS, "A snapshot is a book.", ((snapshot(41, START), START),)),
    Feed(
        "empty-book",
        FOLLOWS,
        "A book without levels is one.",
        ((snapshot(1, "|"), "|"), (delta(1, 2, "5 1 |"), "5 1 |"), (delta(2, 3, "5 0 |"), "|")),
    ),
    Feed(
        "one-side",
        FOLLOWS,
        "A side may be empty.",
        ((snapshot(1, "| 74001 3"), "| 74001 3"), (delta(1, 2, "| 74001 0"), "|")),
    ),
    Feed(
        "set-add-remove",
        FOLLOWS,
        "An amount is absolute, a new price is a new level, zero removes one.",
        (
            (snapshot(41, START), START),
            (delta(41, 42, "73999 0.5 |"), "73999 0.5, 73998 2 | 74001 3, 74002 4"),
            (delta(42, 43, "| 74001.5 7"), "73999 0.5, 73998 2 | 74001 3, 74001.5 7, 74002 4"),
            (delta(43, 44, "73999 0 | 74001 0"), "73998 2 | 74001.5 7, 74002 4"),
        ),
    ),
    Feed(
        "remove-what-is-not-there",
        FOLLOWS,
        "Zero at a price without a level changes nothing.",
        ((snapshot(41, START), START), (delta(41, 42, "70000 0 | 80000 0"), START)),
    ),
    Feed(
        "zero-in-other-words",
        FOLLOWS,
        "0.00000000 is zero.",
        (
            (snapshot(41, START), START),
            (delta(41, 42, "73999 0.00000000 | 74001 0.0"), "73998 2 | 74002 4"),
        ),
    ),
    Feed(
        "sorted-as-numbers",
        FOLLOWS,
        "9.5 is less than 10, and 100 more, whatever their letters say.",
        (
            (snapshot(1, "9.5 1 | 10 1"), "9.5 1 | 10 1"),
            (
                delta(1, 2, "9.25 2, 0.5 3 | 100 2, 11 3"),
                "9.5 1, 9.25 2, 0.5 3 | 10 1, 11 3, 100 2",
            ),
        ),
    ),
    Feed(
        "prices-beyond-doubles",
        DIGITS,
        "Two prices that are one as a double stay two levels.",
        (
            (snapshot(1, "12345678.1234567890123456 1 |"), "12345678.1234567890123456 1 |"),
            (
                delta(1, 2, "12345678.1234567890123457 2 |"),
                "12345678.1234567890123457 2, 12345678.1234567890123456 1 |",
            ),
        ),
    ),
    Feed(
        "digits-stay",
        DIGITS,
        "Zeros at the end stay where they were sent.",
        (
            (snapshot(1, "73999.00 1.50 | 74001.10 0.0010"), "73999.00 1.50 | 74001.10 0.0010"),
            (delta(1, 2, "73999.00 1.500 |"), "73999.00 1.500 | 74001.10 0.0010"),
        ),
    ),
    Feed(
        "numbers-skip",
        FOLLOWS,
        "Sequence numbers need not rise by one; prevSeq tells what follows what.",
        (
            (snapshot(41, START), START),
            (delta(41, 50, "73999 9 |"), "73999 9, 73998 2 | 74001 3, 74002 4"),
        ),
    ),
    Feed(
        "delta-first",
        BEGINS,
        "Deltas before the snapshot make no book, and the snapshot holds them already.",
        (
            (delta(39, 40, "73999 8 |"), None),
            (delta(40, 41, "73999 9 |"), None),
            (snapshot(41, START), START),
            (delta(41, 42, "73998 0 |"), "73999 1 | 74001 3, 74002 4"),
        ),
    ),
    Feed(
        "old-deltas-after",
        BEGINS,
        "Deltas that the snapshot holds already, and that come after it, are not applied again.",
        (
            (snapshot(41, START), START),
            (delta(39, 40, "73999 8 |"), START),
            (delta(40, 41, "73999 0 |"), START),
            (delta(41, 42, "73998 0 |"), "73999 1 | 74001 3, 74002 4"),
        ),
    ),
    Feed(
        "repeated",
        REPEATED,
        "The same delta twice is applied once.",
        (
            (snapshot(41, START), START),
            (delta(41, 42, "73999 0.5 |"), "73999 0.5, 73998 2 | 74001 3, 74002 4"),
            (delta(42, 43, "73999 0.7 |"), "73999 0.7, 73998 2 | 74001 3, 74002 4"),
            (delta(41, 42, "73999 0.5 |"), "73999 0.7, 73998 2 | 74001 3, 74002 4"),
            (delta(43, 44, "| 74001 0"), "73999 0.7, 73998 2 | 74002 4"),
        ),
    ),
    Feed(
        "gap",
        GAPS,
        "After a delta was missed the book is wrong until there is a new snapshot.",
        (
            (snapshot(41, START), START),
            (delta(42, 43, "73999 0.5 |"), None),
            (delta(43, 44, "| 74001 0"), None),
            (snapshot(44, "73999 0.5 | 74002 4"), "73999 0.5 | 74002 4"),
            (delta(44, 45, "| 74003 1"), "73999 0.5 | 74002 4, 74003 1"),
        ),
    ),
    Feed(
        "overlap",
        GAPS,
        "A delta that begins before the book and ends after it does not follow it.",
        (
            (snapshot(41, START), START),
            (delta(40, 42, "73999 0.5 |"), None),
            (snapshot(42, "73999 0.5 |"), "73999 0.5 |"),
        ),
    ),
    Feed(
        "snapshot-replaces",
        REPLACES,
        "No level of the old book remains.",
        ((snapshot(41, START), START), (snapshot(60, "73000 1 | 75000 1"), "73000 1 | 75000 1")),
    ),
    Feed(
        "numbers-begin-anew",
        REPLACES,
        "A snapshot with a lower number, after a restart, counts.",
        (
            (snapshot(41, START), START),
            (snapshot(3, "73000 1 | 75000 1"), "73000 1 | 75000 1"),
            (delta(3, 4, "73000 2 |"), "73000 2 | 75000 1"),
        ),
    ),
    Feed(
        "sequence-beyond-doubles",
        LARGE,
        "Sequence numbers of 64 bits are told apart: here one delta is missing.",
        (
            (snapshot(9007199254740992, START), START),
            (delta(9007199254740993, 9007199254740994, "73999 0 |"), None),
        ),
    ),
    Feed(
        "others-between",
        FOLLOWS,
        "Frames of other markets and topics leave the book alone.",
        (
            (snapshot(41, START), START),
            (snapshot(7, "2500 1 | 2501 1", "ETH/USDT"), START),
            (FRAMES[0].text, START),
            (delta(7, 8, "2500 0 |", "ETH/USDT"), START),
            (delta(41, 42, "73998 0 |"), "73999 1 | 74001 3, 74002 4"),
        ),
    ),
)
