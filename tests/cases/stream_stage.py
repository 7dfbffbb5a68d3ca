"""A stage for stream checks: a tiny canned exchange, with one thing wrong when told so."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import jsonschema

from conformance.cases.script import (
    Ask,
    Connect,
    Frame,
    Hang,
    Heard,
    Listen,
    Pause,
    Ping,
    Record,
    Say,
    Step,
    Token,
)
from conformance.cases.stream_frames import client_messages
from conformance.spec.contract import Contract
from conformance.target import load
from conformance.wire.http import Request, Response
from conformance.wire.rest import outcome_of, parse_json

START_MS = 1_800_000_001_000
OPEN_TIMES = {
    "1m": 1_800_000_000_000,
    "5m": 1_800_000_000_000,
    "15m": 1_800_000_000_000,
    "30m": 1_800_000_000_000,
    "1h": 1_800_000_000_000,
    "4h": 1_800_000_000_000,
    "1d": 1_799_971_200_000,
    "1w": 1_799_625_600_000,
    "1M": 1_798_761_600_000,
}
SYMBOLS = ("BTC/USDT", "ETH/USDT", "ETH/BTC", "SOL/USDT")
BUSY = SYMBOLS[0]
TICK_MS = 250
TARGET = load("reference", {})
CONTRACT = Contract.load(settings=TARGET.settings)
LEGAL = [jsonschema.Draft7Validator(each.schema) for each in client_messages(CONTRACT)]


@dataclass
class Ear:
    """One connection: what it subscribed, who it is, and what it has still to hear."""

    outbox: deque[str] = field(default_factory=deque)
    topics: list[str] = field(default_factory=list)
    former: set[str] = field(default_factory=set)
    account: str | None = None
    is_closed: bool = False


class Stage:
    """Performs steps. Other people trade in the first market whenever somebody listens for long."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.ears: dict[str, Ear] = {}
        self.now_ms = START_MS
        self.numbers = dict.fromkeys(SYMBOLS, 10)
        self.books = {symbol: _book() for symbol in SYMBOLS}
        self.orders: dict[str, dict[str, Any]] = {}
        self.trades = 0
        self.records = 0

    def __call__(self, step: Step) -> Any:
        """Perform one step."""
        does: dict[type, Callable[[Any], Any]] = {
            Connect: self._connect,
            Say: lambda step: self._say(self.ears[step.connection], step.frame),
            Listen: self._listen,
            Ping: lambda _: self.fault != "no protocol pong",
            Hang: lambda _: None,
            Pause: lambda _: None,
            Token: lambda step: f"head.{step.account}.signature",
            Ask: self._ask,
        }
        return does[type(step)](step)

    def _connect(self, step: Connect) -> bool:
        self.ears[step.connection] = Ear()
        return self.fault != "no stream"

    def _listen(self, step: Listen) -> Heard:
        ear, frames = self.ears[step.connection], list[Frame]()
        waited = 0
        while not step.until(tuple(frames)):
            if ear.outbox:
                text = ear.outbox.popleft()
                frames.append(Frame(text, parse_json(text.encode()), self.now_ms * 1_000_000))
            elif ear.is_closed or waited >= step.within_ms:
                return Heard(tuple(frames), complete=False, closed=ear.is_closed)
            else:
                waited += TICK_MS
                self._tick()
        return Heard(tuple(frames), complete=True)

    def _tick(self) -> None:
        """Time passes, and somebody in the first market trades."""
        self.now_ms += TICK_MS
        amount = str(1 + self.now_ms // TICK_MS % 7)
        self._change(BUSY, "asks", "101.5", amount)
        self.trades += 1
        identity = self.trades - (self.trades % 2 == 0 and self.fault == "ids fall") * 2
        row = {"id": identity, "price": "100", "amount": "1", "direction": "BUY"}
        self._emit(f"trades.{BUSY}", "update", [{**row, "time": self.now_ms}])
        self._emit(f"ticker.{BUSY}", "update", {"symbol": BUSY})
        for interval in OPEN_TIMES:
            topic = f"kline.{BUSY}.{interval}"
            self._emit(topic, "update", self._candle(interval))

    def _change(self, symbol: str, side: str, price: str, amount: str) -> None:
        """Set one level, and tell of it."""
        book = self.books[symbol]
        book[side].pop(price, None)
        if Decimal(amount):
            book[side][price] = amount
        previous = self.numbers[symbol]
        self.numbers[symbol] += 1
        if self.fault == "gap" and previous % 3 == 0:
            return
        shown = "5" if self.fault == "level stays" and not Decimal(amount) else amount
        if self.fault == "own order missing" and symbol == "SOL/USDT":
            shown = "0"
        data = {"bids": [], "asks": [], side: [[price, shown]]}
        if self.fault == "number skipped":
            previous -= previous % 5 == 0
        number = self.numbers[symbol]
        self._emit(f"depth.{symbol}", "delta", data, prevSeq=previous, seq=number)

    def _emit(self, topic: str, kind: str, data: Any, **more: Any) -> None:
        for ear in self.ears.values():
            for heard in self._copies(ear, topic):
                self._tell(ear, heard, kind, data, **more)

    def _copies(self, ear: Ear, topic: str) -> list[str]:
        if self.fault == "twice":
            return [topic] * ear.topics.count(topic)
        if self.fault == "goes on" and topic in ear.former:
            return [topic]
        if self.fault == "unasked" and topic.startswith("depth.") and ear.topics:
            return [topic]
        return [topic] if topic in ear.topics else []

    def _tell(self, ear: Ear, topic: str, kind: str, data: Any, **more: Any) -> None:
        event = {"topic": topic, "type": kind, "ts": self.now_ms, "data": data, **more}
        ear.outbox.append(json.dumps(event))

    def _say(self, ear: Ear, frame: str | bytes) -> bool:
        try:
            said = json.loads(frame) if isinstance(frame, str) and len(frame) < 65536 else None
        except (ValueError, RecursionError):
            said = None
        if any(each.is_valid(said) for each in LEGAL):
            self._hear(ear, said)
        elif self.fault == "dies of bad frames":
            ear.is_closed = True
        elif self.fault != "ignores bad frames":
            _refuse(ear, said.get("id") if isinstance(said, dict) else None)
        return True

    def _hear(self, ear: Ear, said: dict[str, Any]) -> None:
        verb, identity = said["op"], said["id"]
        if verb == "ping":
            self._pong(ear, identity)
        elif verb == "auth":
            self._authenticate(ear, said["args"][0], identity)
        elif not all(self._may(ear, topic) for topic in said["args"]):
            _refuse(ear, identity)
        else:
            if self.fault != f"silent {verb}":
                _acknowledge(ear, verb, identity, args=said["args"])
            for topic in said["args"]:
                self._subscribe(ear, verb, topic)

    def _pong(self, ear: Ear, identity: str) -> None:
        if self.fault != "no pong":
            pong = {"op": "pong", "id": identity, "ts": self.now_ms}
            ear.outbox.append(json.dumps(pong))

    def _authenticate(self, ear: Ear, token: str, identity: str) -> None:
        head, _, rest = token.partition(".")
        account, _, signature = rest.partition(".")
        good = (head, signature) == ("head", "signature")
        if good or (self.fault == "any token" and account):
            ear.account = account
            _acknowledge(ear, "auth", identity)
        else:
            _refuse(ear, identity)

    def _may(self, ear: Ear, topic: str) -> bool:
        if topic in ("orders", "account"):
            return ear.account is not None or self.fault == "strangers"
        channel, _, rest = topic.partition(".")
        symbol, _, interval = rest.partition(".")
        is_known = symbol in SYMBOLS and (interval in OPEN_TIMES if channel == "kline" else True)
        return (channel in ("depth", "trades", "ticker", "kline") and is_known) or (
            self.fault == "any topic"
        )

    def _subscribe(self, ear: Ear, verb: str, topic: str) -> None:
        if verb == "unsubscribe":
            ear.former |= {topic} & set(ear.topics)
            ear.topics = [each for each in ear.topics if each != topic]
            return
        is_new = topic not in ear.topics
        if self.fault == "limit" and len(ear.topics) >= 40:
            return
        ear.topics.append(topic)
        if is_new:
            self._snapshot(ear, topic)

    def _snapshot(self, ear: Ear, topic: str) -> None:
        channel, _, rest = topic.partition(".")
        symbol, _, interval = rest.partition(".")
        if channel == "depth" and symbol in SYMBOLS:
            self._book(ear, topic, symbol)
        elif channel == "trades":
            self._tell(ear, topic, "snapshot", [])
        elif channel == "ticker":
            self._tell(ear, topic, "snapshot", {"symbol": symbol})
        elif channel == "kline" and interval in OPEN_TIMES:
            self._tell(ear, topic, "snapshot", self._candle(interval))
        elif channel == "account":
            self._tell(ear, topic, "snapshot", self._wallets(ear.account))

    def _book(self, ear: Ear, topic: str, symbol: str) -> None:
        sides = self.books[symbol]
        bids = sorted(sides["bids"].items(), key=_price, reverse=self.fault != "unsorted")
        asks = sorted(sides["asks"].items(), key=_price)
        if self.fault == "crossed":
            bids.insert(0, ("300", "1"))
        data = {"bids": bids, "asks": asks}
        number = self.numbers[symbol]
        if self.fault == "delta first":
            self._tell(ear, topic, "delta", data, prevSeq=number - 1, seq=number)
        else:
            self._tell(ear, topic, "snapshot", data, seq=number)

    def _candle(self, interval: str) -> dict[str, Any]:
        open_ms = OPEN_TIMES[interval] + (7000 if self.fault == "unaligned" else 0)
        if self.fault == "month is minute" and interval == "1M":
            open_ms = OPEN_TIMES["1m"]
        low = "100.5" if self.fault == "low above open" else "100"
        prices = {"open": "100", "high": "101", "low": low, "close": "100"}
        return {"openTime": open_ms, **prices, "volume": "5", "turnover": "500", "count": 3}

    def _ask(self, step: Ask) -> Record:
        answers: dict[str, Callable[[Ask], Any]] = {
            "listSymbolThumbs": lambda _: [{"symbol": x, "close": "100"} for x in SYMBOLS],
            "placeSpotOrder": self._place,
            "cancelSpotOrder": self._cancel,
            "listSpotOrders": lambda _: {"content": list(self.orders.values())},
            "getSpotWallets": lambda step: self._wallets(step.by),
        }
        data = answers[step.operation](step)
        self.records += 1
        body = json.dumps({"code": 0, "message": "success", "data": data}).encode()
        answer = Response(200, (), body)
        request = Request("POST", "/", (), b"")
        return Record(self.records, step.operation, request, answer, outcome_of(answer))

    def _place(self, step: Ask) -> str:
        given = {key: str(value) for key, value in step.params.items()}
        order = {**given, "orderId": f"E{len(self.orders)}", "status": "TRADING", "by": step.by}
        self.orders[order["orderId"]] = order
        self._changed(order, order["amount"])
        return order["orderId"]

    def _cancel(self, step: Ask) -> None:
        order = self.orders[step.params["orderId"]]
        order["status"] = "CANCELED"
        self._changed(order, "0")

    def _changed(self, order: dict[str, Any], amount: str) -> None:
        side = "bids" if order["direction"] == "0" else "asks"
        self._change(order["symbol"], side, order["price"], amount)
        for ear in self.ears.values():
            is_owner = ear.account == order["by"] or self.fault == "foreign orders"
            if "orders" in ear.topics and is_owner and self.fault != "no order events":
                self._tell(ear, "orders", "update", order)
            hears = ear.account == order["by"] or self.fault == "foreign balances"
            if "account" in ear.topics and hears and self.fault != "no account events":
                self._tell(ear, "account", "update", self._wallets(order["by"]))

    def _wallets(self, account: str | None) -> list[dict[str, Any]]:
        open_ones = [
            each
            for each in self.orders.values()
            if (each["by"], each["status"]) == (account, "TRADING")
        ]
        frozen = sum((Decimal(x["price"]) * Decimal(x["amount"]) for x in open_ones), Decimal(0))
        balance = Decimal(1000) - frozen
        row = {"balance": str(balance), "frozenBalance": str(frozen), "isLock": 0}
        return [{"coin": {"unit": "USDT", "name": "Tether"}, **row}]


def _book() -> dict[str, dict[str, str]]:
    return {"bids": {"99": "1", "98": "2"}, "asks": {"101": "1", "102": "2"}}


def _price(level: tuple[str, str]) -> Decimal:
    return Decimal(level[0])


def _acknowledge(ear: Ear, verb: str, identity: str, **more: Any) -> None:
    ear.outbox.append(json.dumps({"op": verb, "id": identity, "success": True, **more}))


def _refuse(ear: Ear, identity: Any) -> None:
    named = {"id": identity} if isinstance(identity, str) else {}
    said = {"op": "error", **named, "success": False, "code": 4100, "message": "no"}
    ear.outbox.append(json.dumps(said))
