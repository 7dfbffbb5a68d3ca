"""Checks of the depth channel: a copy of the book, kept by its events, is always the book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from conformance.cases.asks import BUY, SELL, decimal, member, rows
from conformance.cases.claim import CannotTell, Claim, holds
from conformance.cases.script import Frame, Script, Steps, World, check
from conformance.cases.spot_asks import clear, rest, tidy
from conformance.cases.stream_asks import (
    Line,
    channel_of,
    events,
    events_until,
    first_events,
    opened,
    quoted,
    shown_in_public,
    silence,
    stir,
    subscribed,
)
from conformance.model.replica import Book, Level, Replica, flaws
from conformance.spec.contract import Channel
from conformance.target import Market

ENOUGH_EVENTS = 12
POLL_MS = 100


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a book. `previous` is None for a snapshot."""

    frame: Frame
    sequence: int
    previous: int | None
    bids: list[Level]
    asks: list[Level]

    @property
    def is_snapshot(self) -> bool:
        """True when it holds the whole book."""
        return self.previous is None


def read(frame: Frame) -> Event:
    """An event of a book. Raises CannotTell when it is none."""
    value = frame.value
    data = member(value, "data", "a depth event")
    is_snapshot = member(value, "type", "a depth event") == "snapshot"
    previous = None if is_snapshot else _number(value, "prevSeq")
    return Event(frame, _number(value, "seq"), previous, _side(data, "bids"), _side(data, "asks"))


def _number(value: Any, key: str) -> int:
    found = member(value, key, "a depth event")
    if not isinstance(found, int) or isinstance(found, bool):
        raise CannotTell(f"{key} of a depth event is no integer: {found!r}")
    return found


def _side(data: Any, side: str) -> list[Level]:
    found: list[Level] = []
    for row in rows(member(data, side, "a book"), side):
        if not isinstance(row, list) or len(row) != 2:
            raise CannotTell(f"a level of {side} is not a price and an amount: {row!r}")
        found.append((decimal(row[0], "a price"), decimal(row[1], "an amount")))
    return found


@dataclass(slots=True)
class Story:
    """What the events of one topic, in order, made of a replica: every book it went through."""

    replica: Replica
    books: dict[int, Book]
    events: list[Event]

    @property
    def crossed(self) -> list[int]:
        """The sequence numbers at which the book was crossed."""
        return [sequence for sequence, book in self.books.items() if book.is_crossed]


def tell(frames: Sequence[Frame]) -> Story:
    """Follow events from the first to the last."""
    story = Story(Replica(), {}, [read(each) for each in frames])
    for event in story.events:
        if event.previous is None:
            story.replica.snapshot(event.sequence, event.bids, event.asks)
        else:
            story.replica.delta(event.previous, event.sequence, event.bids, event.asks)
        story.books[event.sequence] = story.replica.book
    return story


def judge(topic: str, frames: Sequence[Frame]) -> Iterator[Claim]:
    """What every stretch of a depth topic must keep, whatever it was heard for."""
    story = tell(frames)
    if not story.events:
        raise CannotTell(f"no event of {topic} came")
    yield _first_is_snapshot(topic, story)
    deltas = sum(not each.is_snapshot for each in story.events)
    if story.replica.gaps:
        title = f"the sequence of {topic} has a gap"
        shown = f"{story.replica.gaps[0]}: {quoted(*_around(story))}"
        yield holds("depth.sequence-without-gap", False, title, "prevSeq = the last seq", shown)
    elif deltas:
        title = f"{deltas} deltas of {topic} name the number before them"
        yield holds("depth.sequence-without-gap", True, title)
    yield from _uncrossed(topic, story)
    yield from _flawless(topic, story)


def _first_is_snapshot(topic: str, story: Story) -> Claim:
    first = story.events[0]
    title = f"the first event of {topic} is a snapshot"
    return holds("depth.snapshot-first", first.is_snapshot, title, "snapshot", quoted(first.frame))


def _around(story: Story) -> list[Frame]:
    """The event that makes the first gap, and the one before it."""
    replica = Replica()
    for place, event in enumerate(story.events):
        if event.previous is None:
            replica.snapshot(event.sequence, (), ())
        else:
            replica.delta(event.previous, event.sequence, (), ())
        if replica.gaps:
            return [each.frame for each in story.events[max(0, place - 1) : place + 1]]
    return []


def _uncrossed(topic: str, story: Story) -> Iterator[Claim]:
    crossed = story.crossed
    title = f"{len(story.books)} books of {topic} are not crossed"
    if not crossed:
        yield holds("depth.never-crossed", True, title)
        return
    book = story.books[crossed[0]]
    frame = next(each.frame for each in story.events if each.sequence == crossed[0])
    shown = f"bid {book.best_bid} and ask {book.best_ask} at seq {crossed[0]}: {quoted(frame)}"
    title = f"the book of {topic} is crossed"
    yield holds("depth.never-crossed", False, title, "best bid < best ask", shown)


def _flawless(topic: str, story: Story) -> Iterator[Claim]:
    for event in story.events:
        if event.is_snapshot:
            found = [*flaws(event.bids, highest_first=True), *flaws(event.asks, False)]
            title = f"a snapshot of {topic} is sorted, its prices unique, everything positive"
            shown = f"{'; '.join(found[:3])}: {quoted(event.frame)}" if found else "so"
            yield holds("depth.sorted-and-positive", not found, title, "no flaw", shown)


@check(
    "depth.snapshot-first",
    "depth.sorted-and-positive",
    "market.order-books-available",
    "market.public-without-authentication",
    requests=0,
)
def snapshots_of_every_market(world: World) -> Script:
    """Without credentials, each market's topic begins with a snapshot of its book."""
    books, public = "market.order-books-available", "market.public-without-authentication"
    line = yield from opened(world, "line", books, public)
    channel = channel_of(world, "depth")
    for market in world.target.markets:
        topic = channel.topic(symbol=market.symbol)
        heard = yield from shown_in_public(world, line, channel, topic, books, public)
        if heard:
            yield from judge(topic, heard)


@check(
    "depth.sequence-without-gap",
    "depth.never-crossed",
    "depth.snapshot-first",
    "depth.sorted-and-positive",
    requests=12,
)
def deltas_follow_each_other(world: World) -> Script:
    """In the busiest market, and in the quiet one, each delta follows the one before."""
    line = yield from opened(world, "line")
    channel = channel_of(world, "depth")
    markets = dict.fromkeys(
        each.symbol for each in (world.target.busy, world.target.quiet) if each is not None
    )
    for market in (each for each in world.target.markets if each.symbol in markets):
        topic = channel.topic(symbol=market.symbol)
        yield from subscribed(world, line, channel, topic)
        heard = yield from some_deltas(world, line, channel, topic, market)
        yield from judge(topic, heard)


def some_deltas(
    world: World, line: Line, channel: Channel, topic: str, market: Market
) -> Steps[list[Frame]]:
    """The events of a topic after some deltas, caused by us where trading is allowed."""
    yield from stir(world, market)
    yield from stir(world, market)
    # Where nobody else trades, a snapshot and four deltas of ours are all that there will be.
    enough = 5 if market.quiet else ENOUGH_EVENTS
    heard = yield from events_until(
        world, line, channel, topic, lambda frames: len(frames) >= enough
    )
    return heard


@check("depth.snapshot-and-deltas-make-a-fresh-snapshot", requests=12)
def replica_is_the_book(world: World) -> Script:
    """A second subscriber's fresh snapshot is the book that the first has kept by deltas."""
    requirement = "depth.snapshot-and-deltas-make-a-fresh-snapshot"
    channel, market = channel_of(world, "depth"), world.target.busy
    topic = channel.topic(symbol=market.symbol)
    old = yield from opened(world, "old")
    yield from subscribed(world, old, channel, topic)
    yield from some_deltas(world, old, channel, topic, market)
    new = yield from opened(world, "new")
    yield from subscribed(world, new, channel, topic)
    yield from first_events(world, new, channel, topic)
    yield from stir(world, market)
    waited = 0
    while not (common := _common(channel, topic, old, new)):
        if waited >= world.target.timing.settle_ms:
            raise CannotTell(f"two lines of {topic} came to no common sequence number")
        for line in (old, new):
            yield from silence(line, POLL_MS)
        waited += 2 * POLL_MS
    for sequence in sorted(common):
        kept, fresh = (_books(channel, topic, each)[sequence] for each in (old, new))
        differences = kept.differences(fresh)
        title = f"snapshot and deltas of {topic} make a fresh subscriber's book at the same seq"
        sizes = f"{len(kept.bids)} bids and {len(kept.asks)} asks alike"
        shown = f"at seq {sequence}: {'; '.join(differences[:4]) or sizes}"
        yield holds(requirement, not differences, title, "the same levels", shown)


def _books(channel: Channel, topic: str, line: Line) -> dict[int, Book]:
    return tell(events(channel, topic, line.frames)).books


def _common(channel: Channel, topic: str, old: Line, new: Line) -> set[int]:
    """The sequence numbers that both went through, the new one by its snapshot or later.

    The old line must have got there by deltas, else nothing of it is compared.
    """
    by_delta = {
        each.sequence
        for each in tell(events(channel, topic, old.frames)).events
        if not each.is_snapshot
    }
    return by_delta & _books(channel, topic, new).keys()


@check("depth.shows-own-order", needs=("trading",), requests=10)
def own_order_is_a_level(world: World) -> Script:
    """Far from the market, a resting order adds its amount to its level until cancelled."""
    market = world.target.quiet or world.target.busy
    channel = channel_of(world, "depth")
    topic = channel.topic(symbol=market.symbol)
    yield from clear(world, market)
    line = yield from opened(world, "line")
    yield from subscribed(world, line, channel, topic)
    yield from first_events(world, line, channel, topic)
    for direction in (BUY, SELL):
        yield from silence(line, POLL_MS)
        book = tell(events(channel, topic, line.frames)).replica.book
        order = yield from rest(world, world.first, market, direction)
        before = _side_of(book, direction).get(order.price, Decimal(0))
        level = Place(channel, topic, direction, order.price)
        try:
            yield from _becomes(world, line, level, before + order.amount, "resting order")
        finally:
            yield from tidy(world, (order.account, order.identity))
        yield from _becomes(world, line, level, before, "cancellation")


@dataclass(frozen=True, slots=True)
class Place:
    """A level of a book that a topic shows."""

    channel: Channel
    topic: str
    direction: int
    price: Decimal


def _side_of(book: Book, direction: int) -> Mapping[Decimal, Decimal]:
    return book.bids if direction == BUY else book.asks


def _becomes(world: World, line: Line, level: Place, amount: Decimal, why: str) -> Steps[None]:
    """Claim that the level has that amount before long."""

    def shown(frames: list[Frame]) -> Decimal:
        return _side_of(tell(frames).replica.book, level.direction).get(level.price, Decimal(0))

    heard = yield from events_until(
        world, line, level.channel, level.topic, lambda frames: shown(frames) == amount
    )
    side = "bid" if level.direction == BUY else "ask"
    title = f"after a {why} of ours the {side} {level.price} of {level.topic} has its amount"
    actual = f"{shown(heard)}: {quoted(*heard[-2:])}"
    yield holds("depth.shows-own-order", shown(heard) == amount, title, amount, actual)
