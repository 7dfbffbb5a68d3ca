"""The jobs behind the make targets: start an exchange if need be, ask the questions, conclude, report.

Each part runs as a process of its own (pytest, Locust and the exchange do not share one well), in the
run's folder, so that whatever was recorded stays when a part dies.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from conformance.cases.claim import Verdict
from conformance.conclude import conclude_run, deviations_file
from conformance.embedded import embedded
from conformance.errors import ConfigurationError, ExitCode, RunError, SuiteError
from conformance.record import load_file
from conformance.record.load_file import FILE as LOAD_FILE
from conformance.record.run_log import FILE as LOG
from conformance.record.run_log import RunLog
from conformance.spec import requirements as catalogue
from conformance.spec.contract import SPECS, Contract
from conformance.target import Target, load
from conformance.verdict import deviations, latency

RUNS = Path("runs")
MEASURED_AGAIN = 2
# What pytest says when tests failed, or none was selected: the verdict comes from the log, not from it.
PYTEST_CONCLUDED = (0, 1, 5)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for."""

    kind: str
    target: str = "reference"
    base_url: str = ""
    stream_url: str = ""
    control_url: str = ""
    seed: int = 1
    faults: tuple[str, ...] = ()
    openapi: Path = SPECS / "openapi.yaml"
    asyncapi: Path = SPECS / "asyncapi.yaml"
    only: str = ""
    in_process: bool = False


def run(wanted: Wanted) -> int:
    """Do the job; the exit code says what came of it. Raises SuiteError."""
    target = load(wanted.target)
    contract = Contract.load(wanted.openapi, wanted.asyncapi, target.settings)
    today = datetime.now(UTC).date()
    deviations.load(deviations_file(wanted.target), catalogue.load(contract), today)
    if wanted.faults and (wanted.base_url or not target.embedded):
        raise ConfigurationError("FAULT is for the reference exchange alone: leave out BASE_URL")
    folder = _new_folder(wanted, target)
    with ExitStack() as stack:
        target = _reach(stack, wanted, target)
        print(
            f"{wanted.kind} of {target.name} at {target.rest or 'no address'}, seed {wanted.seed}"
        )
        _contract(wanted, target, folder)
        if wanted.kind == "conformance" and target.allows.load:
            try:
                _load(wanted, target, folder)
            except _Ended as end:
                finish(folder, today)  # what the contract tests found is told all the same
                return int(end.exit_code)
    return finish(folder, today)


def recover_load(folder: Path) -> None:
    """Make results from the journals that a killed load run left; nothing where there is no need."""
    if not (folder / LOAD_FILE).exists() and any(folder.glob("load-*.samples")):
        _process([sys.executable, "-m", "load", "--recover", str(folder)])


def load_run(wanted: Wanted, scenario: str, profile: str, workers: int = 1) -> int:
    """A load run alone, concluded and reported like any other run."""
    target = load(wanted.target)
    folder = _new_folder(wanted, target)
    today = datetime.now(UTC).date()
    with ExitStack() as stack:
        target = _reach(stack, wanted, target)
        log = RunLog(folder)
        stack.callback(log.close)
        log.write("header", header(wanted, target))
        _load(wanted, target, folder, scenario, profile, workers)
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
    }


def finish(folder: Path, today: date) -> int:
    """Conclude a run's folder, draw its reports and say the verdict; also for a run that was cut short."""
    document = conclude_run(folder, today)
    code = subprocess.run([sys.executable, "-m", "reports", str(folder)], check=False).returncode
    return int(document["exit_code"]) if code == 0 else code


def _new_folder(wanted: Wanted, target: Target) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = RUNS / f"{wanted.kind}-{target.name}-{stamp}-{wanted.seed}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = RUNS / f".latest-{os.getpid()}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(folder.name)
        os.replace(draft, RUNS / "latest")
    except OSError as error:
        raise RunError(f"cannot write to {folder}: {error.strerror}") from None
    return folder


def _reach(stack: ExitStack, wanted: Wanted, target: Target) -> Target:
    if wanted.base_url:
        other = target.at(wanted.base_url, wanted.stream_url, wanted.control_url)
        return other.model_copy(update={"embedded": False})
    if not target.embedded or wanted.in_process:
        return target
    return stack.enter_context(embedded(target, wanted.seed, wanted.faults))


def _contract(wanted: Wanted, target: Target, folder: Path) -> None:
    command = [sys.executable, "-m", "pytest", "contract_tests", "--target", wanted.target]
    command += ["--seed", str(wanted.seed), "--run-dir", str(folder)]
    command += ["--openapi", str(wanted.openapi), "--asyncapi", str(wanted.asyncapi)]
    command += [word for name in wanted.faults for word in ("--fault", name)]
    if wanted.in_process:
        command += ["--in-process"]
    elif target.rest:
        command += ["--base-url", target.rest, "--stream-url", target.stream]
        command += ["--control-url", target.control]
    command += ["-k", wanted.only] if wanted.only else []
    command += ["--embedded"] if target.embedded else []
    command += ["--kind", wanted.kind, "-p", "contract_tests.progress"]
    code = _process(command)
    if code not in PYTEST_CONCLUDED:
        raise _Ended(code)


def _load(
    wanted: Wanted,
    target: Target,
    folder: Path,
    scenario: str = "smoke",
    profile: str = "smoke",
    workers: int = 1,
) -> None:
    what = "order latency, the rate limit, streams and every operation"
    print(f"measuring {what if scenario == 'smoke' else scenario}", flush=True)
    code = _measure(wanted, target, folder, scenario, profile, workers)
    # A scenario that could not be measured is in its file, with the reason, and the report says so.
    if code == ExitCode.SAFETY_STOP or not (folder / LOAD_FILE).exists():
        raise _Ended(code)
    found = load_file.read(folder)
    for place, row in enumerate(found):
        if row["scenario"] in latency.JUDGED:
            found[place] = _again_if_invalid(wanted, target, folder, row, profile)
    load_file.write(folder, found)


def _measure(
    wanted: Wanted, target: Target, folder: Path, scenario: str, profile: str, workers: int = 1
) -> int:
    command = [sys.executable, "-m", "load", "--scenario", scenario, "--profile", profile]
    command += ["--target", wanted.target, "--seed", str(wanted.seed), "--run", str(folder)]
    command += ["--spec", str(wanted.openapi), "--base-url", target.rest]
    command += ["--stream-url", target.stream, "--control-url", target.control]
    command += ["--workers", str(workers)]
    command += ["--alone"] if target.embedded else []
    return _process(command, quietly=wanted.kind == "conformance")


def _again_if_invalid(
    wanted: Wanted, target: Target, folder: Path, row: dict[str, Any], profile: str
) -> dict[str, Any]:
    """Measure once more what this machine spoilt, twice at most; the report says how often.

    Only validity decides, never the figure: a valid measurement is final, good or bad.
    """
    for attempt in range(1, MEASURED_AGAIN + 1):
        claims = latency.judge([row], target.latency)
        is_settled = all(claim.verdict is not Verdict.INCONCLUSIVE for claim in claims)
        if row["valid"] or not row["n"] or is_settled:
            break
        print(
            f"{row['scenario']} was not valid ({row['why_invalid']}): measuring it again",
            flush=True,
        )
        apart = folder / f"again-{row['scenario']}-{attempt}"
        _measure(wanted, target, apart, row["scenario"], profile)
        for better in load_file.read(apart):
            row = {**better, "extra": {**better["extra"], "measured_again": attempt}}
    return row


class _Ended(SuiteError):
    """A part ended by itself and has said why; its exit code is ours."""

    def __init__(self, code: int) -> None:
        super().__init__("")
        self.exit_code = ExitCode(code) if code in list(ExitCode) else ExitCode.ERROR


def _process(command: Sequence[str], quietly: bool = False) -> int:
    """Run a part to its end. Ctrl-C reaches it too; it is given time to write what it has.

    `quietly` leaves out what it says on stdout, where the report will say it again.
    """
    out = subprocess.DEVNULL if quietly else None
    with _patient(), subprocess.Popen(command, stdout=out) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise


@contextmanager
def _patient() -> Iterator[None]:
    before: Any = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def keep(folder: Path) -> None:
    """After Ctrl-C: conclude what was recorded, if anything was."""
    if (folder / LOG).exists():
        finish(folder, datetime.now(UTC).date())
