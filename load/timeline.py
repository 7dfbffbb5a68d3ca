"""Samples folded by operation, stage and second: what every figure of a run is made from.

Folding is addition, so the timelines of several workers merge, in any order, into the same bits as one process would
have counted. That is why a journal can be folded anywhere, at any time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

import numpy as np

from load.histogram import Histogram, Values
from load.plan import Plan
from load.recorder import Kind, Rows, follow_ups_of, kinds_of, operations_of

FIGURES: Final = ("wire", "service", "response", "send_lag", "receive_lag")
# A response time in the parts that every sample tells, and the whole.
PARTS: Final = ("waiting", "client_before", "wire", "client_after", "response")
WARM_UP: Final = -1  # the stage of what does not count
MIN_BLOCKS: Final = 8  # fewer seconds do not tell how alike neighbours are


class Key(NamedTuple):
    """Where a sample belongs: by the time at which it was meant to leave."""

    operation: str
    stage: int
    second: int


@dataclass(slots=True)
class Cell:
    """The samples of one operation in one second.

    `planned`: answered with a yes, and meant for a planned time. `waited`: for a connection to be free.
    `stamped`: answered and stamped by the kernel; `sums_ns` are over these, by `PARTS`.
    """

    kinds: list[int] = field(default_factory=lambda: [0] * len(Kind))
    planned: int = 0
    waited: int = 0
    last_ns: int = 0  # the latest answer, since the start of the run
    stamped: int = 0
    sums_ns: list[int] = field(default_factory=lambda: [0] * len(PARTS))
    histograms: dict[str, Histogram] = field(
        default_factory=lambda: {name: Histogram() for name in FIGURES}
    )

    def merge(self, other: Cell) -> None:
        """Add what another counted."""
        self.kinds = [mine + more for mine, more in zip(self.kinds, other.kinds, strict=True)]
        self.planned += other.planned
        self.waited += other.waited
        self.last_ns = max(self.last_ns, other.last_ns)
        self.stamped += other.stamped
        self.sums_ns = [a + b for a, b in zip(self.sums_ns, other.sums_ns, strict=True)]
        for name, histogram in self.histograms.items():
            histogram.merge(other.histograms[name])

    def pack(self) -> list[Any]:
        """Small enough to travel."""
        histograms = [self.histograms[name].pack() for name in FIGURES]
        counted = [self.kinds, self.planned, self.waited, self.last_ns, self.stamped, self.sums_ns]
        return [*counted, histograms]

    @classmethod
    def unpack(cls, packed: Sequence[Any]) -> Self:
        """What `pack` made."""
        kinds, planned, waited, last_ns, stamped, sums_ns, histograms = packed
        unpacked = [Histogram.unpack(tuple(each)) for each in histograms]
        by_figure = dict(zip(FIGURES, unpacked, strict=True))
        return cls(list(kinds), planned, waited, last_ns, stamped, list(sums_ns), by_figure)


class Timeline:
    """Every cell of a run."""

    def __init__(self) -> None:
        self.cells: dict[Key, Cell] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timeline) and self.pack() == other.pack()

    __hash__ = None  # type: ignore[assignment]

    def add(self, rows: Rows, operations: Sequence[str], plan: Plan, start_ns: int) -> None:
        """Fold rows. `operations` names their numbers; the plan knows the stages."""
        if not len(rows):
            return
        offsets = rows[:, 1] - start_ns
        stages, seconds = plan.stages_of(offsets), plan.seconds_of(offsets)
        numbers = operations_of(rows)
        order = np.lexsort((seconds, stages, numbers))
        keys = np.stack((numbers, stages, seconds), axis=1)[order]
        edges = np.flatnonzero(np.any(np.diff(keys, axis=0), axis=1)) + 1
        for part in np.split(order, edges):
            number, stage, second = (int(each[part[0]]) for each in (numbers, stages, seconds))
            key = Key(operations[number], stage, second)
            self.cells.setdefault(key, Cell()).merge(_cell(rows[part], start_ns))

    def merge(self, other: Timeline) -> None:
        """Add what another counted."""
        for key, cell in other.cells.items():
            self.cells.setdefault(key, Cell()).merge(cell)

    def counted(self, operations: Iterable[str] | None = None, stages: int | None = None) -> Self:
        """What is not warm-up, of these operations or of all, and of so many stages or of all."""
        wanted = None if operations is None else frozenset(operations)
        found = type(self)()
        found.cells = {
            key: cell
            for key, cell in self.cells.items()
            if key.stage != WARM_UP
            and (stages is None or key.stage < stages)
            and (wanted is None or key.operation in wanted)
        }
        return found

    def of_stage(self, stage: int) -> Self:
        """One stage alone."""
        found = type(self)()
        found.cells = {key: cell for key, cell in self.cells.items() if key.stage == stage}
        return found

    def sent(self) -> Counter[str]:
        """How many requests of each operation, whatever became of them."""
        return self._of_kinds(*Kind)

    def lost(self) -> Counter[str]:
        """How many of each operation had no answer."""
        return self._of_kinds(Kind.LOST)

    def _of_kinds(self, *kinds: Kind) -> Counter[str]:
        found: Counter[str] = Counter()
        for key, cell in self.cells.items():
            found[key.operation] += sum(cell.kinds[kind] for kind in kinds)
        return found

    def operations(self) -> list[str]:
        """Every operation that has a sample."""
        return sorted({key.operation for key in self.cells})

    def kinds(self) -> Mapping[Kind, int]:
        """How many samples ended how."""
        return {kind: sum(cell.kinds[kind] for cell in self.cells.values()) for kind in Kind}

    def planned(self) -> int:
        """How many planned times were used and answered."""
        return sum(cell.planned for cell in self.cells.values())

    def waited(self) -> int:
        """How many had to wait for a connection."""
        return sum(cell.waited for cell in self.cells.values())

    def divided(self) -> tuple[int, dict[str, int]]:
        """How many samples the kernel stamped, and what the parts of their response times add up to in ns."""
        sums = np.array([cell.sums_ns for cell in self.cells.values()], dtype=np.int64)
        totals = sums.reshape(-1, len(PARTS)).sum(axis=0).tolist()
        stamped = sum(cell.stamped for cell in self.cells.values())
        return stamped, dict(zip(PARTS, totals, strict=True))

    def last_ns(self) -> int:
        """The latest answer, since the start of the run."""
        return max((cell.last_ns for cell in self.cells.values()), default=0)

    def histogram(self, figure: str) -> Histogram:
        """One figure over everything."""
        found = Histogram()
        for cell in self.cells.values():
            found.merge(cell.histograms[figure])
        return found

    def seconds(self, figure: str) -> dict[int, Histogram]:
        """One figure, second by second."""
        found: dict[int, Histogram] = {}
        for key, cell in sorted(self.cells.items()):
            found.setdefault(key.second, Histogram()).merge(cell.histograms[figure])
        return found

    def pack(self) -> list[Any]:
        """Small enough to travel, in one order whatever the order of merging."""
        return [[*key, *cell.pack()] for key, cell in sorted(self.cells.items())]

    @classmethod
    def unpack(cls, packed: Sequence[Sequence[Any]]) -> Self:
        """What `pack` made."""
        found = cls()
        for operation, stage, second, *cell in packed:
            found.cells[Key(operation, stage, second)] = Cell.unpack(cell)
        return found


def _cell(rows: Rows, start_ns: int) -> Cell:
    kinds = kinds_of(rows)
    _, intended, ready, sent, kernel, received = rows.T
    answered = kinds == Kind.ANSWERED
    stamped = answered & (kernel != 0)
    cell = Cell(np.bincount(kinds, minlength=len(Kind)).tolist())
    cell.planned = int((answered & (follow_ups_of(rows) == 0)).sum())
    cell.waited = int((ready > intended).sum())
    cell.last_ns = int((received[answered] - start_ns).max()) if answered.any() else 0
    cell.stamped = int(stamped.sum())
    edges = np.stack((intended, ready, sent, kernel, received))[:, stamped]
    cell.sums_ns = [*np.diff(edges, axis=0).sum(axis=1).tolist(), int((edges[4] - edges[0]).sum())]
    values: dict[str, Values] = {
        "wire": (kernel - sent)[stamped],
        "service": (received - sent)[answered],
        # What was lost has waited until we gave up; what was refused is no sample.
        "response": (received - intended)[kinds != Kind.REFUSED],
        "send_lag": sent - ready,
        "receive_lag": (received - kernel)[stamped],
    }
    for name, each in values.items():
        cell.histograms[name].add(each)
    return cell


def widening(seconds: Iterable[Histogram], value_ns: int, quantile: float) -> float:
    """How many times less the samples tell than as many independent ones would.

    The share above a quantile varies from second to second; the variance beyond the binomial's is what
    neighbours have in common. At least 1, and 1 where there are too few seconds to tell.
    """
    blocks = [(len(each), each.above(value_ns)) for each in seconds if len(each)]
    if len(blocks) < MIN_BLOCKS:
        return 1.0
    sizes, above = np.array(blocks, dtype=float).T
    expected = sizes * (1 - quantile)
    # Each block's squared distance from what is expected, against the binomial variance of it.
    ratio = ((above - expected) ** 2).sum() / max((expected * quantile).sum(), 1e-9)
    return max(1.0, float(ratio))
