"""`python -m load`: run scenarios one after the other, each as a Locust process."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.arguments import Arguments
from conformance.embedded import embedded
from conformance.errors import ExitCode, SafetyStop, SuiteError, TargetUnreachable
from conformance.record import load_file
from conformance.spec.contract import SPECS
from load.job import PROFILES, SCENARIOS, Job, prepare, refuse_strangers, target_of, why_not
from load.kept import file_of, keep, make
from load.limits.budget import budget_of
from load.lines import lines_of
from load.recovery import recovered

LOCUSTFILE = Path(__file__).resolve().parent / "locustfile.py"
ALL = "smoke"
LIMITED = "rate_limit"
GRACE_S = 30  # beyond the plan, for starting, logging in and writing down
CONNECT_TIMEOUT_S = 5
STOP_S = 10  # for a process to end by itself, and again once it was asked to


def main(words: Sequence[str] | None = None) -> int:
    """0 all valid, 2 a measurement is not valid, 3 our error or no target, 4 a safety limit."""
    try:
        return _run(_parse(words))
    except SuiteError as error:
        print(f"load: {error}", file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("load: stopped; what was recorded is kept", file=sys.stderr)
        return int(ExitCode.INCONCLUSIVE)


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = Arguments(prog="python -m load", description=__doc__)
    parser.add_argument("--scenario", choices=(*SCENARIOS, ALL), default=ALL)
    parser.add_argument("--profile", default="smoke", help="a table of load/profiles.toml")
    parser.add_argument("--target", default="reference", help="a name in targets/, or a file")
    parser.add_argument("--base-url", default="", help="instead of the target's own")
    parser.add_argument("--stream-url", default="", help="instead of the target's own")
    parser.add_argument("--control-url", default="", help="instead of the target's own")
    parser.add_argument("--beside", default="", help="the probe asks this exchange instead")
    parser.add_argument("--alone", action="store_true", help="nobody else asks that exchange")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that share the load")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--run", type=Path, help="the folder for what is recorded")
    where.add_argument(
        "--recover", type=Path, help="make results from the journals of a killed run"
    )
    parser.add_argument("--profiles", type=Path, default=PROFILES, help="instead of our own")
    parser.add_argument("--spec", type=Path, default=SPECS / "openapi.yaml")
    return parser.parse_args(words)


def _run(options: argparse.Namespace) -> int:
    if options.recover:
        return _recover(options.recover)
    job = Job(
        scenario=options.scenario,
        profile=options.profile,
        target=options.target,
        base_url=options.base_url,
        stream_url=options.stream_url,
        control_url=options.control_url,
        seed=options.seed,
        run=options.run,
        spec=options.spec,
        workers=options.workers,
        profiles=options.profiles,
        is_alone=options.alone,
        beside=options.beside,
    )
    make(options.run)
    with ExitStack() as stack:
        job = _reach(stack, job)
        jobs = _jobs(job)
        if not jobs:
            raise SafetyStop(f"the target {job.target} allows no load at all")
        for each in jobs:
            prepare(each)
        return _one_after_the_other(jobs, options.run)


def _recover(folder: Path) -> int:
    """What each scenario left: its result, or what its journals hold where it was killed."""
    found = [each for each in (_left(folder, scenario) for scenario in SCENARIOS) if each]
    load_file.write(folder, found)
    return int(ExitCode.PASS if all(each["valid"] for each in found) else ExitCode.INCONCLUSIVE)


def _left(folder: Path, scenario: str) -> dict[str, Any] | None:
    path = file_of(folder, scenario)
    if path.exists():
        entry: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return entry
    made = recovered(folder, scenario)
    if made is not None:
        keep(folder, made)
        print("\n".join(lines_of(made)), flush=True)
    return made


def _reach(stack: ExitStack, job: Job) -> Job:
    """The job with its addresses; an exchange of our own is started when none was given."""
    target, is_alone = target_of(job), job.is_alone
    refuse_strangers(target)
    if target.embedded and not job.base_url:
        target, is_alone = stack.enter_context(embedded(target, job.seed)), True
    parts = urlsplit(target.rest)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), CONNECT_TIMEOUT_S).close()
    except OSError as error:
        raise TargetUnreachable(
            f"nobody answers at {target.rest} ({error}): start it, or correct its address"
        ) from None
    return replace(
        job,
        base_url=target.rest,
        stream_url=target.stream,
        control_url=target.control,
        is_alone=is_alone,
    )


def _jobs(job: Job) -> list[Job]:
    if job.scenario != ALL:
        return [job]
    target, jobs = target_of(job), []
    for scenario in SCENARIOS:
        problem = why_not(scenario, target)
        if problem:
            print(f"{scenario}: left out: {problem}")
        else:
            jobs.append(replace(job, scenario=scenario))
    return jobs


def _one_after_the_other(jobs: Sequence[Job], folder: Path) -> int:
    results: list[dict[str, Any]] = []
    codes: list[int] = []
    try:
        for job in jobs:
            if job.scenario == LIMITED:
                print(f"{LIMITED}: {budget_of(prepare(job)).said}", flush=True)
            codes.append(_locust(job, folder))
            results.append(_result(job, folder))
            print("\n".join(lines_of(results[-1])), flush=True)
    except KeyboardInterrupt:
        cut_short = jobs[len(codes) :][:1]
        results += [
            _result(job, folder) for job in cut_short if file_of(folder, job.scenario).exists()
        ]
        raise
    finally:
        load_file.write(folder, results)
    return max(codes)


def _locust(job: Job, folder: Path) -> int:
    """Run one scenario to its end and return Locust's exit code, which is ours."""
    profile = prepare(job).profile
    if job.scenario == LIMITED:  # its requests depend on each other
        job = replace(job, workers=1)
    connections = max(profile.connections, job.workers)
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE)]
    shown = ["--headless", "--users", str(connections), "--spawn-rate", str(connections)]
    shown += ["--stop-timeout", "2", "--only-summary", "--loglevel", "WARNING"]
    file_of(folder, job.scenario).unlink(missing_ok=True)
    with ExitStack() as stack:
        if job.workers > 1:
            port = str(_free_port())
            shown += ["--master", "--expect-workers", str(job.workers), "--master-bind-port", port]
            shown += ["--master-bind-host", "127.0.0.1"]
            for number in range(job.workers):
                worker = [*command, "--worker", "--master-port", port, "--loglevel", "WARNING"]
                said = _log_file(job, folder, f".worker-{number}")
                stack.enter_context(_process(worker, said))
        main = _process([*command, *shown, *job.arguments()], _log_file(job, folder))
        process = stack.enter_context(main)
        code = _wait(process, profile.warm_up_s + profile.duration_s + GRACE_S)
    if code < 0:  # killed: what its journals hold is kept, and is no valid measurement
        return int(ExitCode.INCONCLUSIVE)
    return code if code in list(ExitCode) else int(ExitCode.ERROR)


@contextmanager
def _process(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours that does not outlive the block."""
    # Sums of small arrays need no threads of their own, and theirs would take turns from ours.
    environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ, "PYTHONWARNINGS": "ignore"}
    with log.open("wb") as said:
        # A session of its own: Ctrl-C comes through us, once, and not again from the terminal.
        process = subprocess.Popen(
            command,
            cwd=LOCUSTFILE.parents[1],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=environment,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], limit_s: float) -> int:
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        _end(process)
        raise
    return _end(process)


def _end(process: subprocess.Popen[bytes]) -> int:
    """Wait a little, then ask, then make it: a process of ours never stays behind."""
    for ask in (process.terminate, process.kill):
        try:
            return process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            ask()
    return process.wait()


def _result(job: Job, folder: Path) -> dict[str, Any]:
    path = file_of(folder, job.scenario)
    try:
        entry: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        made = recovered(folder, job.scenario)
        if made is not None and made["n"]:
            keep(folder, made)
            return made
        said = _log_file(job, folder).read_text(encoding="utf-8", errors="replace").splitlines()
        last = next((line for line in reversed(said) if line.strip()), "it said nothing")
        raise SuiteError(f"{job.scenario} left no result: {last.removeprefix('load: ')}") from None
    return entry


def _log_file(job: Job, folder: Path, worker: str = "") -> Path:
    return folder / f"load-{job.scenario}{worker}.log"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
