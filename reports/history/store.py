"""The history of runs, as others use it: documents in a folder, and an index that follows them.

An index beside the documents holds exactly their runs. One on a server may serve several folders, and folders
that are gone by now, such as those of CI runners: it keeps its rows until `prune` drops them by their age.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final

from sqlalchemy import URL

from conformance.errors import RunError
from reports.change.nights import Night
from reports.history import address, document
from reports.history.document import Document, Summary
from reports.history.index import Index
from reports.history.measures import Run, instant
from reports.history.schema import RULE

NIGHTS_MAX: Final = 60
DRAFT_S: Final = 86_400
BATCH: Final = 50  # documents in one transaction when many are indexed at once


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import: the ids that are new, how many were known, a line for each file that is broken."""

    added: tuple[str, ...]
    known: int
    broken: tuple[str, ...]


def take_in(folder: Path, paths: Iterable[Path]) -> Imported:
    """Keep documents, folders of them, other histories and folders of runs; the next opening indexes them.

    So a run that has just ended is kept even when the server of the index is down.
    """
    added: list[str] = []
    broken: list[str] = []
    known = 0
    for path in paths:
        found = list(_found_in(path))
        if not found and not (path / document.FOLDER).is_dir():
            broken.append(f"{path} holds no run and no document of one")
        for one in found:
            try:
                made, is_new = _kept(folder / document.FOLDER, _read(one))
                added += [made.id] if is_new else []
                known += not is_new
            except RunError as error:
                broken.append(str(error))
    return Imported(tuple(added), known, tuple(broken))


class History:
    """Runs that are kept, oldest first. `broken`: a line for each document that cannot be read."""

    def __init__(self, folder: Path, url: URL) -> None:
        """Open the index, and bring it up to the documents. Use `History.open`."""
        self.folder = folder
        self.documents = folder / document.FOLDER
        self.broken: tuple[str, ...] = ()
        self._owns_index = url == address.beside(folder)
        if self._owns_index:
            _make(folder)
        self._index = Index(url)
        try:
            self.reconcile()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, folder: Path, index: str = "") -> History:
        """The history of a folder, which is made at need; its index beside it, or at an SQLAlchemy address."""
        return cls(folder, address.parsed(index) if index else address.beside(folder))

    def __enter__(self) -> History:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End the connections to the index."""
        self._index.close()

    def add(self, summary: Mapping[str, Any], run_name: str) -> str:
        """Keep a run; its document's id. Keeping it again changes nothing."""
        made = _kept(self.documents, document.document_of(summary, run_name))[0]
        self._index.put([made])
        return made.id

    def nights(
        self,
        target: str,
        profile: str,
        until: str | None = None,
        most: int = NIGHTS_MAX,
        machine: str | None = None,
    ) -> dict[str, list[Night]]:
        """The last nights of each series of a target under a profile, oldest first.

        `until`: an ISO time; of what started later nothing is told. `machine`: of that one alone.
        """
        equal = {"target": target, "profile": profile}
        found = self.runs(**equal, **({} if machine is None else {"machine": machine}))
        last = None if until is None else instant(until)
        found = [each for each in found if last is None or each.started <= last]
        return self._index.nights(found[max(0, len(found) - most) :])

    def before(self, run: Run | str) -> Run | None:
        """The run before another, of the same target and kind. Raises RunError for an id that is not known."""
        this = self.run(run) if isinstance(run, str) else run
        found = [
            each
            for each in self.runs(target=this.target, kind=this.kind)
            if (each.started, each.id) < (this.started, this.id) and each.run != this.run
        ]
        return found[-1] if found else None

    def run(self, run: str) -> Run:
        """The row of a run. Raises RunError."""
        found = self._index.runs(id=run)
        if not found:
            raise RunError(f"no run {run} in the history {self.folder}")
        return found[0]

    def runs(self, **equal: str) -> list[Run]:
        """The runs whose columns have these values, each once, however often it was concluded."""
        latest: dict[tuple[str, ...], Run] = {}
        for each in self._index.runs(**equal):
            other = latest.get(_conclusion(each))
            if other is None or (other.trend is None, each.id) >= (each.trend is None, other.id):
                latest[_conclusion(each)] = each
        return sorted(latest.values(), key=lambda each: (each.started, each.id))

    def results(self, run: str) -> dict[str, str]:
        """The verdict of every requirement in a run."""
        return self._index.results(run)

    def document(self, run: str) -> Summary:
        """The summary of a run. Raises RunError."""
        return document.read(_path(self.documents, run)).summary

    def import_from(self, paths: Iterable[Path]) -> Imported:
        """Take in documents, folders of them, other histories, and folders of runs."""
        found = take_in(self.folder, paths)
        self.reconcile()
        return found

    def prune(self, keep_days: int, now: datetime, keep_last: int = NIGHTS_MAX) -> tuple[str, ...]:
        """Drop what is older, but the last runs of each target, profile and machine; the ids that are gone."""
        oldest = instant((now - timedelta(days=keep_days)).isoformat())
        groups: dict[tuple[str, ...], list[Run]] = {}
        for each in self.runs():
            groups.setdefault((each.target, each.profile, each.machine, each.kind), []).append(each)
        kept = {
            _conclusion(each)
            for some in groups.values()
            for each in some[max(0, len(some) - keep_last) :]
        }
        gone = [
            each.id
            for each in self._index.runs()
            if each.started < oldest and _conclusion(each) not in kept
        ]
        # The document first: a row without one is repaired by the next opening, and so is the other way round.
        for run in gone:
            self._remove(run)
        self._index.drop(gone)
        for draft in document.drafts(self.documents):
            with suppress(FileNotFoundError):  # a writer has moved it to its place
                if draft.stat().st_mtime < now.timestamp() - DRAFT_S:  # its writer was killed
                    draft.unlink()
        return tuple(gone)

    def rebuild(self) -> int:
        """Read every document into the index again; how many there are."""
        ids = [document.id_of(path) for path in document.files(self.documents)]
        self._index.drop(self._index.known() if self._owns_index else ids)
        self.reconcile()
        return len(ids) - len(self.broken)

    def check(self) -> list[str]:
        """A line for each document that is broken, and each run that an index made now would have otherwise."""
        self.reconcile()
        ids = {document.id_of(path) for path in document.files(self.documents)}
        with TemporaryDirectory() as folder:
            fresh = Index(address.beside(Path(folder)))
            for path in document.files(self.documents):
                fresh.put(self._whole([path]))
            wanted, found = fresh.content(), self._index.content()
            fresh.close()
        # Of a broken one it is said already; a server's index may serve other folders too.
        others = (ids - wanted.keys()) | (set() if self._owns_index else found.keys() - ids)
        different = [
            f"the index has run {name} otherwise than its document: `rebuild` mends it"
            for name in sorted((wanted.keys() | found.keys()) - others)
            if wanted.get(name) != found.get(name)
        ]
        return [*self.broken, *different]

    def reconcile(self) -> None:
        """Bring the index up to the documents that are here, and an index beside them to no more than those."""
        # In this order: what is added meanwhile has its document before its row.
        known = self._index.known()
        here = {document.id_of(path): path for path in document.files(self.documents)}
        self.broken = ()
        wanted = [path for name, path in here.items() if known.get(name, 0) < RULE]
        for start in range(0, len(wanted), BATCH):
            self._index.put(self._whole(wanted[start : start + BATCH]))
        gone = [name for name in known if name not in here] if self._owns_index else []
        if gone:
            self._index.drop(gone)

    def _whole(self, paths: Iterable[Path]) -> Iterator[Document]:
        for path in paths:
            try:
                yield document.read(path)
            except RunError as error:
                if path.exists():  # else another process pruned it
                    self.broken = tuple(dict.fromkeys((*self.broken, str(error))))

    def _remove(self, run: str) -> None:
        path = _path(self.documents, run)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"cannot remove {path}: {error.strerror}") from None


def _kept(documents: Path, made: Document) -> tuple[Document, bool]:
    """A document that is in its folder now, and whether it was not before; a broken one is written again."""
    path = _path(documents, made.id)
    with suppress(RunError):
        if path.exists() and document.read(path):
            return made, False
    document.write(documents, made)
    return made, True


def _path(documents: Path, run: str) -> Path:
    if not document.ID.fullmatch(run):
        raise RunError(f"no run {run!r} in {documents}")
    packed, plain = documents / f"{run}{document.SUFFIX}", documents / f"{run}.json"
    return plain if plain.exists() and not packed.exists() else packed


def _conclusion(run: Run) -> tuple[str, ...]:
    # A run that is concluded twice has two documents: the same folder, machine and start.
    return (run.run, run.machine, run.started)


def _found_in(path: Path) -> Iterator[Path]:
    inner = path / document.FOLDER
    if inner.is_dir():
        yield from document.files(inner)
    elif path.is_dir() and not (path / "summary.json").exists():
        yield from document.files(path)
        yield from sorted(each.parent for each in path.glob("*/summary.json"))
    else:
        yield path


def _read(path: Path) -> Document:
    if not path.is_dir() and path.name != "summary.json":
        return document.read(path)
    folder = path if path.is_dir() else path.parent
    from reports.document import read  # its validator is not needed to open a history

    return document.document_of(read(folder), folder.resolve().name)


def _make(folder: Path) -> None:
    try:
        document.make(folder)
    except OSError as error:
        raise RunError(f"cannot make {folder}: {error.strerror}") from None
