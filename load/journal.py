"""Samples on disk within half a second, readable whatever happens to their writer.

A file begins with one line of JSON (who, what, when, the plan's share) and goes on with rows of six 64-bit integers,
little-endian. There is no end mark: a run is whole when its result says so, and a journal without one is what
a killed process left. A row that was cut off is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from conformance.errors import RunError
from load.recorder import FIELDS, Kind, Rows, rows_of


@dataclass(frozen=True, slots=True)
class Head:
    """What a reader of the rows must know: whose they are, when the plan began, and what it was.

    `number` and `of` say which share of the plan this worker had.
    """

    scenario: str
    worker: str
    start_ns: int
    operations: Sequence[str]
    profile: Mapping[str, Any]
    seed: int
    number: int
    of: int
    headline: Sequence[str] | None

    def line(self) -> bytes:
        """The first line of a journal."""
        layout = {
            "fields": list(FIELDS),
            "kinds": [kind.name.lower() for kind in Kind],
            "byte_order": "little",
        }
        return json.dumps({**asdict(self), **layout}).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        """The head of a first line. Raises ValueError or KeyError for anything else."""
        found = json.loads(line)
        return cls(**{item.name: found[item.name] for item in fields(cls)})


class Journal:
    """A journal being written."""

    def __init__(self, path: Path, head: Head) -> None:
        self._path = path
        try:
            # Unbuffered: what was written is the kernel's, and survives us.
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror}") from None
        self.write(head.line())

    def write(self, data: bytes) -> None:
        """Append. Raises RunError when the disk takes no more."""
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise RunError(f"cannot write {self._path}: {error.strerror}") from None

    def close(self) -> None:
        """Nothing more will come."""
        self._file.close()


def path_of(folder: Path, scenario: str, worker: str = "") -> Path:
    """Where a worker's samples are; a run in one process has no worker."""
    return folder / f"load-{scenario}{'.' + worker if worker else ''}.samples"


def journals(folder: Path, scenario: str) -> list[Path]:
    """Every journal of a scenario in a run's folder."""
    return sorted(
        {*folder.glob(f"load-{scenario}.samples"), *folder.glob(f"load-{scenario}.*.samples")}
    )


def read(path: Path) -> tuple[Head, Rows]:
    """A journal. Raises RunError when it is none."""
    try:
        with path.open("rb") as file:
            head = Head.read(file.readline())
            return head, rows_of(file.read())
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise RunError(f"{path} is no journal of samples") from None
