"""What becomes of a topic's messages before the user sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

TRADES_REMEMBERED = 10_000


class Feed(Protocol):
    """Takes the messages of one topic."""

    def receive(self, message: dict[str, Any]) -> bool:
        """Take a message; False when something before it was missed and the topic has to begin anew."""

    def lose(self) -> None:
        """The connection broke: there is no knowing what is missed from here on."""


class Events:
    """Hands on the data of each message."""

    def __init__(self, on_event: Callable[[Any], None]) -> None:
        self._on_event = on_event

    def receive(self, message: dict[str, Any]) -> bool:
        """Hand it on."""
        self._on_event(message["data"])
        return True

    def lose(self) -> None:
        """The next message stands for itself."""


class Trades:
    """Hands on each trade once: the snapshot of a new connection repeats what was seen, and fills what was not."""

    def __init__(self, on_trade: Callable[[Any], None]) -> None:
        self._on_trade = on_trade
        self._seen: dict[Any, None] = {}

    def receive(self, message: dict[str, Any]) -> bool:
        """Hand on those that are new."""
        for trade in message["data"]:
            if trade["id"] not in self._seen:
                self._remember(trade["id"])
                self._on_trade(trade)
        return True

    def lose(self) -> None:
        """What was seen remains seen."""

    def _remember(self, identity: Any) -> None:
        self._seen[identity] = None
        if len(self._seen) > TRADES_REMEMBERED:
            del self._seen[next(iter(self._seen))]
