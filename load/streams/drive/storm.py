"""Cuts connections and lets them come back, all at once."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from time import process_time_ns, time_ns
from typing import Final

import gevent

from load.plan import SECOND_NS
from load.streams.drive.course import Course
from load.streams.drive.reader import TrialReader
from load.streams.storm import BACK, BEFORE, DURING, begun_with, with_snapshots
from load.streams.trials import OPEN_S, SETTLE_S

LEAST_S: Final = 0.3  # how long the others are looked at, however soon all are back
SPARE_S: Final = 0.5  # before the next storm


def try_storm(course: Course) -> None:
    """As often as the profile says."""
    trial, session = course.trials.storm, course.session
    assert trial is not None
    began_ns = time_ns()
    readers, failures = course.open_many(course.share(trial.connections), course.topics)
    course.meet(began_ns + round(OPEN_S * trial.connections * SECOND_NS))
    course.wait(SETTLE_S)
    with course.spans.span(BEFORE):
        course.wait(trial.before_s)
    back_ns = session.values_ns.setdefault(BACK, array("q"))
    seen: Counter[str] = Counter(cut=0, back=0, not_back=0, gaps=0)
    why, shares = Counter(failures), []
    next_ns = time_ns()
    for _ in range(trial.times):
        course.meet(next_ns)
        next_ns = time_ns() + round(trial.every_s * SECOND_NS)
        cut, readers = readers, []
        cpu_ns, cut_ns = process_time_ns(), time_ns()
        with course.spans.span(DURING):
            course.hang_up(cut)
            readers = _back(course, len(cut), trial.every_s - SPARE_S, why)
            shares.append((process_time_ns() - cpu_ns) / max(time_ns() - cut_ns, 1))
            course.wait(LEAST_S - (time_ns() - cut_ns) / SECOND_NS)
        course.wait((next_ns - time_ns()) / SECOND_NS - SPARE_S / 2)
        heard = [each for each in readers if each.first_ns is not None]
        back_ns.extend(each.first_ns - cut_ns for each in heard if each.first_ns is not None)
        seen.update(cut=len(cut), back=len(heard), not_back=len(cut) - len(heard))
        seen.update(gaps=sum(each.tally.gaps for each in heard))
        seen.update(begun_with((each.events for each in heard), with_snapshots(session.contract)))
        _note_ends(readers, why)
        readers += course.open_many(len(cut) - len(readers), course.topics)[0]
    course.counts["storm"] = {**seen, "failures": dict(why)}
    course.facts["storm"] = {
        "storms": trial.times,
        "cpu_share": {session.worker: round(max(shares, default=0.0), 2)},
    }


def _back(course: Course, count: int, seconds: float, why: Counter[str]) -> list[TrialReader]:
    """Connect and subscribe so many at once; those that are there in time."""
    found: list[TrialReader] = []

    def one() -> None:
        try:
            found.append(course.open(course.topics))
        except OSError as error:
            why[str(error) or type(error).__name__] += 1

    greenlets = [gevent.spawn(one) for _ in range(count)]
    gevent.joinall(greenlets, timeout=seconds)
    why["not back in time"] += sum(not each.ready() for each in greenlets)
    gevent.killall(greenlets)
    course.wait(SPARE_S / 2, lambda: all(each.first_ns is not None for each in found))
    return found


def _note_ends(readers: Sequence[TrialReader], why: Counter[str]) -> None:
    why.update(each.why_ended for each in readers if each.why_ended is not None)
    # Counters keep what was never counted.
    for name in [name for name, count in why.items() if not count]:
        del why[name]
