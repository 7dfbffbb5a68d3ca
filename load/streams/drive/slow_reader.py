"""Opens a connection that does not read for a time, and looks at the others meanwhile."""

from __future__ import annotations

from time import time_ns
from typing import Final

from load.plan import SECOND_NS
from load.streams.drive.course import Course
from load.streams.drive.reader import TrialReader
from load.streams.events import Window, delivered
from load.streams.slow_reader import BEFORE, DURING, Silence, told
from load.streams.trials import DRAIN_S, SETTLE_S

# Not below the 64 KiB that are offered before it is set: a sender waits for half of the largest window it ever saw.
SMALL_BUFFER_BYTES: Final = 65_536
PAST_MS: Final = 100  # an event so much later than the silence says that all of it has come


def try_slow_reader(course: Course) -> None:
    """One connection of the first worker is silent; every worker looks at its own listeners."""
    trial = course.trials.slow_reader
    assert trial is not None
    mine = [course.open(course.topics, SMALL_BUFFER_BYTES)] if not course.session.number else []
    reference = course.open(course.topics) if mine else None
    course.wait(SETTLE_S)
    with course.spans.span(BEFORE):
        course.wait(trial.before_s)
    with course.spans.span(DURING), course.window() as windows:
        noticed_ns = _silence(course, mine, trial.silent_s)
    if reference is not None:
        (reader,), (window,) = mine, windows
        read_before = reader.tally.size
        reader.resume()
        topics = course.topics
        course.wait(
            DRAIN_S,
            lambda: (
                reader.why_ended is not None
                or len(set(delivered(reference.events, [reader.events], topics, window))) == 1
                or _is_past(reader, window)
            ),
        )
        last_ms, is_cut = reader.events.last_ms, reader.why_ended is not None
        course.facts["slow_reader"] = told(
            Silence(
                silent_s=(window.until_ms - window.from_ms) / 1000,
                waited_bytes=reader.tally.size - read_before,
                came=delivered(reference.events, [reader.events], topics, window),
                gaps=reader.tally.gaps,
                is_past=_is_past(reader, window),
                why_ended=reader.why_ended,
                noticed_after_s=noticed_ns / SECOND_NS if noticed_ns else None,
                last_event_after_s=(last_ms - window.from_ms) / 1000
                if last_ms and is_cut
                else None,
            )
        )


def _is_past(reader: TrialReader, window: Window) -> bool:
    return (reader.events.last_ms or 0) >= window.until_ms + PAST_MS


def _silence(course: Course, mine: list[TrialReader], seconds: float) -> int:
    """Read nothing, and look whether the other side has gone; after how many ns it had, 0 if it had not."""
    began_ns = time_ns()
    for reader in mine:
        reader.pause()
    if not course.wait(seconds, lambda: any(each.is_gone() for each in mine)):
        return 0
    gone_ns = time_ns() - began_ns
    course.wait(seconds - gone_ns / SECOND_NS)
    return gone_ns
