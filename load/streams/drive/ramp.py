"""Raises subscriptions and connections step by step."""

from __future__ import annotations

from collections.abc import Sequence
from time import time_ns

from load.histogram import histogram_of
from load.plan import SECOND_NS
from load.streams.drive.course import Course
from load.streams.drive.reader import TrialReader
from load.streams.events import Delivered, Window, delivered
from load.streams.ramp import Step, name_of, why_stop
from load.streams.trials import DRAIN_S, SETTLE_S


def try_ramp(course: Course) -> None:
    """Step by step, until one says that the next would tell nothing."""
    trial = course.trials.ramp
    assert trial is not None
    course.counts["ramp"], course.facts["ramp"] = {}, {"topics": len(course.topics)}
    reference = course.open(course.topics)
    busy_max = course.session.prepared.bounds.busy_share_max
    at_ns, held = time_ns(), _Held(course)
    for number, (connections, subscriptions) in enumerate(trial.steps):
        course.meet(at_ns)
        at_ns += round(trial.step_most_s(connections) * SECOND_NS)
        topics = course.topics[:subscriptions]
        refused = held.raise_to(course.share(connections), topics)
        step = _look(course, reference, held.readers, topics, trial.step_s, refused)
        if not _keep(course, name_of(number), step, why_stop(step, busy_max)):
            return


def _keep(course: Course, name: str, step: Step, why: str | None) -> bool:
    """Note a step; whether to go on."""
    worker = course.session.worker
    course.counts["ramp"][name] = {
        "processes": 1,
        "connections": step.connections,
        "subscriptions": step.subscriptions,
        "delivered": step.came.delivered,
        "expected": step.came.expected,
        "gaps": step.gaps,
    }
    course.facts["ramp"][name] = {
        "busy_share": {worker: round(step.busy_share, 2)},
        "receive_lag_p99_us": {worker: step.receive_lag_us},
        "why": {worker: why} if why else {},
    }
    return why is None


class _Held:
    """The connections of a step; the next one keeps those that have the same topics."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._topics: Sequence[str] = ()
        self.readers: list[TrialReader] = []

    def raise_to(self, connections: int, topics: Sequence[str]) -> str | None:
        """Have so many with these topics; why not, if not."""
        if topics != self._topics:
            self._course.hang_up(self.readers)
            self.readers, self._topics = [], topics
        missing = connections - len(self.readers)
        opened, failures = self._course.open_many(missing, topics)
        self.readers += opened
        return failures[0] if failures else None


def _look(
    course: Course,
    reference: TrialReader,
    readers: Sequence[TrialReader],
    topics: Sequence[str],
    seconds: float,
    refused: str | None,
) -> Step:
    """One step: what came within its window, once what was under way has come."""
    course.wait(SETTLE_S)
    gaps_before = sum(each.tally.gaps for each in readers)
    window, busy_share, lag_us = _let_pass(course, readers, seconds)
    heard = [each.events for each in readers]

    def came() -> Delivered:
        return delivered(reference.events, heard, topics, window)

    course.wait(DRAIN_S, lambda: len(set(came())) == 1)
    ends = (each.why_ended for each in (reference, *readers) if each.why_ended)
    return Step(
        connections=len(readers),
        subscriptions=len(readers) * len(topics),
        came=came(),
        gaps=sum(each.tally.gaps for each in readers) - gaps_before,
        busy_share=busy_share,
        receive_lag_us=lag_us,
        refused=refused,
        ended=next(ends, None),
    )


def _let_pass(
    course: Course, readers: Sequence[TrialReader], seconds: float
) -> tuple[Window, float, float | None]:
    """A window, how busy we were within it, and how late we read at p99."""
    engine, before = course.session.engine, [len(each.lags_ns) for each in readers]
    idle_ns, began_ns = engine.idle_ns, time_ns()
    with course.window() as windows:
        course.wait(seconds)
    busy_share = 1 - (engine.idle_ns - idle_ns) / max(time_ns() - began_ns, 1)
    late = [lag for each, at in zip(readers, before, strict=True) for lag in each.lags_ns[at:]]
    lag_ns = histogram_of(late).quantile(0.99)
    return windows[0], busy_share, None if lag_ns is None else round(lag_ns / 1000, 1)
