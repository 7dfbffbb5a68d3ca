"""What becomes of a topic's messages before the user sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TRADES_REMEMBERED = 10_000


class Feed:
    """Takes the messages of one topic."""

    def receive(self, message: dict[str, Any]) -> bool:
        """Take a message; False when one before it was missed and the topic has to begin anew."""
        raise NotImplementedError

    def lose(self) -> None:
        """The connection broke: from here on something may be missing."""


class Events(Feed):
    """Hands on the data of each message."""

    def __init__(self, on_event: Callable[[Any], None]) -> None:
        self._on_event = on_event

    def receive(self, message: dict[str, Any]) -> bool:
        """Hand it on."""
        self._on_event(message["data"])
        return True


class Trades(Feed):
    """Hands on each trade once: the snapshot of a new connection repeats some that were seen."""

    def __init__(self, on_trade: Callable[[Any], None]) -> None:
        self._on_trade = on_trade
        self._seen: dict[Any, None] = {}  # in the order in which they came

    def receive(self, message: dict[str, Any]) -> bool:
        """Hand on those that are new."""
        for trade in message["data"]:
            if trade["id"] not in self._seen:
                self._seen[trade["id"]] = None
                self._on_trade(trade)
        while len(self._seen) > TRADES_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True
