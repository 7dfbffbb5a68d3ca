"""Disturb a real run in every way that spoils a measurement: it has to say that it is not valid, and the cause.

The same run without the disturbance has to be valid, so that what is said is said of the disturbance. Every run
is a process of its own against the bench server, each on a core of its own. The clock that is set in the middle of
a run is that of the generator's process alone (tests/bench/clock.c); the machine's clock is left alone.
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from load.journal import journals
from tests.bench.processes import AT_ONCE, HERE, ROOT, alone_on, compiled, cores, serving, written

SCENARIO: Final = "mixed"
CONNECTIONS: Final = 4
RATE_PER_S: Final = 1000
SECONDS: Final = 3.0
WARM_UP_S: Final = 0.5
AGAIN: Final = 3  # how often a run without a disturbance has to be valid
START_S: Final = 60.0
END_S: Final = 90.0
HALFWAY_S: Final = 1.5
BRIEFLY_S: Final = 0.06
OTHERS: Final = 3
OTHER: Final = "while True: pass"

Spoil = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What spoils a run: its plan, its users' own code, its neighbours, or its clock; and what it must say then."""

    says: str
    rate_per_s: float = RATE_PER_S
    seconds: float = SECONDS
    users: Mapping[str, str] = field(default_factory=dict)
    others: int = 0
    spoil: Spoil | None = None


@dataclass(frozen=True, slots=True)
class Proved:
    """One run, and what is wrong with what it said (nothing, if empty)."""

    name: str
    wrong: str


def set_clock(folder: Path, by_s: float) -> None:
    """Set the clock of a run ahead or back, from what it was at the start."""
    with (folder / "clock").open("r+b", buffering=0) as file:
        file.write(struct.pack("q", round(by_s * 1e9)))


def stepped(by_s: float, back_after_s: float = 0.0) -> Spoil:
    """Set the clock in the middle of the run, and perhaps back again."""

    def spoil(folder: Path) -> None:
        sleep(HALFWAY_S)
        set_clock(folder, by_s)
        if back_after_s:
            sleep(back_after_s)
            set_clock(folder, 0)

    return spoil


def clock(step_us: str, spoil: Spoil) -> Disturbance:
    """A run whose clock is set, which has to say by how much."""
    return Disturbance(rf"the clock was set by {step_us} us during the run", spoil=spoil)


DISTURBANCES: Final[Mapping[str, Disturbance]] = {
    "users whose own code takes the core": Disturbance(
        r"the load generator sent \d+ us late at p99", users={"BENCH_BURN_US": "900"}
    ),
    "other processes on the generator's core": Disturbance(
        r"the load generator waited for a processor \d+% of the time", others=OTHERS
    ),
    "a rate that no process can offer": Disturbance(
        r"\d+\.\d of 400000\.0 planned per second were answered", rate_per_s=400_000
    ),
    "a collector that stops it for long": Disturbance(
        r"the load generator: its collector stopped it for \d+ us",
        users={"BENCH_GARBAGE": "2000000"},
    ),
    "a run too short for a p99": Disturbance(
        r"the run is too short: \d+ samples, and p99 takes 299", rate_per_s=400, seconds=0.5
    ),
    "the clock set ahead by 5 ms": clock(r"(4999|5000|5001)", stepped(0.005)),
    "the clock set back by 5 ms": clock(r"-(4999|5000|5001)", stepped(-0.005)),
    "the clock set ahead by 2 s": clock(r"(1999999|2000000|2000001)", stepped(2)),
    "the clock set back by 2 s": clock(r"-(1999999|2000000|2000001)", stepped(-2)),
    "the clock set back by an hour": clock(r"-(3599999999|3600000000|3600000001)", stepped(-3600)),
    "the clock set ahead by 5 ms and back": clock(r"\d+", stepped(0.005, BRIEFLY_S)),
    "the clock set back by 5 ms and ahead": clock(r"-\d+", stepped(-0.005, BRIEFLY_S)),
    "the clock set ahead as the run begins": clock(
        r"(4999|5000|5001)", lambda folder: set_clock(folder, 0.005)
    ),
    "the clock set back as the run begins": clock(
        r"-(4999|5000|5001)", lambda folder: set_clock(folder, -0.005)
    ),
}


def undisturbed() -> dict[str, Disturbance]:
    """Runs that have to be valid: with a clock that could be set, and without."""
    kinds = {"as it is": Disturbance(""), "with a clock": Disturbance("", spoil=lambda _: None)}
    return {
        f"undisturbed, {name}, {number}": each
        for number in range(1, AGAIN + 1)
        for name, each in kinds.items()
    }


def prove(folder: Path) -> tuple[list[Proved], list[Proved]]:
    """Every disturbance once, then runs without one."""
    with serving(AT_ONCE) as port:
        found = [
            [prove_one(name, each, port, folder / name.replace(" ", "-")) for name, each in runs]
            for runs in (DISTURBANCES.items(), undisturbed().items())
        ]
    return found[0], found[1]


def prove_one(name: str, given: Disturbance, port: int, folder: Path) -> Proved:
    """One run, and whether it says of itself what it should."""
    found = Proved(name, _wrong(given, *_run(given, port, folder)))
    print(f"{name}: {found.wrong or 'as it should be'}", flush=True)
    return found


def _run(given: Disturbance, port: int, folder: Path) -> tuple[int, str, dict[str, Any]]:
    """A run to its end: its exit code, what it said, its entry."""
    profile = {
        "connections": CONNECTIONS,
        "warm_up_s": WARM_UP_S,
        "stages": [{"rate_per_s": given.rate_per_s, "duration_s": given.seconds}],
    }
    words = _command(given, written(port, profile, folder))
    settings = {**given.users, **(_clock_settings(folder) if given.spoil else {})}
    with _others(given.others):
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **settings},
            preexec_fn=lambda: alone_on(cores()[1]),
        )
        try:
            if given.spoil:
                _await_begin(folder)
                given.spoil(folder)
            said, _ = process.communicate(timeout=END_S)
        finally:
            process.kill()
    (folder / "said.log").write_text(said, encoding="utf-8")
    result = folder / f"load-{SCENARIO}.json"
    entry: dict[str, Any] = json.loads(result.read_text("utf-8")) if result.exists() else {}
    return process.returncode, said, entry


def _command(given: Disturbance, options: Sequence[str]) -> list[str]:
    if not given.users:
        return [sys.executable, "-m", "load", "--profile", "bench", *options]
    # Users of one's own are what Locust's own command is for.
    words = [sys.executable, "-m", "locust", "-f", str(HERE / "busy_locustfile.py"), "--headless"]
    words += ["-u", str(CONNECTIONS), "-r", str(CONNECTIONS), "--only-summary"]
    return [*words, "--load-profile", "bench", *options]


def _clock_settings(folder: Path) -> dict[str, str]:
    (folder / "clock").write_bytes(struct.pack("q", 0))
    library = compiled("clock.c", "bench-clock.so", "-shared", "-fPIC", "-ldl")
    return {"LD_PRELOAD": str(library), "BENCH_CLOCK": str(folder / "clock")}


@contextmanager
def _others(count: int) -> Iterator[None]:
    """So many other processes on the generator's core."""
    others = [
        subprocess.Popen([sys.executable, "-c", OTHER], preexec_fn=lambda: alone_on(cores()[1]))
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for each in others:
            each.kill()
            each.wait()


def _await_begin(folder: Path) -> None:
    """Wait until the run has begun: it writes its journal's first line just before its plan."""
    deadline = monotonic() + START_S
    while not journals(folder, SCENARIO):
        if monotonic() > deadline:
            raise TimeoutError(f"no samples in {folder}")
        sleep(0.001)


def _wrong(given: Disturbance, code: int, said: str, entry: Mapping[str, Any]) -> str:
    """What is wrong with what a run said of itself, or nothing."""
    if "Traceback" in said:
        return "a traceback"
    if not entry:
        return f"no result, exit code {code}"
    why = entry["why_invalid"]
    if (code, entry["valid"]) != ((2, False) if given.says else (0, True)):
        return f"exit code {code}, valid {entry['valid']}: {why}"
    if given.says and not re.search(given.says, why):
        return f"it does not name the cause: {why}"
    return ""
