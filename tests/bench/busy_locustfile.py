"""Our own scenarios with a user whose code takes long: some microseconds of computing before every request.

`BENCH_GARBAGE`: so many objects that it keeps besides, for the garbage collector to look at now and then.
"""

from __future__ import annotations

import gc
import os
from typing import ClassVar, Final

from load import locustfile
from load.engine import Composed
from load.scenarios.mixed import Mixed
from tests.bench.burn import burn

BURN_US = float(os.environ.get("BENCH_BURN_US", "0"))
GARBAGE = int(os.environ.get("BENCH_GARBAGE", "0"))
COLLECT_EVERY: Final = 1000  # requests


class BusyMixed(Mixed):
    """Computes, and then asks as ever."""

    kept: ClassVar[list[list[int]]] = []
    asked: ClassVar[int] = 0

    def compose(self) -> Composed:
        """What the next planned time is used for, made slowly."""
        burn(BURN_US)
        BusyMixed.asked += 1
        if GARBAGE and BusyMixed.asked % COLLECT_EVERY == 0:
            BusyMixed.kept = [[] for _ in range(GARBAGE)]
            gc.collect()
        return super().compose()


locustfile.USERS[Mixed.scenario] = BusyMixed
