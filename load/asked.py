"""What one run is meant to be: its profile and plan, once it is settled whether the rate limit can be lifted."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from load import limiter
from load.job import Prepared
from load.plan import SECOND_NS, Plan, Profile, plan

PROBE_SHARE: Final = 0.1  # of the plan's requests, at most so many are asked beside it


@dataclass(frozen=True, slots=True)
class Asked:
    """A plan, and the operations whose figures stand for the scenario; None is all of them.

    `probe_per_s`: how often, over all processes, a request beside the load is asked.
    """

    profile: Profile
    plan: Plan
    headline: frozenset[str] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    probe_per_s: float = 0.0

    @property
    def is_planned(self) -> bool:
        """False where each request waits for the answer before."""
        return bool(self.plan.offsets_ns)


def settle(
    prepared: Prepared,
    run_time_s: float | None,
    requests_per_slot: int,
    headline: Iterable[str] | None,
    is_planned: bool,
) -> Asked:
    """Lift the limiter or stay below it. `run_time_s` replaces the profile's own length.

    What is not planned asks in its own way, up to the length of its profile, and meets the limiter as it is.
    """
    profile, facts = prepared.profile, {}
    shown = frozenset(headline) if headline is not None else None
    if run_time_s:
        profile = profile.lasting(run_time_s)
    if not is_planned:
        limiter.reset(prepared.target)
        return Asked(profile, Plan(array("q"), 0, (round(profile.duration_s * SECOND_NS),)), shown)
    if not limiter.lift(prepared.target):
        share = PROBE_SHARE if profile.probe_per_s else 0.0  # which the limit has to hold as well
        cap = limiter.cap_per_s(prepared.target, requests_per_slot) / (1 + share)
        if any(stage.rate_per_s > cap for stage in profile.stages):
            profile = profile.capped(cap)
            facts["capped"] = (
                f"held at {cap:.1f} per second: the target's limit of "
                f"{prepared.target.limits.requests_per_minute} requests a minute cannot be lifted, "
                "for it has no control address"
            )
    made = plan(profile, prepared.job.seed)
    return Asked(profile, made, shown, facts, _probe_per_s(prepared, profile, requests_per_slot))


def _probe_per_s(prepared: Prepared, profile: Profile, requests_per_slot: int) -> float:
    # Asking another exchange takes nothing of the target's limit.
    beside = prepared.job.beside
    return profile.probe_per_s if beside else probe_per_s(profile, requests_per_slot)


def probe_per_s(profile: Profile, requests_per_slot: int) -> float:
    """How often the probe asks: as the profile says, but never more than a tenth of the slowest stage."""
    slowest = min(stage.rate_per_s for stage in profile.stages) * requests_per_slot
    return min(profile.probe_per_s, PROBE_SHARE * slowest)
