"""How far the exchange's clock is from ours: never known exactly, always known to lie between two bounds.

Whoever asks "what time is it?" at one moment and has the answer at another knows that the clock was read between
them. A clock that shows whole milliseconds was read up to one of them later than it shows. Several rounds together
leave what all of them allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple, Self

MS_NS: Final = 1_000_000


class Round(NamedTuple):
    """Asked and answered on our clock, what the other clock showed, and in which steps it shows."""

    asked_ns: int
    answered_ns: int
    shown_ns: int
    step_ns: int


@dataclass(frozen=True, slots=True)
class Offset:
    """The exchange's clock less ours, in ns, is at least `low_ns` and at most `high_ns`."""

    low_ns: int
    high_ns: int
    rounds: int = 0
    is_steady: bool = True

    @property
    def middle_ns(self) -> int:
        """The best guess."""
        return (self.low_ns + self.high_ns) // 2

    @property
    def within_ns(self) -> int:
        """How far from the guess it may be."""
        return (self.high_ns - self.low_ns + 1) // 2

    def as_dict(self) -> dict[str, Any]:
        """For a message."""
        return asdict(self)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """What `as_dict` made."""
        return cls(**given)


def offset_of(rounds: Sequence[Round]) -> Offset | None:
    """What all rounds allow. Clocks that ran apart meanwhile allow nothing in common: then all that any allowed."""
    if not rounds:
        return None
    lows = [each.shown_ns - each.answered_ns for each in rounds]
    highs = [each.shown_ns + each.step_ns - each.asked_ns for each in rounds]
    low_ns, high_ns = max(lows), min(highs)
    if low_ns <= high_ns:
        return Offset(low_ns, high_ns, len(rounds))
    return Offset(min(lows), max(highs), len(rounds), is_steady=False)


def hull(one: Offset, other: Offset | None) -> Offset:
    """What was allowed at either of two times."""
    if other is None:
        return one
    return Offset(
        min(one.low_ns, other.low_ns),
        max(one.high_ns, other.high_ns),
        one.rounds + other.rounds,
        one.is_steady and other.is_steady,
    )


def at_most_ns(raw_ns: int, offset: Offset) -> int:
    """The longest that an event can have taken, from (received on our clock) - (event time on theirs)."""
    return raw_ns + offset.high_ns


def width_ns(offset: Offset, step_ns: int = MS_NS) -> int:
    """How much shorter than that it may have been: the offset is not known, and event times come in steps."""
    return offset.high_ns - offset.low_ns + step_ns
