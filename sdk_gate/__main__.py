"""`python -m sdk_gate --sdk …`: may this SDK ship?"""

from __future__ import annotations

import argparse
import io
import signal
import sys
from contextlib import suppress
from pathlib import Path

from conformance.arguments import Arguments
from conformance.errors import SuiteError
from sdk_gate.stopping import Stopped

DAY_S = 86_400
INTERRUPTED = 130  # as shells say it of SIGINT


def main(words: list[str] | None = None) -> int:
    """Run the gate; our own errors are one line on stderr."""
    try:
        return _run(words)
    except SuiteError as error:
        print(f"sdk gate: {error}", file=sys.stderr)
        return int(error.exit_code)
    except Stopped as stopped:
        return _conclude(stopped.folder)
    except KeyboardInterrupt:
        print("stopped before anything was judged", file=sys.stderr)
        return INTERRUPTED


def _run(words: list[str] | None) -> int:
    # These take seconds to load, in which Ctrl-C is answered like later.
    from sdk_gate import every, gate
    from sdk_gate.asked import ALL, Asked

    given = _parser().parse_args(words)
    fields = {name: value for name, value in vars(given).items() if value is not None}
    asked = Asked(**fields)
    return every.run(asked) if asked.sdk == ALL else gate.run(asked)


def _conclude(folder: Path) -> int:
    """Conclude what was judged before Ctrl-C."""
    from conformance import job

    print(f"stopped; what was judged is kept in {folder}", file=sys.stderr)
    try:
        job.keep(folder)
    except SuiteError as error:
        print(f"it cannot be concluded: {error}", file=sys.stderr)
    return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    from sdk_gate.asked import ALL, DEVIATIONS, DRIVER, LIMIT_S, WRAP

    parser = Arguments(prog="python -m sdk_gate", description=__doc__)
    parser.add_argument(
        "--sdk", required=True, help=f"one of our drivers, {ALL} of them, or a command"
    )
    modes = f"what a command is: the SDK's own tests ({WRAP}) or a driver ({DRIVER})"
    parser.add_argument("--mode", choices=(WRAP, DRIVER), help=modes)
    parser.add_argument("--target", help="a name in targets/, or a file: how the exchange does it")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", help="a part of a case's name, or a requirement")
    parser.add_argument("--folder", type=Path, help="where a command runs")
    parser.add_argument("--source", type=Path, help="sources of our driver, if not in their place")
    known = f"a file of known failures, {DEVIATIONS} in the folder by default"
    parser.add_argument("--deviations", dest="known", type=Path, help=known)
    limit = f"how many seconds each pass of an SDK's own tests may take, {LIMIT_S} by default"
    parser.add_argument("--limit-s", type=_seconds, help=limit)
    parser.add_argument("--openapi", type=Path)
    parser.add_argument("--asyncapi", type=Path)
    return parser


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < (seconds := float(text)) <= DAY_S:
            return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds up to {DAY_S}")


if __name__ == "__main__":
    # A job that is cancelled leaves nothing running, like one that is stopped by hand.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an SDK may say what no terminal can
    sys.exit(main())
