"""SDKs that do it otherwise and are right: one of our clients with edits, kept as data beside this file.

The format is that of `tests/sdk/wrong`, without `mistake` and `requirement`. The gate must hold nothing against them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.sdk.wrong import Edit, edited_copy

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Right:
    """One SDK that differs from ours, and why that is right."""

    name: str
    language: str
    sentence: str
    edits: tuple[Edit, ...]

    def make(self, folder: Path) -> Path:
        """A copy of the client with the edits. Raises ValueError where one does not fit."""
        return edited_copy(self.language, self.name, self.edits, folder)


def right_sdks() -> list[Right]:
    """All of them, by language and name."""
    return [each for path in sorted(HERE.glob("*.toml")) for each in _read(path)]


def _read(path: Path) -> Iterator[Right]:
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["right"]:
        edits = tuple(Edit(**each) for each in row["edit"])
        yield Right(row["name"], path.stem, row["sentence"], edits)
