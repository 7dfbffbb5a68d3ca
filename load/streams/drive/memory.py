"""Opens idle connections, then subscribes them, and looks at resident sets meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from typing import Final

from load.streams.drive.course import Course
from load.streams.drive.processes import resident_bytes
from load.streams.memory import Look, told

LOOK_S: Final = 0.1
QUARTERS: Final = 4


def try_memory(course: Course) -> None:
    """The first worker's trial: more connections, then their subscriptions."""
    trial, session = course.trials.memory, course.session
    assert trial is not None
    if session.number:
        return
    owners, why_unseen = course.owners
    exchange: list[Look] = []
    ours: list[Look] = []
    began_s = monotonic()

    def hold(connections: int, subscriptions: int) -> None:
        for _ in range(max(1, round(trial.hold_s / LOOK_S))):
            course.wait(LOOK_S)
            at_s = monotonic() - began_s
            ours.append(Look(at_s, connections, subscriptions, resident_bytes([os.getpid()])))
            if owners:
                now = resident_bytes(owners)
                exchange.append(Look(at_s, connections, subscriptions, now))

    hold(0, 0)
    failures = _raise(course, trial.connections, hold)
    course.facts["memory"] = {**told(exchange, ours, why_unseen), "failures": failures}


def _raise(course: Course, connections: int, hold: Callable[[int, int], None]) -> list[str]:
    """Open in quarters, then subscribe in quarters; the first of what failed."""
    quarter = -(-connections // QUARTERS)
    readers, failures = [], []
    for _ in range(QUARTERS):
        opened, why = course.open_many(quarter, ())
        readers += opened
        failures += why
        hold(len(readers), 0)
    subscriptions, topics = 0, course.quiet_topics()
    for at in range(0, len(readers), quarter):
        for reader in readers[at : at + quarter]:
            reader.subscribe(topics)
            subscriptions += len(topics)
        hold(len(readers), subscriptions)
    return failures[:1]
