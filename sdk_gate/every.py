"""`SDK=all`: the gate for each of our drivers in turn, and a matrix of these runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from conformance.errors import ConfigurationError, ExitCode, SuiteError
from sdk_gate import gate
from sdk_gate.asked import Asked, own_drivers

# What could not be tried at all says less of a release than one that fails, and has to be put right first.
GRAVEST_FIRST: Final = (
    ExitCode.SAFETY_STOP,
    ExitCode.ERROR,
    ExitCode.FAIL,
    ExitCode.INCONCLUSIVE,
    ExitCode.PASS,
)


def run(asked: Asked) -> int:
    """Do it; the gravest exit code of all. Raises SuiteError."""
    if asked.source is not None:
        raise ConfigurationError("SOURCE is for one driver: say which, as SDK=python")
    out = gate.new_folder(asked)
    codes, folders, undone = [], [], []
    for name in own_drivers():
        print(f"— {name} —", flush=True)
        try:
            folder = gate.play(replace(asked, sdk=name))
            codes.append(gate.finish(folder))
            folders.append(folder)
        except SuiteError as error:
            codes.append(int(error.exit_code))
            undone.append(f"{name}: not run: {error}")
    print("— all —", flush=True)
    print("".join(f"{line}\n" for line in undone), end="", flush=True)
    return gravest([*codes, *([_matrix(folders, out)] if folders else [])])


def _matrix(folders: Sequence[Path], out: Path) -> int:
    words = [sys.executable, "-m", "reports.sdk_matrix", *map(str, folders), "--out", str(out)]
    return subprocess.run(words, check=False).returncode


def gravest(codes: Sequence[int]) -> int:
    """The exit code that stands for several."""
    return int(next((each for each in GRAVEST_FIRST if each in codes), ExitCode.ERROR))
