"""One immutable JSON document for each run: what the history is made of.

A document is named after its run and its own content, so nothing can change it unnoticed, and the same run
copied to and fro stays one. It appears under its name whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from conformance.errors import RunError
from reports.text import clipped, one_line

SCHEMA: Final = Path(__file__).parent / "document.schema.json"
VERSION: Final = 2
FOLDER: Final = "documents"
SUFFIX: Final = ".json.gz"
DRAFT: Final = ".draft"
# An exchange may answer with a megabyte: what a finding quotes of it is cut, the verdicts are not.
TEXT_MAX: Final = 4_000
WORDS_MAX: Final = 100  # in which it is said that something was cut: cutting again changes nothing
SIZE_MAX: Final = 256 * 1024 * 1024  # what a document may unpack to
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
ID: Final = re.compile(rf"{NAME.pattern}-[0-9a-f]{{8}}")
GZIP: Final = 31  # zlib's word for: with gzip's header

Summary = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """A run as it is kept; `machine` tells one machine from another and may be empty."""

    id: str
    machine: str
    summary: Summary

    @property
    def run(self) -> str:
        """The name of the run's folder."""
        return self.id.rpartition("-")[0]


def document_of(summary: Mapping[str, Any], run: str) -> Document:
    """The document of a run, from its summary and its folder's name. Raises RunError."""
    if not NAME.fullmatch(run):
        raise RunError(f"a run cannot be kept under the name {one_line(repr(run))}")
    try:
        kept = json.loads(_canonical({**summary, "findings": _cut(summary.get("findings", []))}))
    except (TypeError, ValueError, RecursionError) as error:
        raise RunError(f"the summary of {run} is not JSON: {one_line(str(error))}") from None
    found = Document(f"{run}-{_digest(kept)}", _machine(kept), kept)
    _check(_content(found), run)
    return found


def write(folder: Path, document: Document) -> Path:
    """Put a document into a folder, on the disk before this returns. Raises RunError."""
    path = folder / f"{document.id}{SUFFIX}"
    draft = folder / f".{document.id}.{secrets.token_hex(4)}{DRAFT}"
    try:
        make(folder)
        with draft.open("wb") as file:
            file.write(_packed(_canonical(_content(document))))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync(folder)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise RunError(f"cannot write {path}: {error.strerror}") from None
    return path


def read(path: Path) -> Document:
    """The document of a file, in the newest form. Raises RunError for what is not exactly what was written."""
    try:
        content = json.loads(_unpacked(path.read_bytes()))
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError, zlib.error) as error:
        raise RunError(f"{path} is cut short or damaged: {one_line(str(error))}") from None
    _check(content, str(path))
    found = _upgraded(content)
    if found.id != id_of(path):
        raise RunError(f"{path} is named wrongly: it holds {found.id}")
    if found.id != f"{found.run}-{_digest(found.summary)}" or found.machine != _machine(
        found.summary
    ):
        raise RunError(f"{path} was changed after it was written: its content is not its name's")
    return found


def make(folder: Path) -> None:
    """A folder that is there after a power cut, too. Raises OSError."""
    if not folder.exists():
        make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def files(folder: Path) -> list[Path]:
    """Every document of a folder that has its final name. Raises RunError."""
    try:
        found = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise RunError(f"cannot read {folder}: {error.strerror}") from None
    return [x for x in found if x.name.endswith((SUFFIX, ".json")) and x.name[0] != "."]


def drafts(folder: Path) -> Iterator[Path]:
    """What killed writers left."""
    yield from folder.glob(f".*{DRAFT}")


def id_of(path: Path) -> str:
    """The id that a file's name claims."""
    return path.name.removesuffix(".gz").removesuffix(".json")


def _content(document: Document) -> dict[str, Any]:
    return {
        "schema": VERSION,
        "id": document.id,
        "machine": document.machine,
        "summary": document.summary,
    }


def _upgraded(content: dict[str, Any]) -> Document:
    if content["schema"] == 1:
        content = {**content, "schema": 2, "machine": _machine(content["summary"])}
    return Document(content["id"], content["machine"], content["summary"])


def _machine(summary: Mapping[str, Any]) -> str:
    return str(summary.get("environment", {}).get("machine", ""))


def _canonical(content: Any) -> bytes:
    # Escapes keep what no encoding can hold, such as half a character of a target.
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _digest(summary: Summary) -> str:
    # Over the summary alone: a newer form of the document does not make another run of it.
    return hashlib.sha256(_canonical(summary)).hexdigest()[:8]


def _cut(found: Any) -> Any:
    if isinstance(found, str):
        return found if len(found) <= TEXT_MAX + WORDS_MAX else clipped(found, TEXT_MAX)
    if isinstance(found, Mapping):
        return {name: _cut(each) for name, each in found.items()}
    return [_cut(each) for each in found] if isinstance(found, list | tuple) else found


def _packed(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP)
    return packer.compress(content) + packer.flush()


def _unpacked(content: bytes) -> bytes:
    if content[:1] == b"{":
        return content
    unpacker = zlib.decompressobj(GZIP)
    found = unpacker.decompress(content, SIZE_MAX)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it does not end where it should")
    return found


@cache
def _validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _check(content: Any, name: str) -> None:
    version = content.get("schema") if isinstance(content, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise RunError(f"{name} is of a newer suite (document version {version}): use that one")
    try:
        error = next(_validator().iter_errors(content), None)
    except ValueError as unfit:
        raise RunError(f"{name} is no document of a run: {one_line(str(unfit))}") from None
    if error is not None:
        place = "/".join(str(each) for each in error.instance_path)
        raise RunError(f"{name} is no document of a run: {one_line(f'{place}: {error.message}')}")


def _sync(folder: Path) -> None:
    # A name is on the disk only when its folder is.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
