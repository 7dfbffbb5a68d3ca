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
    turns,
)
from conformance.night_state import NightState
from conformance.parts import Ended, Load, Wanted
from conformance.record import load_file, rounds_file
from conformance.target import Target, load

REFERENCE: Final = "reference"


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
        for number, of in turns(count):
            part = f"round {number} {of}"
            if of not in asked or night.is_settled(part):
                continue
            if _is_first(number, of, target) and not budget.has(lasting_s):
                night.left_out["rounds"] = f"{number - 1} of {count} rounds fitted into the budget"
                break
            print(f"round {number} of {count}: {of}", flush=True)
            _measure(*asked[of], night, (number, of), what)
            night.settle(part)


def _is_first(number: int, of: str, target: Target) -> bool:
    # A round that was begun is ended: half of one compares nothing.
    return target.nightly.control != REFERENCE or of == (TARGET if number % 2 else CONTROL)


def scenario_of(target: Target) -> str:
    """What is measured: placing orders where the target allows it, reading otherwise."""
    return "order_latency" if target.allows.trading and target.accounts else "mixed"


def _measure(
    wanted: Wanted, target: Target, night: NightState, turn: tuple[int, str], what: Load
) -> None:
    number, of = turn
    apart = night.folder / "rounds" / f"{number:02}-{of}"
    shutil.rmtree(apart, ignore_errors=True)  # what a killed night left half done
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    code = parts.measure(wanted, target, apart, what, quietly=True)
    found = load_file.read(apart)
    if code == ExitCode.SAFETY_STOP or not found:
        raise Ended(code)
    kept = [each for each in rounds_file.read(night.folder) if (each["round"], each["of"]) != turn]
    rows = [rounds_file.row(number, of, what.profile, started, entry) for entry in found]
    rounds_file.write(night.folder, [*kept, *rows])
    for why in _said(rows):
        print(f"  not valid: {why}", flush=True)


def _said(rows: list[dict[str, str]]) -> Iterator[str]:
    return (each["why_invalid"] for each in rows if not each["valid"])
