"""Our own scenarios with a user whose code takes long: some microseconds of computing before every request."""

from __future__ import annotations

import os

from load import locustfile
from load.engine import Composed
from load.scenarios.mixed import Mixed
from tests.bench.burn import burn

BURN_US = float(os.environ["BENCH_BURN_US"])


class BusyMixed(Mixed):
    """Computes, and then asks as ever."""

    def compose(self) -> Composed:
        """What the next planned time is used for, made slowly."""
        burn(BURN_US)
        return super().compose()


locustfile.USERS[Mixed.scenario] = BusyMixed
