"""What a plan must show on a server whose answers are due at known times: computed, never measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from load.histogram import histogram_of

Times = NDArray[np.int64]
MS = 1_000_000
QUANTILES = (0.5, 0.99, 0.999)


@dataclass(frozen=True, slots=True)
class Pattern:
    """How long the server takes; all in ns, since the first request. See server.c.

    A request at t is answered at max(t, end of the stall at t, last answer if serial) + delay(t).
    """

    name: str
    delay: int
    delay_end: int = 0
    ramp: int = 0
    serial: bool = False
    stall_first: int = 0
    stall_every: int = 0
    stall: int = 0

    def words(self) -> list[str]:
        """The server's command line after its port."""
        values = (int(self.serial), self.delay, self.delay_end, self.ramp)
        return [str(each) for each in (*values, self.stall_first, self.stall_every, self.stall)]

    def answers(self) -> Callable[[int], int]:
        """When a request is answered; to be asked in the order of arrival."""
        last = 0

        def answer(at: int) -> int:
            nonlocal last
            start = at
            if self.stall and at >= self.stall_first:
                into = at - self.stall_first
                into = into % self.stall_every if self.stall_every else into
                start = at - into + self.stall if into < self.stall else at
            if self.serial:
                start = max(start, last)
            grown = (
                (self.delay_end - self.delay) * min(at, self.ramp) / self.ramp if self.ramp else 0
            )
            last = start + self.delay + int(grown)
            return last

        return answer


@dataclass(frozen=True, slots=True)
class Truth:
    """p50, p99, p99.9 in microseconds, from the send and from the planned time."""

    wire_us: tuple[float, ...]
    response_us: tuple[float, ...]


def truth(pattern: Pattern, planned: Sequence[int], connections: int, from_ns: int) -> Truth:
    """Send at each planned time, or when one of the connections is free; count those due from a time on."""
    free = [0] * connections
    answer = pattern.answers()
    wire, response = [], []
    for due in planned:
        sent = max(due, heappop(free))
        answered = answer(sent)
        heappush(free, answered)
        if due >= from_ns:
            wire.append(answered - sent)
            response.append(answered - due)
    return Truth(_quantiles(wire), _quantiles(response))


def _quantiles(values_ns: Sequence[int]) -> tuple[float, ...]:
    kept = histogram_of(values_ns)
    return tuple((kept.quantile(each) or 0) / 1000 for each in QUANTILES)
