"""The suite's own commands; the Makefile calls them: contract, conformance, report, checks."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from conformance import job, night_plan, nightly, parts
from conformance.arguments import Arguments
from conformance.cases import library
from conformance.errors import ExitCode, SuiteError
from conformance.spec.contract import SPECS, Contract

INTERRUPTED = 130


def main(words: list[str] | None = None) -> int:
    """Run one command; our own errors are one line on stderr."""
    command = "conformance"
    try:
        options = _parser().parse_args(words)
        command = options.command
        return int(options.do(options))
    except SuiteError as error:
        if str(error):
            print(f"{command}: {error}", file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return _interrupted(command)


def _interrupted(command: str) -> int:
    folder = job.RUNS / "latest"
    again = "; the same command goes on with it" if command == "nightly" else ""
    print(f"stopped; what was recorded is kept in {folder.resolve()}{again}", file=sys.stderr)
    try:
        job.keep(folder.resolve())
    except SuiteError as error:
        print(f"it cannot be concluded: {error}", file=sys.stderr)
    return INTERRUPTED


def _wanted(options: argparse.Namespace) -> parts.Wanted:
    return parts.Wanted(
        kind=options.command,
        target=options.target,
        base_url=options.base_url,
        stream_url=options.stream_url,
        control_url=options.control_url,
        seed=options.seed,
        faults=tuple(name for word in options.fault for name in word.split(",") if name),
        openapi=options.openapi,
        asyncapi=options.asyncapi,
        only=options.only,
        in_process=options.in_process,
    )


def _run(options: argparse.Namespace) -> int:
    return job.run(_wanted(options))


def _load(options: argparse.Namespace) -> int:
    what = parts.Load(options.scenario, options.profile, options.workers)
    return job.load_run(_wanted(options), what)


def _nightly(options: argparse.Namespace) -> int:
    night = nightly.Night(
        wanted=_wanted(options),
        profile=options.profile,
        rounds=options.rounds,
        budget_s=night_plan.seconds_of(options.budget),
        history=options.history,
        is_fresh=options.fresh,
    )
    return nightly.run(night)


def _report(options: argparse.Namespace) -> int:
    job.recover_load(options.run)
    return job.finish(options.run, datetime.now(UTC).date())


def _checks(options: argparse.Namespace) -> int:
    for check in library.checks(Contract.load(options.openapi, options.asyncapi)):
        print(f"{check.name}: {', '.join(check.requirements)}")
    return ExitCode.PASS


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(prog="python -m conformance", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    jobs = {"contract": _run, "conformance": _run, "load": _load, "nightly": _nightly}
    for name, do in jobs.items():
        command = commands.add_parser(name)
        command.set_defaults(do=do)
        command.add_argument("--scenario", default="smoke")
        command.add_argument("--profile", default="smoke")
        command.add_argument("--workers", type=int, default=1)
        command.add_argument("--target", default="reference")
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--fault", action="append", default=[])
        command.add_argument("--only", default="")
        command.add_argument("--in-process", action="store_true")
        for address in ("--base-url", "--stream-url", "--control-url"):
            command.add_argument(address, default="")
        _specs(command)
    _nightly_options(commands.choices["nightly"])
    report = commands.add_parser("report")
    report.set_defaults(do=_report)
    report.add_argument("run", type=Path)
    checks = commands.add_parser("checks")
    checks.set_defaults(do=_checks)
    _specs(checks)
    return parser


def _nightly_options(command: argparse.ArgumentParser) -> None:
    command.set_defaults(profile="steady")
    command.add_argument("--rounds", type=int, default=8, help="target and control, so many times")
    command.add_argument("--budget", default="", help="the longest it may take: 90s, 30m, 2h")
    command.add_argument("--history", type=Path, default=Path("history"), help="its folder")
    command.add_argument("--fresh", action="store_true", help="do not go on with an unfinished run")


def _specs(command: argparse.ArgumentParser) -> None:
    command.add_argument("--openapi", type=Path, default=SPECS / "openapi.yaml")
    command.add_argument("--asyncapi", type=Path, default=SPECS / "asyncapi.yaml")


if __name__ == "__main__":
    sys.exit(main())
