"""Proofs of the suite itself that take longer than its tests: `make prove ONLY=documents|faults`.

Each leaves `figures.json` in its run's folder and prints a line a figure; the exit code is 0 only when
every goal is reached.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance.cases.claim import Verdict
from conformance.errors import ExitCode
from reference_exchange.faults import CATALOGUE
from tests import judges, stage
from tests.test_faults import BY_GENERATED

SEEDS = 10
Figure = dict[str, Any]


def faults(run: Path) -> list[Figure]:
    """How many faults are caught by the requirement that each names, and what is found without one."""
    names = [each.name for each in CATALOGUE.values() if each.breaks not in BY_GENERATED]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        caught = dict(zip(names, pool.map(is_caught, names), strict=True))
        alarms = sum(pool.map(found_without_fault, range(1, SEEDS + 1)))
    missed = [name for name, good in caught.items() if not good]
    command = "make prove ONLY=faults"
    return [
        figure(
            "faults caught by the requirement they name", sum(caught.values()), len(names), command
        ),
        {**figure("findings without a fault", alarms, 0, command), "unit": f"in {SEEDS} seeds"},
        *({**figure(f"missed: {name}", 0, 1, command)} for name in missed),
    ]


def is_caught(name: str) -> bool:
    """True when the requirement that a fault names fails on an exchange with it."""
    breaks = CATALOGUE[name].breaks
    with tempfile.TemporaryDirectory() as folder:
        claims = stage.ask(stage.session(Path(folder), [name]), breaks)
    return breaks in {each.requirement for each in claims if each.verdict is Verdict.FAIL}


def found_without_fault(seed: int) -> int:
    """How many findings a right exchange gives rise to."""
    with tempfile.TemporaryDirectory() as folder:
        run = stage.session(Path(folder), seed=seed)
        for each in stage.CHECKS:
            run.check(each)
        run.conclude()
    doubts = (Verdict.FAIL, Verdict.INCONCLUSIVE)
    return sum(each.claim.verdict in doubts for each in run.findings)


def figure(name: str, value: int, goal: int, command: str) -> Figure:
    """A row of figures.json; a goal that is a number is reached when it is met exactly."""
    row = {"name": name, "value": value, "unit": "faults", "goal": goal, "reached": value == goal}
    return {**row, "peers": {}, "command": command}


PROOFS: dict[str, Callable[[Path], list[Figure]]] = {"faults": faults, "documents": judges.main}


def main(words: list[str]) -> int:
    """Run one proof, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--only", choices=sorted(PROOFS))
    options = parser.parse_args(words)
    wanted = [options.only] if options.only else sorted(PROOFS)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    run = Path("runs") / f"prove-{'-'.join(wanted)}-{stamp}"
    run.mkdir(parents=True, exist_ok=True)
    rows = [row for name in wanted for row in PROOFS[name](run)]
    (run / "figures.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        state = "reached" if row["reached"] else "short"
        print(f"{row['name']}: {row['value']} {row['unit']} (goal {row['goal']}) {state}")
    reached = sum(row["reached"] for row in rows)
    print(f"{reached} of {len(rows)} reached")
    return ExitCode.PASS if reached == len(rows) else ExitCode.FAIL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
