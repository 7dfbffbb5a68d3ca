"""A fleet on hosts of its own: exchange, master, workers in network namespaces, by Locust's own command line.

Three runs: one that comes to its end, one in which a worker's cable is pulled, and one in which what a worker
sends is held for two milliseconds on its way.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.errors import ConfigurationError
from load.histogram import Histogram
from load.journal import journals, path_of, read
from load.recorder import Kind, kinds_of, operations_of
from load.recovery import asked_of, folded
from tests.hosts import ROOT, Hosts, end, hosts

SCENARIO: Final = "order_latency"
PLACE: Final = "placeSpotOrder"
EXCHANGE, MASTER, WORKERS = "exchange", "master", ("alpha", "beta")
VICTIM: Final = WORKERS[1]
RATE_PER_S: Final = 200
SECONDS: Final = 10.0
CUT_AFTER_S: Final = 2.0  # after the first samples of everybody
LOST_S: Final = 1.0  # as much as may be missing
START_S: Final = 30.0
END_S: Final = 60.0
PROFILE: Final = f"""
[hosts.order_latency]
connections = 4
warm_up_s = 0.2
stages = [{{ rate_per_s = {RATE_PER_S}, duration_s = {SECONDS} }}]
"""


@dataclass(frozen=True, slots=True)
class Between:
    """A run between hosts: the master's exit code, its result, and when something was done to it."""

    folder: Path
    code: int
    entry: Mapping[str, Any]
    meddled_ns: int = 0


def whole(folder: Path) -> tuple[str, str]:
    """A run that comes to its end: what is missing of it, and why it calls itself not valid; or nothing."""
    with hosts(EXCHANGE, MASTER, *WORKERS) as made:
        ran = _run(made, folder)
    entry, due = ran.entry, round(RATE_PER_S * SECONDS)
    doubts = entry["why_invalid"] or ""
    if entry["partial"] or entry["n"] != due or _counted(folder) != due:
        return f"{entry['n']} of {due} orders, partial: {entry['partial']}", doubts
    if sorted(entry["extra"]["hosts"].values()) != sorted(WORKERS):
        return f"it names the hosts {entry['extra']['hosts']}", doubts
    if ran.code != (0 if entry["valid"] else 2):
        return f"exit code {ran.code}, valid: {entry['valid']}", doubts
    return "", doubts


def cut(folder: Path) -> tuple[str, str]:
    """A run in which a worker's cable is pulled: what is wrong with what it says of that (or nothing), and that."""
    with hosts(EXCHANGE, MASTER, *WORKERS) as made:
        ran = _run(made, folder, lambda: made.cut(VICTIM))
    return _wrong_after_the_cut(ran), ran.entry["why_invalid"] or ""


def _wrong_after_the_cut(ran: Between) -> str:
    entry, folder = ran.entry, ran.folder
    if ran.code != 2 or entry["valid"] or not entry["partial"]:
        return f"exit code {ran.code}, valid {entry['valid']}, partial {entry['partial']}"
    said = {name: each["why_invalid"] or "" for name, each in entry["generator"].items()}
    lost = [name for name, why in said.items() if f"on {VICTIM} was lost" in why]
    if len(lost) != 1 or f"{lost[0]} on {VICTIM} was lost" not in entry["why_invalid"]:
        return f"it does not say who was lost: {entry['why_invalid']}"
    last = {name: _last_ns(path_of(folder, SCENARIO, name)) for name in said}
    missing_s = (ran.meddled_ns - last.pop(lost[0])) / 1e9
    if not -0.1 < missing_s < LOST_S:
        return f"the lost worker's journal ends {missing_s:.2f} s before the cut"
    if min(last.values()) < ran.meddled_ns + 1e9:
        return "the other worker stopped as well"
    return "" if _counted(folder) == entry["n"] else "the journals hold another number"


def growth_us(folder: Path, delay_ms: float) -> float:
    """By how much a worker's wire time grows when what it sends is held for so long on its way.

    At p10: the line adds to every request alike, while who waits for a processor, and how long, is chance.
    """
    with hosts(EXCHANGE, MASTER, *WORKERS) as made:
        for number, (worker, held_ms) in enumerate(zip(WORKERS, (0.0, delay_ms), strict=True)):
            made.slow_down(worker, EXCHANGE, number, held_ms, folder / f"line-{worker}.log")
        ran = _run(made, folder)
    p10_us = {host: _p10_us(folder, name) for name, host in ran.entry["extra"]["hosts"].items()}
    near, far = (p10_us[worker] for worker in WORKERS)
    return far - near


def _run(made: Hosts, folder: Path, meddle: Callable[[], None] | None = None) -> Between:
    target = _exchange(made, folder)
    locust = (sys.executable, "-m", "locust", "-f", "load/locustfile.py", "--loglevel", "WARNING")
    master = made.start(
        MASTER,
        [
            *(*locust, "--headless", "--only-summary", "--stop-timeout", "2"),
            *("--master", "--master-bind-host", made.address(MASTER)),
            *("--expect-workers", str(len(WORKERS)), "--expect-workers-max-wait", "30"),
            *("--users", "4", "--spawn-rate", "4", "--scenario", SCENARIO),
            *("--load-profile", "hosts", "--profiles", str(folder / "profiles.toml")),
            *("--target", str(target), "--run", str(folder)),
        ],
        folder / "master.log",
    )
    workers = [
        made.start(
            name,
            [*locust, "--worker", "--master-host", made.address(MASTER)],
            folder / f"{name}.log",
        )
        for name in WORKERS
    ]
    meddled_ns = _meddled(folder, meddle) if meddle else 0
    code = _awaited(master, folder)
    for process in workers:
        end(process)
    entry = json.loads((folder / f"load-{SCENARIO}.json").read_text(encoding="utf-8"))
    return Between(folder, code, entry, meddled_ns)


def _exchange(made: Hosts, folder: Path) -> Path:
    """Start the exchange on its host; the target's file that allows load on it, by name."""
    host, ready = made.address(EXCHANGE), folder / "ready.json"
    listen = ("--host", host, "--exposed", "--ready-file", str(ready))
    made.start(
        EXCHANGE, [sys.executable, "-m", "reference_exchange", *listen], folder / "exchange.log"
    )
    _until(ready.exists, f"the exchange does not start, see {folder}")
    bounds = (ROOT / "load" / "profiles.toml").read_text(encoding="utf-8").partition("\n# Only")[0]
    (folder / "profiles.toml").write_text(bounds + PROFILE, encoding="utf-8")
    file = (ROOT / "targets" / "reference.toml").read_text(encoding="utf-8")
    file = file.replace("127.0.0.1", host).replace("embedded = true", "embedded = false")
    file = file.replace("load = true", f'load = true\nload_hosts = ["{host}"]')
    (folder / "target.toml").write_text(file, encoding="utf-8")
    return folder / "target.toml"


def _meddled(folder: Path, meddle: Callable[[], None]) -> int:
    def all_have_samples() -> bool:
        written = [x for x in journals(folder, SCENARIO) if x.stat().st_size > 4096]
        return len(written) == len(WORKERS)

    _until(all_have_samples, f"no samples in {folder}")
    time.sleep(CUT_AFTER_S)
    meddle()
    return time.time_ns()


def _until(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + START_S
    while not is_so():
        if time.monotonic() > deadline:
            raise ConfigurationError(otherwise)
        time.sleep(0.02)


def _awaited(master: subprocess.Popen[bytes], folder: Path) -> int:
    try:
        return master.wait(START_S + SECONDS + END_S)
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"the master does not end, see {folder}") from None


def _counted(folder: Path) -> int:
    """How many orders the journals hold that count."""
    found = [read(path) for path in journals(folder, SCENARIO)]
    asked = asked_of(found[0][0])
    parts = [folded(head, rows, asked).timeline.counted((PLACE,)) for head, rows in found]
    return sum(part.kinds()[Kind.ANSWERED] for part in parts)


def _last_ns(path: Path) -> int:
    head, rows = read(path)
    is_order = operations_of(rows) == head.operations.index(PLACE)
    answered = rows[is_order & (kinds_of(rows) == Kind.ANSWERED)]
    return int(answered[:, 5].max())


def _p10_us(folder: Path, worker: str) -> float:
    head, rows = read(path_of(folder, SCENARIO, worker))
    wire: Histogram = (
        folded(head, rows, asked_of(head)).timeline.counted((PLACE,)).histogram("wire")
    )
    value_ns = wire.quantile(0.1)
    if value_ns is None:
        raise ConfigurationError(f"{worker} has too few samples, see {folder}")
    return value_ns / 1000
