"""The stream's frames of messages.json: single ones, and those that a local order book follows."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sdk_gate.vectors.answers import (
    ENUMERATIONS,
    EXACT,
    FIELDS,
    LARGE,
    MISSING,
    ORDER,
    TICKER,
    WALLET,
    WORDS,
    Reads,
)

EVENTS = "sdk.events-reach-the-caller"
FOLLOWS = "sdk.book-follows-the-feed"
BEGINS = "sdk.book-begins-with-a-snapshot"
GAPS = "sdk.gaps-are-noticed"
REPLACES = "sdk.snapshots-replace-the-book"
REPEATED = "sdk.repeated-deltas-change-nothing"
DIGITS = "sdk.books-keep-their-digits"


@dataclass(frozen=True, slots=True)
class Frame:
    """One text frame. `reads` are JSON Pointers into the whole frame."""

    id: str
    requirement: str
    about: str
    text: str
    reads: Reads


def event(topic: str, data: str, kind: str = "update", more: str = "") -> str:
    """An event of a topic, with further fields as text."""
    return f'{{"topic":"{topic}","type":"{kind}","ts":1800000000100,{more}"data":{data}}}'


TRADE = '{"id":7,"price":"74000.00","amount":"0.0010","direction":"BUY","time":1800000000100}'
CANDLE = (
    '{"openTime":1800000000000,"open":"73000.00","high":"75000.00","low":"72500.00","close":"74000.00",'
    '"volume":"12.50","turnover":"922500.00","count":7,"closed":false}'
)
TRADES = "trades.BTC/USDT"

FRAMES = (
    Frame(
        "trades-two",
        EVENTS,
        "A frame may hold several trades, in order.",
        event(TRADES, f"[{TRADE},{TRADE.replace(':7,', ':8,')}]"),
        {"/topic": TRADES, "/data/0/id": "7", "/data/1/id": "8", "/data/1/amount": "0.0010"},
    ),
    Frame("trades-none", EVENTS, "A snapshot may hold none.", event(TRADES, "[]", "snapshot"), {"/type": "snapshot", "/data/0/id": None}),
    Frame(
        "ticker",
        EVENTS,
        "A ticker.",
        event("ticker.BTC/USDT", TICKER, "snapshot"),
        {"/topic": "ticker.BTC/USDT", "/data/close": "74000.00"},
    ),
    Frame(
        "candle",
        EVENTS,
        "A candle that is not closed yet; the interval's case matters.",
        event("kline.BTC/USDT.1M", CANDLE),
        {"/topic": "kline.BTC/USDT.1M", "/data/volume": "12.50", "/data/count": "7", "/data/closed": False},
    ),
    Frame("order", EVENTS, "An order of the caller.", event("orders", ORDER), {"/data/orderId": "E1000001", "/data/amount": "0.0010"}),
    Frame("balances", EVENTS, "Balances of the caller.", event("account", f"[{WALLET}]", "snapshot"), {"/data/0/coin/unit": "USDT", "/data/0/frozenBalance": "74"}),
    Frame(
        "trade-in-numbers",
        EXACT,
        "Decimals as numbers keep every digit.",
        event(TRADES, f"[{TRADE}]".replace('"74000.00"', "74000.1234567890123456").replace('"0.0010"', "1e-8")),
        {"/data/0/price": "74000.1234567890123456", "/data/0/amount": "0.00000001"},
    ),
    Frame(
        "trade-id-beyond-doubles",
        LARGE,
        "A trade's id of 64 bits.",
        event(TRADES, f"[{TRADE.replace(':7,', ':9007199254740993,')}]"),
        {"/data/0/id": "9007199254740993", "/data/0/time": "1800000000100"},
    ),
    Frame(
        "unknown-fields-streamed",
        FIELDS,
        "Fields around and within the data that are not documented.",
        event(TRADES, f"[{TRADE.replace('}', ',\"liquidation\":true}')}]", more='"shard":{"n":1},'),
        {"/data/0/price": "74000.00", "/ts": "1800000000100"},
    ),
    Frame(
        "unknown-direction",
        ENUMERATIONS,
        "A direction that is neither BUY nor SELL.",
        event(TRADES, f"[{TRADE.replace('BUY', 'AUCTION')}]"),
        {"/data/0/direction": "AUCTION", "/data/0/price": "74000.00"},
    ),
    Frame(
        "optional-null-streamed",
        MISSING,
        "Optional fields of an order that are null.",
        event("orders", ORDER.replace('"detail"', '"canceledTime":null,"detail"')),
        {"/data/status": "TRADING", "/data/canceledTime": None, "/data/clientOrderId": None},
    ),
    Frame(
        "acknowledgement",
        EVENTS,
        "A subscription that is acknowledged, by its id.",
        '{"op":"subscribe","id":"1","success":true,"args":["depth.BTC/USDT"]}',
        {"/op": "subscribe", "/id": "1", "/success": True, "/args/0": "depth.BTC/USDT"},
    ),
    Frame(
        "stream-refusal",
        WORDS,
        "A refusal of one request leaves the rest alone.",
        '{"op":"error","id":"1","success":false,"code":4102,"message":"unknown topic"}',
        {"/success": False, "/id": "1", "/code": "4102", "/message": "unknown topic"},
    ),
    Frame(
        "stream-refusal-of-nothing",
        MISSING,
        "A refusal need not have an id.",
        '{"op":"error","success":false,"code":4100,"message":"the frame is not JSON"}',
        {"/success": False, "/id": None, "/code": "4100"},
    ),
    Frame("pong", EVENTS, "A pong is no event.", '{"op":"pong","id":"3","ts":1800000000000}', {"/op": "pong", "/id": "3", "/topic": None}),
)


@dataclass(frozen=True, slots=True)
class Feed:
    """Frames, and after each the book in the notation `bid, bid | ask, ask`; None while it is not to be trusted."""

    id: str
    requirement: str
    about: str
    steps: tuple[tuple[str, str | None], ...]


def levels(text: str) -> list[list[str]]:
    """`99 1, 98 2` as pairs of price and amount."""
    return [each.split() for each in text.split(",") if each.strip()]


def _sides(text: str) -> dict[str, list[list[str]]]:
    bids, _, asks = text.partition("|")
    return {"bids": levels(bids), "asks": levels(asks)}


def sides(text: str | None) -> dict[str, list[list[str]]] | None:
    """`99 1, 98 2 | 101 3` as a book of two sides."""
    return None if text is None else _sides(text)


def snapshot(seq: int, book: str, symbol: str = "BTC/USDT") -> str:
    """A frame with a whole book."""
    head = {"topic": f"depth.{symbol}", "type": "snapshot", "seq": seq, "ts": 1800000000000}
    return json.dumps({**head, "data": _sides(book)}, separators=(",", ":"))


def delta(previous: int, seq: int, changes: str, symbol: str = "BTC/USDT") -> str:
    """A frame with changes of a book."""
    head = {"topic": f"depth.{symbol}", "type": "delta", "seq": seq, "prevSeq": previous, "ts": 1800000000100}
    return json.dumps({**head, "data": _sides(changes)}, separators=(",", ":"))


START = "73999 1, 73998 2 | 74001 3, 74002 4"

FEEDS = (
    Feed("snapshot-alone", FOLLOWS, "A snapshot is a book.", ((snapshot(41, START), START),)),
    Feed("empty-book", FOLLOWS, "A book without levels is one.", ((snapshot(1, "|"), "|"), (delta(1, 2, "5 1 |"), "5 1 |"), (delta(2, 3, "5 0 |"), "|"))),
    Feed("one-side", FOLLOWS, "A side may be empty.", ((snapshot(1, "| 74001 3"), "| 74001 3"), (delta(1, 2, "| 74001 0"), "|"))),
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
        ((snapshot(41, START), START), (delta(41, 42, "73999 0.00000000 | 74001 0.0"), "73998 2 | 74002 4")),
    ),
    Feed(
        "sorted-as-numbers",
        FOLLOWS,
        "9.5 is less than 10, and 100 more, whatever their letters say.",
        (
            (snapshot(1, "9.5 1 | 10 1"), "9.5 1 | 10 1"),
            (delta(1, 2, "9.25 2, 0.5 3 | 100 2, 11 3"), "9.5 1, 9.25 2, 0.5 3 | 10 1, 11 3, 100 2"),
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
        ((snapshot(41, START), START), (delta(41, 50, "73999 9 |"), "73999 9, 73998 2 | 74001 3, 74002 4")),
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
        ((snapshot(41, START), START), (delta(40, 42, "73999 0.5 |"), None), (snapshot(42, "73999 0.5 |"), "73999 0.5 |")),
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
