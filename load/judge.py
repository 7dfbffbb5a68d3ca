"""Say whether a measurement may be believed, before anybody asks whether its figures are good.

A slow exchange gives a valid measurement with bad figures. A slow load generator gives no
measurement at all, and neither does a run in which less was answered than was planned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from conformance.errors import ConfigurationError
from load.watch import Watched

CAUSE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a measurement must keep to be valid; the `[bounds]` table of the profiles."""

    samples_min: float
    achieved_share_min: float
    error_share_max: float
    send_lag_p99_us: float
    receive_lag_p99_us: float
    overslept_p99_us: float
    busy_share_max: float
    run_delay_share_max: float
    collector_us_max: float
    clock_step_us: float


@dataclass(frozen=True, slots=True)
class Worker:
    """What one process of the load generator shows about itself and its share of the plan.

    A lag is None where there are too few samples to tell; `watched` None: it did not live to tell, and `lost`
    says what became of it.
    """

    answered: int
    errors: int
    offered_per_s: float
    achieved_per_s: float
    send_lag_p99_us: float | None
    receive_lag_p99_us: float | None
    watched: Watched | None
    lost: str | None = None
    stopped_because: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one run shows about itself.

    Without a plan nothing was due at a time: a burst counts answers, and its figures are no claim. `workers`
    by name, "" where there is one process alone; `lost` says why samples are missing.
    """

    sent: int
    answered: int
    errors: int
    offered_per_s: float
    achieved_per_s: float
    workers: Mapping[str, Worker] = field(default_factory=dict)
    is_planned: bool = True
    lost: tuple[str, ...] = ()
    stopped_because: str | None = None
    first_error: str | None = None
    miscounted: str | None = None


def bounds_of(document: Mapping[str, Any], profile: str = "") -> Bounds:
    """The bounds of a profiles document; a profile may have some of its own."""
    table = {**document.get("bounds", {}), **document.get(profile, {}).get("bounds", {})}
    names = {each.name for each in fields(Bounds)}
    if set(table) != names:
        wrong = ", ".join(sorted(set(table) ^ names))
        raise ConfigurationError(f"the bounds of the profiles are missing or unknown: {wrong}")
    return Bounds(**{name: float(value) for name, value in table.items()})


def why_invalid(evidence: Evidence, bounds: Bounds) -> str | None:
    """Every reason not to believe the figures, in one line, or None."""
    return "; ".join(_reasons(evidence, bounds)) or None


def why_unfit(name: str, worker: Worker, bounds: Bounds, is_planned: bool = True) -> str | None:
    """Every reason not to believe one process's share, in one line, or None."""
    if worker.lost or worker.watched is None:
        return worker.lost or "it was killed: its journal is all there is"
    reasons = [worker.stopped_because] if worker.stopped_because else []
    reasons += [_short_of(worker)] if _is_short(worker, bounds) else []
    return "; ".join([*reasons, *(_ran(name, worker, bounds) if is_planned else ())]) or None


def _reasons(seen: Evidence, bounds: Bounds) -> Iterator[str]:
    if seen.stopped_because:
        yield seen.stopped_because
    yield from seen.lost
    if seen.miscounted:
        yield seen.miscounted
    if seen.errors > bounds.error_share_max * max(seen.sent, 1):
        first = f", the first: {seen.first_error}" if seen.first_error else ""
        yield f"{seen.errors} of {seen.sent} requests were refused or lost{first}"
    if seen.answered == 0:
        yield "no request was answered"
    if _is_short(seen, bounds):
        yield _short_of(seen)
    yield from (_planned if seen.is_planned else _unplanned)(seen, bounds)


def _unplanned(seen: Evidence, bounds: Bounds) -> Iterator[str]:
    for name, worker in seen.workers.items():
        if worker.watched is not None:
            yield from _clock(_who(name), worker.watched, bounds)


def _planned(seen: Evidence, bounds: Bounds) -> Iterator[str]:
    if 0 < seen.answered < bounds.samples_min:
        least = f"p99 takes {bounds.samples_min:.0f}"
        yield f"the run is too short: {seen.answered} samples, and {least}"
    for name, worker in seen.workers.items():
        if worker.lost:
            continue  # said above
        # When all fall short together it is the exchange; one alone would drown in the others' figures.
        if not _is_short(seen, bounds) and _is_short(worker, bounds):
            yield f"{name}: {_short_of(worker)}"
        yield from _ran(name, worker, bounds)


def _is_short(seen: Evidence | Worker, bounds: Bounds) -> bool:
    return seen.achieved_per_s < bounds.achieved_share_min * seen.offered_per_s


def _short_of(seen: Evidence | Worker) -> str:
    rates = f"{seen.achieved_per_s:.1f} of {seen.offered_per_s:.1f}"
    return f"{rates} planned per second were answered"


def _ran(name: str, seen: Worker, bounds: Bounds) -> Iterator[str]:
    who = _who(name)
    late = list(_lags(who, seen, bounds))
    yield from late
    if seen.watched is not None:
        yield from _delayed(who, seen.watched, bounds, is_late=bool(late))
        yield from _watched(who, seen.watched, bounds)


def _lags(who: str, seen: Worker, bounds: Bounds) -> Iterator[str]:
    if (seen.send_lag_p99_us or 0) > bounds.send_lag_p99_us:
        yield (
            f"{who} sent {seen.send_lag_p99_us:.0f} us late at p99, "
            f"more than {bounds.send_lag_p99_us:.0f}"
        )
    if (seen.receive_lag_p99_us or 0) > bounds.receive_lag_p99_us:
        yield (
            f"{who} read answers {seen.receive_lag_p99_us:.0f} us late at p99, "
            f"more than {bounds.receive_lag_p99_us:.0f}"
        )


def _delayed(who: str, seen: Watched, bounds: Bounds, is_late: bool) -> Iterator[str]:
    # Of a generator that was late, less of it is enough to be the cause.
    most = bounds.run_delay_share_max * (CAUSE if is_late else 1)
    if (seen.run_delay_share or 0) > most:
        yield (
            f"{who} waited for a processor {seen.run_delay_share:.0%} of the time: "
            "something else runs on this machine"
        )


def _watched(who: str, seen: Watched, bounds: Bounds) -> Iterator[str]:
    if (seen.overslept_us_p99 or 0) > bounds.overslept_p99_us:
        yield (
            f"{who} woke {seen.overslept_us_p99:.0f} us late at p99, "
            f"more than {bounds.overslept_p99_us:.0f}"
        )
    if seen.busy_share > bounds.busy_share_max:
        yield f"{who} was busy {seen.busy_share:.0%} of the time: it can do no more"
    if seen.collector_us_max > bounds.collector_us_max:
        yield f"{who}: its collector stopped it for {seen.collector_us_max:.0f} us"
    yield from _clock(who, seen, bounds)


def _clock(who: str, seen: Watched, bounds: Bounds) -> Iterator[str]:
    if abs(seen.clock_step_us) > bounds.clock_step_us:
        yield f"{who}: the clock was set by {seen.clock_step_us:.0f} us during the run"


def _who(name: str) -> str:
    return f"the load generator's {name}" if name else "the load generator"
