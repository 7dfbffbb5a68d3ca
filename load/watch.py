"""What the load generator sees of itself while it runs: the clock, the collector, the scheduler, its own idleness."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic_ns, process_time_ns, time_ns
from typing import Any, Final, Self

import numpy as np

from load.recorder import Rows

SCHEDULER: Final = Path("/proc/self/schedstat")


@dataclass(frozen=True, slots=True)
class Watched:
    """One process over one run. Shares are of its wall time; None where the machine does not tell."""

    seconds: float
    clock_step_us: float
    collector_us_max: float
    collector_share: float
    cpu_share: float
    run_delay_share: float | None
    busy_share: float
    overslept_us_p99: float | None

    @classmethod
    def of(cls, given: dict[str, Any]) -> Self:
        """From what `as_dict` made."""
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """For a file or a message."""
        return asdict(self)


class ClockWatch:
    """Whether the wall clock was set, by how much at most; it begins when it is made.

    A look compares it with the clock that nobody sets. A clock that is set back again between two looks leaves no
    trace but in the samples: what was recorded later has an earlier time.
    """

    def __init__(self) -> None:
        self.step_ns = 0
        self._low_ns, self._high_ns = _offsets_ns()
        self._latest_ns = 0

    def look(self) -> None:
        """Compare the two clocks. Only what is certain counts: we may have been stopped between the readings."""
        low_ns, high_ns = _offsets_ns()
        self._note(max(low_ns - self._high_ns, 0) + min(high_ns - self._low_ns, 0))

    def read(self, rows: Rows) -> None:
        """Samples in the order in which they were recorded, since the last call."""
        if not len(rows):
            return
        _, _, ready, sent, kernel, received = rows.T
        before = np.concatenate(([self._latest_ns], received[:-1]))
        # The times of one row, and of one row after the other, as they must follow each other.
        backwards = (before - received, ready - sent, sent - received, kernel - received)
        self._note(-max(0, *(int(each.max()) for each in backwards)))
        self._latest_ns = int(received[-1])

    def _note(self, step_ns: int) -> None:
        if abs(step_ns) > abs(self.step_ns):
            self.step_ns = step_ns


class Watch:
    """Begins when it is made; the clock has been watched since before."""

    def __init__(self, clock: ClockWatch) -> None:
        self._clock = clock
        self._began_ns = monotonic_ns()
        self._cpu_ns = process_time_ns()
        self._delay_ns = _run_delay_ns()
        self._pause_began_ns = 0
        self._pause_ns = self._pause_ns_max = 0
        gc.callbacks.append(self._collector)

    def stop(self, idle_ns: int, oversleeps_ns: Sequence[int]) -> Watched:
        """What was seen. `idle_ns`: how long the engine had nothing to do."""
        self._clock.look()
        gc.callbacks.remove(self._collector)
        wall_ns = max(monotonic_ns() - self._began_ns, 1)
        delay_ns, before_ns = _run_delay_ns(), self._delay_ns
        told = delay_ns is not None and before_ns is not None
        overslept = float(np.quantile(oversleeps_ns, 0.99)) if len(oversleeps_ns) else None
        return Watched(
            seconds=round(wall_ns / 1e9, 3),
            clock_step_us=round(self._clock.step_ns / 1000, 1),
            collector_us_max=round(self._pause_ns_max / 1000, 1),
            collector_share=_share(self._pause_ns, wall_ns),
            cpu_share=_share(process_time_ns() - self._cpu_ns, wall_ns),
            run_delay_share=_share((delay_ns or 0) - (before_ns or 0), wall_ns) if told else None,
            busy_share=_share(max(wall_ns - idle_ns, 0), wall_ns),
            overslept_us_p99=None if overslept is None else round(overslept / 1000, 1),
        )

    def _collector(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._pause_began_ns = monotonic_ns()
            return
        pause_ns = monotonic_ns() - self._pause_began_ns
        self._pause_ns += pause_ns
        self._pause_ns_max = max(self._pause_ns_max, pause_ns)


def _offsets_ns() -> tuple[int, int]:
    """The least and the most by which the wall clock can be ahead of the monotonic one."""
    before_ns = monotonic_ns()
    wall_ns = time_ns()
    return wall_ns - monotonic_ns(), wall_ns - before_ns


def _share(part_ns: int, whole_ns: int) -> float:
    return round(part_ns / whole_ns, 4)


def _run_delay_ns() -> int | None:
    """How long this process was ready to run and did not; None where the kernel does not tell."""
    try:
        return int(SCHEDULER.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
