"""The SDK's own book: it is asked for after feeds that are whole, torn, repeated and late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final

from conformance.cases.claim import Claim, equal, holds
from sdk_gate.cases.case import case
from sdk_gate.cases.streams import AT
from sdk_gate.judges.streams import subscriptions
from sdk_gate.stage import Stage, until

SYMBOL: Final = "BTC/USDT"
TOPIC: Final = f"depth.{SYMBOL}"
DELTAS: Final = 40
SETTLED_S: Final = 5.0
QUIET_S: Final = 0.3
ZEROS: Final = ("0", "0.00", "0.00000000")
SEQUENCES: Final = (2**31 - DELTAS // 2, 2**32 - DELTAS // 2, 2**53 - DELTAS // 2)


@dataclass(slots=True)
class Feed:
    """The exchange's book as it would be, and the frames that tell of it."""

    random: Random
    seq: int
    digits: int = 3  # how many a price has before its point
    bids: dict[str, str] = field(default_factory=dict)
    asks: dict[str, str] = field(default_factory=dict)

    def fill(self) -> None:
        """Another book, with no level of the one before."""
        self.digits += 1
        # Bids on both sides of a power of ten: as text they are in another order.
        start = 10**self.digits + self.random.randrange(1, 6)
        self.bids = {f"{start - n}.10": f"0.{n + 1}0" for n in range(8)}
        self.asks = {f"{start + 1 + n}.20": f"1.{n}500" for n in range(8)}

    def snapshot(self) -> dict[str, Any]:
        """The whole book."""
        return self._frame("snapshot", {"seq": self.seq}, self.bids, self.asks)

    def change(self) -> dict[str, Any]:
        """Something changes: a level goes, comes or has another amount; the delta that tells it."""
        side = self.random.choice(("bids", "asks"))
        levels = getattr(self, side)
        price = self.random.choice([*levels, self._new_price(side)])
        is_gone = price in levels and len(levels) > 4 and self.random.random() < 0.4
        amount = f"{self.random.randrange(1, 99)}.{self.random.randrange(1, 99)}0"
        return self.tell(side, price, "0" if is_gone else amount)

    def tell(self, side: str, price: str, amount: str) -> dict[str, Any]:
        """A level gets an amount, or goes; the delta that tells it."""
        levels = getattr(self, side)
        levels[price] = amount
        if not Decimal(amount):
            del levels[price]
        before, self.seq = self.seq, self.seq + self.random.randrange(1, 4)
        changed = {"bids": {}, "asks": {}, side: {price: amount}}
        return self._frame("delta", {"prevSeq": before, "seq": self.seq}, **changed)

    def _new_price(self, side: str) -> str:
        best = min(map(Decimal, self.asks)) if side == "asks" else max(map(Decimal, self.bids))
        away = Decimal(self.random.randrange(1, 900)) / 10
        return f"{best + away if side == 'asks' else best - away:.2f}"

    def _frame(
        self, kind: str, seq: dict[str, int], bids: dict[str, str], asks: dict[str, str]
    ) -> dict[str, Any]:
        data = {"bids": _best_first(bids, True), "asks": _best_first(asks, False)}
        return {"topic": TOPIC, "type": kind, **seq, "ts": AT, "data": data}

    @property
    def levels(self) -> dict[str, list[list[str]]]:
        """The book, best levels first."""
        return {"bids": _best_first(self.bids, True), "asks": _best_first(self.asks, False)}


def _best_first(levels: dict[str, str], is_bid: bool) -> list[list[str]]:
    return [[p, levels[p]] for p in sorted(levels, key=Decimal, reverse=is_bid)]


def _begin(stage: Stage, is_shown: bool = True, seq: int = 1000) -> Feed:
    """A book that was subscribed, and shown where it is to be."""
    feed = Feed(stage.random, seq)
    feed.fill()
    stage.take_over(TOPIC, lambda: [feed.snapshot()] if is_shown else [])
    stage.open(timing={"silenceMs": 60_000})
    stage.subscribe(TOPIC)
    if is_shown:
        until(lambda: _is(stage, feed), SETTLED_S)
    return feed


def _values(levels: Any) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(price), Decimal(amount)) for price, amount in levels]


def _is(stage: Stage, feed: Feed) -> bool:
    """True when the SDK's book is the exchange's, and said to be right."""
    book = stage.book(SYMBOL)
    return book["synced"] and all(
        _values(book[side]) == _values(feed.levels[side]) for side in ("bids", "asks")
    )


def _compare(requirement: str, title: str, stage: Stage, feed: Feed) -> Claim:
    """The book has to become the exchange's within a while."""
    is_same = until(lambda: _is(stage, feed), SETTLED_S)
    book = stage.book(SYMBOL)
    actual = f"{_is_synced(stage)}, {_shown(book)}"
    return holds(requirement, is_same, title, f"synced, {_shown(feed.levels)}", actual)


def _is_synced(stage: Stage) -> str:
    return "synced" if stage.book(SYMBOL)["synced"] else "not synced"


def _shown(book: Any) -> str:
    return "; ".join(
        f"{side} " + " ".join("@".join(reversed(level)) for level in book[side])
        for side in ("bids", "asks")
    )


@case("sdk.book-follows-the-feed", needs=("book",))
def whole_feed(stage: Stage) -> Iterator[Claim]:
    """A snapshot and forty deltas: levels come, change and go."""
    feed = _begin(stage)
    yield _compare("sdk.book-follows-the-feed", "the book is the snapshot", stage, feed)
    for _ in range(DELTAS):
        stage.push(feed.change())
    title = f"the book is the snapshot with {DELTAS} deltas applied"
    yield _compare("sdk.book-follows-the-feed", title, stage, feed)
    for zero in ZEROS:
        stage.push(feed.tell("asks", next(iter(feed.asks)), zero))
    title = f"levels go with an amount of {', '.join(ZEROS)}"
    yield _compare("sdk.book-follows-the-feed", title, stage, feed)
    zeros = [x for side in ("bids", "asks") for x in stage.book(SYMBOL)[side] if not Decimal(x[1])]
    title = "no level has an amount of zero"
    yield equal("sdk.book-follows-the-feed", title, [], zeros)
    asked = len(subscriptions(stage.seen.stream, TOPIC))
    title = "a feed without a gap is subscribed once"
    yield equal("sdk.book-follows-the-feed", title, 1, asked)


@case("sdk.book-follows-the-feed", needs=("book",))
def levels_written_otherwise(stage: Stage) -> Iterator[Claim]:
    """A delta writes the price of a level with another number of zeros: it is the same level."""
    feed = _begin(stage)
    for side, amount in (("bids", "7.50"), ("asks", "0"), ("bids", "0")):
        price = next(iter(getattr(feed, side)))
        frame = feed.tell(side, price, amount)
        frame["data"][side] = [[f"{price}00", amount]]
        stage.push(frame)
    title = "a level is the one of its price, however that is written"
    yield _compare("sdk.book-follows-the-feed", title, stage, feed)


@case("sdk.large-integers-are-read-exactly", needs=("book",))
def sequences_that_grow(stage: Stage) -> Iterator[Claim]:
    """The sequence of a book outgrows an int, an unsigned one, and what a double holds."""
    for seq in SEQUENCES:
        feed = _begin(stage, seq=seq)
        for _ in range(DELTAS):
            stage.push(feed.change())
        title = f"the book follows the sequence from {seq} on"
        yield _compare("sdk.large-integers-are-read-exactly", title, stage, feed)


@case("sdk.book-begins-with-a-snapshot", needs=("book",))
def deltas_before_the_snapshot(stage: Stage) -> Iterator[Claim]:
    """Deltas come first; the snapshot contains some of them, and those are sent once more after it."""
    feed = _begin(stage, is_shown=False)
    early = _of_one_level(feed)
    for frame in early:
        stage.push(frame)
    until(lambda: False, QUIET_S)
    book = stage.book(SYMBOL)
    title = "without a snapshot there is no book"
    is_none = not book["synced"]
    yield holds("sdk.book-begins-with-a-snapshot", is_none, title, "not synced", _shown(book))
    stage.push(feed.snapshot())
    for frame in early[1:-1]:  # all of them would lead to the snapshot again
        stage.push(frame)
    title = "what the snapshot contains is not applied again"
    yield _compare("sdk.book-begins-with-a-snapshot", title, stage, feed)
    for _ in range(3):
        stage.push(feed.change())
    title = "what follows the snapshot is applied"
    yield _compare("sdk.book-begins-with-a-snapshot", title, stage, feed)


@case("sdk.gaps-are-noticed", needs=("book",))
def gap(stage: Stage) -> Iterator[Claim]:
    """A delta is lost. Until a new snapshot comes the book is wrong, and has to be said to be."""
    feed = _begin(stage)
    held = True
    stage.take_over(TOPIC, lambda: [] if held else [feed.snapshot()])
    feed.change()  # nobody hears of it
    for _ in range(3):
        stage.push(feed.change())
    asked = until(lambda: len(subscriptions(stage.seen.stream, TOPIC)) >= 2, SETTLED_S)
    title = "after a gap the book is fetched anew"
    actual = f"{len(subscriptions(stage.seen.stream, TOPIC))} subscriptions"
    yield holds("sdk.gaps-are-noticed", asked, title, "the topic is subscribed again", actual)
    title = "until it has come the book does not count as right"
    yield equal("sdk.gaps-are-noticed", title, "not synced", _is_synced(stage))
    held = False
    stage.push(feed.snapshot())
    for _ in range(2):
        stage.push(feed.change())
    yield _compare("sdk.gaps-are-noticed", "the new snapshot makes the book right", stage, feed)


@case("sdk.gaps-are-noticed", needs=("book",))
def break_without_a_snapshot(stage: Stage) -> Iterator[Claim]:
    """The connection breaks, and the snapshot of the new one takes its time."""
    feed = _begin(stage)
    stage.take_over(TOPIC, list)
    stage.cut()
    until(lambda: len(subscriptions(stage.seen.stream, TOPIC)) >= 2, stage.soon_s)
    until(lambda: False, QUIET_S)
    title = "after a break the book does not count as right before a snapshot"
    yield equal("sdk.gaps-are-noticed", title, "not synced", _is_synced(stage))
    feed.change()  # while nobody was connected
    stage.push(feed.change())
    until(lambda: False, QUIET_S)
    title = "nor after a delta"
    yield equal("sdk.gaps-are-noticed", title, "not synced", _is_synced(stage))
    stage.push(feed.snapshot())
    title = "the snapshot after a break makes the book right"
    yield _compare("sdk.gaps-are-noticed", title, stage, feed)


@case("sdk.snapshots-replace-the-book", needs=("book",))
def second_snapshot(stage: Stage) -> Iterator[Claim]:
    """Another snapshot comes, with none of the levels of the first; then the connection breaks, and a third comes."""
    feed = _begin(stage)
    feed.fill()
    feed.seq += 100
    stage.push(feed.snapshot())
    title = "no level of the book before a snapshot remains"
    yield _compare("sdk.snapshots-replace-the-book", title, stage, feed)
    feed.fill()
    feed.seq += 100
    stage.cut()
    until(lambda: len(subscriptions(stage.seen.stream, TOPIC)) >= 2, stage.soon_s)
    title = "no level of the book before a break remains"
    yield _compare("sdk.snapshots-replace-the-book", title, stage, feed)


def _of_one_level(feed: Feed) -> list[dict[str, Any]]:
    """Deltas of one level, so that each but the last would make the book wrong if it were applied later."""
    price = next(iter(feed.bids))
    return [feed.tell("bids", price, amount) for amount in ("2.50", "0", "3.50", "4.50")]


@case("sdk.repeated-deltas-change-nothing", needs=("book",))
def repeated_delta(stage: Stage) -> Iterator[Claim]:
    """Deltas that were applied come again, after later ones."""
    feed = _begin(stage)
    frames = [*_of_one_level(feed), *(feed.change() for _ in range(3)), *_of_one_level(feed)]
    for frame in (*frames[:3], frames[1], *frames[3:], frames[0], frames[-2]):
        stage.push(frame)
    title = "deltas that come again change nothing"
    yield _compare("sdk.repeated-deltas-change-nothing", title, stage, feed)


@case("sdk.books-keep-their-digits", needs=("book",))
def trailing_zeros(stage: Stage) -> Iterator[Claim]:
    """Levels with trailing zeros, as a checksum over a book's text would need them."""
    feed = _begin(stage)
    stage.push(feed.change())
    until(lambda: _is(stage, feed), SETTLED_S)
    book = stage.book(SYMBOL)
    for side in ("bids", "asks"):
        title = f"{side} keep their digits as sent"
        yield equal("sdk.books-keep-their-digits", title, feed.levels[side], book[side])
