"""What every client here does with a message: decode it, hold its topic's sequence to its promise, and time it.

Standard library and orjson alone, for the clients run in environments of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from array import array
from collections.abc import Awaitable, Callable
from time import process_time, time_ns
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
        self._cpu_s = 0.0  # when the counting began

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
            self._cpu_s = self._cpu_s or process_time()
            self._delays_ns.append(now_ns - event["sentNs"])
            self._now_ns = now_ns
            if now_ns > self._until_ns:
                self.is_over = True

    def end(self) -> None:
        """Say in one line of JSON what came, and hang up: closing in order would first read all that is under way."""
        cpu_s = process_time() - self._cpu_s
        delays = sorted(self._delays_ns)
        count = len(delays)
        seconds = max(self._now_ns - self._from_ns, 1) / SECOND_NS
        found = {
            "messages": count,
            "messages_per_s": count / seconds,
            "messages_per_cpu_s": count / cpu_s,
            "acknowledged": self._acknowledged,
            "gaps": self._gaps,
            "unreadable": self._unreadable,
            "p50_us": delays[count // 2] / 1000 if count else None,
            "p99_us": delays[count * 99 // 100] / 1000 if count else None,
        }
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        os._exit(0)


def drive(listen: Callable[[Given, int, Check], Awaitable[None]], words: list[str]) -> None:
    """Run every connection of a client on asyncio's own loop, or on uvloop where the last word asks for it."""
    if words[-1] == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(_together(listen, Given.of(words)))


async def _together(listen: Callable[[Given, int, Check], Awaitable[None]], given: Given) -> None:
    check = Check(given)
    await asyncio.gather(*(listen(given, number, check) for number in range(given.connections)))
