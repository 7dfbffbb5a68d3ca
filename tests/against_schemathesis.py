"""Plain Schemathesis beside this suite: the same faults, the same document, log-in included, no smaller budget.

Schemathesis runs as its users run it, by its command, with all phases and all checks. What it reports of the
exchange without a fault goes into its own baseline first, so that only what is new counts.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx

from conformance.embedded import embedded
from conformance.target import Target
from reference_exchange.faults import CATALOGUE
from reference_exchange.faults.classes import STREAMS, class_of
from tests import proof_of_faults, stage

EXAMPLES: Final = 25
BASELINE_RUNS: Final = 3
MOST_CONTROLS: Final = 4
TIME_S: Final = 180
PAGE: Final = Path("docs/against-schemathesis.md")
COMMAND: Final = "make prove ONLY=schemathesis"
GENERATED: Final = re.compile(r"(\d[\d,]*) generated")


@dataclass(frozen=True, slots=True)
class Tried:
    """What Schemathesis made of one fault: whether it reported anything new, and after how many cases."""

    fault: str
    is_killed: bool
    cases: int


def run_all(names: Sequence[str]) -> list[Tried]:
    """Try every fault, in as many processes as there are cores."""
    cores = os.cpu_count() or 1
    parts = [list(names[place::cores]) for place in range(cores)]
    with ProcessPoolExecutor(cores) as pool:
        return [each for part in pool.map(_part, parts) for each in part]


def _part(names: Sequence[str]) -> list[Tried]:
    """One exchange of our own, given one fault after the other."""
    with tempfile.TemporaryDirectory() as folder, embedded(stage.TARGET, 1) as live:
        document = Path(folder) / "openapi.json"
        document.write_text(json.dumps(stage.CONTRACT.openapi), encoding="utf-8")
        for number in range(BASELINE_RUNS):
            _try("", live, Path(folder), number)
        found = []
        for name in names:
            found.append(_attributed(name, live, Path(folder)))
            state = "killed" if found[-1].is_killed else "survived"
            print(f"{name}: {state} after {found[-1].cases} cases", flush=True)
        return found


def _attributed(name: str, live: Target, folder: Path) -> Tried:
    """Try a fault; a kill counts only when the same command reports nothing once the fault is gone."""
    for number in range(MOST_CONTROLS):
        tried = _try(name, live, folder)
        if not tried.is_killed or not _try("", live, folder).is_killed:
            return tried
        # It also reports on the exchange as it is: that belongs into the baseline, not to the fault.
        _try("", live, folder, number)
    return replace(tried, is_killed=False)


def _try(name: str, live: Target, folder: Path, baseline_seed: int | None = None) -> Tried:
    """Run Schemathesis against the exchange with one fault; with a baseline seed, record what it reports."""
    # A reset keeps the faults that there are, so these go first: one of them may be about logging in.
    httpx.post(live.control + "/faults", json={"names": []})
    httpx.post(live.control + "/reset", json={})
    httpx.post(live.control + "/limiter", json={"limit": 0})
    token = _log_in(live)
    httpx.post(live.control + "/faults", json={"names": [name] if name else []})
    command = _command(live, folder, token)
    if baseline_seed is None:
        command += ["--max-failures", "1", "--seed", "1"]
    else:
        more = ["--baseline-update", "--continue-on-failure", "--seed", str(baseline_seed + 1)]
        command += more
    done = _finished(command, folder)
    # A dead exchange would count as a kill: this raises, and so ends the proof.
    httpx.get(live.control + "/health").raise_for_status()
    cases = GENERATED.search(done.stdout)
    number = int(cases[1].replace(",", "")) if cases else 0
    return Tried(name, done.returncode == 1, number)


def _finished(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, cwd=folder, timeout=TIME_S, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 0, "", "")


def _log_in(live: Target) -> str:
    account = live.accounts["alice"]
    form = {live.conventions.login_parameter: account.login, "password": account.password}
    answer: dict[str, Any] = httpx.post(live.rest + "/uc/v2/login", data=form).json()
    return str(answer["data"]["Authorization"])


def _command(live: Target, folder: Path, token: str) -> list[str]:
    program = str(Path(sys.executable).with_name("st"))
    command = [program, "run", "openapi.json", "--url", live.rest]
    command += ["-H", f"Authorization: {token}", "--baseline", str(folder / "baseline.json")]
    command += ["--phases", "examples,coverage,fuzzing,stateful", "--checks", "all"]
    command += ["--max-examples", str(EXAMPLES), "--suppress-health-check", "all"]
    return [*command, "--warnings", "off", "--no-color"]


def main(run: Path) -> list[dict[str, Any]]:
    """Make the table, write its page, and give its figures."""
    names = sorted(CATALOGUE)
    by_rest = [name for name in names if class_of(CATALOGUE[name].breaks) != STREAMS]
    theirs = {each.fault: each for each in run_all(by_rest)}
    ours = {each.fault: each for each in proof_of_faults.all_caught(names, "default")}
    rows = _rows(names, theirs, ours)
    PAGE.write_text(_page(rows, theirs, ours), encoding="utf-8")
    (run / "schemathesis.json").write_text(
        json.dumps({name: each.is_killed for name, each in theirs.items()}, indent=1) + "\n"
    )
    return [_figure(*row) for row in rows]


Row = tuple[str, int, int, int]


def _rows(
    names: Sequence[str], theirs: dict[str, Tried], ours: dict[str, proof_of_faults.Caught]
) -> list[Row]:
    """(class, faults, ours, theirs) for each class, sorted by name."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(class_of(CATALOGUE[name].breaks), []).append(name)
    return [
        (
            area,
            len(of_area),
            sum(ours[name].is_caught for name in of_area),
            sum(name in theirs and theirs[name].is_killed for name in of_area),
        )
        for area, of_area in sorted(found.items())
    ]


def _figure(area: str, faults: int, ours: int, theirs: int) -> dict[str, Any]:
    peers = {f"schemathesis {version('schemathesis')}": theirs}
    row = {"name": f"faults caught: {area}", "value": ours, "unit": "faults", "goal": faults}
    return {**row, "reached": ours == faults, "peers": peers, "command": COMMAND}


def _page(
    rows: Sequence[Row], theirs: dict[str, Tried], ours: dict[str, proof_of_faults.Caught]
) -> str:
    total = tuple(sum(row[place] for row in rows) for place in (1, 2, 3))
    rest = tuple(sum(row[place] for row in rows if row[0] != STREAMS) for place in (1, 2, 3))
    most = max((each.cases for each in theirs.values()), default=0)
    only = [name for name, each in theirs.items() if each.is_killed and not ours[name].is_caught]
    lines = "".join(f"| {area} | {n} | {mine} | {other} |\n" for area, n, mine, other in rows)
    return TEXT.format(
        version=version("schemathesis"),
        command=COMMAND,
        lines=lines,
        total=" | ".join(map(str, total)),
        rest=" | ".join(map(str, rest)),
        most=f"{most:,}",
        examples=EXAMPLES,
        only=", ".join(only) or "none",
        median=f"{int(median(each.requests for each in ours.values())):,}",
        ours=f"{max(each.requests for each in ours.values()):,}",
    )


TEXT: Final = """\
# Beside plain Schemathesis

`{command}` makes this page again. It takes some fourteen minutes on two cores.

Each fault of the reference exchange is put in alone, and two programs look for it: this suite, and
Schemathesis {version} as its users run it: by its command, over sockets, with all four phases (examples,
coverage, fuzzing, stateful), all checks, {examples} examples an operation, and a valid log-in.

- Held equal: the exchange, the fault, the OpenAPI document, the credentials. The rate limit is off for both.
- The budget: Schemathesis makes up to {most} requests a fault and stops at its first finding. This suite asks
  only the checks of the requirement that the fault breaks: {median} requests in the median, {ours} at most.
- What Schemathesis reports of the exchange without a fault is recorded in its own baseline first, in three
  runs, and does not count. That hides a fault that shows as a refusal which the baseline already has.
- A new report counts as a kill when the same command, run again without the fault, reports nothing. Where it
  still does, that report joins the baseline and the fault is tried again.
- Schemathesis was given no checks of its own for this exchange, no state machine and no signing by API key.
  With those it would find more; writing them is what this suite is.
- The faults were written by the authors of this suite, so the figures say what each program can see of *these*
  faults. They are no measure of either on another exchange.
- A kill of ours counts only if the requirement that the fault names fails; theirs may report anything.

| class | faults | this suite | Schemathesis |
|---|---|---|---|
{lines}| **all** | {total} |
| **all but streams** | {rest} |

Schemathesis does not speak WebSocket, so it was not run for the faults of streams. Faults that it found and
this suite did not: {only}.
"""
