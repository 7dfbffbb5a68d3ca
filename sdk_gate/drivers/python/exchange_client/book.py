"""A market's order book, kept by a snapshot and the deltas after it."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

from exchange_client.feeds import Feed
from exchange_client.requests import plain

Levels = dict[Decimal, tuple[str, str]]


class Book(Feed):
    """Prices and amounts stand as they were sent. `is_synced` is False while the book is known to be wrong."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sequence: int | None = None
        self._bids: Levels = {}
        self._asks: Levels = {}

    @property
    def is_synced(self) -> bool:
        """True from a snapshot on, until something is missed."""
        return self._sequence is not None

    def bids(self) -> list[tuple[str, str]]:
        """(price, amount), the highest price first."""
        with self._lock:
            return [self._bids[price] for price in sorted(self._bids, reverse=True)]

    def asks(self) -> list[tuple[str, str]]:
        """(price, amount), the lowest price first."""
        with self._lock:
            return [self._asks[price] for price in sorted(self._asks)]

    def receive(self, message: dict[str, Any]) -> bool:
        """Take a snapshot or a delta; False when a delta before it is missing."""
        with self._lock:
            if message["type"] == "snapshot":
                self._bids, self._asks = {}, {}
                self._apply(message)
            elif message["type"] == "delta" and self._sequence is not None:
                return self._follow(self._sequence, message)
        return True

    def lose(self) -> None:
        """Nothing counts until the next snapshot."""
        self._sequence = None

    def _follow(self, sequence: int, delta: dict[str, Any]) -> bool:
        if delta["seq"] <= sequence:
            return True  # the snapshot has it already
        if delta["prevSeq"] != sequence:
            self._sequence = None
            return False
        self._apply(delta)
        return True

    def _apply(self, message: dict[str, Any]) -> None:
        for levels, changed in ((self._bids, "bids"), (self._asks, "asks")):
            for price, amount in message["data"][changed]:
                if Decimal(amount) == 0:
                    levels.pop(Decimal(price), None)
                else:
                    levels[Decimal(price)] = (plain(price), plain(amount))
        self._sequence = message["seq"]
