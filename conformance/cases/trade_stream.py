"""Checks of the trades channel: every trade once, in order, as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from conformance.cases.asks import BUY, SELL, decimal, member, rows
from conformance.cases.claim import CannotTell, Claim, Verdict, equal, holds
from conformance.cases.own_trades import OwnTrade, trade_with_ourselves
from conformance.cases.run import reason_to_skip
from conformance.cases.script import Frame, Script, World, check
from conformance.cases.spot_asks import clear, rest
from conformance.cases.stream_asks import (
    channel_of,
    events,
    events_until,
    first_events,
    hear,
    is_snapshot,
    opened,
    quoted,
    shown_in_public,
    silence,
    subscribed,
)
from conformance.spec.contract import Channel
from conformance.target import Market

REAL_TIME = "stream.market-data-in-real-time"
MARKET_DATA = ("trades", "ticker", "kline", "depth")
BOOK = "depth"
ENOUGH_UPDATES = 2
WATCH_MS = 30_000
"""How long somebody else may take to trade in the busiest market."""
NAMES = {BUY: "BUY", SELL: "SELL"}


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade of an event."""

    identity: int
    price: Decimal
    amount: Decimal
    direction: str
    time: int
    frame: Frame

    def is_of(self, own: OwnTrade) -> bool:
        """True when it has the price and the amount of a trade of ours."""
        return (self.price, self.amount) == (own.price, own.amount)


def read(frame: Frame) -> list[Trade]:
    """The trades of an event, as they stand in it. Raises CannotTell when it holds others."""
    return [_trade(row, frame) for row in rows(member(frame.value, "data", "an event"), "trades")]


def _trade(row: Any, frame: Frame) -> Trade:
    identity, time = member(row, "id", "a trade"), member(row, "time", "a trade")
    if not isinstance(identity, int) or not isinstance(time, int):
        raise CannotTell(f"id and time of a trade are no integers: {row}")
    price = decimal(member(row, "price", "a trade"), "the price of a trade")
    amount = decimal(member(row, "amount", "a trade"), "the amount of a trade")
    return Trade(identity, price, amount, str(member(row, "direction", "a trade")), time, frame)


def trades_of(frames: Sequence[Frame]) -> list[Trade]:
    """The trades of several events, in the order in which they came."""
    return [trade for frame in frames for trade in read(frame)]


def judge_order(topic: str, frames: Sequence[Frame]) -> Claim:
    """Ids rise strictly, which makes them unique, and times do not go back."""
    found = trades_of(frames)
    title = f"{len(found)} trades of {topic} have rising ids and times"
    for earlier, later in pairwise(found):
        if later.identity <= earlier.identity or later.time < earlier.time:
            shown = (
                f"id {earlier.identity} at {earlier.time}, then id {later.identity} "
                f"at {later.time}: {quoted(later.frame)}"
            )
            return holds("trades.ids-unique-and-rising", False, title, "rising", shown)
    return holds("trades.ids-unique-and-rising", True, title)


@check(
    "trades.ids-unique-and-rising",
    "market.trades-available",
    "market.public-without-authentication",
    requests=4,
)
def trades_of_the_busiest_market(world: World) -> Script:
    """Without credentials, the trades of the busiest market come in order."""
    available, public = "market.trades-available", "market.public-without-authentication"
    line = yield from opened(world, "line", available, public)
    channel = channel_of(world, "trades")
    topic = channel.topic(symbol=world.target.busy.symbol)
    yield from shown_in_public(world, line, channel, topic, available, public)
    heard = yield from events_until(
        world, line, channel, topic, lambda frames: _updates(frames) >= ENOUGH_UPDATES
    )
    if len(trades_of(heard)) < 2:
        raise CannotTell(f"{topic} showed fewer than two trades")
    yield judge_order(topic, heard)


def _updates(frames: Sequence[Frame]) -> int:
    return sum(not is_snapshot(each) for each in frames)


@check(
    "trades.own-trade-appears-once",
    "trades.ids-unique-and-rising",
    needs=("trading", "two"),
    requests=24,
)
def own_trade_appears_once(world: World) -> Script:
    """A trade of ours, taken by a buyer and then by a seller, is shown once and as it was."""
    market = world.target.quiet or world.target.busy
    line = yield from opened(world, "line")
    channel = channel_of(world, "trades")
    topic = channel.topic(symbol=market.symbol)
    yield from subscribed(world, line, channel, topic)
    yield from first_events(world, line, channel, topic)
    try:
        for direction in (BUY, SELL):
            start = line.mark
            own = yield from trade_with_ourselves(world, market, direction)
            yield from events_until(world, line, channel, topic, bool, since=start)
            yield from silence(line)
            yield from judge_own(topic, own, events(channel, topic, line.frames[start:]))
    finally:
        yield from clear(world, market)
    yield judge_order(topic, events(channel, topic, line.frames))


def judge_own(topic: str, own: OwnTrade, frames: Sequence[Frame]) -> Iterator[Claim]:
    """The trade of ours is there once, and names the direction of the one who took."""
    requirement = "trades.own-trade-appears-once"
    # A snapshot after our trade may hold it too; it shows a state, not one more trade.
    found = [
        each for each in trades_of([x for x in frames if not is_snapshot(x)]) if each.is_of(own)
    ]
    title = f"a trade of {own.amount} at {own.price} appears once on {topic}"
    shown = f"{len(found)} times: {quoted(*frames) or 'no event came'}"
    yield holds(requirement, len(found) == 1, title, "once", shown, own.records)
    for trade in found[:1]:
        title = f"a trade on {topic} names the direction of its taker"
        expected = NAMES[own.taker_direction]
        yield equal(requirement, title, expected, trade.direction, own.records)


@check(REAL_TIME, needs=("trading", "two"), requests=12)
def own_trade_in_real_time(world: World) -> Script:
    """An order and a trade of ours reach the subscribers of their market within the time for a frame."""
    market = world.target.quiet or world.target.busy
    line = yield from opened(world, "line", REAL_TIME)
    wanted = _market_data(world, market)
    for channel, topic in wanted:
        yield from subscribed(world, line, channel, topic, REAL_TIME)
        yield from first_events(world, line, channel, topic)
    try:
        # Of a trade a book that is told in batches may show nothing: the order was there and gone between two.
        start = line.mark
        order = yield from rest(world, world.first, market, BUY)
        for channel, topic in (each for each in wanted if each[0].name == BOOK):
            heard = yield from events_until(world, line, channel, topic, bool, start)
            yield _arrived(world, topic, heard, f"an order at {order.price}", (order.record,))
        start = line.mark
        own = yield from trade_with_ourselves(world, market)
        for channel, topic in (each for each in wanted if each[0].name != BOOK):
            heard = yield from events_until(world, line, channel, topic, bool, start)
            yield _arrived(world, topic, heard, f"a trade at {own.price}", own.records)
    finally:
        yield from clear(world, market)


def _arrived(
    world: World, topic: str, heard: list[Frame], what: str, records: Sequence[int]
) -> Claim:
    within_ms = world.target.timing.frame_ms
    title = f"{what} reaches {topic} within {within_ms} ms"
    shown = quoted(*heard[-1:]) or "nothing came"
    return holds(REAL_TIME, bool(heard), title, "an event", shown, records)


def _market_data(world: World, market: Market) -> list[tuple[Channel, str]]:
    """A topic of each market data channel that the document has."""
    channels = world.contract.channels
    named = [channels[name] for name in MARKET_DATA if name in channels]
    about = {"symbol": market.symbol}
    return [
        (each, each.topic(**{**{k: v[0] for k, v in each.parameters.items() if v}, **about}))
        for each in named
    ]


@check(REAL_TIME, requests=0)
def trades_of_others_in_real_time(world: World) -> Script:
    """In the busiest market ticker and candle follow a trade of others within a frame's time."""
    if reason_to_skip(own_trade_in_real_time, world) is None:
        why = "a trade of our own is tried instead"
        yield Claim(REAL_TIME, Verdict.SKIPPED, why)
        return
    line = yield from opened(world, "line", REAL_TIME)
    wanted = [pair for pair in _market_data(world, world.target.busy) if pair[0].name != "depth"]
    for channel, topic in wanted:
        yield from subscribed(world, line, channel, topic, REAL_TIME)
        yield from first_events(world, line, channel, topic)
    start = line.mark
    channel, topic = wanted[0]
    yield from hear(line, lambda new: bool(events(channel, topic, new)), WATCH_MS, start)
    trades = events(channel, topic, line.frames[start:])
    if not trades:
        raise CannotTell(f"nobody traded: no update of {topic} came within {WATCH_MS} ms")
    within_ms = world.target.timing.frame_ms
    for channel, topic in wanted[1:]:
        heard = yield from events_until(world, line, channel, topic, bool, start)
        title = f"a trade of others reaches {topic} within {within_ms} ms"
        yield holds(REAL_TIME, bool(heard), title, quoted(*trades[:1]), quoted(*heard[:1]) or "-")
