"""The jobs behind the make targets: start an exchange if need be, ask the questions, conclude, report."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from conformance import machine, parts
from conformance.cases.claim import Verdict
from conformance.conclude import conclude_run, deviations_file
from conformance.errors import ConfigurationError, ExitCode, RunError
from conformance.parts import Ended, Load, Wanted
from conformance.record import load_file
from conformance.record.load_file import FILE as LOAD_FILE
from conformance.record.run_log import FILE as LOG
from conformance.record.run_log import RunLog
from conformance.spec import requirements as catalogue
from conformance.spec.contract import Contract
from conformance.target import Target, load
from conformance.verdict import deviations, latency

RUNS = Path("runs")
MEASURED_AGAIN = 2


def run(wanted: Wanted) -> int:
    """Do the job; the exit code says what came of it. Raises SuiteError."""
    target = checked(wanted)
    folder, today = new_folder(wanted, target), datetime.now(UTC).date()
    with ExitStack() as stack:
        target = parts.reach(stack, wanted, target)
        greet(wanted, target)
        parts.contract(wanted, target, folder)
        if wanted.kind == "conformance" and target.allows.load:
            try:
                measure(wanted, target, folder, Load())
            except Ended as end:
                finish(folder, today)  # what the contract tests found is told all the same
                return int(end.exit_code)
    return finish(folder, today)


def checked(wanted: Wanted) -> Target:
    """The target, after everything that its files name was read and found usable. Raises SuiteError."""
    target = load(wanted.target)
    contract = Contract.load(wanted.openapi, wanted.asyncapi, target.settings)
    today = datetime.now(UTC).date()
    deviations.load(deviations_file(wanted.target), catalogue.load(contract), today)
    if wanted.faults and (wanted.base_url or not target.embedded):
        raise ConfigurationError("FAULT is for the reference exchange alone: leave out BASE_URL")
    return target


def greet(wanted: Wanted, target: Target) -> None:
    """Say whom a run is about to ask."""
    where = target.rest or "no address"
    print(f"{wanted.kind} of {target.name} at {where}, seed {wanted.seed}", flush=True)


def recover_load(folder: Path) -> None:
    """Make results from the journals that a killed load run left; nothing where there is no need."""
    if not (folder / LOAD_FILE).exists() and any(folder.glob("load-*.samples")):
        parts.process([sys.executable, "-m", "load", "--recover", str(folder)])


def load_run(wanted: Wanted, what: Load) -> int:
    """A load run alone, concluded and reported like any other run."""
    target = load(wanted.target)
    folder, today = new_folder(wanted, target), datetime.now(UTC).date()
    with ExitStack() as stack:
        target = parts.reach(stack, wanted, target)
        log = RunLog(folder)
        stack.callback(log.close)
        log.write("header", header(wanted, target))
        measure(wanted, target, folder, what)
        log.write("footer", {"asked": {}, "heard": {}, "requests_sent": 0, "duration_s": 0})
    return finish(folder, today)


def header(wanted: Wanted, target: Target) -> dict[str, Any]:
    """The first line of a run's log."""
    return {
        "kind": wanted.kind,
        "target": target.name,
        "target_file": wanted.target,
        "seed": wanted.seed,
        "started": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fault": ",".join(wanted.faults) or None,
        "addresses": {"rest": target.rest, "stream": target.stream},
        "openapi": str(wanted.openapi),
        "asyncapi": str(wanted.asyncapi),
        "embedded": target.embedded,
        "selection": bool(wanted.only) or wanted.kind == "load",
        "environment": machine.facts(),
    }


def finish(folder: Path, today: date) -> int:
    """Conclude a run's folder, draw its reports and say the verdict; also for a run that was cut short."""
    document = conclude_run(folder, today)
    code = subprocess.run([sys.executable, "-m", "reports", str(folder)], check=False).returncode
    return int(document["exit_code"]) if code == 0 else code


def new_folder(wanted: Wanted, target: Target) -> Path:
    """A fresh folder for a run, and `runs/latest` on it. Raises RunError."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = RUNS / f"{wanted.kind}-{target.name}-{stamp}-{wanted.seed}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot write to {folder}: {error.strerror}") from None
    name_latest(folder)
    return folder


def name_latest(folder: Path) -> None:
    """Have `runs/latest` lead to a run. Raises RunError."""
    draft = RUNS / f".latest-{os.getpid()}"
    try:
        draft.unlink(missing_ok=True)
        draft.symlink_to(folder.name)
        os.replace(draft, RUNS / "latest")
    except OSError as error:
        raise RunError(f"cannot write to {RUNS}: {error.strerror}") from None


def measure(
    wanted: Wanted, target: Target, folder: Path, what: Load, again: int = MEASURED_AGAIN
) -> None:
    """Measure into a run's folder; what this machine spoilt is measured again, so often at most. Raises Ended."""
    named = "order latency, the rate limit, streams and every operation"
    print(f"measuring {named if what.scenario == 'smoke' else what.scenario}", flush=True)
    code = parts.measure(wanted, target, folder, what, quietly=wanted.kind != "load")
    # A scenario that could not be measured is in its file, with the reason, and the report says so.
    if code == ExitCode.SAFETY_STOP or not (folder / LOAD_FILE).exists():
        raise Ended(code)
    found = load_file.read(folder)
    for place, row in enumerate(found):
        if row["scenario"] in latency.JUDGED:
            found[place] = _again_if_invalid(wanted, target, folder, row, what, again)
    load_file.write(folder, found)


def _again_if_invalid(
    wanted: Wanted, target: Target, folder: Path, row: dict[str, Any], what: Load, times: int
) -> dict[str, Any]:
    """Measure once more what this machine spoilt; the report says how often.

    Only validity decides, never the figure: a valid measurement is final, good or bad.
    """
    for attempt in range(1, times + 1):
        claims = latency.judge([row], target.latency)
        is_settled = all(claim.verdict is not Verdict.INCONCLUSIVE for claim in claims)
        if row["valid"] or not row["n"] or is_settled:
            break
        print(
            f"{row['scenario']} was not valid ({row['why_invalid']}): measuring it again",
            flush=True,
        )
        apart = folder / f"again-{row['scenario']}-{attempt}"
        alone = Load(row["scenario"], what.profile)
        parts.measure(wanted, target, apart, alone, quietly=wanted.kind != "load")
        for better in load_file.read(apart):
            row = {**better, "extra": {**better["extra"], "measured_again": attempt}}
    return row


def keep(folder: Path) -> None:
    """After Ctrl-C: conclude what was recorded, if anything was."""
    if (folder / LOG).exists():
        finish(folder, datetime.now(UTC).date())
