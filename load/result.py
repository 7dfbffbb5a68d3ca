"""Fold the timeline of one scenario into the entry that stands for it in a run's summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from load.attribution import Attribution
from load.histogram import Histogram, Interval
from load.judge import Bounds, Evidence, Worker, why_invalid, why_unfit
from load.knee import knee
from load.over_time import over_time
from load.plan import SECOND_NS, Plan, Profile
from load.recorder import Kind
from load.timeline import Timeline, widening
from load.watch import Watched

QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
# A figure from fewer stamps than that would mix two clocks.
STAMPED_SHARE_MIN: Final = 0.99
LAGS: Final = ("send_lag", "receive_lag")

Figures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Share:
    """One process's samples, and what it was: the `number`-th of so many. `lost`: what became of it."""

    timeline: Timeline
    number: int = 0
    of: int = 1
    watched: Watched | None = None
    lost: str | None = None
    stopped_because: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run left besides its samples. `headline`: the operations whose figures stand for it.

    Times are since the start of the plan, in ns. Without a plan (`plan` None) the load was closed: each
    request waited for the answer before. `shares` by worker, "" for one process alone; `lost` says why samples
    are missing.
    """

    profile: Profile
    plan: Plan | None
    stop_ns: int
    headline: frozenset[str] | None = None
    shares: Mapping[str, Share] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    stopped_because: str | None = None
    first_error: str | None = None
    miscounted: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    attribution: Attribution = field(default_factory=Attribution)


def result(timeline: Timeline, ended: Ended, bounds: Bounds) -> dict[str, Any]:
    """The scenario's entry in the summary's `load` list."""
    measured = ended.profile.measured_stages if ended.plan else None
    counted = timeline.counted(stages=measured)
    shown = timeline.counted(ended.headline, measured)
    kinds, answered = counted.kinds(), shown.kinds()[Kind.ANSWERED]
    window = _Window(ended)
    offered, achieved, span_s = window.rates(shown.planned(), shown.last_ns())
    workers = {name: _worker(each, ended) for name, each in ended.shares.items()}
    evidence = Evidence(
        sent=sum(kinds.values()),
        answered=answered,
        errors=kinds[Kind.REFUSED] + kinds[Kind.LOST],
        offered_per_s=offered,
        achieved_per_s=achieved,
        workers=workers,
        is_planned=ended.plan is not None,
        lost=ended.lost,
        stopped_because=ended.stopped_because,
        first_error=ended.first_error,
        miscounted=ended.miscounted,
    )
    stages = _stages(timeline.counted(ended.headline), ended)
    return {
        **_judged(ended.profile, evidence, bounds),
        "duration_s": round(span_s, 2),
        "partial": bool(ended.lost),
        **_times(shown),
        **{f"{name}_us": figures(shown.histogram(name)) for name in LAGS},
        "also_us": {
            name: {"n": len(each), **figures(each)} for name, each in ended.histograms.items()
        },
        "attribution": {"load": _divided(shown), "probe": ended.attribution.table()},
        "operations": _operations(counted),
        "stages": stages,
        **_over_time(shown),
        "knee": knee(stages[:measured]),
        "generator": {
            name or "this process": _said(name, each, evidence.is_planned, bounds)
            for name, each in workers.items()
        },
        "extra": {**ended.extra, "waited_for_a_connection": shown.waited()},
        "over_range": shown.histogram("response").over,
        "histograms": {
            **{name: shown.histogram(name).encode() for name in ("wire", "response")},
            **{name: each.encode() for name, each in ended.histograms.items()},
        },
    }


def _worker(share: Share, ended: Ended) -> Worker:
    """What a process did of its own share, by the time at which the whole run ended."""
    measured = ended.profile.measured_stages if ended.plan else None
    shown = share.timeline.counted(ended.headline, measured)
    plan = ended.plan.part(share.number, share.of) if ended.plan else None
    kinds = shown.kinds()
    offered, achieved, _ = _Window(ended, plan).rates(shown.planned(), shown.last_ns())
    return Worker(
        answered=kinds[Kind.ANSWERED],
        errors=kinds[Kind.REFUSED] + kinds[Kind.LOST],
        offered_per_s=offered,
        achieved_per_s=achieved,
        send_lag_p99_us=_us(shown.histogram("send_lag").quantile(0.99)),
        receive_lag_p99_us=_us(shown.histogram("receive_lag").quantile(0.99)),
        watched=share.watched,
        lost=share.lost,
        stopped_because=share.stopped_because,
    )


def _said(name: str, worker: Worker, is_planned: bool, bounds: Bounds) -> dict[str, Any]:
    """What a process saw of itself, and whether its share may be believed."""
    problem = why_unfit(name, worker, bounds, is_planned)
    return {
        "valid": problem is None,
        "why_invalid": problem,
        "n": worker.answered,
        "errors": worker.errors,
        "offered_per_s": round(worker.offered_per_s, 2),
        "achieved_per_s": round(worker.achieved_per_s, 2),
        "send_lag_us_p99": worker.send_lag_p99_us,
        "receive_lag_us_p99": worker.receive_lag_p99_us,
        **(worker.watched.as_dict() if worker.watched else {}),
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

    def __init__(self, ended: Ended, part: Plan | None = None) -> None:
        """`part` is what one of several workers was to send, instead of all of it."""
        plan, stop_ns = part or ended.plan, ended.stop_ns
        measured = ended.profile.measured_stages
        self._plan = plan
        self._from_ns = plan.warm_up_ns if plan else 0
        self._until_ns = min(stop_ns, plan.ends_ns[measured - 1]) if plan else stop_ns

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


def _divided(shown: Timeline) -> dict[str, Any]:
    """Mean response time of the load's own samples, by who had it; these add up."""
    n, sums_ns = shown.divided()
    if not n:
        return {"n": 0, "mean_us": None, "not_to_be_had": "the kernel stamped no answer"}
    means = {name: round(each / n / 1000, 3) for name, each in sums_ns.items()}
    return {"n": n, "mean_us": means, "not_to_be_had": None}


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


def _over_time(shown: Timeline) -> dict[str, Any]:
    found = over_time(shown, figures)
    return {"over_time": found} if found else {}


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
