"""The parts of a job, each a process of its own: contract tests by pytest, load by Locust.

Pytest, Locust and the exchange do not share one process well; and whatever a part recorded stays when it dies.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.embedded import embedded
from conformance.errors import ExitCode, SuiteError
from conformance.spec.contract import SPECS
from conformance.target import Target

# What pytest says when tests failed, or none was selected: the verdict comes from the log, not from it.
PYTEST_CONCLUDED = (0, 1, 5)
STOP_S = 30  # for a part to write down what it has, once it was asked to end


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


@dataclass(frozen=True, slots=True)
class Load:
    """What to measure: a scenario, or `smoke` for all of them, by a profile."""

    scenario: str = "smoke"
    profile: str = "smoke"
    workers: int = 1


class Ended(SuiteError):
    """A part ended by itself and has said why; its exit code is ours."""

    def __init__(self, code: int) -> None:
        super().__init__("")
        self.exit_code = ExitCode(code) if code in list(ExitCode) else ExitCode.ERROR


def reach(stack: ExitStack, wanted: Wanted, target: Target) -> Target:
    """The target at the addresses to use; an exchange of our own lives as long as the stack."""
    if wanted.base_url:
        other = target.at(wanted.base_url, wanted.stream_url, wanted.control_url)
        return other.model_copy(update={"embedded": False})
    if not target.embedded or wanted.in_process:
        return target
    return stack.enter_context(embedded(target, wanted.seed, wanted.faults))


def contract(wanted: Wanted, target: Target, folder: Path, limit_s: float | None = None) -> None:
    """The contract tests. Raises Ended; what was recorded within the limit stays."""
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
    code = process(command, limit_s=limit_s)
    if code not in PYTEST_CONCLUDED:
        raise Ended(code)


def measure(
    wanted: Wanted,
    target: Target,
    folder: Path,
    load: Load,
    quietly: bool = False,
    beside: str = "",
) -> int:
    """A load run of its own, into a folder; its exit code. `beside`: whom its probe asks instead of the target."""
    command = [sys.executable, "-m", "load", "--scenario", load.scenario]
    command += ["--profile", load.profile, "--target", wanted.target]
    command += ["--seed", str(wanted.seed), "--run", str(folder)]
    command += ["--spec", str(wanted.openapi), "--base-url", target.rest]
    command += ["--stream-url", target.stream, "--control-url", target.control]
    command += ["--workers", str(load.workers)]
    command += ["--alone"] if target.embedded else []
    command += ["--beside", beside] if beside else []
    return process(command, quietly)


def process(command: Sequence[str], quietly: bool = False, limit_s: float | None = None) -> int:
    """Run a part to its end. Ctrl-C reaches it too; it is given time to write what it has.

    `quietly` leaves out what it says on stdout, where the report will say it again. At the limit it is asked
    to end as by Ctrl-C.
    """
    out = subprocess.DEVNULL if quietly else None
    # Files are not inherited but for the lock of a night: a part that outlives us still holds its run.
    with _patient(), subprocess.Popen(command, stdout=out, close_fds=False) as part:
        try:
            return part.wait(limit_s)
        except subprocess.TimeoutExpired:
            part.send_signal(signal.SIGINT)
            return _ended(part)
        except KeyboardInterrupt:
            part.wait()
            raise


def _ended(part: subprocess.Popen[bytes]) -> int:
    try:
        return part.wait(STOP_S)
    except subprocess.TimeoutExpired:
        part.kill()
        return part.wait()


@contextmanager
def _patient() -> Iterator[None]:
    before: Any = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
