"""`python -m reference_exchange.bench`: what one core of the exchange does, beside peers, in one run.

The exchange runs on core 0 and its clients on core 1, over loopback sockets, with the rate limit off. The
peers, on the same cores in the same run, show what the libraries allow with nothing behind them.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from statistics import median
from typing import Any, Final

from conformance.arguments import Arguments
from conformance.errors import ConfigurationError, SuiteError
from load.histogram import histogram_of
from load.result import figures
from reference_exchange.bench_drive import FanOut, Pace, fan_out, order_rate, timed_orders

KNOWN: Final = ("exchange",)
START_WITHIN_S: Final = 15.0
END_WITHIN_S: Final = 3.0
ROUNDS: Final = 3
ROUND_S: Final = 2.0
CONNECTIONS: Final = 16
RATE: Final = 1000
RATE_S: Final = 10.0
LISTENERS: Final = 100
LANES: Final = 8
COMMAND: Final = "make bench ONLY=exchange"
EXCHANGE: Final = (
    *("reference_exchange", "--port", "0", "--stream-port", "0", "--control-port", "0"),
    *("--limit", "0", "--ready-file"),
)
TRIVIAL: Final = "trivial app on uvicorn"
PEERS: Final = ("picows", "websockets")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure against its goal; `peers` are the same figure of others."""

    name: str
    value: float
    unit: str
    goal: str
    reached: bool
    peers: Mapping[str, float] = field(default_factory=dict)
    command: str = COMMAND


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    rest: str
    stream: str
    pid: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All that is measured of one server."""

    fan_outs: Sequence[FanOut]
    order_rates: Sequence[Pace] = ()
    wire_us: Mapping[str, float | None] = field(default_factory=dict)
    response_us: Mapping[str, float | None] = field(default_factory=dict)


def main(words: list[str] | None = None) -> int:
    """Measure, print and save; 0 when every goal is reached, 1 when not, 3 when it cannot be told."""
    try:
        options = _parser().parse_args(words)
        if options.only not in KNOWN:
            raise ConfigurationError(f"unknown --only {options.only!r}: there is {KNOWN[0]}")
        run = options.run or _folder()
        run.mkdir(parents=True, exist_ok=True)
        rows, seen = measure()
        save(run, rows, seen)
    except (SuiteError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 3
    for row in rows:
        print(line(row))
    print(f"{sum(row.reached for row in rows)} of {len(rows)} reached")
    return 0 if all(row.reached for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(prog="python -m reference_exchange.bench", description=__doc__)
    parser.add_argument("--only", default="exchange", help="what to measure: exchange")
    parser.add_argument("--run", type=Path, help="the folder that gets figures.json")
    return parser


def _folder() -> Path:
    return Path("runs") / f"bench-exchange-{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}"


def save(run: Path, rows: Sequence[Row], seen: Mapping[str, Measured]) -> None:
    """Write the rows, and beside them everything that they were made of."""
    told: Mapping[str, Any] = {
        "figures.json": [asdict(row) for row in rows],
        "measured.json": {name: asdict(each) for name, each in seen.items()},
    }
    for name, value in told.items():
        (run / name).write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def line(row: Row) -> str:
    """A row as a person reads it."""
    peers = "".join(f", {name} {value:,.0f}" for name, value in row.peers.items())
    verdict = "reached" if row.reached else "short"
    return f"{row.name}: {row.value:,.0f} {row.unit} (goal {row.goal}{peers}) {verdict}"


# --- measuring ------------------------------------------------------------------------------------


def measure() -> tuple[list[Row], dict[str, Measured]]:
    """Every server in turn, alone on its core. The peers differ in their streams, not in REST."""
    cores = sorted(os.sched_getaffinity(0))
    gc.disable()  # the clients' pauses are not the exchange's
    with suppress(PermissionError):  # what else runs on the machine should not be measured
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    if len(cores) < 2:
        print("note: one core for the server and its clients; expect about half", file=sys.stderr)
    seen = {}
    for name in ("exchange", *PEERS):
        with served(name, cores) as server:
            seen[name] = _measured(server, has_orders=name != PEERS[-1])
    os.sched_setaffinity(0, cores)
    return rows_of(seen), seen


def _measured(server: Served, has_orders: bool) -> Measured:
    heard = [
        fan_out(server.rest, server.stream, server.pid, LISTENERS, ROUND_S, LANES)
        for _ in range(ROUNDS)
    ]
    if not has_orders:
        return Measured(heard)
    rates = [order_rate(server.rest, server.pid, ROUND_S, CONNECTIONS) for _ in range(ROUNDS)]
    answers = list(timed_orders(server.rest, RATE, RATE_S))
    wire = [(answer.kernel_ns or answer.received_ns) - answer.sent_ns for _, answer in answers]
    response = [answer.received_ns - intended_ns for intended_ns, answer in answers]
    return Measured(heard, rates, figures(histogram_of(wire)), figures(histogram_of(response)))


def rows_of(seen: Mapping[str, Measured]) -> list[Row]:
    """Figures against goals; of several rounds the one in the middle."""
    with_orders = {
        name if name == "exchange" else TRIVIAL: each
        for name, each in seen.items()
        if each.order_rates
    }
    rates = {name: _middle(each.order_rates) for name, each in with_orders.items()}
    wire = {name: each.wire_us["p99"] or inf for name, each in with_orders.items()}
    response = {name: each.response_us["p99"] or inf for name, each in with_orders.items()}
    heard = {name: _middle([x.pace for x in each.fan_outs]) for name, each in seen.items()}
    whole = {
        name: sum(x.is_whole for x in each.fan_outs) / ROUNDS * 100 for name, each in seen.items()
    }
    at_rate = f"at {RATE:,} orders/s, p99"
    return [
        _row("orders over HTTP", "orders/s", ">= 5000", rates),
        _row(f"order on the wire {at_rate}", "us", "< 1000", wire),
        _row(f"order from its intended time {at_rate}", "us", "< 1000", response),
        _row(f"stream messages to {LISTENERS} listeners", "messages/s", ">= 100000", heard),
        _row("rounds in which every listener heard every message", "%", ">= 100", whole),
    ]


def _middle(paces: Sequence[Pace]) -> float:
    return median(each.per_s for each in paces)


def _row(name: str, unit: str, goal: str, values: Mapping[str, float]) -> Row:
    rounded = {who: round(value, 1) for who, value in values.items()}
    value = rounded.pop("exchange")
    relation, _, bound = goal.partition(" ")
    reached = value >= float(bound) if relation == ">=" else value < float(bound)
    return Row(name, value, unit, goal, reached, rounded)


# --- processes ------------------------------------------------------------------------------------


@contextmanager
def served(name: str, cores: Sequence[int]) -> Iterator[Served]:
    """A server on the first core, and this process on the last one."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        words = EXCHANGE if name == "exchange" else ("reference_exchange.bench_peers", name)
        os.sched_setaffinity(0, cores[:1])  # what is started here stays here
        process = subprocess.Popen(
            [sys.executable, "-m", *words, str(ready)], stdout=subprocess.DEVNULL
        )
        os.sched_setaffinity(0, cores[-1:])
        try:
            yield _started(process, ready)
        finally:
            _end(process)


def _started(process: subprocess.Popen[bytes], ready: Path) -> Served:
    deadline = time.monotonic() + START_WITHIN_S
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SuiteError("the server to measure did not start")
        time.sleep(0.02)
    where = json.loads(ready.read_text(encoding="utf-8"))
    return Served(where["rest"], where["stream"], process.pid)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
