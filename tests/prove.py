"""Proofs of the suite itself that take longer than its tests: `make prove ONLY=` and one of those below.

Each leaves `figures.json` in its run's folder and prints a line a figure; the exit code is 0 only when
every goal is reached.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance.errors import ExitCode, SuiteError
from reference_exchange.faults import CATALOGUE
from tests import (
    against_schemathesis,
    judges,
    proof_of_ci,
    proof_of_faults,
    proof_of_fleet,
    proof_of_history,
    proof_of_kills,
    proof_of_nights,
    proof_of_page,
    proof_of_sdks,
    proof_of_statistics,
    proof_of_validity,
)

SEEDS = 50
DIFFERING_SEEDS = 10
KILLS = 20
Figure = dict[str, Any]


def faults(run: Path) -> list[Figure]:
    """Every fault on the exchange as it is: each has to be caught by the requirement that it names."""
    names, command = sorted(CATALOGUE), "make prove ONLY=faults"
    found = proof_of_faults.all_caught(names, "default")
    alarms = proof_of_faults.all_alarms(range(1, SEEDS + 1), "default")
    proof_of_faults.record(run, found)
    caught = sum(each.is_caught for each in found)
    return [
        figure("faults caught by the requirement they name", caught, len(names), command),
        {
            **figure("findings without a fault", len(alarms), 0, command),
            "unit": f"in {SEEDS} seeds",
        },
        *(figure(f"missed: {x.fault} ({x.breaks}) {x.why}", 0, 1, command) for x in _missed(found)),
        *(figure(f"alarm: {each}", 1, 0, command) for each in alarms),
    ]


def differing(run: Path) -> list[Figure]:
    """The same on an exchange that does otherwise whatever the documents leave open."""
    names, command = sorted(CATALOGUE), "make prove ONLY=differing"
    found = proof_of_faults.all_caught(names, "differing")
    alarms = proof_of_faults.all_alarms(range(1, DIFFERING_SEEDS + 1), "differing")
    proof_of_faults.record(run, found)
    caught = sum(each.is_caught for each in found)
    share = round(100 * caught / len(names), 1)
    row = figure("faults caught by the requirement they name", caught, len(names), command)
    few = {"name": "share caught", "value": share, "unit": "%", "goal": 95, "peers": {}}
    for each in _missed(found):
        others = ", ".join(each.trips) or "nothing"
        print(f"not by its own: {each.fault} ({each.breaks}): {others} {each.why}")
    return [
        {**few, "reached": share >= 95, "command": command},
        {**row, "goal": f"95 % of {len(names)}", "reached": share >= 95},
        {
            **figure("findings without a fault", len(alarms), 0, command),
            "unit": f"in {DIFFERING_SEEDS} seeds",
        },
        *(figure(f"alarm: {each}", 1, 0, command) for each in alarms),
    ]


def _missed(found: list[proof_of_faults.Caught]) -> list[proof_of_faults.Caught]:
    return [each for each in found if not each.is_caught]


def figure(name: str, value: int, goal: int, command: str) -> Figure:
    """A row of figures.json; a goal that is a number is reached when it is met exactly."""
    row = {"name": name, "value": value, "unit": "faults", "goal": goal, "reached": value == goal}
    return {**row, "peers": {}, "command": command}


def kills(run: Path) -> list[Figure]:
    """Twenty runs with two workers, one of whose processes is killed at a random time."""
    found = proof_of_kills.kill_all(run, KILLS)
    good = sum(not each.wrong for each in found)
    row = figure(
        "kills after which all but the last second is there", good, KILLS, "make prove ONLY=kills"
    )
    return [{**row, "unit": "kills"}]


def validity(run: Path) -> list[Figure]:
    """Runs that are disturbed, each of which has to say that it is not valid and why; and runs that are not."""
    command, names = "make prove ONLY=validity", list(proof_of_validity.DISTURBANCES)
    disturbed, quiet = proof_of_validity.prove(run)
    caught, valid = (sum(not each.wrong for each in some) for some in (disturbed, quiet))
    wrong = [each for each in (*disturbed, *quiet) if each.wrong]
    rows = [
        figure(
            "disturbances after which the run says why it is not valid", caught, len(names), command
        ),
        figure("runs without a disturbance that are valid", valid, len(quiet), command),
        *(figure(f"{each.name}: {each.wrong}", 0, 1, command) for each in wrong),
    ]
    return [{**row, "unit": "runs"} for row in rows]


PROOFS: dict[str, Callable[[Path], list[Figure]]] = {
    "ci": proof_of_ci.main,
    "differing": differing,
    "documents": judges.main,
    "faults": faults,
    "fleet": proof_of_fleet.main,
    "history": proof_of_history.main,
    "kills": kills,
    "nights": proof_of_nights.main,
    "page": proof_of_page.main,
    "sdk": proof_of_sdks.main,
    "schemathesis": against_schemathesis.main,
    "statistics": proof_of_statistics.main,
    "validity": validity,
}


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
        print(_line(row))
    # A figure without a goal is told, and stands for nothing that could be reached.
    wanted = [row for row in rows if row["goal"] is not None]
    reached = sum(row["reached"] for row in wanted)
    print(f"{reached} of {len(wanted)} reached")
    return ExitCode.PASS if reached == len(wanted) else ExitCode.FAIL


def _line(row: Figure) -> str:
    told = f"{row['name']}: {row['value']} {row['unit']}"
    if row["goal"] is None:
        return told
    return f"{told} (goal {row['goal']}) {'reached' if row['reached'] else 'short'}"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was set up is taken down
    try:
        sys.exit(main(sys.argv[1:]))
    except SuiteError as error:
        print(f"prove: {error}", file=sys.stderr)
        sys.exit(int(error.exit_code))
    except KeyboardInterrupt:
        print("prove: stopped", file=sys.stderr)
        sys.exit(int(ExitCode.INCONCLUSIVE))
