"""Fold the timeline of one scenario into the entry that stands for it in a run's summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from load.histogram import Histogram, Interval
from load.judge import Bounds, Evidence, why_invalid
from load.knee import knee
from load.plan import SECOND_NS, Plan, Profile
from load.recorder import Kind
from load.timeline import Timeline, widening
from load.watch import Watched, worst

QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
# A figure from fewer stamps than that would mix two clocks.
STAMPED_SHARE_MIN: Final = 0.99

Figures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run left besides its samples. `headline`: the operations whose figures stand for it.

    Times are since the start of the plan, in ns. Without a plan (`plan` None) the load was closed: each
    request waited for the answer before. `watched` by worker; `lost` says what became of the others.
    """

    profile: Profile
    plan: Plan | None
    stop_ns: int
    headline: frozenset[str] | None = None
    watched: Mapping[str, Watched] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    stopped_because: str | None = None
    first_error: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)


def result(timeline: Timeline, ended: Ended, bounds: Bounds) -> dict[str, Any]:
    """The scenario's entry in the summary's `load` list."""
    measured = ended.profile.measured_stages if ended.plan else None
    counted = timeline.counted(stages=measured)
    shown = timeline.counted(ended.headline, measured)
    window = _Window(ended)
    kinds, answered = counted.kinds(), shown.kinds()[Kind.ANSWERED]
    offered, achieved, span_s = window.rates(shown.planned(), shown.last_ns())
    lags = {name: shown.histogram(name) for name in ("send_lag", "receive_lag")}
    evidence = Evidence(
        sent=sum(kinds.values()),
        answered=answered,
        errors=kinds[Kind.REFUSED] + kinds[Kind.LOST],
        offered_per_s=offered,
        achieved_per_s=achieved,
        send_lag_p99_us=_us(lags["send_lag"].quantile(0.99)),
        receive_lag_p99_us=_us(lags["receive_lag"].quantile(0.99)),
        watched=worst(list(ended.watched.values())) if ended.watched else None,
        is_planned=ended.plan is not None,
        lost=ended.lost,
        stopped_because=ended.stopped_because,
        first_error=ended.first_error,
    )
    stages = _stages(timeline.counted(ended.headline), ended)
    return {
        **_judged(ended.profile, evidence, bounds),
        "duration_s": round(span_s, 2),
        "partial": bool(ended.lost),
        **_times(shown),
        **{f"{name}_us": figures(each) for name, each in lags.items()},
        "also_us": {
            name: {"n": len(each), **figures(each)} for name, each in ended.histograms.items()
        },
        "operations": _operations(counted),
        "stages": stages,
        "knee": knee(stages[:measured]),
        "generator": {name: each.as_dict() for name, each in ended.watched.items()},
        "extra": {**ended.extra, "waited_for_a_connection": shown.waited()},
        "over_range": shown.histogram("response").over,
        "histograms": {
            **{name: shown.histogram(name).encode() for name in ("wire", "response")},
            **{name: each.encode() for name, each in ended.histograms.items()},
        },
    }


def figures(histogram: Histogram) -> Figures:
    """The percentiles and the maximum, in microseconds with a tenth."""
    found = {name: _us(histogram.quantile(quantile)) for name, quantile in QUANTILES.items()}
    return {**found, "max": _us(histogram.max_ns if len(histogram) else None)}


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
    }


class _Window:
    """The span whose samples count, and the rates within it."""

    def __init__(self, ended: Ended) -> None:
        plan = ended.plan
        self._plan = plan
        self._from_ns = plan.warm_up_ns if plan else 0
        self._until_ns = ended.stop_ns
        if plan:
            self._until_ns = min(ended.stop_ns, plan.ends_ns[ended.profile.measured_stages - 1])

    def rates(self, answered: int, last_ns: int) -> tuple[float, float, float]:
        """Planned per second, answered per second, and the seconds that the answers took."""
        planned_s = max(self._until_ns - self._from_ns, 1) / SECOND_NS
        if self._plan is None:
            return answered / planned_s, answered / planned_s, planned_s
        # Late answers count, but they take the time that they took.
        span_s = max(last_ns - self._from_ns, self._until_ns - self._from_ns, 1) / SECOND_NS
        due = self._plan.due(self._from_ns, self._until_ns)
        return due / planned_s, answered / span_s, span_s


def _times(shown: Timeline) -> dict[str, Any]:
    wire, service = shown.histogram("wire"), shown.histogram("service")
    is_stamped = len(service) > 0 and len(wire) >= STAMPED_SHARE_MIN * len(service)
    name = "wire" if is_stamped else "service"
    response = shown.histogram("response")
    return {
        "clock": "kernel" if is_stamped else "user",
        "wire_us": figures(wire if is_stamped else service),
        "service_us": figures(service),
        "response_us": figures(response),
        "interval_us": {"wire": _intervals(shown, name), "response": _intervals(shown, "response")},
    }


def _intervals(shown: Timeline, figure: str) -> dict[str, list[float] | None]:
    """95 % confidence intervals, widened by how alike the samples of a second are."""
    whole, seconds = shown.histogram(figure), list(shown.seconds(figure).values())
    found: dict[str, list[float] | None] = {}
    for name, quantile in QUANTILES.items():
        value_ns = whole.quantile(quantile)
        widened = 1.0 if value_ns is None else widening(seconds, value_ns, quantile)
        found[name] = _bounds(whole.interval(quantile, widened))
    return found


def _bounds(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low_ns / 1000, interval.high_ns / 1000]


def _us(value_ns: int | None) -> float | None:
    return None if value_ns is None else round(value_ns / 1000, 1)


def _operations(counted: Timeline) -> list[dict[str, Any]]:
    rows = []
    for name in counted.operations():
        mine = counted.counted((name,))
        kinds, times = mine.kinds(), _times(mine)
        rows.append(
            {
                "operation": name,
                "n": kinds[Kind.ANSWERED],
                "errors": kinds[Kind.REFUSED] + kinds[Kind.LOST],
                "wire_us": times["wire_us"],
                "response_us": times["response_us"],
            }
        )
    return rows


def _stages(shown: Timeline, ended: Ended) -> list[dict[str, Any]]:
    """Each stage apart; a stage that was not reached is left out."""
    if ended.plan is None:
        return []
    rows = []
    for number, (from_ns, until_ns) in enumerate(ended.plan.spans_ns):
        if from_ns >= ended.stop_ns:
            break
        mine, seconds = shown.of_stage(number), (min(until_ns, ended.stop_ns) - from_ns) / SECOND_NS
        answered, times = mine.kinds()[Kind.ANSWERED], _times(mine)
        span_s = max(seconds, (mine.last_ns() - from_ns) / SECOND_NS)
        rows.append(
            {
                "rate_per_s": ended.profile.stages[number].rate_per_s,
                "seconds": round(seconds, 2),
                "n": answered,
                "errors": sum(mine.kinds().values()) - answered,
                "achieved_per_s": round(mine.planned() / span_s, 2),
                "wire_us": times["wire_us"],
                "response_us": times["response_us"],
                "send_lag_us": figures(mine.histogram("send_lag")),
            }
        )
    return rows
