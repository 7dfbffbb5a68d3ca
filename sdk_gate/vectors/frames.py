"""The single frames of messages.json. A table: a frame as it arrives, and what is to be read out of it."""

from __future__ import annotations

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
    Reads,
)

WORDS = "sdk.refusals-keep-code-and-message"
EVENTS = "sdk.events-reach-the-caller"


@dataclass(frozen=True, slots=True)
class Frame:
    """One text frame. `reads` are JSON Pointers into the whole frame."""

    id: str
    requirement: str | None
    about: str
    text: str
    reads: Reads


def event(topic: str, data: str, kind: str = "update", more: str = "") -> str:
    """An event of a topic, with further fields as text."""
    return f'{{"topic":"{topic}","type":"{kind}","ts":1800000000100,{more}"data":{data}}}'


TRADE = '{"id":7,"price":"74000.00","amount":"0.0010","direction":"BUY","time":1800000000100}'
LIQUIDATION = '"liquidation":true}'
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
    Frame(
        "trades-none",
        EVENTS,
        "A snapshot may hold none.",
        event(TRADES, "[]", "snapshot"),
        {"/type": "snapshot", "/data/0/id": None},
    ),
    Frame(
        "ticker",
        EVENTS,
        "A ticker after its subscription.",
        event("ticker.BTC/USDT", TICKER, "snapshot"),
        {"/topic": "ticker.BTC/USDT", "/data/close": "74000.00"},
    ),
    Frame(
        "candle",
        EVENTS,
        "A candle that is not closed yet; the interval's case matters.",
        event("kline.BTC/USDT.1M", CANDLE),
        {
            "/topic": "kline.BTC/USDT.1M",
            "/data/volume": "12.50",
            "/data/count": "7",
            "/data/closed": False,
        },
    ),
    Frame(
        "order",
        EVENTS,
        "An order of the caller.",
        event("orders", ORDER),
        {"/data/orderId": "E1000001", "/data/amount": "0.0010"},
    ),
    Frame(
        "balances",
        EVENTS,
        "Balances of the caller.",
        event("account", f"[{WALLET}]", "snapshot"),
        {"/data/0/coin/unit": "USDT", "/data/0/frozenBalance": "74"},
    ),
    Frame(
        "trade-in-numbers",
        EXACT,
        "Decimals as numbers keep every digit.",
        event(
            TRADES,
            f"[{TRADE}]".replace('"74000.00"', "74000.1234567890123456").replace(
                '"0.0010"', "1e-8"
            ),
        ),
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
        event(TRADES, f"[{TRADE[:-1]},{LIQUIDATION}]", more='"shard":{"n":1},'),
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
        None,
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
    Frame(
        "pong",
        None,
        "A pong is no event.",
        '{"op":"pong","id":"3","ts":1800000000000}',
        {"/op": "pong", "/id": "3", "/topic": None},
    ),
)
