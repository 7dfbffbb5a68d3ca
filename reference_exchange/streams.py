"""One client's stream: reads its frames, answers them, and holds what it is to be sent."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs

from conformance.spec.documents import Document, follow, inline
from reference_exchange.hub import INTERVALS, private

if TYPE_CHECKING:
    from reference_exchange.exchange import ReferenceExchange

MOST_FRAME: Final = 65_536
MOST_WAITING: Final = 20_000
UNREADABLE, BAD_SHAPE, UNKNOWN_TOPIC, NOT_AUTHENTICATED, BAD_TOKEN, TOO_LARGE = range(4100, 4106)
PRIVATE: Final = ("orders", "account")
MARKET_CHANNELS: Final = ("depth", "trades", "ticker")


class _No(Exception):
    def __init__(self, code: int, message: str, identity: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.identity = identity


class StreamSession:
    """A connection's state. Frames to send wait in `outbox`, or go to `on_frame` where that is set.

    A client that does not read is closed when too much waits for it; it is never given a hole.
    """

    def __init__(self, exchange: ReferenceExchange, client: str) -> None:
        self._exchange = exchange
        self.client = client
        self.account = 0
        self.topics: dict[str, str] = {}
        self.outbox: deque[str] = deque()
        self.on_frame: Callable[[str], None] | None = None
        self.on_close: Callable[[], None] | None = None
        self.closed = False
        self.operations: dict[str, Callable[[dict[str, Any]], None]] = {
            "subscribe": self.subscribe,
            "unsubscribe": self.unsubscribe,
            "ping": self.pong,
            "auth": self.authenticate,
        }
        exchange.hub.sessions[self] = None

    def receive(self, frame: str | bytes) -> None:
        """Take one frame from the client and answer it."""
        if self.closed:
            return
        try:
            message = self._read(frame)
            self.operations[message["op"]](message)
        except _No as no:
            self.refuse(no.code, no.message, no.identity)

    def _read(self, frame: str | bytes) -> dict[str, Any]:
        if len(frame) > MOST_FRAME:
            raise _No(TOO_LARGE, "the frame is larger than any message")
        if isinstance(frame, bytes):
            raise _No(UNREADABLE, "binary frames are not understood")
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            raise _No(UNREADABLE, "the frame is not JSON") from None
        if not isinstance(message, dict):
            raise _No(UNREADABLE, "the frame is no object")
        identity = message.get("id")
        named = identity if isinstance(identity, str) and 0 < len(identity) <= 64 else None
        operation = message.get("op")
        known = self._exchange.client_frames
        validator = known.get(operation) if isinstance(operation, str) else None
        if validator is None or not validator.is_valid(message):
            raise _No(BAD_SHAPE, "no message of the document has this shape", named)
        return message

    def subscribe(self, message: dict[str, Any]) -> None:
        """All topics or none; what is subscribed already is left as it is."""
        topics: list[str] = message["args"]
        for topic in topics:
            self._check_topic(topic, message["id"])
        self.acknowledge(message)
        for topic in dict.fromkeys(topics):
            key = private(topic, self.account) if topic in PRIVATE else topic
            if self._exchange.hub.subscribe(self, key):
                self.topics[topic] = key
                self.show_first(topic)

    def show_first(self, topic: str) -> None:
        """Send the first event of a new subscription."""
        first = self._exchange.hub.first(topic, self.account)
        if first is not None:
            self.send(first)

    def _check_topic(self, topic: str, identity: str) -> None:
        if topic in PRIVATE:
            if not self.account:
                raise _No(NOT_AUTHENTICATED, f"{topic} needs authentication", identity)
            return
        if not self.is_topic(topic):
            raise _No(UNKNOWN_TOPIC, f"there is no topic {topic[:64]}", identity)

    def is_topic(self, topic: str) -> bool:
        """True for the topics of the public channels."""
        channel, _, rest = topic.partition(".")
        if channel == "kline":
            rest, _, interval = rest.rpartition(".")
            return interval in INTERVALS and rest in self._exchange.tapes
        return channel in MARKET_CHANNELS and rest in self._exchange.tapes

    def unsubscribe(self, message: dict[str, Any]) -> None:
        """End subscriptions; nothing of them comes after the acknowledgement."""
        for topic in message["args"]:
            key = self.topics.pop(topic, None)
            if key is not None:
                self._exchange.hub.unsubscribe(self, key)
        self.acknowledge(message)

    def pong(self, message: dict[str, Any]) -> None:
        """Answer a ping."""
        self._say({"op": "pong", "id": message["id"], "ts": self._exchange.now_ms()})

    def authenticate(self, message: dict[str, Any]) -> None:
        """Take the account of a token; what was private to an earlier one ends."""
        account = self._exchange.tokens.account_of(message["args"][0])
        if account is None:
            raise _No(BAD_TOKEN, "not logged in", message["id"])
        if account != self.account:
            self._forget_private()
        self.account = account
        self._say({"op": "auth", "id": message["id"], "success": True})

    def _forget_private(self) -> None:
        for topic in PRIVATE:
            key = self.topics.pop(topic, None)
            if key is not None:
                self._exchange.hub.unsubscribe(self, key)

    def acknowledge(self, message: dict[str, Any]) -> None:
        """Say that a subscription or its end is done."""
        fields = {"op": message["op"], "id": message["id"], "success": True}
        self._say({**fields, "args": message["args"]})

    def refuse(self, code: int, message: str, identity: str | None) -> None:
        """Say no; the connection and its other subscriptions go on."""
        named = {"id": identity} if identity is not None else {}
        self._say({"op": "error", **named, "success": False, "code": code, "message": message})

    def _say(self, message: dict[str, Any]) -> None:
        self.send(json.dumps(message, separators=(",", ":")))

    def send(self, text: str) -> None:
        """Pass one frame on."""
        if self.closed:
            return
        if self.on_frame is not None:
            self.on_frame(text)
            return
        self.outbox.append(text)
        if len(self.outbox) > MOST_WAITING:
            self.close()

    def close(self) -> None:
        """End the session and all its subscriptions."""
        if self.closed:
            return
        self.closed = True
        for key in self.topics.values():
            self._exchange.hub.unsubscribe(self, key)
        self.topics.clear()
        self._exchange.hub.sessions.pop(self, None)
        if self.on_close is not None:
            self.on_close()


def client_validators(document: Document) -> dict[str, Any]:
    """A compiled validator for each `op` that a client may send."""
    return {
        schema["properties"]["op"]["enum"][0]: jsonschema_rs.validator_for(schema)
        for schema in _client_messages(document)
    }


def _client_messages(document: Document) -> list[Document]:
    """The payload schemas of what a client may send: messages of `receive` operations."""
    found = []
    for operation in document.get("operations", {}).values():
        if operation.get("action") == "receive":
            for node in operation.get("messages", []):
                message = follow(document, node)
                found.append(inline(document, message.get("payload", {})))
    return found
