"""Requests a second that one core generates: through Locust with our engine, stock Locust, and wrk."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from timeit import repeat
from typing import Final

from load.recorder import Recorder
from reference_exchange.bench import Row
from tests.bench import peers
from tests.bench.processes import AT_ONCE, ours, serving

COMMAND: Final = "make bench ONLY=generator"
ROUNDS: Final = 5
SECONDS: Final = 4
CONNECTIONS: Final = 16
BEYOND_PER_S: Final = 200_000  # more than anybody can, so that there is always something due
TIMES_STOCK: Final = 6
SHARE_OF_WRK: Final = 0.8
RECORD_NS: Final = 200


def measure(run: Path) -> list[Row]:
    """Rounds in turn, so that what the machine does meanwhile falls on all of them; the middle of five."""
    mine, stock, wrk, bare = [], [], [], []
    profile = {
        "connections": CONNECTIONS,
        "warm_up_s": 0.5,
        "stages": [{"rate_per_s": BEYOND_PER_S, "duration_s": float(SECONDS)}],
    }
    log = run / "peers.log"
    with serving(AT_ONCE) as port:
        for number in range(ROUNDS):
            entry = ours(port, profile, run / f"ours-{number}", SECONDS + 60)
            mine.append(entry["achieved_per_s"])
            stock.append(peers.locust(port, CONNECTIONS, 0, SECONDS, log).per_s)
            wrk.append(peers.wrk(port, CONNECTIONS, SECONDS, log).per_s)
            bare.append(peers.bare_loop(port, CONNECTIONS, SECONDS, log))
    rates = {"ours": round(median(mine)), "stock": round(median(stock)), "wrk": round(median(wrk))}
    rates["a bare loop in Python"] = round(median(bare))
    return [
        _ratio("times stock Locust's FastHttpUser", rates, "stock", TIMES_STOCK),
        _ratio("share of wrk with one thread", rates, "wrk", SHARE_OF_WRK),
        _recording(),
    ]


def _ratio(name: str, rates: dict[str, int], other: str, goal: float) -> Row:
    value = rates["ours"] / rates[other]
    peers_ = {f"{each} /s": rate for each, rate in rates.items()}
    return Row(name, round(value, 2), "times", f"at least {goal:g}", value >= goal, peers_, COMMAND)


def _recording() -> Row:
    recorder = Recorder()

    def record() -> None:
        add = recorder.add
        for _ in range(100_000):
            add(7, 1, 2, 3, 4, 5)
        recorder.take()

    took_ns = min(repeat(record, number=1, repeat=7)) / 100_000 * 1e9
    goal, is_reached = f"below {RECORD_NS}", took_ns < RECORD_NS
    return Row("recording a sample", round(took_ns), "ns", goal, is_reached, {}, COMMAND)
