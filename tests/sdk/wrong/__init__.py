"""SDKs that are wrong on purpose: one of our clients with one edit each, kept as data beside this file.

[[wrong]]
name = "tries-orders-again"                  # unique over all languages
mistake = "S12"                              # in the list of docs/sdk-mistakes.md
requirement = "sdk.orders-are-made-once"     # what has to catch it
sentence = "An order whose answer did not come is sent again."
[[wrong.edit]]
file = "exchange_client/retries.py"
find = "…"                                   # stands in the file exactly once
put = "…"
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdk_gate.asked import DRIVERS

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in one file of a client."""

    file: str
    find: str
    put: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """One SDK that is wrong, and the requirement that has to catch it."""

    name: str
    language: str
    mistake: str
    requirement: str
    sentence: str
    edits: tuple[Edit, ...]

    def make(self, folder: Path) -> Path:
        """A copy of the client with the edits. Raises ValueError where one does not fit."""
        return edited_copy(self.language, self.name, self.edits, folder)


def edited_copy(language: str, name: str, edits: Sequence[Edit], folder: Path) -> Path:
    """A copy of our client of a language, in a folder, with edits. Raises ValueError where one does not fit."""
    source = folder / "source"
    shutil.copytree(DRIVERS / language, source, ignore=shutil.ignore_patterns("__pycache__"))
    for edit in edits:
        path = source / edit.file
        text = path.read_text(encoding="utf-8")
        if text.count(edit.find) != 1:
            raise ValueError(
                f"{name}: {edit.file} has {text.count(edit.find)} times: {edit.find[:80]}"
            )
        path.write_text(text.replace(edit.find, edit.put), encoding="utf-8")
    return source


def wrong_sdks() -> list[Wrong]:
    """All of them, by language and name."""
    return [each for path in sorted(HERE.glob("*.toml")) for each in _read(path)]


def _read(path: Path) -> list[Wrong]:
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["wrong"]
    return [_wrong(path.stem, row) for row in rows]


def _wrong(language: str, row: Mapping[str, Any]) -> Wrong:
    edits = tuple(Edit(**each) for each in row["edit"])
    fields = {name: row[name] for name in ("name", "mistake", "requirement", "sentence")}
    return Wrong(language=language, edits=edits, **fields)
