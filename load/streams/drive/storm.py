"""Cuts connections and lets them come back, all at once."""

from __future__ import annotations

from array import array
from collections import Counter
from time import process_time_ns, time_ns
from typing import Final

import gevent

from load.plan import SECOND_NS
from load.streams.drive.course import Course
from load.streams.drive.reader import TrialReader
from load.streams.storm import BACK, BEFORE, DURING, begun_with, with_snapshots
from load.streams.trials import OPEN_S, SETTLE_S, SPARE_S, StormTrial

LEAST_S: Final = 0.3  # how long the others are looked at, however soon all are back


def try_storm(course: Course) -> None:
    """As often as the profile says."""
    trial = course.trials.storm
    assert trial is not None
    storms = _Storms(course, trial)
    with course.spans.span(BEFORE):
        course.wait(trial.before_s)
    for _ in range(trial.times):
        storms.once()
    course.counts["storm"] = {**storms.seen, "failures": dict(storms.why)}
    course.facts["storm"] = {
        "storms": trial.times,
        "cpu_share": {course.session.worker: round(max(storms.cpu_shares, default=0.0), 2)},
    }


class _Storms:
    """This process's connections, and what came of them."""

    def __init__(self, course: Course, trial: StormTrial) -> None:
        began_ns = time_ns()
        self._course = course
        self._trial = trial
        self._channels = with_snapshots(course.session.contract)
        self._back_ns = course.session.values_ns.setdefault(BACK, array("q"))
        self._readers, failures = course.open_many(course.share(trial.connections), course.topics)
        self.seen: Counter[str] = Counter(cut=0, back=0, not_back=0, gaps=0)
        self.why: Counter[str] = Counter(failures)
        self.cpu_shares: list[float] = []
        course.meet(began_ns + round(OPEN_S * trial.connections * SECOND_NS))
        course.wait(SETTLE_S)
        self._next_ns = time_ns()

    def once(self) -> None:
        """Cut all, wait until they are back or the next storm is near, and count."""
        course, cut = self._course, self._readers
        course.meet(self._next_ns)
        self._next_ns = time_ns() + round(self._trial.every_s * SECOND_NS)
        cpu_ns, cut_ns = process_time_ns(), time_ns()
        with course.spans.span(DURING):
            course.hang_up(cut)
            self._readers = self._come_back(len(cut))
            self.cpu_shares.append((process_time_ns() - cpu_ns) / max(time_ns() - cut_ns, 1))
            course.wait(LEAST_S - (time_ns() - cut_ns) / SECOND_NS)
        course.wait((self._next_ns - time_ns()) / SECOND_NS - SPARE_S / 2)
        self._count(len(cut), cut_ns)
        self._readers += course.open_many(len(cut) - len(self._readers), course.topics)[0]

    def _come_back(self, count: int) -> list[TrialReader]:
        """Connect and subscribe so many at once; those that are there in time."""
        found: list[TrialReader] = []

        def one() -> None:
            try:
                found.append(self._course.open(self._course.topics))
            except OSError as error:
                self.why[str(error) or type(error).__name__] += 1

        greenlets = [gevent.spawn(one) for _ in range(count)]
        gevent.joinall(greenlets, timeout=self._trial.every_s - SPARE_S)
        late = sum(not each.ready() for each in greenlets)
        if late:
            self.why["not back in time"] += late
        gevent.killall(greenlets)
        self._course.wait(SPARE_S / 2, lambda: all(each.first_ns is not None for each in found))
        return found

    def _count(self, cut: int, cut_ns: int) -> None:
        times = [each.first_ns - cut_ns for each in self._readers if each.first_ns is not None]
        heard = [each for each in self._readers if each.first_ns is not None]
        self._back_ns.extend(times)
        gaps = sum(each.tally.gaps for each in heard)
        self.seen.update(cut=cut, back=len(heard), not_back=cut - len(heard), gaps=gaps)
        self.seen.update(begun_with((each.events for each in heard), self._channels))
        self.why.update(each.why_ended for each in self._readers if each.why_ended is not None)
