"""The rounds of a night: short load runs on the target and on a control, by turns."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from conformance import parts
from conformance.embedded import embedded
from conformance.errors import ExitCode
from conformance.night_plan import (
    CONTROL,
    ROUNDS_PROFILE,
    TARGET,
    Budget,
    profile_seconds,
    turn,
)
from conformance.night_state import NightState
from conformance.parts import Ended, Load, Wanted
from conformance.record import load_file, rounds_file
from conformance.target import Target, load

REFERENCE: Final = "reference"
SPARE: Final = (
    2  # for every two rounds one more is measured at most, where this machine spoilt some
)


def measure_rounds(
    wanted: Wanted, target: Target, night: NightState, count: int, budget: Budget
) -> None:
    """Measure the rounds that are not done yet and fit into the time. Raises SuiteError."""
    what = Load(scenario_of(target), ROUNDS_PROFILE)
    with ExitStack() as stack:
        asked = {TARGET: (wanted, target)}
        if target.nightly.control == REFERENCE:
            control = load(REFERENCE)
            ours = replace(wanted, target=REFERENCE, faults=())
            asked[CONTROL] = (ours, stack.enter_context(embedded(control, wanted.seed)))
        lasting_s = len(asked) * profile_seconds(ROUNDS_PROFILE, what.scenario)
        for number in range(1, count + count // SPARE + 1):
            valid = rounds_file.valid_rounds(rounds_file.read(night.folder), len(asked))
            if valid >= count:
                break
            if not budget.has(lasting_s):
                why = f"the budget had room for {valid} valid ones of {count}"
                night.settle("rounds", why)
                break
            # A round that was begun is ended: half of one compares nothing.
            for of in turn(number):
                part = f"round {number} {of}"
                if of in asked and not night.is_settled(part):
                    print(f"round {number} of {count}: {of}", flush=True)
                    _measure(*asked[of], night, (number, of), what)
                    night.settle(part)


def scenario_of(target: Target) -> str:
    """What is measured: placing orders where the target allows it, reading otherwise."""
    return "order_latency" if target.allows.trading and target.accounts else "mixed"


def _measure(
    wanted: Wanted, target: Target, night: NightState, which: tuple[int, str], what: Load
) -> None:
    number, of = which
    apart = night.folder / "rounds" / f"{number:02}-{of}"
    shutil.rmtree(apart, ignore_errors=True)  # what a killed night left half done
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    code = parts.measure(wanted, target, apart, what, quietly=True)
    found = load_file.read(apart)
    if code == ExitCode.SAFETY_STOP or not found:
        raise Ended(code)
    kept = [each for each in rounds_file.read(night.folder) if (each["round"], each["of"]) != which]
    rows = [rounds_file.row(number, of, what.profile, started, entry) for entry in found]
    rounds_file.write(night.folder, [*kept, *rows])
    for why in _said(rows):
        print(f"  not valid: {why.partition(';')[0]}", flush=True)


def _said(rows: list[dict[str, str]]) -> Iterator[str]:
    return (each["why_invalid"] for each in rows if not each["valid"])
