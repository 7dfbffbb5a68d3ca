"""Which kind of limiter agrees with what was seen, and with which settings.

Every kind is tried with many settings and judged by its best ones: by how many looks contradict them. An answer may
mislead (somebody else's request, a clock, a proxy) with a probability of one in a hundred, each by itself; from that
follows how probable each kind is. A kind that has to choose its times to the point pays for it: it counts only for
the share of times with which it would agree. A kind is named only when it is at least 99 % probable, so two looks
at the least have to speak against every other one; otherwise the answer is *unknown* and names those that are left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from load.limits.guesses import Guesses, Range, joined
from load.limits.history import History
from load.limits.kinds import KINDS, Floats, Grid, Kind, Looks

MISLEADS: Final = 0.01
SURE: Final = 0.99
FEWEST: Final = 3  # requests: below that kinds differ by fractions of one
LEFT: Final = 0.01  # kinds less probable than that are ruled out
MISFITS_MAX: Final = (
    0.1  # of all looks: a best kind that is contradicted more often is not the kind
)
GUESSES: Final = 1200
KEPT: Final = 60
STRATA: Final = 20
FEW: Final = 3
SHOWN: Final = 100
WIDTHS: Final = (0.1, 0.05, 0.025, 0.012, 0.006, 0.003, 0.0015, 0.0008)
HOPELESS: Final = 4  # contradictions more than the best kind has after the first rounds
ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Fitted:
    """A kind at its best. `window_s`: shortest and longest that agree. `counts_refused` None: it cannot be told."""

    kind: Kind
    counts_refused: bool | None
    misfits: int
    window_s: tuple[float, float]
    good: Grid  # some of the settings that agree, the first in the middle of them
    share: float = 1.0  # of the times that it might have chosen, those that agree

    @property
    def best(self) -> Grid:
        """The settings in the middle, alone."""
        return self.good.only(np.array([0]))

    @property
    def limit(self) -> int:
        """How many a window, or a full bucket, lets through."""
        return round(float(self.best.limit[0]))

    @property
    def per_minute(self) -> tuple[float, float]:
        """How many a minute are let through in the long run: at least, at most."""
        low, high = self.window_s
        return 60 * self.limit / high, 60 * self.limit / low


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kinds by probability. `answer` None: it cannot be told, and `because` says why."""

    answer: Fitted | None
    probability: float
    candidates: tuple[tuple[str, float], ...]
    looks: int
    because: str = ""


def fit(histories: Sequence[History], window: Range, seed: int = 1) -> Verdict:
    """Compare the kinds. Each history is of another subject, with a limit of the same kind for itself.

    `window`: between which lengths a window may be.
    """
    tried = _tried(histories, window, seed)
    least = min(each.misfits for each in tried)
    odds = np.array([_odds(each, least) for each in tried])
    shares: dict[str, float] = defaultdict(float)
    for each, share in zip(tried, odds / odds.sum(), strict=True):
        shares[each.kind.name] += float(share)
    ordered = sorted(shares.items(), key=lambda x: -x[1])
    left = tuple((name, round(share, 4)) for name, share in ordered if share >= LEFT)
    best = _best(tried, left[0][0])
    looks = sum(len(history.looks) for history in histories)
    probability = ordered[0][1]
    first = min(int(np.searchsorted(x.accepted_s, x.refused_s[0])) for x in histories)
    if first < FEWEST:
        why = f"a limit of at most {first} is too small to tell kinds apart"
        return Verdict(None, probability, left, looks, why)
    if best.misfits > max(1, MISFITS_MAX * looks):
        why = f"no kind that is known fits: {best.misfits} of {looks} looks contradict the best"
        return Verdict(None, probability, left, looks, why)
    if probability < SURE:
        why = f"{' and '.join(name for name, _ in left)} agree with what was seen"
        return Verdict(None, probability, left, looks, why)
    return Verdict(best, probability, left, looks)


def _tried(histories: Sequence[History], window: Range, seed: int) -> list[Fitted]:
    """Every kind, with refusals counted and not; the hopeless ones are given up early."""
    searches = [
        _Search(histories, kind, counts_refused, window, seed)
        for kind in KINDS
        for counts_refused in ((False, True) if kind.feels_refusals else (False,))
    ]
    searches = [each for each in searches if each.is_possible]
    for number, width in enumerate(WIDTHS):
        least = min(each.misfits for each in searches)
        for each in searches:
            if number < 2 or each.misfits <= least + HOPELESS:
                each.closer(width)
    return [each.result() for each in searches]


def _best(tried: Sequence[Fitted], name: str) -> Fitted:
    """The best of a kind; whether refusals count is left open when both ways are nearly as good."""
    mine = sorted((each for each in tried if each.kind.name == name), key=lambda x: x.misfits)
    if not mine[0].kind.feels_refusals or (len(mine) > 1 and mine[1].misfits - mine[0].misfits < 2):
        return replace(mine[0], counts_refused=None)
    return mine[0]


def _odds(tried: Fitted, least: int) -> float:
    # Halved where a kind is tried in two ways, so that no kind starts ahead of another.
    ways = 2 if tried.kind.feels_refusals else 1
    return float((MISLEADS / (1 - MISLEADS)) ** (tried.misfits - least) / ways * tried.share)


class _Search:
    """One kind, its settings ever closer to what was seen."""

    def __init__(
        self,
        histories: Sequence[History],
        kind: Kind,
        counts_refused: bool,
        window: Range,
        seed: int,
    ) -> None:
        self._pairs = [(each, each.counted_s(counts_refused)) for each in histories]
        self._kind = kind
        self._counts_refused = counts_refused
        self._guesses = Guesses(*self._pairs[0], kind, window, np.random.default_rng(seed))
        self.is_possible = self._guesses.is_possible
        self._best: list[Grid] = []  # all that had the fewest contradictions, in whatever round
        self.misfits = 1 << 30
        self._keep(self._guesses.first(2 * GUESSES))

    def closer(self, width: float) -> None:
        """One round more."""
        self._keep(self._guesses.near(self._good, width, GUESSES))

    def result(self) -> Fitted:
        """The settings that nothing, or the least, speaks against."""
        grid = joined(self._best)
        limits, counts = np.unique(np.round(grid.limit), return_counts=True)
        first = self._guesses.first_burst  # from rest: what all but a bucket hold
        limit = first if first in limits and not self._kind.is_bucket else limits[counts.argmax()]
        usual = np.flatnonzero(np.round(grid.limit) == limit)
        ordered = usual[np.argsort(grid.window_s[usual])]
        spread = ordered[np.linspace(0, len(ordered) - 1, min(len(ordered), SHOWN)).astype(int)]
        return Fitted(
            self._kind,
            self._counts_refused,
            self.misfits,
            (float(grid.window_s.min()), float(grid.window_s.max())),
            grid.only(np.insert(spread, 0, ordered[len(ordered) // 2])),
            self._guesses.share(grid),
        )

    def _keep(self, grid: Grid) -> None:
        misfits, loss = self._misfit(grid)
        order = np.lexsort((misfits, loss))
        self._good = grid.only(np.append(order[:KEPT], self._elsewhere(grid, order)))
        least = int(misfits.min())
        if least < self.misfits:
            self.misfits, self._best = least, []
        if least == self.misfits:
            self._best.append(grid.only(np.flatnonzero(misfits == least)))

    def _elsewhere(self, grid: Grid, order: NDArray[np.intp]) -> NDArray[np.intp]:
        """The best ones of each length of window, so that none that agrees as well is overlooked."""
        edges = np.geomspace(grid.window_s.min(), grid.window_s.max() * 1.0001, STRATA)
        stratum = np.digitize(grid.window_s[order], edges)
        places = [np.flatnonzero(stratum == each)[:FEW] for each in range(1, STRATA)]
        found: NDArray[np.intp] = order[np.concatenate(places)]
        return found

    def _misfit(self, grid: Grid) -> tuple[NDArray[np.int64], Floats]:
        found = [misfit(history, counted, self._kind, grid) for history, counted in self._pairs]
        misfits: NDArray[np.int64] = sum(each for each, _ in found)  # type: ignore[assignment]
        loss: Floats = sum(each for _, each in found)  # type: ignore[assignment]
        return misfits, loss


def misfit(
    history: History, counted: Floats, kind: Kind, grid: Grid
) -> tuple[NDArray[np.int64], Floats]:
    """How many looks contradict each setting, and by how much in all; allowing for what is not known of times."""
    early, late = (kind.rooms(counted, _looks(history, counted, sign), grid) for sign in (-1, 1))
    accepted = np.array([each.is_accepted for each in history.looks])[:, None]
    lacking = 1 - kind.lacks - np.maximum(early, late)
    beyond = np.minimum(early, late) - 1 - kind.spare
    # Whole numbers: room for one is room, and less than one is none.
    wrong = np.where(accepted, lacking > ROUNDING, beyond >= -ROUNDING)
    excess = np.where(wrong, np.where(accepted, lacking, beyond), 0)
    return wrong.sum(axis=0), np.log1p(np.maximum(excess, 0)).sum(axis=0)


def _looks(history: History, counted: Floats, sign: int) -> Looks:
    at_s = [each.at_s for each in history.looks]
    before = np.searchsorted(counted, at_s, side="left")
    shifted = [each.at_s + sign * each.within_s for each in history.looks]
    return Looks(shifted, [int(each) for each in before])
