"""Opens a connection that does not read for a time, and looks at the others meanwhile."""

from __future__ import annotations

from time import time_ns
from typing import Final

from load.plan import SECOND_NS
from load.streams.drive.course import Course
from load.streams.drive.reader import TrialReader
from load.streams.events import Delivered, Window, delivered
from load.streams.slow_reader import BEFORE, DURING, Silence, told
from load.streams.trials import DRAIN_S, SETTLE_S

# Not below the 64 KiB that are offered before it is set: a sender waits for half of the largest window it ever saw.
SMALL_BUFFER_BYTES: Final = 65_536
PAST_MS: Final = 100  # an event so much later than the silence says that all of it has come


def try_slow_reader(course: Course) -> None:
    """One connection of the first worker is silent; every worker looks at its own listeners."""
    trial = course.trials.slow_reader
    assert trial is not None
    mine = _Slow(course) if not course.session.number else None
    course.wait(SETTLE_S)
    with course.spans.span(BEFORE):
        course.wait(trial.before_s)
    with course.spans.span(DURING), course.window() as windows:
        if mine is None:
            course.wait(trial.silent_s)
        else:
            mine.be_silent(trial.silent_s)
    if mine is not None:
        course.facts["slow_reader"] = told(mine.read_on(windows[0]))


class _Slow:
    """The reader, and another one beside it that reads, to know what there was to read."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._reader = course.open(course.topics, SMALL_BUFFER_BYTES)
        self._reference = course.open(course.topics)
        self._noticed_s: float | None = None

    def be_silent(self, seconds: float) -> None:
        """Read nothing, and look whether the other side has gone meanwhile."""
        began_ns = time_ns()
        self._reader.pause()
        if self._course.wait(seconds, self._reader.is_gone):
            self._noticed_s = (time_ns() - began_ns) / SECOND_NS
            self._course.wait(seconds - self._noticed_s)

    def read_on(self, window: Window) -> Silence:
        """Read until all of the silence has come, or it is clear that it will not."""
        reader, before = self._reader, self._reader.tally.size
        reader.resume()
        self._course.wait(DRAIN_S, lambda: self._is_over(window))
        last_ms = reader.events.last_ms if reader.why_ended else None
        return Silence(
            silent_s=(window.until_ms - window.from_ms) / 1000,
            waited_bytes=reader.tally.size - before,
            came=self._came(window),
            gaps=reader.tally.gaps,
            is_past=_is_past(reader, window),
            why_ended=reader.why_ended,
            noticed_after_s=self._noticed_s,
            last_event_after_s=(last_ms - window.from_ms) / 1000 if last_ms else None,
        )

    def _came(self, window: Window) -> Delivered:
        return delivered(self._reference.events, [self._reader.events], self._course.topics, window)

    def _is_over(self, window: Window) -> bool:
        came = self._came(window)
        is_whole = came.delivered == came.expected
        return is_whole or self._reader.why_ended is not None or _is_past(self._reader, window)


def _is_past(reader: TrialReader, window: Window) -> bool:
    return (reader.events.last_ms or 0) >= window.until_ms + PAST_MS
