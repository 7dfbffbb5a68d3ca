"""Count what a stream connection receives, and hold each topic's sequence to its promise."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

import orjson

LOADS: Final = orjson.loads


@dataclass(slots=True)
class Tally:
    """One connection's events. `gaps` are deltas that do not follow the last one.

    What counts has to lie, by its own time, from `from_ms` until `until_ms` on the exchange's clock.
    """

    events: Counter[str] = field(default_factory=Counter)
    size: int = 0
    gaps: int = 0
    unreadable: int = 0
    acknowledged: int = 0
    refused: str | None = None
    from_ms: float = -inf
    until_ms: float = inf
    _last: dict[str, int] = field(default_factory=dict)

    def take(self, text: bytes, counts: bool) -> dict[str, Any] | None:
        """One frame; the event that it is, if it is one.

        Sequences are followed from the first on; it is counted when it `counts`.
        """
        try:
            frame = LOADS(text)
        except orjson.JSONDecodeError:
            self.unreadable += 1
            return None
        try:  # the usual: a delta that follows the last one of its topic
            topic, number = frame["topic"], frame["seq"]
            follows = frame["prevSeq"] == self._last[topic] and number.__class__ is int
        except (KeyError, TypeError):
            follows = False
        if follows:
            self._last[topic] = number
        else:
            topic = frame.get("topic") if isinstance(frame, dict) else None
            if not isinstance(topic, str):
                self._answer(frame)
                return None
            follows = self._follows(topic, frame)
        at_ms = frame.get("ts")
        if counts and (at_ms.__class__ is not int or self.from_ms <= at_ms < self.until_ms):
            self.events[topic] += 1
            self.size += len(text)
            self.gaps += not follows
        event: dict[str, Any] = frame
        return event

    def _answer(self, frame: Any) -> None:
        if not isinstance(frame, dict):
            self.unreadable += 1
        elif frame.get("success") is True:
            self.acknowledged += 1
        elif frame.get("success") is False:
            self.refused = f"{frame.get('code')} {frame.get('message')}"

    def _follows(self, topic: str, frame: dict[str, Any]) -> bool:
        number = frame.get("seq")
        if not isinstance(number, int):
            return True
        last = self._last.get(topic)
        self._last[topic] = number
        if frame.get("type") == "snapshot" or "prevSeq" not in frame:
            return True
        return last is not None and frame["prevSeq"] == last
