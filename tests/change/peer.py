"""Apache Otava on the same series: each night's median of the target, and of its ratio to the control."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from math import exp
from pathlib import Path
from typing import Final

from conformance.errors import ConfigurationError
from reports.change.nights import Night
from reports.change.values import Value, alone, paired
from tests.change.trials import FIRST, NIGHTS, Trial, story
from tests.judges import tools

VERSION: Final = "0.8.0"
SCRIPT: Final = Path(__file__).with_name("otava_alarms.py")
READINGS: Final[dict[str, Callable[[Night], Value | None]]] = {
    "otava raw": alone,
    "otava ratio": paired,
}
WAIT_S: Final = 600


def install(log: Path) -> Path:
    """The interpreter that has Otava: it holds numpy and SciPy back, so it gets an environment of its own."""
    return tools.python("python", log, (f"apache-otava=={VERSION}",), "otava")


def alarms(interpreter: Path, trials: Sequence[Trial], reading: str) -> list[list[int]]:
    """For each trial the nights, counted from 1, after which there was a new change point towards slower."""
    jobs = [
        {
            "values": _values(story(trial)[1], READINGS[reading]),
            "first": FIRST if trial.share is None else NIGHTS + 1,
            "until_found": trial.share is not None,
        }
        for trial in trials
    ]
    done = subprocess.run(
        [interpreter, SCRIPT],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    if done.returncode:
        raise ConfigurationError(f"Otava did not run: {done.stderr.strip().splitlines()[-1:]}")
    found: list[list[int]] = json.loads(done.stdout)
    return found


def _values(nights: Sequence[Night], reading: Callable[[Night], Value | None]) -> list[float]:
    return [exp(value.centre) for value in map(reading, nights) if value is not None]
