"""What an SDK does on the stream while its connection lives: hands on every event once, pings and answers pings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from conformance.cases.claim import Claim, equal, holds
from sdk_gate.cases.case import case
from sdk_gate.exchange.stream_server import TEXT, text_of
from sdk_gate.protocol import NUMBER
from sdk_gate.stage import PING_MS, Stage, until

TRADES: Final = "trades.BTC/USDT"
TICKER: Final = "ticker.ETH/USDT"
KLINE: Final = "kline.BTC/USDT.1m"
MONTHS: Final = "kline.BTC/USDT.1M"  # the letter alone tells it from minutes
MOST_OF_A_PING: Final = 125
LARGE: Final = 1200  # trades in one message, of more than 64 KiB
DIGITS: Final = "0.12345678901234567891"  # more than a double has
LARGE_ID: Final = 9_223_372_036_854_775_807
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

    stage.settles(enough)
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
    large = range(2000, 2000 + LARGE)
    stage.push(event(TRADES, "update", [trade(number) for number in large]))
    stage.push(event(TRADES, "update", [trade(LARGE_ID, "0.1234567890123456")]))
    stage.push(_with_numbers(event(TRADES, "update", [trade(5000, DIGITS)])))
    due = [1, 2, *(x for n in range(3, 40) for x in (n, n + 1000)), *large, LARGE_ID, 5000]
    got = collect(stage, TRADES, len(due))
    title = "every trade reaches the caller once and in order"
    requirement = "sdk.events-reach-the-caller"
    yield equal(requirement, title, [str(each) for each in due[:-2]], ids(got)[: len(due) - 2])
    last, numbers = (_trade_of(got, place) for place in (len(due) - 2, len(due) - 1))
    title = "a trade's id comes back whole"
    found = str(last.get("id"))
    yield equal("sdk.large-integers-are-read-exactly", title, str(LARGE_ID), found)
    title = "a trade's price keeps its digits"
    found = str(last.get("price"))
    yield equal("sdk.decimals-are-read-exactly", title, "0.1234567890123456", found)
    title = "a trade's price that is a number keeps its digits"
    yield equal("sdk.decimals-are-read-exactly", title, DIGITS, str(numbers.get("price")))
    closes = [_close(each) for each in collect(stage, TICKER, 37)]
    title = "every ticker reaches the caller in order"
    yield equal(requirement, title, [Decimal(f"39{n:02}.10") for n in range(3, 40)], closes)


def _with_numbers(frame: dict[str, Any]) -> dict[str, Any]:
    """The frame with its decimals written as numbers."""
    text = json.dumps(frame, separators=(",", ":"))
    return {**frame, TEXT: re.sub(r'"(\d+\.\d+)"', r"\1", text)}


def _trade_of(trades: Sequence[Any], place: int) -> dict[str, Any]:
    """The trade at a place, or an empty one."""
    found = trades[place] if len(trades) > place else None
    return found if isinstance(found, dict) else {}


def _close(ticker: Any) -> Any:
    """Its value: whether a zero at the end stays is not asked here."""
    try:
        return Decimal(str(ticker["close"]).removeprefix(NUMBER))
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
    """Pings of the WebSocket protocol: a text, any bytes, as many as a ping can have, and none at all."""
    stage.open()
    stage.subscribe(TICKER)
    most = bytes([0xFF, 0, *stage.random.randbytes(MOST_OF_A_PING - 2)])
    for what, payload in (("text", b"are you there"), ("any", most), ("no", b"")):
        count = len(_texts(stage, "pong"))
        stage.exchange.wait(stage.exchange.streams.ping(payload))
        due = text_of(payload)
        came = until(lambda due=due, count=count: due in _texts(stage, "pong")[count:], 5)  # type: ignore[misc]  # untyped default
        title = f"a ping with {what} bytes is answered by a pong with the same"
        actual = due if came else ", ".join(_texts(stage, "pong")[count:]) or "no pong"
        yield equal("sdk.pings-are-answered", title, due, actual)


def _texts(stage: Stage, kind: str) -> list[str]:
    return [each.text for each in stage.seen.stream if each.kind == kind]


@case("sdk.pings-are-sent", "sdk.frames-are-documented", needs=("streams",))
def own_pings(stage: Stage) -> Iterator[Claim]:
    """A connection on which nothing happens, for several times the interval of pings; then another."""
    stage.take_over(TICKER, list)
    stage.open(timing={"silenceMs": 60_000})
    stage.subscribe(TICKER)

    def count() -> int:
        # The exchange answers both kinds: the document's frame, and the protocol's.
        last = max(stage.seen.connections(), default=0)
        asked = (*stage.seen.frames("ping"), *(x for x in stage.seen.stream if x.kind == "asked"))
        return sum(each.connection == last for each in asked)

    ping_ms = stage.waits_ms("pingMs")
    within_ms = max(
        4 * ping_ms, 20 * PING_MS
    )  # whether there are any; a busy machine is late with them
    came = until(lambda: count() >= 2, within_ms / 1000)
    title = "pings are sent while nothing happens"
    expected = f"2 pings within {within_ms} ms, of a client that pings every {ping_ms} ms"
    yield holds("sdk.pings-are-sent", came, title, expected, f"{count()} pings")
    before = max(stage.seen.connections())
    stage.cut()
    until(lambda: max(stage.seen.connections()) > before, stage.soon_s)
    came = until(lambda: count() >= 1, within_ms / 1000)
    title = "pings are sent on the connection after a break"
    expected = f"a ping within {within_ms} ms"
    yield holds("sdk.pings-are-sent", came, title, expected, f"{count()} pings")
