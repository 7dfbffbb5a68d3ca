"""What every client here does with a message: decode it, hold its topic's sequence to its promise, and time it.

Standard library and orjson alone, for the clients run in environments of their own.
"""

from __future__ import annotations

import json
import sys
from array import array
from time import time_ns
from typing import NamedTuple

import orjson

SECOND_NS = 1_000_000_000


class Given(NamedTuple):
    """URL CONNECTIONS TOPICS WARM_UP_S SECONDS, as the command line gives them; TOPICS is for each connection."""

    url: str
    connections: int
    topics: int
    warm_up_s: float
    seconds: float

    @classmethod
    def of(cls, words: list[str]) -> Given:
        """The first five words."""
        return cls(words[0], int(words[1]), int(words[2]), float(words[3]), float(words[4]))

    def subscription(self, connection: int) -> str:
        """What a connection says first; no two ask for the same topic."""
        names = [f"depth.C{connection}T{number}/USDT" for number in range(self.topics)]
        return json.dumps({"op": "subscribe", "args": names, "id": "1"})


class Check:
    """Counts of one client over all its connections."""

    def __init__(self, given: Given) -> None:
        self.is_over = False
        self._acknowledged = self._unreadable = self._gaps = 0
        self._last: dict[str, int] = {}
        self._delays_ns = array("q")
        begin_ns = time_ns()
        self._from_ns = begin_ns + int(given.warm_up_s * SECOND_NS)
        self._until_ns = self._from_ns + int(given.seconds * SECOND_NS)
        self._now_ns = begin_ns

    def take(self, text: bytes | str) -> None:
        """One message."""
        now_ns = time_ns()
        try:
            event = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._unreadable += 1
            return
        if "topic" not in event:
            self._acknowledged += event.get("success") is True
            return
        topic, last = event["topic"], self._last
        if event["type"] != "snapshot" and event["prevSeq"] != last.get(topic):
            self._gaps += 1
        last[topic] = event["seq"]
        if now_ns >= self._from_ns:
            self._delays_ns.append(now_ns - event["sentNs"])
            self._now_ns = now_ns
            if now_ns > self._until_ns:
                self.is_over = True

    def say(self) -> None:
        """One line of JSON."""
        delays = sorted(self._delays_ns)
        count = len(delays)
        seconds = max(self._now_ns - self._from_ns, 1) / SECOND_NS
        found = {
            "messages": count,
            "messages_per_s": count / seconds,
            "acknowledged": self._acknowledged,
            "gaps": self._gaps,
            "unreadable": self._unreadable,
            "p50_us": delays[count // 2] / 1000 if count else None,
            "p99_us": delays[count * 99 // 100] / 1000 if count else None,
        }
        sys.stdout.write(json.dumps(found) + "\n")
