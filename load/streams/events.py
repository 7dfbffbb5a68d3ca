"""What one connection heard, by the exchange's own times: two connections then agree on what counts.

The same event reaches two connections at two times, so a window on our clock cuts it differently for each. By the
time that stands in the event both have it within the window, or neither has.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

TIME: Final = "ts"  # epoch milliseconds
SNAPSHOT: Final = "snapshot"
QUIET_SHARE: Final = 0.01


class Window(NamedTuple):
    """A span on the exchange's clock, its end excluded."""

    from_ms: int
    until_ms: int


@dataclass(slots=True)
class Events:
    """The times of one connection's events by topic. A snapshot is for one connection alone, so it is no event."""

    times_ms: dict[str, array[int]] = field(default_factory=dict)
    first_types: dict[str, Any] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> None:
        """One message that has a topic."""
        topic, kind, time_ms = event["topic"], event.get("type"), event.get(TIME)
        if topic not in self.times_ms:
            self.first_types[topic] = kind
            self.times_ms[topic] = array("q")
        if kind != SNAPSHOT and type(time_ms) is int:
            self.times_ms[topic].append(time_ms)

    def count(self, topic: str, window: Window) -> int:
        """How many events of a topic lie in a window."""
        if not self.times_ms.get(topic):
            return 0
        times = np.array(self.times_ms[topic], dtype=np.int64)
        return int(((times >= window.from_ms) & (times < window.until_ms)).sum())

    @property
    def last_ms(self) -> int | None:
        """The latest event's time."""
        return max((max(each) for each in self.times_ms.values() if each), default=None)


def quiet(topics: Sequence[str], events: Mapping[str, int]) -> list[str]:
    """The topics with the fewest events, as many as together have at most a hundredth of all."""
    left = sum(events.get(topic, 0) for topic in topics) * QUIET_SHARE
    found: list[str] = []
    for topic in sorted(topics, key=lambda each: events.get(each, 0)):
        left -= events.get(topic, 0)
        if left < 0 and found:
            break
        found.append(topic)
    return found


class Delivered(NamedTuple):
    """Events that came, of those that should have come."""

    delivered: int
    expected: int


def delivered(
    reference: Events, others: Sequence[Events], topics: Iterable[str], window: Window
) -> Delivered:
    """What others heard of topics in a window; expected of each is what the best of all heard of a topic."""
    came = expected = 0
    for topic in topics:
        counts = [each.count(topic, window) for each in others]
        came += sum(counts)
        expected += max([reference.count(topic, window), *counts]) * len(others)
    return Delivered(came, expected)
