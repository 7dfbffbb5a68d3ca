"""Connections that go silent, break, are refused or hung up on: what an SDK comes back with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from conformance.cases.claim import CannotTell, Claim, Verdict, equal, holds
from sdk_gate.arrivals import StreamEvent
from sdk_gate.cases.case import case
from sdk_gate.cases.requests import LIMIT_BUY
from sdk_gate.cases.retries import LEAST_MEAN_MS, apart
from sdk_gate.cases.streams import KLINE, MONTHS, TICKER, TRADES, collect, event, ids, trade
from sdk_gate.judges.restoring import topics
from sdk_gate.judges.streams import subscriptions
from sdk_gate.stage import RETRY_MS, SILENCE_MS, Stage, until

REFUSALS: Final = 5
REFUSALS_OF_SLOW: Final = 3
QUICK_RETRY_MS: Final = 50
QUARTER: Final = (
    0.25  # of a pause: half of what full jitter has on an average where it does not grow
)
NS_PER_MS: Final = 1_000_000
QUIET_S: Final = 0.6
SETTLED_S: Final = 2.0
SOON_AFTER_S: Final = 0.2
HANGS_UP_MS: Final = 400
REPEATED: Final = 60  # how many trades a snapshot has: no document bounds it
PRIVATE: Final = ("orders", "account")
# Two silences are waited for, and a ping has to come well within each.
QUIET_TIMING: Final = {"silenceMs": 500, "pingMs": 120}


@case("sdk.silence-is-noticed", needs=("streams",))
def silence(stage: Stage) -> Iterator[Claim]:
    """A connection stays open and says nothing more, not even a pong; then so does the one after it."""
    stage.take_over(TRADES, list)
    stage.open(timing=QUIET_TIMING)
    stage.subscribe(TRADES)
    silence_s = 1.5 * max(0, stage.waits_ms("silenceMs") - SILENCE_MS) / 1000
    for which in ("silent", "second silent"):
        before = stage.seen.connections()
        stage.exchange.do(stage.exchange.streams.mute)

        def is_replaced(before: Sequence[int] = before) -> bool:
            found = subscriptions(stage.seen.stream, TRADES)
            return any(each.connection not in before for each in found)

        again = until(is_replaced, stage.soon_s + silence_s)
        title = f"a {which} connection is replaced, and the topic subscribed again"
        actual = f"{len(stage.seen.connections())} connections"
        yield holds("sdk.silence-is-noticed", again, title, "another connection", actual)
        if not again:
            return
    until(lambda: stage.push(event(TRADES, "update", [trade(7)])) > 0, 2)
    title = "events of the new connection reach the caller"
    got = ids(collect(stage, TRADES, 1))
    yield holds("sdk.silence-is-noticed", "7" in got, title, "trade 7", got)


@case(
    "sdk.subscriptions-are-restored",
    "sdk.ended-subscriptions-stay-ended",
    "sdk.frames-are-documented",
    needs=("streams",),
)
def connection_breaks(stage: Stage) -> Iterator[Claim]:
    """Several topics, one of them ended; the connection breaks, and the next one is closed in order."""
    for topic in (TRADES, TICKER, KLINE, MONTHS):
        stage.take_over(topic, list)
    stage.open()
    stage.subscribe(TRADES)
    kept = (TRADES, *(topic for topic in (KLINE, MONTHS) if stage.offers(topic)))
    stage.subscribe(TICKER)
    stage.unsubscribe(TICKER)
    for how, act in (("break", stage.cut), ("restart of the exchange", stage.go_away)):
        mark = len(stage.seen.stream)
        act()
        until(lambda mark=mark: set(kept) <= _restored(stage, mark).keys(), stage.soon_s)  # type: ignore[misc]  # untyped default
        until(lambda: False, QUIET_S)
        found = _restored(stage, mark)
        for topic in kept:
            title = f"a topic is subscribed again after a {how}, once"
            yield equal("sdk.subscriptions-are-restored", title, 1, found[topic])
        title = f"an ended topic is not subscribed again after a {how}"
        yield equal("sdk.ended-subscriptions-stay-ended", title, 0, found[TICKER])
    stage.push(event(TRADES, "update", [trade(9)]))
    got = ids(collect(stage, TRADES, 1))
    title = "events go on after a break"
    yield holds("sdk.subscriptions-are-restored", got == ["9"], title, "trade 9 once", got)


def _restored(stage: Stage, mark: int) -> Counter[str]:
    """How often each topic was subscribed since a place in the log."""
    return Counter(topic for each in stage.seen.stream[mark:] for topic in topics(each))


@case("sdk.reconnects-are-apart", needs=("streams",))
def exchange_restarts(stage: Stage) -> Iterator[Claim]:
    """The connection breaks, and the next ones are refused."""
    stage.take_over(TRADES, list)
    stage.open(timing={"retryMs": QUICK_RETRY_MS})
    stage.subscribe(TRADES)
    is_slow = stage.waits_ms("retryMs") > RETRY_MS  # its pauses double until nobody wants to wait
    refusals = REFUSALS_OF_SLOW if is_slow else REFUSALS
    again, at_ns = _refused(stage, refusals)
    pauses_ms = _pauses_ms(at_ns)
    if again and any(each.verdict is Verdict.FAIL for each in _apart(stage, pauses_ms)):
        again, at_ns = _refused(stage, refusals)  # chance may have made the pauses short
        pauses_ms += _pauses_ms(at_ns)
    title = "connecting goes on until it succeeds"
    actual = f"{len(at_ns)} attempts after a break"
    yield holds("sdk.reconnects-are-apart", again, title, f"{refusals + 1} attempts", actual)
    yield from _apart(stage, pauses_ms)


def _refused(stage: Stage, refusals: int) -> tuple[bool, list[int]]:
    """Break the connection and refuse so many; whether the topic was subscribed then, and when attempts came."""
    mark = len(stage.seen.stream)
    stage.exchange.do(lambda: stage.exchange.streams.refuse(refusals))
    stage.cut()
    within_s = 15 + 20 * max(0, stage.waits_ms("retryMs") - RETRY_MS) / 1000
    again = until(lambda: bool(subscriptions(stage.seen.stream[mark:], TRADES)), within_s)
    tried = [each for each in stage.seen.stream[mark:] if each.kind in ("refused", "opened")]
    return again, [each.at_ns for each in tried]


def _pauses_ms(at_ns: Sequence[int]) -> list[float]:
    return [(then - first) / NS_PER_MS for first, then in pairwise(at_ns)]


def _apart(stage: Stage, pauses_ms: Sequence[float]) -> Iterator[Claim]:
    least_ms = min(LEAST_MEAN_MS, round(QUARTER * stage.waits_ms("retryMs")))
    return apart("sdk.reconnects-are-apart", pauses_ms, "to connect", least_ms)


@case("sdk.reconnects-are-apart", needs=("streams",))
def exchange_hangs_up(stage: Stage) -> Iterator[Claim]:
    """For a while every connection is let in and broken at once."""
    stage.take_over(TRADES, list)
    stage.open()
    stage.subscribe(TRADES)
    stage.exchange.do(lambda: stage.exchange.streams.hang_up(True))
    before = len(stage.seen.connections())
    stage.cut()
    until(lambda: False, HANGS_UP_MS / 1000)
    count = len(stage.seen.connections()) - before
    most = HANGS_UP_MS // LEAST_MEAN_MS
    title = "there are pauses between connections that are broken at once"
    expected = f"{most} connections in {HANGS_UP_MS} ms, or fewer"
    yield holds("sdk.reconnects-are-apart", count <= most, title, expected, f"{count} connections")
    stage.exchange.do(lambda: stage.exchange.streams.hang_up(False))
    is_back = until(lambda: stage.subscribers(TRADES) > 0, stage.soon_s)
    title = "connecting goes on until a connection lives"
    actual = "subscribed" if is_back else "not subscribed"
    yield holds("sdk.reconnects-are-apart", is_back, title, "subscribed", actual)


@case("sdk.ended-subscriptions-stay-ended", needs=("streams",))
def ended_in_a_break(stage: Stage) -> Iterator[Claim]:
    """A topic is ended, and later the client closed, while the exchange lets nobody connect."""
    requirement = "sdk.ended-subscriptions-stay-ended"
    for topic in (TRADES, TICKER):
        stage.take_over(topic, list)
    stage.open(timing={"retryMs": QUICK_RETRY_MS})
    for topic in (TRADES, TICKER):
        stage.subscribe(topic)
    mark = _refused_once(stage)
    if stage.driver.step("unsubscribe", topic=TICKER).ok:
        until(lambda: _restored(stage, mark)[TRADES] > 0, stage.soon_s)
        until(lambda: False, SOON_AFTER_S)  # it may come behind the other
        title = "a topic that was ended during a break is not subscribed again"
        is_ended = until(lambda: stage.subscribers(TICKER) == 0, SETTLED_S)
        actual = "not subscribed" if is_ended else "subscribed"
        yield holds(requirement, is_ended, title, "not subscribed", actual)
    until(lambda: _restored(stage, mark)[TRADES] > 0, stage.soon_s)
    mark = _refused_once(stage)
    stage.driver_did("close")
    until(lambda: False, 8 * stage.waits_ms("retryMs") / 1000)
    title = "a client that was closed during a break does not connect again"
    until(lambda: _connections(stage) == 0, SETTLED_S)  # one may be closing
    yield equal(requirement, title, 0, _connections(stage))


def _connections(stage: Stage) -> int:
    return stage.exchange.do(lambda: len(stage.exchange.streams.connections))


def _refused_once(stage: Stage) -> int:
    """Break the connection, and wait until the next is refused; the place in the log before that."""
    mark = len(stage.seen.stream)
    stage.exchange.do(lambda: stage.exchange.streams.refuse(1))
    stage.cut()
    until(lambda: any(x.kind == "refused" for x in stage.seen.stream[mark:]), stage.soon_s)
    return mark


@case("sdk.authentication-is-restored", "sdk.frames-are-documented", needs=("private", "token"))
def own_orders(stage: Stage) -> Iterator[Claim]:
    """Own orders, the balance and trades are watched; the connection breaks twice, an order after each."""
    stage.open("token")
    for topic in (TRADES, *PRIVATE):
        stage.subscribe(topic)
    stage.call("placeSpotOrder", **LIMIT_BUY)
    if not collect(stage, "orders", 1, quiet_s=0):
        raise CannotTell("no event of an own order came, even before the break")
    for time in (1, 2):
        mark = len(stage.seen.stream)
        stage.cut()
        until(lambda mark=mark: set(PRIVATE) <= _restored(stage, mark).keys(), stage.soon_s)  # type: ignore[misc]  # untyped default
        title = f"authentication comes before private topics after break {time}"
        found = list(_private_frames(stage.seen.stream[mark:]))
        actual = " and ".join(found) or "nothing"
        is_first = found[:1] == ["auth"] and {*PRIVATE} <= {*found}
        expected = f"auth, then {' and '.join(PRIVATE)}"
        yield holds("sdk.authentication-is-restored", is_first, title, expected, actual)
        collect(stage, "orders", 0, quiet_s=0)
        until(lambda: stage.subscribers("orders") > 0, SETTLED_S)
        stage.call("placeSpotOrder", **LIMIT_BUY)
        title = f"own orders are told on the connection after break {time}"
        got = collect(stage, "orders", 1, quiet_s=0)
        actual = f"{len(got)} events"
        yield holds("sdk.authentication-is-restored", bool(got), title, "an event or more", actual)


def _private_frames(stream: Sequence[StreamEvent]) -> Iterator[str]:
    """Authentication and private topics, in the order in which they were sent."""
    for each in stream:
        message = each.message if each.kind == "received" else None
        if isinstance(message, dict) and message.get("op") == "auth":
            yield "auth"
        yield from (topic for topic in topics(each) if topic in PRIVATE)


@case("sdk.trades-are-given-once", "sdk.events-reach-the-caller", needs=("streams",))
def overlap(stage: Stage) -> Iterator[Claim]:
    """The snapshot after a break repeats trades, and has those that happened meanwhile, some with equal contents."""
    shown = [trade(number) for number in range(1, REPEATED + 1)]
    stage.take_over(TRADES, lambda: [event(TRADES, "snapshot", list(shown))])
    stage.open()
    stage.subscribe(TRADES)
    stage.push(event(TRADES, "update", [trade(100)]))
    got = collect(stage, TRADES, REPEATED + 1, quiet_s=0)
    # Numbers a thousand apart are trades of equal contents.
    shown[:] = [*shown[1:], *(trade(number) for number in (100, 105, 1105, 106))]
    stage.cut()
    until(lambda: len(subscriptions(stage.seen.stream, TRADES)) >= 2, stage.soon_s)
    until(lambda: stage.push(event(TRADES, "update", [trade(1002), trade(7000)])) > 0, 2)
    got += collect(stage, TRADES, 5)
    title = "every trade is given once, also those of the break"
    due = [*range(1, REPEATED + 1), 100, 105, 1105, 106, 1002, 7000]
    found = ids(got)
    is_once = sorted(found) == sorted(map(str, due))
    yield holds("sdk.trades-are-given-once", is_once, title, due, found)
    title = "trades of a snapshot after a break are given in order"
    yield equal("sdk.events-reach-the-caller", title, [str(n) for n in due], found)
