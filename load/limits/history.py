"""What one limiter saw of us, and what was seen of it: the requests of all subjects that share it, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from load.limits.steps import Batch, Dimension, Subject

Seconds = NDArray[np.float64]
CLOCK_S = 0.002  # limiters count in whole milliseconds, of their own


@dataclass(frozen=True, slots=True)
class Look:
    """One answer that tells something: at this time one more was let through, or not."""

    at_s: float
    within_s: float
    is_accepted: bool


@dataclass(frozen=True, slots=True)
class History:
    """Times of what was let through and of what was refused, each in order, and the looks."""

    accepted_s: Seconds
    refused_s: Seconds
    looks: tuple[Look, ...]

    def counted_s(self, counts_refused: bool) -> Seconds:
        """The times of the requests that a limiter counts."""
        if not counts_refused:
            return self.accepted_s
        return np.sort(np.concatenate([self.accepted_s, self.refused_s]))


def shares(one: Subject, other: Subject, scope: frozenset[Dimension]) -> bool:
    """Whether two subjects use up the same limit, where there is one for each of what the scope names."""
    return all(getattr(one, each) == getattr(other, each) for each in scope)


def history_of(batches: Iterable[Batch], subject: Subject, scope: frozenset[Dimension]) -> History:
    """Everything that counts for a subject. The first and last let through and every refusal of a batch are looks."""
    mine = [each for each in batches if shares(each.subject, subject, scope)]
    accepted = np.sort(np.array([at for each in mine for at in each.accepted_s], dtype=float))
    refused = np.sort(np.array([x.at_s for each in mine for x in each.refusals], dtype=float))
    looks = sorted((look for each in mine for look in _looks(each)), key=lambda x: x.at_s)
    return History(accepted, refused, tuple(looks))


def _looks(batch: Batch) -> Sequence[Look]:
    within_s = 2 * batch.within_s + CLOCK_S
    found = [Look(each.at_s, within_s, False) for each in batch.refusals]
    ends = {batch.accepted_s[0], batch.accepted_s[-1]} if batch.accepted_s else set()
    return found + [Look(at_s, within_s, True) for at_s in sorted(ends)]
