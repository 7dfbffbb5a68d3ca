"""What an SDK does on the stream: hands on every event once, keeps the connection alive, and comes back as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import pairwise
from typing import Any, Final

from conformance.cases.claim import CannotTell, Claim, equal, holds
from sdk_gate.arrivals import StreamEvent
from sdk_gate.cases.case import case
from sdk_gate.cases.requests import LIMIT_BUY
from sdk_gate.cases.retries import apart
from sdk_gate.exchange.stream_server import TEXT
from sdk_gate.judges.streams import subscriptions
from sdk_gate.stage import PING_MS, RETRY_MS, SILENCE_MS, Stage, until

TRADES: Final = "trades.BTC/USDT"
TICKER: Final = "ticker.ETH/USDT"
KLINE: Final = "kline.BTC/USDT.1m"
LARGE_ID: Final = 9_223_372_036_854_775_807
REFUSALS: Final = 6
QUICK_RETRY_MS: Final = 50
NS_PER_MS: Final = 1_000_000
QUIET_S: Final = 1.0
AT: Final = 1_800_000_000_000


def trade(number: int, price: str = "74000.10") -> dict[str, Any]:
    """A public trade."""
    return {
        "id": number,
        "price": price,
        "amount": "0.0010",
        "direction": "BUY",
        "time": AT + number % 1000,
    }


def event(topic: str, kind: str, data: Any) -> dict[str, Any]:
    """A frame of a topic."""
    return {"topic": topic, "type": kind, "ts": AT, "data": data}


def collect(stage: Stage, topic: str, count: int, quiet_s: float = 0.3) -> list[Any]:
    """What the SDK gives its user, until it is so much and nothing more follows."""
    found: list[Any] = []

    def enough() -> bool:
        found.extend(stage.events(topic))
        return len(found) >= count

    until(enough)
    until(lambda: False, quiet_s)
    return [*found, *stage.events(topic)]


def ids(trades: Sequence[Any]) -> list[str]:
    """The ids of trades as text: a language may write a large integer as one."""
    return [str(each.get("id")) if isinstance(each, dict) else str(each) for each in trades]


@case(
    "sdk.events-reach-the-caller",
    "sdk.large-integers-are-read-exactly",
    "sdk.decimals-are-read-exactly",
    needs=("streams",),
)
def events(stage: Stage) -> Iterator[Claim]:
    """Trades and tickers are pushed in a burst; each reaches the caller, in order, with its digits."""
    shown = [event(TRADES, "snapshot", [trade(1), trade(2)])]
    stage.take_over(TRADES, lambda: shown)
    stage.take_over(TICKER, list)
    stage.open()
    stage.subscribe(TRADES)
    stage.subscribe(TICKER)
    for number in range(3, 40):
        stage.push(event(TRADES, "update", [trade(number), trade(number + 1000)]))
        stage.push(event(TICKER, "update", {"symbol": "ETH/USDT", "close": f"39{number:02}.10"}))
    stage.push(event(TRADES, "update", [trade(LARGE_ID, "0.1234567890123456")]))
    due = [1, 2, *(x for n in range(3, 40) for x in (n, n + 1000)), LARGE_ID]
    got = collect(stage, TRADES, len(due))
    title = "every trade reaches the caller once and in order"
    requirement = "sdk.events-reach-the-caller"
    yield equal(requirement, title, [str(each) for each in due[:-1]], ids(got)[: len(due) - 1])
    last = got[-1] if got and isinstance(got[-1], dict) else {}
    title = "a trade's id comes back whole"
    found = str(last.get("id"))
    yield equal("sdk.large-integers-are-read-exactly", title, str(LARGE_ID), found)
    title = "a trade's price keeps its digits"
    found = str(last.get("price"))
    yield equal("sdk.decimals-are-read-exactly", title, "0.1234567890123456", found)
    closes = [_close(each) for each in collect(stage, TICKER, 37)]
    title = "every ticker reaches the caller in order"
    yield equal(requirement, title, [Decimal(f"39{n:02}.10") for n in range(3, 40)], closes)


def _close(ticker: Any) -> Any:
    """Its value: whether a zero at the end stays is not asked here."""
    try:
        return Decimal(ticker["close"]) if isinstance(ticker["close"], str) else ticker["close"]
    except (TypeError, KeyError, InvalidOperation):
        return ticker


@case("sdk.unknown-fields-are-survived", "sdk.unknown-values-are-survived", needs=("streams",))
def frames_of_a_newer_exchange(stage: Stage) -> Iterator[Claim]:
    """A field, a direction, an event type and an op that nobody knows yet: they cost no trade, before or after."""
    stage.take_over(TRADES, list)
    stage.open()
    stage.subscribe(TRADES)
    odd: tuple[tuple[str, dict[str, Any]], ...] = (
        ("unknown-fields", event(TRADES, "update", [{**trade(1), "zz": [None]}])),
        ("unknown-values", event(TRADES, "update", [{**trade(2), "direction": "CROSS"}])),
        ("unknown-values", event(TRADES, "heartbeat", [])),
        (
            "unknown-values",
            {**event(TRADES, "update", []), TEXT: '{"op":"notice","message":"soon"}'},
        ),
    )
    number = 100
    for what, frame in odd:
        number += 1
        stage.push(frame)
        stage.push(event(TRADES, "update", [trade(number)]))
        due = [*ids(frame["data"]), str(number)]
        got = ids(collect(stage, TRADES, len(due), quiet_s=0.05))
        title = f"the trades of a frame with {what.replace('-', ' ')} and after it arrive"
        yield equal(f"sdk.{what}-are-survived", title, due, got)


@case("sdk.pings-are-answered", needs=("streams",))
def pings(stage: Stage) -> Iterator[Claim]:
    """Two pings of the WebSocket protocol, each with bytes of its own."""
    stage.open()
    stage.subscribe(TICKER)
    for payload in ("are you there", f"{stage.random.getrandbits(64):x}"):
        stage.exchange.wait(stage.exchange.streams.ping(payload))
        came = until(partial(_came, stage, payload), 5)
        title = "a ping is answered by a pong with its bytes"
        actual = payload if came else ", ".join(_texts(stage, "pong")) or "no pong"
        yield equal("sdk.pings-are-answered", title, payload, actual)


def _came(stage: Stage, payload: str) -> bool:
    return payload in _texts(stage, "pong")


def _texts(stage: Stage, kind: str) -> list[str]:
    return [each.text for each in stage.seen.stream if each.kind == kind]


@case("sdk.pings-are-sent", "sdk.frames-are-documented", needs=("streams",))
def own_pings(stage: Stage) -> Iterator[Claim]:
    """A connection on which nothing happens, for several times the interval of pings."""
    stage.open(timing={"silenceMs": 60_000})
    stage.subscribe(TICKER)

    def count() -> int:
        # The exchange answers both kinds: the document's frame, and the protocol's.
        return len(stage.seen.frames("ping")) + len(_texts(stage, "asked"))

    ping_ms = stage.waits_ms("pingMs")
    within_ms = max(
        4 * ping_ms, 20 * PING_MS
    )  # whether there are any; a busy machine is late with them
    came = until(lambda: count() >= 2, within_ms / 1000)
    title = "pings are sent while nothing happens"
    expected = f"2 pings within {within_ms} ms, of a client that pings every {ping_ms} ms"
    yield holds("sdk.pings-are-sent", came, title, expected, f"{count()} pings")


@case("sdk.silence-is-noticed", needs=("streams",))
def silence(stage: Stage) -> Iterator[Claim]:
    """The connection stays open and says nothing more, not even a pong."""
    stage.take_over(TRADES, list)
    stage.open()
    stage.subscribe(TRADES)
    stage.exchange.do(stage.exchange.streams.mute)
    silence_s = 1.5 * max(0, stage.waits_ms("silenceMs") - SILENCE_MS) / 1000
    within_s = stage.soon_s + silence_s
    again = until(lambda: len(subscriptions(stage.seen.stream, TRADES)) >= 2, within_s)
    title = "a silent connection is replaced, and the topic subscribed again"
    actual = f"{len(stage.seen.connections())} connections"
    yield holds("sdk.silence-is-noticed", again, title, "a second connection", actual)
    if again:
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
    """Three topics, one of them ended; the connection breaks, twice."""
    for topic in (TRADES, TICKER, KLINE):
        stage.take_over(topic, list)
    stage.open()
    for topic in (TRADES, TICKER, KLINE):
        stage.subscribe(topic)
    stage.unsubscribe(TICKER)
    for time in (1, 2):
        mark = len(stage.seen.stream)
        stage.cut()

        def restored(mark: int = mark) -> Counter[str]:
            return Counter(x for x, _ in _subscribed(stage.seen.stream[mark:]))

        until(lambda: {TRADES, KLINE} <= restored().keys(), stage.soon_s)
        until(lambda: False, QUIET_S)
        found = restored()
        for topic in (TRADES, KLINE):
            title = f"a topic is subscribed again after break {time}, once"
            yield equal("sdk.subscriptions-are-restored", title, 1, found[topic])
        title = f"an ended topic is not subscribed again after break {time}"
        yield equal("sdk.ended-subscriptions-stay-ended", title, 0, found[TICKER])
    stage.push(event(TRADES, "update", [trade(9)]))
    got = ids(collect(stage, TRADES, 1))
    title = "events go on after a break"
    yield holds("sdk.subscriptions-are-restored", got == ["9"], title, "trade 9 once", got)


def _subscribed(stream: Sequence[StreamEvent]) -> Iterator[tuple[str, int]]:
    for each in stream:
        message = each.message if each.kind == "received" else None
        if isinstance(message, dict) and message.get("op") == "subscribe":
            yield from ((str(topic), each.connection) for topic in message.get("args", ()))


@case("sdk.reconnects-are-apart", needs=("streams",))
def exchange_restarts(stage: Stage) -> Iterator[Claim]:
    """The connection breaks, and the next ones are refused."""
    stage.take_over(TRADES, list)
    stage.open(timing={"retryMs": QUICK_RETRY_MS})
    stage.subscribe(TRADES)
    stage.exchange.do(lambda: stage.exchange.streams.refuse(REFUSALS))
    stage.cut()
    within_s = 15 + 20 * max(0, stage.waits_ms("retryMs") - RETRY_MS) / 1000
    again = until(lambda: len(subscriptions(stage.seen.stream, TRADES)) >= 2, within_s)
    title = "connecting goes on until it succeeds"
    refused = [each for each in stage.seen.stream if each.kind in ("refused", "opened")]
    actual = f"{len(refused)} attempts"
    yield holds("sdk.reconnects-are-apart", again, title, f"{REFUSALS + 2} attempts", actual)
    pauses_ms = [(then.at_ns - x.at_ns) / NS_PER_MS for x, then in pairwise(refused[1:])]
    yield from apart("sdk.reconnects-are-apart", pauses_ms, "to connect")


@case("sdk.authentication-is-restored", "sdk.frames-are-documented", needs=("private", "token"))
def own_orders(stage: Stage) -> Iterator[Claim]:
    """Own orders are watched; the connection breaks, and an order is placed afterwards."""
    stage.open("token")
    stage.subscribe("orders")
    stage.call("placeSpotOrder", **LIMIT_BUY)
    if not collect(stage, "orders", 1):
        raise CannotTell("no event of an own order came, even before the break")
    mark = len(stage.seen.stream)
    stage.cut()
    frames = [("auth", ""), ("subscribe", "orders")]

    def order_of_frames() -> list[tuple[str, str]]:
        found = []
        for each in stage.seen.stream[mark:]:
            message = each.message if each.kind == "received" else None
            if isinstance(message, dict) and message.get("op") in ("auth", "subscribe"):
                topics = message.get("args") if message["op"] == "subscribe" else [""]
                found += [(message["op"], str(topic)) for topic in topics or ()]
        return found

    until(lambda: frames[-1] in order_of_frames(), stage.soon_s)
    title = "authentication comes before private topics on the new connection"
    found = [" ".join(each).strip() for each in order_of_frames()]
    yield equal("sdk.authentication-is-restored", title, ["auth", "subscribe orders"], found[:2])
    stage.call("placeSpotOrder", **LIMIT_BUY)
    title = "own orders are told on the new connection"
    got = collect(stage, "orders", 1)
    actual = f"{len(got)} events"
    yield holds("sdk.authentication-is-restored", bool(got), title, "an event or more", actual)


@case("sdk.trades-are-given-once", needs=("streams",))
def overlap(stage: Stage) -> Iterator[Claim]:
    """The snapshot after a break repeats trades, and has those that happened meanwhile."""
    shown = [trade(1), trade(2), trade(3)]
    stage.take_over(TRADES, lambda: [event(TRADES, "snapshot", list(shown))])
    stage.open()
    stage.subscribe(TRADES)
    stage.push(event(TRADES, "update", [trade(4)]))
    got = collect(stage, TRADES, 4)
    shown[:] = [trade(2), trade(3), trade(4), trade(5), trade(6)]
    stage.cut()
    until(lambda: len(subscriptions(stage.seen.stream, TRADES)) >= 2, stage.soon_s)
    until(lambda: stage.push(event(TRADES, "update", [trade(7)])) > 0, 2)
    got += collect(stage, TRADES, 3)
    title = "every trade is given once, also those of the break"
    yield equal("sdk.trades-are-given-once", title, [str(n) for n in range(1, 8)], ids(got))
