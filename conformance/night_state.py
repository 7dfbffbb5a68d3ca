"""How far a nightly run has come, on disk: what is done is not done again when it is started again.

`nightly.json` is written whole or not at all after every part. A lock beside it is held while a process works on
the run, so that two never do at once; the system lets go of it however that process ends.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from conformance.errors import RunError
from conformance.record import json_file

FILE: Final = "nightly.json"
LOCK: Final = ".nightly.lock"
# An exchange may be another one in the evening: what was begun yesterday is not gone on with.
RESUMED_WITHIN: Final = timedelta(hours=6)
TIME: Final = "%Y-%m-%dT%H:%M:%S%z"


@dataclass(slots=True)
class NightState:
    """What a nightly run is, and which of its parts are done. `left_out`: part and reason."""

    folder: Path
    settings: Mapping[str, Any]
    started: datetime
    done: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    is_finished: bool = False
    lasted_s: float = 0.0  # from its beginning until the last part was settled, pauses included

    def is_settled(self, part: str) -> bool:
        """True for what needs not be done any more."""
        return part in self.done or part in self.left_out

    def settle(self, part: str, left_out: str = "") -> None:
        """A part is done, or is left out for a reason."""
        if left_out:
            self.left_out[part] = left_out
        else:
            self.done.append(part)
        self.lasted_s = round((datetime.now(UTC) - self.started).total_seconds(), 1)
        self.save()

    def finish(self) -> None:
        """Everything is done."""
        self.is_finished = True
        self.save()

    def save(self) -> None:
        """Write it. Raises RunError."""
        told = {
            "schema": 1,
            "settings": dict(self.settings),
            "started": self.started.strftime(TIME),
            "done": self.done,
            "left_out": self.left_out,
            "finished": self.is_finished,
            "lasted_s": self.lasted_s,
        }
        json_file.write(self.folder / FILE, told)


def read(folder: Path) -> NightState | None:
    """The state of a run's folder; None where there is none that can be read."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        started = datetime.strptime(told["started"], TIME)
        fields = (told["done"], told["left_out"], told["finished"], told["lasted_s"])
        return NightState(folder, told["settings"], started, *fields)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def unfinished(runs: Path, settings: Mapping[str, Any], now: datetime) -> NightState | None:
    """The newest nightly run with these settings, if it was begun lately and not finished."""
    found = (read(folder) for folder in runs.glob("nightly-*"))
    same = [each for each in found if each is not None and each.settings == settings]
    newest = max(same, key=lambda each: each.started, default=None)
    if newest is None or newest.is_finished:
        return None
    return newest if timedelta(0) <= now - newest.started <= RESUMED_WITHIN else None


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """The run is this process's alone. Raises RunError when another works on it."""
    try:
        lock = (folder / LOCK).open("w", encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write to {folder}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(
                f"another process is at work on {folder}: wait for it, or start with FRESH=1"
            ) from None
        os.set_inheritable(lock.fileno(), True)  # parts hold it too, for as long as they live
        yield
