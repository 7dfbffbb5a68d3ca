"""Which behaviours of the streams a profile tries, and how far: data, checked before anything is sent.

They run one after the other in the last stage of the plan, so that orders are placed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Final, TypeVar

SETTLE_S: Final = 0.5  # between "subscribed" and the first moment that counts
OPEN_S: Final = 0.03  # allowed for opening and subscribing one connection
DRAIN_S: Final = 3.0  # at most, for what is still under way when a step has ended
PAUSE_S: Final = 1.0  # from one trial to the next
SPARE_S: Final = 0.5  # of the time between two storms, for looking at what came back
MOST_CONNECTIONS: Final = 2000
MOST_STORMS: Final = 20


@dataclass(frozen=True, slots=True)
class MemoryTrial:
    """So many idle connections, then the quiet topics on each of them; both in quarters, `hold_s` apart."""

    connections: int
    hold_s: float = 0.5

    @property
    def most_s(self) -> float:
        """The longest that it takes."""
        return self.hold_s * 9 + 2 * OPEN_S * self.connections


@dataclass(frozen=True, slots=True)
class SlowReaderTrial:
    """One connection that has every topic and reads nothing for so long; the others are looked at before."""

    silent_s: float
    before_s: float = 3.0

    @property
    def most_s(self) -> float:
        """The longest that it takes."""
        return SETTLE_S + self.before_s + self.silent_s + DRAIN_S


@dataclass(frozen=True, slots=True)
class StormTrial:
    """So many connections are cut at once and come back at once, so often, `every_s` apart.

    What has not come back when the next storm begins has not come back.
    """

    connections: int
    times: int = 1
    every_s: float = 3.0
    before_s: float = 3.0

    @property
    def most_s(self) -> float:
        """The longest that it takes."""
        return OPEN_S * self.connections + SETTLE_S + self.before_s + self.times * self.every_s


@dataclass(frozen=True, slots=True)
class RampTrial:
    """Subscriptions of one connection in steps, then connections that all have the last number of them."""

    subscriptions: tuple[int, ...]
    connections: tuple[int, ...] = ()
    step_s: float = 1.0

    @property
    def steps(self) -> list[tuple[int, int]]:
        """(connections, subscriptions of each) of every step."""
        return [(1, each) for each in self.subscriptions] + [
            (each, self.subscriptions[-1]) for each in self.connections
        ]

    @property
    def most_s(self) -> float:
        """The longest that it takes when all is delivered; a step that loses something is the last."""
        return sum(self.step_most_s(each) for each, _ in self.steps) + DRAIN_S

    def step_most_s(self, connections: int) -> float:
        """The longest that a step with so many connections takes."""
        return OPEN_S * connections + 2 * SETTLE_S + self.step_s


@dataclass(frozen=True, slots=True)
class Trials:
    """What is tried. `sampled_every`: of each topic the first message and every so many-th are validated."""

    sampled_every: int = 100
    memory: MemoryTrial | None = None
    slow_reader: SlowReaderTrial | None = None
    storm: StormTrial | None = None
    ramp: RampTrial | None = None

    @property
    def chosen(self) -> list[str]:
        """The trials that are to run, in their order: memory first, for what was freed is not given back."""
        return [name for name in KINDS if getattr(self, name) is not None]

    @property
    def most_s(self) -> float:
        """The longest that all of them take, one after the other."""
        return float(sum(getattr(self, name).most_s + PAUSE_S for name in self.chosen))


KINDS: Final = {
    "memory": MemoryTrial,
    "slow_reader": SlowReaderTrial,
    "storm": StormTrial,
    "ramp": RampTrial,
}
Made = TypeVar("Made")


def trials_of(table: Mapping[str, Any]) -> Trials:
    """The trials of a profile's table. Raises ValueError or TypeError that says what is wrong."""
    _known(table, Trials, "trials")
    made: dict[str, Any] = {
        name: _made(kind, table[name], name)
        for name, kind in KINDS.items()
        if table.get(name) is not None
    }
    every = table.get("sampled_every", 100)
    if not _is_number(every, int) or every < 1:
        raise ValueError("trials.sampled_every must be a whole number of at least 1")
    return Trials(sampled_every=every, **made)


def _made(kind: type[Made], table: Any, name: str) -> Made:
    if not isinstance(table, Mapping):
        raise ValueError(f"trials.{name} must be a table")
    _known(table, kind, f"trials.{name}")
    given = {key: tuple(x) if isinstance(x, list) else x for key, x in table.items()}
    for key, value in given.items():
        _check(f"trials.{name}.{key}", key, value)
    return kind(**given)


def _known(table: Mapping[str, Any], kind: type[Any], name: str) -> None:
    names = [each.name for each in fields(kind)]
    unknown = sorted(set(table) - set(names))
    if unknown:
        raise ValueError(f"{name} knows no {', '.join(unknown)}: it has {', '.join(names)}")


def _check(name: str, key: str, value: Any) -> None:
    if key.endswith("_s"):
        least = SPARE_S if key == "every_s" else 0
        if not _is_number(value, (int, float)) or not least < value <= 600:
            raise ValueError(f"{name} must be more than {least} and at most 600")
        return
    most = MOST_STORMS if key == "times" else MOST_CONNECTIONS
    steps = value if isinstance(value, tuple) else (value,)
    if not all(_is_number(each, int) and 1 <= each <= most for each in steps):
        raise ValueError(f"{name} must be whole numbers from 1 to {most}")
    if any(low >= high for low, high in pairwise(steps)):
        raise ValueError(f"{name} must rise")
    if key == "subscriptions" and not steps:
        raise ValueError(f"{name} must name at least one step")


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def share(total: int, number: int, of: int) -> int:
    """How many of all are one worker's."""
    return total // of + (number < total % of)
