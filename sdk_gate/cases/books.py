"""Several books at once, books of many levels, and levels of any size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.cases.claim import Claim, equal, holds
from sdk_gate.cases.book import QUIET_S, begin, compare, is_synced, subscribed
from sdk_gate.cases.case import case
from sdk_gate.cases.feed import Feed
from sdk_gate.judges.streams import subscriptions
from sdk_gate.stage import Stage, until

OTHER: Final = "ETH/USDT"
CHANGES: Final = 20
MANY: Final = 300
KEPT: Final = 8
DUST: Final = "0.000000000000000001"  # the least that a coin of 18 places has
PLENTY: Final = "987654321.50"


@case(
    "sdk.book-follows-the-feed",
    "sdk.gaps-are-noticed",
    "sdk.subscriptions-are-restored",
    needs=("book",),
)
def two_books(stage: Stage) -> Iterator[Claim]:
    """Two markets count alike; the second loses a delta, and then the connection breaks."""
    feeds = [begin(stage)]
    feeds.append(subscribed(stage, Feed(stage.random, feeds[0].seq, OTHER)))
    for _ in range(CHANGES):
        for feed in feeds:
            stage.push(feed.change())
    for feed in feeds:
        title = f"each of two books follows its own feed ({feed.symbol})"
        yield compare("sdk.book-follows-the-feed", title, stage, feed)
    yield from _gap_of(stage, feeds[1])
    for feed in feeds:
        title = f"after a gap in one of two books both are right ({feed.symbol})"
        yield compare("sdk.gaps-are-noticed", title, stage, feed)
    yield from _break_of(stage, feeds)


def _gap_of(stage: Stage, feed: Feed) -> Iterator[Claim]:
    before = _count(stage, feed)
    feed.change()  # nobody hears of it
    stage.push(feed.change())
    asked = until(lambda: _count(stage, feed) > before, stage.soon_s)
    title = "after a gap in one of two books that one is fetched anew"
    actual = f"{_count(stage, feed) - before} subscriptions"
    yield holds("sdk.gaps-are-noticed", asked, title, "its topic is subscribed again", actual)


def _break_of(stage: Stage, feeds: list[Feed]) -> Iterator[Claim]:
    for feed in feeds:
        stage.take_over(feed.topic, list)
    before = [_count(stage, feed) for feed in feeds]
    stage.cut()
    until(lambda: all(stage.subscribers(feed.topic) for feed in feeds), stage.soon_s)
    until(lambda: False, QUIET_S)
    for feed in feeds:
        title = f"after a break neither of two books counts as right ({feed.symbol})"
        yield equal("sdk.gaps-are-noticed", title, "not synced", is_synced(stage, feed.symbol))
    for feed, count in zip(feeds, before, strict=True):
        stage.push(feed.snapshot())
        title = f"the snapshot after a break makes each of two books right ({feed.symbol})"
        yield compare("sdk.gaps-are-noticed", title, stage, feed)
        title = f"the topic of each of two books is subscribed again once ({feed.symbol})"
        found = _count(stage, feed) - count
        yield equal("sdk.subscriptions-are-restored", title, 1, found)


def _count(stage: Stage, feed: Feed) -> int:
    return len(subscriptions(stage.seen.stream, feed.topic))


@case("sdk.book-follows-the-feed", needs=("book",))
def many_levels(stage: Stage) -> Iterator[Claim]:
    """Of hundreds of levels nearly all go, the best ones first: those below them are the book then."""
    feed = begin(stage, count=MANY)
    gone = {
        side: {price: "0" for price, _ in levels[:-KEPT]} for side, levels in feed.levels.items()
    }
    stage.push(feed.tell_all(gone))
    title = f"of a book of {MANY} levels a side those remain that lay below the best"
    yield compare("sdk.book-follows-the-feed", title, stage, feed)


@case("sdk.book-follows-the-feed", needs=("book",))
def levels_of_any_size(stage: Stage) -> Iterator[Claim]:
    """Amounts are tiny and huge, deltas change both sides or nothing, and one side becomes empty and comes back."""
    feed = begin(stage)
    bid, ask = next(iter(feed.bids)), next(iter(feed.asks))
    small = {"bids": {bid: DUST}, "asks": {ask: PLENTY}}
    large = {"bids": {bid: PLENTY}, "asks": {ask: DUST}}
    for what, changed in (("small and large", small), ("large and small", large), ("no", {})):
        stage.push(feed.tell_all(changed))
        stage.push(feed.change())
        title = f"the book follows a delta with {what} amounts"
        yield compare("sdk.book-follows-the-feed", title, stage, feed)
    for side in ("bids", "asks"):
        levels = dict(getattr(feed, side))
        stage.push(feed.tell_all({side: dict.fromkeys(levels, "0")}))
        title = f"the book follows when all {side} go"
        yield compare("sdk.book-follows-the-feed", title, stage, feed)
        stage.push(feed.tell_all({side: levels}))
    yield compare("sdk.book-follows-the-feed", "and when they come back", stage, feed)
