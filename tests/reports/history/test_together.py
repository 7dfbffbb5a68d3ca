"""Several at once, and histories that are merged: no order of things makes a difference."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.history.document import Document, document_of, write
from reports.history.store import History
from tests.reports.history.summaries import a_round, nightly

WRITERS, EACH = 4, 5


def simple(night: int, **changes: Any) -> dict[str, Any]:
    return nightly([a_round(1, "target"), a_round(1, "control")], night, **changes)


def test_writers_at_once_all_succeed_from_the_first_opening_on(tmp_path: Path, index: str) -> None:
    def one(writer: int) -> list[str]:
        with History.open(tmp_path, index) as history:
            nights = range(writer * EACH, writer * EACH + EACH)
            return [history.add(simple(each), f"nightly-{each}") for each in nights]

    with ThreadPoolExecutor(WRITERS) as pool:
        ids = [each for some in pool.map(one, range(WRITERS)) for each in some]
    with History.open(tmp_path, index) as history:
        assert [each.id for each in history.runs()] == ids
        assert history.check() == []


def test_the_same_run_added_by_several_at_once_is_one(tmp_path: Path, index: str) -> None:
    def one(_: int) -> str:
        with History.open(tmp_path, index) as history:
            return history.add(simple(0), "nightly-0")

    with ThreadPoolExecutor(WRITERS) as pool:
        assert len(set(pool.map(one, range(WRITERS)))) == 1
    with History.open(tmp_path, index) as history:
        assert len(history.runs()) == 1
        assert history.check() == []


@cache
def pool() -> list[Document]:
    """Five runs, of which two are one run concluded twice."""
    again = document_of(simple(1, notes=["again"]), "nightly-1")
    return [*(document_of(simple(each), f"nightly-{each}") for each in range(4)), again]


def merged(folder: Path, *parts: set[int]) -> tuple[Any, ...]:
    """What a history holds that took in these sets of documents, one after the other."""
    with History.open(folder / "merged") as history:
        for number, part in enumerate(parts):
            source = folder / f"{number}"
            (source / "documents").mkdir(parents=True)
            for each in part:
                write(source / "documents", pool()[each])
            assert not history.import_from([source]).broken
        names = sorted(each.name for each in history.documents.glob("*"))
        return names, history._index.content(), history.nights("reference", "nightly")


SETS = st.sets(st.integers(0, 4))


@settings(max_examples=6)
@given(one=SETS, other=SETS)
def test_merging_is_commutative_and_idempotent(one: set[int], other: set[int]) -> None:
    with TemporaryDirectory() as folder:
        results = []
        for number, parts in enumerate(
            [(one, other), (other, one), (one | other,), (one, other, one)]
        ):
            place = Path(folder) / f"way-{number}"
            place.mkdir()
            results.append(merged(place, *parts))
        assert all(each == results[0] for each in results)
        assert len(results[0][0]) == len(one | other)
