"""Feed Locust's own statistics, a few times a second, so that its page and its table show what happens.

They keep whole milliseconds, which is why nothing of ours is made from them.
"""

from __future__ import annotations

from time import time
from typing import Any

import numpy as np
from locust.env import Environment
from numpy.typing import NDArray

from conformance.spec.contract import Contract
from load.recorder import Rows, operations_of


class Shown:
    """Rows into an environment's statistics."""

    def __init__(self, environment: Environment, contract: Contract) -> None:
        self._stats = environment.stats
        self._methods = {name: each.method for name, each in contract.operations.items()}

    def failed(self, operation: str, why: str) -> None:
        """Count a failure under its reason."""
        self._stats.log_error(self._methods.get(operation, ""), operation, why)

    def samples(self, rows: Rows, operations: list[str]) -> None:
        """Count rows, by operation."""
        numbers = operations_of(rows)
        times_ms = (rows[:, 5] - rows[:, 1]) / 1e6
        for number in np.unique(numbers).tolist():
            mine, name = numbers == number, operations[number]
            method = self._methods.get(name, "")
            for entry in (self._stats.get(name, method), self._stats.total):
                _count(entry, times_ms[mine])


def _count(entry: Any, times_ms: NDArray[np.float64]) -> None:
    now_s = time()
    count = len(times_ms)
    entry.num_requests += count
    entry.num_reqs_per_sec[int(now_s)] += count
    # Its page draws the percentiles of the last ten seconds from these.
    if entry.use_response_times_cache and int(now_s) > int(entry.last_request_timestamp or 0):
        entry._cache_response_times(int(now_s) - 1)
    entry.last_request_timestamp = now_s
    entry.total_response_time += float(times_ms.sum())
    lowest = float(times_ms.min())
    entry.min_response_time = (
        lowest if entry.min_response_time is None else min(entry.min_response_time, lowest)
    )
    entry.max_response_time = max(entry.max_response_time, float(times_ms.max()))
    values, counts = np.unique(np.rint(times_ms).astype(np.int64), return_counts=True)
    for value, each in zip(values.tolist(), counts.tolist(), strict=True):
        entry.response_times[value] += each
