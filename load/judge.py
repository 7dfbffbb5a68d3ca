"""Say whether a measurement may be believed, before anybody asks whether its figures are good.

A slow exchange gives a valid measurement with bad figures. A slow load generator gives no
measurement at all, and neither does a run in which less was answered than was planned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from conformance.errors import ConfigurationError
from load.watch import Watched


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
class Evidence:
    """What one run shows about itself.

    A lag is None where there are too few samples to tell, or where nothing was due at a time: a
    burst counts answers, and its figures are no claim. `watched` is the worst of all workers; None where
    none lived to tell. `lost` says of each worker that did not come to its end what became of it;
    `miscounted`, of an exchange that nobody else asks, what it counted otherwise than we did.
    """

    sent: int
    answered: int
    errors: int
    offered_per_s: float
    achieved_per_s: float
    send_lag_p99_us: float | None
    receive_lag_p99_us: float | None
    watched: Watched | None
    is_planned: bool = True
    lost: tuple[str, ...] = ()
    stopped_because: str | None = None
    first_error: str | None = None
    miscounted: str | None = None


def bounds_of(document: Mapping[str, Any]) -> Bounds:
    """The bounds of a profiles document."""
    table = document.get("bounds", {})
    names = {each.name for each in fields(Bounds)}
    if set(table) != names:
        wrong = ", ".join(sorted(set(table) ^ names))
        raise ConfigurationError(f"the bounds of the profiles are missing or unknown: {wrong}")
    return Bounds(**{name: float(value) for name, value in table.items()})


def why_invalid(evidence: Evidence, bounds: Bounds) -> str | None:
    """Every reason not to believe the figures, in one line, or None."""
    return "; ".join(_reasons(evidence, bounds)) or None


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
    if seen.achieved_per_s < bounds.achieved_share_min * seen.offered_per_s:
        rates = f"{seen.achieved_per_s:.1f} of {seen.offered_per_s:.1f}"
        yield f"{rates} planned per second were answered"
    if seen.is_planned:
        if 0 < seen.answered < bounds.samples_min:
            least = f"p99 takes {bounds.samples_min:.0f}"
            yield f"the run is too short: {seen.answered} samples, and {least}"
        yield from _lags(seen, bounds)
        yield from _generator(seen.watched, bounds)


def _lags(seen: Evidence, bounds: Bounds) -> Iterator[str]:
    if (seen.send_lag_p99_us or 0) > bounds.send_lag_p99_us:
        yield (
            f"the load generator sent {seen.send_lag_p99_us:.0f} us late at p99, "
            f"more than {bounds.send_lag_p99_us:.0f}"
        )
    if (seen.receive_lag_p99_us or 0) > bounds.receive_lag_p99_us:
        yield (
            f"the load generator read answers {seen.receive_lag_p99_us:.0f} us late at p99, "
            f"more than {bounds.receive_lag_p99_us:.0f}"
        )


def _generator(seen: Watched | None, bounds: Bounds) -> Iterator[str]:
    if seen is None:
        return
    if (seen.overslept_us_p99 or 0) > bounds.overslept_p99_us:
        yield (
            f"the load generator woke {seen.overslept_us_p99:.0f} us late at p99, "
            f"more than {bounds.overslept_p99_us:.0f}"
        )
    if seen.busy_share > bounds.busy_share_max:
        yield f"the load generator was busy {seen.busy_share:.0%} of the time: it can do no more"
    if (seen.run_delay_share or 0) > bounds.run_delay_share_max:
        yield (
            f"the load generator waited for a processor {seen.run_delay_share:.0%} of the time: "
            "something else runs on this machine"
        )
    if seen.collector_us_max > bounds.collector_us_max:
        yield f"the load generator's collector stopped it for {seen.collector_us_max:.0f} us"
    if abs(seen.clock_step_us) > bounds.clock_step_us:
        yield f"the clock was set by {seen.clock_step_us:.0f} us during the run"
