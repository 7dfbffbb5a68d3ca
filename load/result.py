"""Fold the samples of one scenario into the entry that stands for it in a run's summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from load.judge import Bounds, Evidence, why_invalid
from load.plan import SECOND_NS, Plan, Profile
from load.recorder import (
    Figures,
    Kind,
    Recorder,
    Sample,
    figures,
    histogram,
    percentile,
    receive_lag_ns,
    response_ns,
    send_lag_ns,
    wire_ns,
)

STAMPED_SHARE_MIN = 0.99  # a figure from fewer stamps than that would mix two clocks


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run left besides its samples. `headline`: the operations whose figures stand for it.

    Without a plan (`plan` None) the load was closed: each request waited for the answer before.
    """

    profile: Profile
    plan: Plan | None
    start_ns: int
    stop_ns: int
    headline: frozenset[str] | None = None
    clock_step_us: float = 0.0
    stopped_because: str | None = None
    first_error: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def result(recorder: Recorder, ended: Ended, bounds: Bounds) -> dict[str, Any]:
    """The scenario's entry in the summary's `load` list."""
    window = _Window(ended)
    counted = [each for each in recorder.samples() if each.intended_ns >= window.from_ns]
    shown = _headline(recorder.operations, counted, ended.headline)
    answered = [each for each in shown if each.kind == Kind.ANSWERED]
    responses = [response_ns(each) for each in shown if each.kind != Kind.REFUSED]
    offered, achieved, span_s = window.rates(answered)
    evidence = Evidence(
        sent=len(counted),
        answered=len(answered),
        errors=sum(each.kind != Kind.ANSWERED for each in counted),
        dropped=recorder.dropped,
        offered_per_s=offered,
        achieved_per_s=achieved,
        send_lag_p99_us=_p99(shown, send_lag_ns) if ended.plan else None,
        receive_lag_p99_us=_p99(answered, receive_lag_ns) if ended.plan else None,
        clock_step_us=ended.clock_step_us,
        stopped_because=ended.stopped_because,
        first_error=ended.first_error,
    )
    return {
        **_judged(ended.profile, evidence, bounds),
        "duration_s": round(span_s, 2),
        "clock": "kernel" if _is_stamped(answered) else "user",
        "wire_us": _wire(answered),
        "response_us": figures(responses),
        "operations": _operations(recorder.operations, counted),
        "extra": {**ended.extra, "waited_for_a_connection": _queued(shown)},
        "histogram": histogram(responses),
    }


def _judged(profile: Profile, evidence: Evidence, bounds: Bounds) -> dict[str, Any]:
    problem = why_invalid(evidence, bounds)
    return {
        "scenario": profile.scenario,
        "profile": profile.name,
        "valid": problem is None,
        "why_invalid": problem,
        "n": evidence.answered,
        "errors": evidence.errors,
        "offered_per_s": round(evidence.offered_per_s, 2),
        "achieved_per_s": round(evidence.achieved_per_s, 2),
        "send_lag_us": {"p99": evidence.send_lag_p99_us},
        "receive_lag_us": {"p99": evidence.receive_lag_p99_us},
    }


def _headline(
    names: Sequence[str], counted: Sequence[Sample], headline: frozenset[str] | None
) -> list[Sample]:
    if headline is None:
        return list(counted)
    wanted = {number for number, name in enumerate(names) if name in headline}
    return [each for each in counted if each.operation in wanted]


class _Window:
    """The span whose samples count, and the rates within it."""

    def __init__(self, ended: Ended) -> None:
        self._ended = ended
        plan = ended.plan
        self.from_ns = ended.start_ns + (plan.warm_up_ns if plan else 0)
        self._until_ns = min(ended.stop_ns, ended.start_ns + plan.end_ns) if plan else ended.stop_ns

    def rates(self, answered: Sequence[Sample]) -> tuple[float, float, float]:
        """Planned per second, answered per second, and the seconds that the answers took."""
        planned_s = max(self._until_ns - self.from_ns, 1) / SECOND_NS
        # Late answers count, but they take the time that they took.
        last_ns = max((each.received_ns for each in answered), default=self._until_ns)
        span_s = max(last_ns - self.from_ns, self._until_ns - self.from_ns, 1) / SECOND_NS
        plan = self._ended.plan
        if plan is None:
            return len(answered) / planned_s, len(answered) / planned_s, planned_s
        due = plan.due(plan.warm_up_ns, self._until_ns - self._ended.start_ns)
        return due / planned_s, len(answered) / span_s, span_s


def _is_stamped(answered: Sequence[Sample]) -> bool:
    stamped = sum(each.kernel_ns != 0 for each in answered)
    return bool(answered) and stamped >= STAMPED_SHARE_MIN * len(answered)


def _wire(answered: Sequence[Sample]) -> Figures:
    if not _is_stamped(answered):
        return figures([each.received_ns - each.sent_ns for each in answered])
    return figures([wire_ns(each) for each in answered if each.kernel_ns])


def _p99(samples: Sequence[Sample], of: Callable[[Sample], int]) -> float | None:
    value = percentile(sorted(of(each) for each in samples), 0.99)
    return None if value is None else round(value / 1000, 1)


def _queued(samples: Sequence[Sample]) -> int:
    return sum(each.free_ns > each.intended_ns for each in samples)


def _operations(names: Sequence[str], counted: Sequence[Sample]) -> list[dict[str, Any]]:
    rows = []
    for number, name in enumerate(names):
        mine = [each for each in counted if each.operation == number]
        answered = [each for each in mine if each.kind == Kind.ANSWERED]
        rows.append(
            {
                "operation": name,
                "n": len(answered),
                "errors": len(mine) - len(answered),
                "wire_us": _wire(answered),
                "response_us": figures([response_ns(x) for x in mine if x.kind != Kind.REFUSED]),
            }
        )
    return rows
