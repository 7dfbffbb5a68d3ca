"""Turn a profile into the times at which requests are meant to leave, without clock and I/O.

The times depend on the profile alone, never on an answer: that is what makes the load open. A slow
exchange meets the same plan as a fast one, and the wait that it causes counts as its own.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from conformance.errors import ConfigurationError
from load.streams.trials import Trials, trials_of

SECOND_NS = 1_000_000_000
MAX_SLOTS = 5_000_000
EVEN: Final = "even"  # the same distance between any two
POISSON: Final = "poisson"  # as many independent clients together would come
STREAMS: Final = "stream_throughput"  # the scenario that has trials
SPIN_US: Final = 80.0  # a sleep ends some tens of microseconds late
PROBE_PER_S: Final = 20.0
Offsets = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stage:
    """A constant rate for some seconds."""

    rate_per_s: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Profile:
    """How one scenario is driven. What happens in the first `warm_up_s` is not counted.

    `spin_us`: how long before a planned time the generator stops sleeping and looks at the clock again and
    again. A great number keeps a core busy, and its wake-ups out of the response times. `probe_per_s`: how often at
    most a request beside the load is asked whose every stamp is kept; 0 is never.
    """

    name: str
    scenario: str
    connections: int
    warm_up_s: float
    stages: tuple[Stage, ...]
    streams: int = 0
    arrivals: str = EVEN
    spin_us: float = SPIN_US
    probe_per_s: float = PROBE_PER_S
    trials: Trials = Trials()

    @property
    def duration_s(self) -> float:
        """All stages together, the warm-up not among them."""
        return sum(stage.duration_s for stage in self.stages)

    @property
    def measured_stages(self) -> int:
        """How many stages the figures are of: where there are trials, the last one is theirs."""
        return len(self.stages) - bool(self.trials.chosen)

    def capped(self, rate_per_s: float) -> Profile:
        """The same profile with no stage above a rate."""
        stages = tuple(replace(x, rate_per_s=min(x.rate_per_s, rate_per_s)) for x in self.stages)
        return replace(self, stages=stages)

    def lasting(self, seconds: float) -> Profile:
        """The same profile with its last stage made longer or its end cut off, warm-up included.

        Without their stage there are no trials.
        """
        left = max(0.0, seconds - self.warm_up_s)
        kept: list[Stage] = []
        for number, stage in enumerate(self.stages):
            is_last = number == len(self.stages) - 1
            kept.append(replace(stage, duration_s=left if is_last else min(stage.duration_s, left)))
            left -= kept[-1].duration_s
        is_whole = bool(kept) and kept[-1].duration_s > 0
        whole = self.trials if is_whole else Trials(self.trials.sampled_every)
        return replace(self, stages=tuple(x for x in kept if x.duration_s > 0), trials=whole)


@dataclass(frozen=True, slots=True)
class Plan:
    """Intended times as offsets from the start in ns. Those before `warm_up_ns` do not count.

    `ends_ns` is where each stage ends; the first begins where the warm-up ends.
    """

    offsets_ns: array[int]
    warm_up_ns: int
    ends_ns: tuple[int, ...]

    @property
    def end_ns(self) -> int:
        """Where the last stage ends."""
        return self.ends_ns[-1]

    @property
    def spans_ns(self) -> list[tuple[int, int]]:
        """Begin and end of each stage."""
        return list(zip((self.warm_up_ns, *self.ends_ns), self.ends_ns, strict=False))

    def due(self, from_ns: int, until_ns: int) -> int:
        """How many requests were meant to leave in a span."""
        first, last = bisect_left(self.offsets_ns, from_ns), bisect_left(self.offsets_ns, until_ns)
        return max(0, last - first)

    def stages_of(self, offsets_ns: Offsets) -> Offsets:
        """The stage of each offset: -1 in the warm-up; what follows a late answer belongs to the last."""
        starts = np.array([self.warm_up_ns, *self.ends_ns[:-1]], dtype=np.int64)
        return np.searchsorted(starts, offsets_ns, side="right").astype(np.int64) - 1

    def seconds_of(self, offsets_ns: Offsets) -> Offsets:
        """The whole seconds since the warm-up ended; negative within it."""
        return (offsets_ns - self.warm_up_ns) // SECOND_NS

    def part(self, number: int, of: int) -> Self:
        """Every `of`-th time from the `number`-th on: what one of several workers sends."""
        return replace(self, offsets_ns=self.offsets_ns[number::of])


def plan(profile: Profile, seed: int = 1) -> Plan:
    """The intended times of each stage, the warm-up at the first rate. The seed is for `poisson`."""
    if not profile.stages:
        raise ConfigurationError(f"profile {profile.name}: {profile.scenario} has no stage")
    stages = (Stage(profile.stages[0].rate_per_s, profile.warm_up_s), *profile.stages)
    if sum(stage.rate_per_s * stage.duration_s for stage in stages) > MAX_SLOTS:
        raise ConfigurationError(f"profile {profile.name}: over {MAX_SLOTS} requests; shorten it")
    offsets: array[int] = array("q")
    ends: list[int] = []
    draw, start_ns = Random(seed), 0
    for stage in stages:
        length_ns = round(stage.duration_s * SECOND_NS)
        times = (
            _evenly(stage.rate_per_s, length_ns)
            if profile.arrivals == EVEN
            else _by_chance(stage.rate_per_s, length_ns, draw)
        )
        offsets.extend(start_ns + each for each in times)
        start_ns += length_ns
        ends.append(start_ns)
    return Plan(offsets, ends[0], tuple(ends[1:]))


def _evenly(rate_per_s: float, length_ns: int) -> list[int]:
    # Multiplied, not added up, so that the rounding of one gap does not grow over a long stage.
    gap_ns = SECOND_NS / rate_per_s
    count = int(-(-length_ns // gap_ns))
    return [at for at in (round(k * gap_ns) for k in range(count)) if at < length_ns]


def _by_chance(rate_per_s: float, length_ns: int, draw: Random) -> list[int]:
    # As many as an even plan has, at independent times: so the rate that is offered is the stage's own.
    return sorted(draw.randrange(length_ns) for _ in _evenly(rate_per_s, length_ns))


def profile_of(document: Mapping[str, Any], name: str, scenario: str) -> Profile:
    """A scenario's profile in a profiles document. Raises ConfigurationError naming what exists."""
    names = sorted(key for key in document if key != "bounds")
    if name not in names:
        raise ConfigurationError(f"unknown profile {name!r}: there are {', '.join(names)}")
    table = document[name].get(scenario)
    if table is None:
        known = ", ".join(sorted(set(document[name]) - {"bounds"}))
        raise ConfigurationError(f"profile {name!r} has no scenario {scenario!r}: it has {known}")
    try:
        return _profile(name, scenario, table)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"profile {name}.{scenario} cannot be used: {error}") from None


def _profile(name: str, scenario: str, table: Mapping[str, Any]) -> Profile:
    stages = tuple(
        Stage(float(row["rate_per_s"]), float(row["duration_s"])) for row in table["stages"]
    )
    profile = Profile(
        name=name,
        scenario=scenario,
        connections=int(table["connections"]),
        warm_up_s=float(table["warm_up_s"]),
        stages=stages,
        streams=int(table.get("streams", 0)),
        arrivals=table.get("arrivals", EVEN),
        spin_us=float(table.get("spin_us", SPIN_US)),
        probe_per_s=float(table.get("probe_per_s", PROBE_PER_S)),
        trials=trials_of(table.get("trials", {})),
    )
    if profile.arrivals not in (EVEN, POISSON):
        raise ValueError(f"arrivals must be {EVEN} or {POISSON}")
    if profile.connections < 1 or min(profile.warm_up_s, profile.streams, profile.probe_per_s) < 0:
        raise ValueError("connections must be at least 1, the others at least 0")
    if any(stage.rate_per_s <= 0 or stage.duration_s <= 0 for stage in stages):
        raise ValueError("rates and durations must be above 0")
    if profile.trials.chosen and scenario != STREAMS:
        raise ValueError(f"only {STREAMS} has trials")
    if profile.trials.chosen and len(stages) < 2:
        raise ValueError("its trials need a last stage of their own, after those that are measured")
    if stages and profile.trials.most_s > stages[-1].duration_s:
        raise ValueError(
            f"its trials take up to {profile.trials.most_s:.0f} s, "
            f"and its last stage, in which they run, {stages[-1].duration_s:g}"
        )
    return profile
