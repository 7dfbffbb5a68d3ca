"""Locust as its users know it: FastHttpUser, its own pacing, its own statistics. Nothing of ours in it."""

from __future__ import annotations

import os

from locust import FastHttpUser, constant_throughput, task

from tests.bench.burn import burn

PER_USER_S = float(os.environ.get("BENCH_PER_USER_S", "0"))

BURN_US = float(os.environ.get("BENCH_BURN_US", "0"))


class Stock(FastHttpUser):
    """One GET after the other."""

    if PER_USER_S:
        wait_time = constant_throughput(PER_USER_S)

    @task
    def ask(self) -> None:
        """Compute for a while where that was asked for, and ask once."""
        burn(BURN_US)
        self.client.get("/")
