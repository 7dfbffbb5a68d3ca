"""Kill a worker or the master of a load run at a random second: what the dead wrote down is all but the last second.

The reference exchange counts the orders that reached it, so what was lost is known and not guessed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from conformance.embedded import embedded
from conformance.target import Target
from load.journal import journals, read
from load.recorder import Kind, kinds_of, operations_of
from tests import stage

ROOT: Final = Path(__file__).resolve().parents[1]
WORKERS: Final = 2
RATE_PER_S: Final = 200
SECONDS: Final = 8.0
LOST_S: Final = 1.0  # as much as may be missing
START_S: Final = 60.0
SCENARIO: Final = "order_latency"
PROFILES: Final = f"""
[kills.order_latency]
connections = 4
warm_up_s = 0.2
stages = [{{ rate_per_s = {RATE_PER_S}, duration_s = {SECONDS} }}]
"""


@dataclass(frozen=True, slots=True)
class Killed:
    """One kill: whom, when after the first samples, and what is wrong with what is left (nothing, if empty)."""

    victim: str
    after_s: float
    wrong: str


def kill_all(folder: Path, count: int, seed: int = 1) -> list[Killed]:
    """Kill masters and workers in turn, at times drawn from a seed."""
    draw, found = Random(seed), []
    with embedded(stage.TARGET, seed) as live:
        for number in range(count):
            victim = ("worker", "master")[number % 2]
            after_s = draw.uniform(0.3, SECONDS - 1.5)
            found.append(kill_one(live, folder / f"{number}", victim, after_s))
            print(
                f"{victim} killed after {after_s:.1f} s: {found[-1].wrong or 'nothing lost'}",
                flush=True,
            )
    return found


def kill_one(live: Target, folder: Path, victim: str, after_s: float) -> Killed:
    """Start a run, kill one of its processes once samples come, and look at what is left."""
    folder.mkdir(parents=True)
    bounds = (ROOT / "load" / "profiles.toml").read_text(encoding="utf-8").partition("\n# Only")[0]
    (folder / "profiles.toml").write_text(bounds + PROFILES, encoding="utf-8")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "load", "--scenario", SCENARIO, "--profile", "kills"),
            *("--profiles", str(folder / "profiles.toml"), "--run", str(folder)),
            *("--workers", str(WORKERS), "--base-url", live.rest),
            *("--stream-url", live.stream, "--control-url", live.control),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        pid = _victim(process.pid, victim, folder)
        time.sleep(after_s)
        killed_ns = time.time_ns()
        os.kill(pid, signal.SIGKILL)
        said, _ = process.communicate(timeout=90)
    finally:
        process.kill()
    wrong = _wrong(folder, victim, killed_ns, process.returncode, said)
    return Killed(victim, after_s, wrong)


def _victim(parent: int, victim: str, folder: Path) -> int:
    """The process to kill, once every worker has written samples."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        written = [path for path in journals(folder, SCENARIO) if path.stat().st_size > 4096]
        if len(written) == WORKERS:
            break
        time.sleep(0.02)
    else:
        raise TimeoutError(f"no samples in {folder}")
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
        if f"--{victim}" in words:
            return int(child)
    raise ProcessLookupError(f"no {victim} among the children of {parent}")


def _wrong(folder: Path, victim: str, killed_ns: int, code: int, said: str) -> str:
    """What is wrong with what is left, or nothing."""
    if "Traceback" in said:
        return "a traceback"
    if code != 2:
        return f"exit code {code}, not 2"
    entry: dict[str, Any] = json.loads((folder / f"load-{SCENARIO}.json").read_text())
    if entry["valid"] or not entry["partial"]:
        return "the run calls itself whole"
    reason = "was lost" if victim == "worker" else "was killed"
    if reason not in entry["why_invalid"]:
        return f"it does not say why: {entry['why_invalid']}"
    found = [read(path) for path in journals(folder, SCENARIO)]
    ends = [int(rows[:, 5].max()) for _, rows in found]
    if min(ends) < killed_ns - LOST_S * 1e9:
        return f"{(killed_ns - min(ends)) / 1e9:.2f} s are missing"
    place, counted = found[0][0].operations.index("placeSpotOrder"), 0
    for head, rows in found:
        late_enough = rows[:, 1] >= head.start_ns + 200_000_000
        is_yes = kinds_of(rows) == Kind.ANSWERED
        counted += int((late_enough & is_yes & (operations_of(rows) == place)).sum())
    return "" if counted == entry["n"] else f"{counted} samples written, {entry['n']} counted"
