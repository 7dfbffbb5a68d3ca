"""The SDK's own book: it is asked for after feeds that are whole, torn, repeated and late."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from conformance.cases.claim import Claim, equal, holds
from sdk_gate.cases.case import case
from sdk_gate.cases.feed import Feed
from sdk_gate.judges.streams import subscriptions
from sdk_gate.stage import Stage, until

SYMBOL: Final = "BTC/USDT"
TOPIC: Final = f"depth.{SYMBOL}"
DELTAS: Final = 40
SETTLED_S: Final = 5.0
QUIET_S: Final = 0.3
ZEROS: Final = ("0", "0.00", "0.00000000")
SEQUENCES: Final = (2**31 - DELTAS // 2, 2**32 - DELTAS // 2, 2**53 - DELTAS // 2)


def begin(stage: Stage, is_shown: bool = True, seq: int = 1000, count: int = 8) -> Feed:
    """A book that was subscribed, and shown where it is to be."""
    stage.open(timing={"silenceMs": 60_000})
    return subscribed(stage, Feed(stage.random, seq), is_shown, count)


def subscribed(stage: Stage, feed: Feed, is_shown: bool = True, count: int = 8) -> Feed:
    """A further book of the client that is open."""
    feed.fill(count)
    stage.take_over(feed.topic, lambda: [feed.snapshot()] if is_shown else [])
    stage.subscribe(feed.topic)
    if is_shown:
        stage.settles(lambda: _is(stage, feed), SETTLED_S)
    return feed


def _values(levels: Any) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(price), Decimal(amount)) for price, amount in levels]


def _is(stage: Stage, feed: Feed) -> bool:
    """True when the SDK's book is the exchange's, and said to be right."""
    book = stage.book(feed.symbol)
    return book["synced"] and all(
        _values(book[side]) == _values(feed.levels[side]) for side in ("bids", "asks")
    )


def compare(requirement: str, title: str, stage: Stage, feed: Feed) -> Claim:
    """The book has to become the exchange's within a while."""
    is_same = stage.settles(lambda: _is(stage, feed), SETTLED_S)
    book = stage.book(feed.symbol)
    actual = f"{is_synced(stage, feed.symbol)}, {_shown(book)}"
    return holds(requirement, is_same, title, f"synced, {_shown(feed.levels)}", actual)


def is_synced(stage: Stage, symbol: str = SYMBOL) -> str:
    """What the SDK says of its book, in words."""
    return "synced" if stage.book(symbol)["synced"] else "not synced"


def _shown(book: Any) -> str:
    return "; ".join(
        f"{side} " + " ".join("@".join(reversed(level)) for level in book[side])
        for side in ("bids", "asks")
    )


@case("sdk.book-follows-the-feed", needs=("book",))
def whole_feed(stage: Stage) -> Iterator[Claim]:
    """A snapshot and forty deltas: levels come, change and go."""
    feed = begin(stage)
    yield compare("sdk.book-follows-the-feed", "the book is the snapshot", stage, feed)
    for _ in range(DELTAS):
        stage.push(feed.change())
    title = f"the book is the snapshot with {DELTAS} deltas applied"
    yield compare("sdk.book-follows-the-feed", title, stage, feed)
    for zero in ZEROS:
        stage.push(feed.tell("asks", next(iter(feed.asks)), zero))
    title = f"levels go with an amount of {', '.join(ZEROS)}"
    yield compare("sdk.book-follows-the-feed", title, stage, feed)
    zeros = [x for side in ("bids", "asks") for x in stage.book(SYMBOL)[side] if not Decimal(x[1])]
    title = "no level has an amount of zero"
    yield equal("sdk.book-follows-the-feed", title, [], zeros)
    asked = len(subscriptions(stage.seen.stream, TOPIC))
    title = "a feed without a gap is subscribed once"
    yield equal("sdk.book-follows-the-feed", title, 1, asked)


@case("sdk.book-follows-the-feed", needs=("book",))
def levels_written_otherwise(stage: Stage) -> Iterator[Claim]:
    """A delta writes the price of a level with another number of zeros: it is the same level."""
    feed = begin(stage)
    for side, amount in (("bids", "7.50"), ("asks", "0"), ("bids", "0")):
        price = next(iter(getattr(feed, side)))
        frame = feed.tell(side, price, amount)
        frame["data"][side] = [[f"{price}00", amount]]
        stage.push(frame)
    title = "a level is the one of its price, however that is written"
    yield compare("sdk.book-follows-the-feed", title, stage, feed)


@case("sdk.large-integers-are-read-exactly", needs=("book",))
def sequences_that_grow(stage: Stage) -> Iterator[Claim]:
    """The sequence of a book outgrows an int, an unsigned one, and what a double holds."""
    for seq in SEQUENCES:
        feed = begin(stage, seq=seq)
        for _ in range(DELTAS):
            stage.push(feed.change())
        title = f"the book follows the sequence from {seq} on"
        yield compare("sdk.large-integers-are-read-exactly", title, stage, feed)


@case("sdk.book-begins-with-a-snapshot", needs=("book",))
def deltas_before_the_snapshot(stage: Stage) -> Iterator[Claim]:
    """Deltas come first; the snapshot contains some of them, and those are sent once more after it."""
    feed = begin(stage, is_shown=False)
    early = _of_one_level(feed)
    for frame in early:
        stage.push(frame)
    feed.tell("bids", next(reversed(feed.bids)), "5.50")  # nobody hears of it but by the snapshot
    until(lambda: False, QUIET_S)
    book = stage.book(SYMBOL)
    title = "without a snapshot there is no book"
    is_none = not book["synced"]
    yield holds("sdk.book-begins-with-a-snapshot", is_none, title, "not synced", _shown(book))
    stage.push(feed.snapshot())
    for frame in early[1:-1]:  # all of them would lead to the snapshot again
        stage.push(frame)
    title = "what the snapshot contains is not applied again"
    yield compare("sdk.book-begins-with-a-snapshot", title, stage, feed)
    for _ in range(3):
        stage.push(feed.change())
    title = "what follows the snapshot is applied"
    yield compare("sdk.book-begins-with-a-snapshot", title, stage, feed)


@case("sdk.gaps-are-noticed", needs=("book",))
def gap(stage: Stage) -> Iterator[Claim]:
    """A delta is lost, and later another. Until a new snapshot comes the book is wrong, and has to be said to be."""
    feed = begin(stage)
    for which in ("gap", "second gap"):
        stage.take_over(TOPIC, list)
        before = _count(stage)
        feed.change()  # nobody hears of it
        for _ in range(3):
            stage.push(feed.change())
        asked = until(lambda n=before: _count(stage) > n, stage.soon_s)  # type: ignore[misc]  # untyped default
        title = f"after a {which} the book is fetched anew"
        actual = f"{_count(stage) - before} subscriptions"
        expected = "the topic is subscribed again"
        yield holds("sdk.gaps-are-noticed", asked, title, expected, actual)
        title = f"until it has come after a {which} the book does not count as right"
        yield equal("sdk.gaps-are-noticed", title, "not synced", is_synced(stage))
        stage.take_over(TOPIC, lambda: [feed.snapshot()])
        stage.push(feed.snapshot())
        for _ in range(2):
            stage.push(feed.change())
        title = f"the new snapshot makes the book right after a {which}"
        yield compare("sdk.gaps-are-noticed", title, stage, feed)


def _count(stage: Stage) -> int:
    return len(subscriptions(stage.seen.stream, TOPIC))


@case("sdk.gaps-are-noticed", needs=("book",))
def break_without_a_snapshot(stage: Stage) -> Iterator[Claim]:
    """The connection breaks, and the snapshot of the new one takes its time."""
    feed = begin(stage)
    stage.take_over(TOPIC, list)
    stage.cut()
    until(lambda: len(subscriptions(stage.seen.stream, TOPIC)) >= 2, stage.soon_s)
    until(lambda: False, QUIET_S)
    title = "after a break the book does not count as right before a snapshot"
    yield equal("sdk.gaps-are-noticed", title, "not synced", is_synced(stage))
    feed.change()  # while nobody was connected
    stage.push(feed.change())
    until(lambda: False, QUIET_S)
    title = "nor after a delta"
    yield equal("sdk.gaps-are-noticed", title, "not synced", is_synced(stage))
    stage.push(feed.snapshot())
    title = "the snapshot after a break makes the book right"
    yield compare("sdk.gaps-are-noticed", title, stage, feed)


@case("sdk.snapshots-replace-the-book", needs=("book",))
def second_snapshot(stage: Stage) -> Iterator[Claim]:
    """Snapshots with none of the levels before: without a side, of an exchange that counts anew, over a break."""
    feed = begin(stage)
    for side in ("bids", "asks"):
        feed.fill()
        setattr(feed, side, {})
        feed.seq += 100
        stage.push(feed.snapshot())
        title = f"of a snapshot without {side} no level of the book before remains"
        yield compare("sdk.snapshots-replace-the-book", title, stage, feed)
    feed.fill()
    feed.seq = 5
    for frame in (feed.snapshot(), feed.change()):
        stage.push(frame)
    title = "a snapshot of an exchange that counts anew takes the place of the book"
    yield compare("sdk.snapshots-replace-the-book", title, stage, feed)
    feed.fill()
    feed.seq += 100
    stage.push(feed.snapshot())
    title = "no level of the book before a snapshot remains"
    yield compare("sdk.snapshots-replace-the-book", title, stage, feed)
    feed.fill()
    feed.seq += 100
    stage.cut()
    until(lambda: len(subscriptions(stage.seen.stream, TOPIC)) >= 2, stage.soon_s)
    title = "no level of the book before a break remains"
    yield compare("sdk.snapshots-replace-the-book", title, stage, feed)


def _of_one_level(feed: Feed) -> list[dict[str, Any]]:
    """Deltas of one level, so that each but the last would make the book wrong if it were applied later."""
    price = next(iter(feed.bids))
    return [feed.tell("bids", price, amount) for amount in ("2.50", "0", "3.50", "4.50")]


@case("sdk.repeated-deltas-change-nothing", needs=("book",))
def repeated_delta(stage: Stage) -> Iterator[Claim]:
    """Deltas that were applied come again, after later ones."""
    feed = begin(stage)
    frames = [*_of_one_level(feed), *(feed.change() for _ in range(3)), *_of_one_level(feed)]
    for frame in (*frames[:3], frames[1], *frames[3:], frames[0], frames[-2], frames[-1]):
        stage.push(frame)
    title = "deltas that come again change nothing"
    yield compare("sdk.repeated-deltas-change-nothing", title, stage, feed)
    # Whoever took one for a gap has not the snapshot that would hide it.
    stage.take_over(TOPIC, list)
    stage.push(frames[-1])
    until(lambda: False, QUIET_S)
    title = "the last delta, once more, leaves the book as right as it was"
    yield equal("sdk.repeated-deltas-change-nothing", title, "synced", is_synced(stage))


@case("sdk.books-keep-their-digits", needs=("book",))
def trailing_zeros(stage: Stage) -> Iterator[Claim]:
    """Levels with trailing zeros, as a checksum over a book's text would need them."""
    feed = begin(stage)
    stage.push(feed.change())
    stage.settles(lambda: _is(stage, feed), SETTLED_S)
    book = stage.book(SYMBOL)
    for side in ("bids", "asks"):
        title = f"{side} keep their digits as sent"
        yield equal("sdk.books-keep-their-digits", title, feed.levels[side], book[side])
