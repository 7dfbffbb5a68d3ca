"""The rounds of a night: short load runs on the target, in each of which a control is asked beside it.

The control is another exchange, on this machine, which the same process asks in the same seconds on a connection
of its own: what the machine does meanwhile shows in both. Runs by turns do not do: within the ten seconds between
two of them a busy machine becomes another one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from conformance import parts
from conformance.embedded import embedded
from conformance.errors import ExitCode
from conformance.night_plan import ROUNDS_PROFILE, Budget, profile_seconds
from conformance.night_state import NightState
from conformance.parts import Ended, Load, Wanted
from conformance.record import load_file, rounds_file
from conformance.target import Target, load

REFERENCE: Final = "reference"
UNLIMITED: Final = ("--limit", "0")  # a control refuses nobody
SPARE: Final = (
    2  # for every two rounds one more is measured at most, where this machine spoilt some
)


def measure_rounds(
    wanted: Wanted, target: Target, night: NightState, count: int, budget: Budget
) -> None:
    """Measure the rounds that are not done yet and fit into the time. Raises SuiteError."""
    what = Load(scenario_of(target), ROUNDS_PROFILE)
    for number in range(1, count + count // SPARE + 1):
        valid = rounds_file.valid_rounds(rounds_file.read(night.folder))
        if valid >= count:
            break
        if not budget.has(profile_seconds(ROUNDS_PROFILE, what.scenario)):
            night.settle("rounds", f"the budget had room for {valid} valid ones of {count}")
            break
        if not night.is_settled(f"round {number}"):
            print(f"round {number} of {count}", flush=True)
            with _control(target, wanted.seed) as beside:
                _measure(wanted, target, night, number, what, beside)
            night.settle(f"round {number}")


@contextmanager
def _control(target: Target, seed: int) -> Iterator[str]:
    """Where the control listens: a process of its own for each round.

    How fast a process is depends on where it happened to land in memory, for as long as it lives; kept over a
    night, that would be the night's figure.
    """
    if target.nightly.control != REFERENCE:
        yield ""
        return
    with embedded(load(REFERENCE), seed, settings=UNLIMITED) as control:
        yield control.rest


def scenario_of(target: Target) -> str:
    """What is measured: placing orders where the target allows it, reading otherwise."""
    return "order_latency" if target.allows.trading and target.accounts else "mixed"


def _measure(
    wanted: Wanted, target: Target, night: NightState, number: int, what: Load, beside: str
) -> None:
    apart = night.folder / "rounds" / f"{number:02}"
    shutil.rmtree(apart, ignore_errors=True)  # what a killed night left half done
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    code = parts.measure(wanted, target, apart, what, quietly=True, beside=beside)
    found = load_file.read(apart)
    if code == ExitCode.SAFETY_STOP or not found:
        raise Ended(code)
    rows = [row for each in found for row in rounds_file.rows(number, started, each, bool(beside))]
    kept = [each for each in rounds_file.read(night.folder) if each["round"] != number]
    rounds_file.write(night.folder, [*kept, *rows])
    _say(rows)


def _say(rows: Iterable[Mapping[str, Any]]) -> None:
    why = next((each["why_invalid"] for each in rows if not each["valid"]), None)
    if why:
        print(f"  not valid: {why.partition(';')[0]}", flush=True)
