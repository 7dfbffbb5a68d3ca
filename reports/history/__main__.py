"""The history of runs: `python -m reports.history list|import|prune|rebuild|export|check`.

`--index` (or HISTORY_INDEX, since it may hold a password) is an SQLAlchemy address such as
postgresql://user:password@host/database; without it the index is a file beside the documents.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from conformance.arguments import Arguments
from conformance.errors import ConfigurationError, ExitCode, RunError, SuiteError
from reports.history import address, export
from reports.history.address import IndexUnusable
from reports.history.store import NIGHTS_MAX, History, Imported, take_in

EVERY = sys.maxsize
KEEP_DAYS_MOST = 36_500


def main(words: list[str] | None = None) -> int:
    """Run one command; our own errors are one line on stderr."""
    try:
        options = _parser().parse_args(words)
        taken = take_in(options.history, options.paths) if options.command == "import" else None
        with _opened(options) as history:
            for line in history.broken:
                _complain(line)
            if taken is not None:
                return _imported(taken)
            code = int(options.do(history, options))
            sys.stdout.flush()
            return code
    except SuiteError as error:
        _complain(str(error))
        return int(error.exit_code)
    except BrokenPipeError:  # `list | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.PASS)
    except OSError as error:
        _complain(": ".join(str(x) for x in (error.filename, error.strerror) if x))
        return int(ExitCode.ERROR)


def _opened(options: argparse.Namespace) -> History:
    folder, index = options.history, options.index or os.environ.get("HISTORY_INDEX", "")
    if options.command != "import" and not index and not folder.is_dir():
        raise RunError(f"no history in {folder}: a nightly run makes one, or `import` does")
    try:
        return History.open(folder, index)
    except IndexUnusable:
        if options.command != "rebuild" or index:
            raise
    path = Path(str(address.beside(folder).database))
    for each in path.parent.glob(f"{path.name}*"):  # with the journals that SQLite keeps beside it
        each.unlink()
    return History.open(folder)


def _list(history: History, options: argparse.Namespace) -> int:
    wanted = {"target": options.target} if options.target else {}
    for each in history.runs(**wanted):
        trend = f", {each.trend}" if each.trend else ""
        where = f" on {each.machine}" if each.machine else ""
        valid = "" if each.valid else ", not valid"
        about = f"{each.kind} {each.target} {each.profile}".rstrip()
        print(f"{each.started}  {each.id}  {about}{where}: {each.verdict}{trend}{valid}")
    return ExitCode.PASS


def _imported(found: Imported) -> int:
    for line in found.broken:
        _complain(line)
    print(f"{len(found.added)} added, {found.known} known before, {len(found.broken)} broken")
    return ExitCode.ERROR if found.broken else ExitCode.PASS


def _prune(history: History, options: argparse.Namespace) -> int:
    if not 0 <= options.keep_days <= KEEP_DAYS_MOST or options.keep_last < 0:
        raise ConfigurationError(f"--keep-days is 0 to {KEEP_DAYS_MOST}, --keep-last not below 0")
    gone = history.prune(options.keep_days, datetime.now(UTC), options.keep_last)
    print(f"{len(gone)} removed, {len(history.runs())} kept")
    return ExitCode.PASS


def _rebuild(history: History, options: argparse.Namespace) -> int:
    print(f"{history.rebuild()} runs in the index")
    return ExitCode.ERROR if history.broken else ExitCode.PASS


def _check(history: History, options: argparse.Namespace) -> int:
    wrong = history.check()
    for line in wrong:
        print(line)
    print(f"{len(history.runs())} runs, {len(wrong)} wrong")
    return ExitCode.ERROR if wrong else ExitCode.PASS


def _export(history: History, options: argparse.Namespace) -> int:
    kinds = sorted({(each.target, each.profile) for each in history.runs()})
    wanted = [
        (target, profile)
        for target, profile in kinds
        if options.target in ("", target) and options.profile in ("", profile)
    ]
    if options.wide and len(wanted) != 1:
        raise ConfigurationError(
            f"--wide is of one --target and --profile, here are {len(wanted)} of them"
        )
    some = []
    for target, profile in wanted:
        series = history.nights(target, profile, most=EVERY)
        named = {each: rows for each, rows in series.items() if options.series in ("", each)}
        some.append((named, target, profile))
    if options.wide:
        export.write_wide(sys.stdout, some[0][0])
    else:
        export.write(sys.stdout, some)
    return ExitCode.PASS


def _complain(line: str) -> None:
    with suppress(BrokenPipeError):
        print(f"history: {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(
        prog="python -m reports.history",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = Arguments(add_help=False)
    shared.add_argument("--history", type=Path, default=Path("history"), help="the folder")
    shared.add_argument("--index", default="", help="an SQLAlchemy address")
    commands = parser.add_subparsers(dest="command", required=True)
    made = {
        name: commands.add_parser(name, parents=[shared], help=about)
        for name, about in ABOUT.items()
    }
    for name, do in DOES.items():
        made[name].set_defaults(do=do)
    made["list"].add_argument("--target", default="")
    made["import"].add_argument("paths", nargs="+", type=Path, metavar="PATH")
    made["prune"].add_argument("--keep-days", type=int, required=True)
    made["prune"].add_argument("--keep-last", type=int, default=NIGHTS_MAX)
    for option in ("--target", "--profile", "--series"):
        made["export"].add_argument(option, default="")
    made["export"].add_argument("--wide", action="store_true", help="a row a night")
    return parser


ABOUT = {
    "list": "the runs, oldest first",
    "import": "take in documents, other histories, folders of runs",
    "prune": "remove what is older, but the last runs of each target",
    "rebuild": "make the index again from the documents",
    "export": "nights as CSV",
    "check": "read every document and hold the index against it",
}
DOES = {
    "list": _list,
    "prune": _prune,
    "rebuild": _rebuild,
    "export": _export,
    "check": _check,
}

if __name__ == "__main__":
    sys.exit(main())
