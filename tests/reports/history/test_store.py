"""The history as others use it, the same on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import RunError
from reports.change.nights import Night
from reports.history import document
from reports.history.store import History, Imported, take_in
from tests.reports.builders import result, small
from tests.reports.history.summaries import FIRST, a_round, drawn, nightly, started


def simple(night: int, us: float = 400.0, **changes: Any) -> dict[str, Any]:
    rounds = [a_round(1, "target", us=us), a_round(1, "control", us=200.0)]
    return nightly(rounds, night, **changes)


def add(history: History, *nights: int, **changes: Any) -> list[str]:
    return [
        history.add(simple(each, 400.0 + each, **changes), f"nightly-{each}") for each in nights
    ]


SERIES = "order_latency wire p50"


def test_nights_are_told_oldest_first_whatever_the_order_they_came_in(
    tmp_path: Path, index: str
) -> None:
    with History.open(tmp_path, index) as history:
        ids = add(history, 2, 0, 1)
        found = history.nights("reference", "nightly")
    assert found[SERIES] == [
        Night(ids[1], started(0), (400.0,), (200.0,)),
        Night(ids[2], started(1), (401.0,), (200.0,)),
        Night(ids[0], started(2), (402.0,), (200.0,)),
    ]
    assert len(found) == 6


def test_only_the_last_so_many_and_none_that_started_later(tmp_path: Path, index: str) -> None:
    with History.open(tmp_path, index) as history:
        ids = add(history, *range(5))

        def told(**how: Any) -> list[str]:
            return [
                each.run for each in history.nights("reference", "nightly", **how).get(SERIES, [])
            ]

        assert told(most=2) == ids[3:]
        assert told(until=started(2)) == ids[:3]
        assert told(until=started(2), most=1) == [ids[2]]
        assert told(most=0) == []


def test_other_targets_profiles_and_machines_are_kept_apart(tmp_path: Path, index: str) -> None:
    other = {**small()["environment"], "machine": "0badcafe"}
    with History.open(tmp_path, index) as history:
        add(history, 0)
        history.add(simple(1, target="other"), "nightly-1")
        history.add(simple(2, environment=other), "nightly-2")
        both = history.nights("reference", "nightly")[SERIES]
        one = history.nights("reference", "nightly", machine="0badcafe")[SERIES]
        assert history.nights("reference", "smoke") == {}
        assert len(history.nights("other", "nightly")[SERIES]) == 1
    assert [each.started for each in both] == [started(0), started(2)]
    assert [each.started for each in one] == [started(2)]


def test_adding_again_changes_nothing(tmp_path: Path, index: str) -> None:
    with History.open(tmp_path, index) as history:
        first = add(history, 0)
        before = {each: each.stat().st_mtime_ns for each in history.documents.iterdir()}
        assert add(history, 0) == first
        assert {each: each.stat().st_mtime_ns for each in history.documents.iterdir()} == before
        assert [each.id for each in history.runs()] == first


def test_a_run_is_kept_while_the_index_is_down_and_indexed_by_the_next_opening(
    tmp_path: Path, index: str
) -> None:
    run = tmp_path / "runs" / ("n" * 151)
    run.mkdir(parents=True)
    (run / "summary.json").write_text(json.dumps(simple(0)), encoding="utf-8")
    (name,) = take_in(tmp_path, [run]).added
    assert take_in(tmp_path, [run]) == Imported((), 1, ())
    with History.open(tmp_path, index) as history:
        assert [each.id for each in history.runs()] == [name]


def test_a_run_concluded_again_is_one_run_with_what_its_history_said(
    tmp_path: Path, index: str
) -> None:
    trend = {"verdict": "worse", "nights": 2, "worse": [SERIES]}
    with History.open(tmp_path, index) as history:
        add(history, 0, 1)
        again = history.add(simple(1, 401.0, trend=trend), "nightly-1")
        history.add(simple(1, 401.0, notes=["later"]), "nightly-1")
        assert [each.trend for each in history.runs()] == [None, "worse"]
        assert history.nights("reference", "nightly")[SERIES][1].run == again
        assert len(history.nights("reference", "nightly")[SERIES]) == 2


def test_the_run_before_is_of_the_same_target_and_kind(tmp_path: Path, index: str) -> None:
    with History.open(tmp_path, index) as history:
        first, third = add(history, 0, 3)
        history.add(simple(1, target="other"), "nightly-1")
        history.add(small(kind="load", started=started(2)), "load-2")
        before = history.before(third)
        assert before is not None
        assert before.id == first
        assert history.before(first) is None
        assert history.before(history.run(third)) == before
        with pytest.raises(RunError, match="no run nobody-1"):
            history.before("nobody-1")


def test_results_and_documents_of_a_run(tmp_path: Path, index: str) -> None:
    rows = [result(id="a.b"), result(id="a.c", verdict="failed")]
    with History.open(tmp_path, index) as history:
        name = history.add(simple(0, requirement_results=rows), "nightly-0")
        assert history.results(name) == {"a.b": "passed", "a.c": "failed"}
        assert history.results("nobody") == {}
        assert history.document(name) == simple(0, requirement_results=rows)
        for nobody in ("nightly-0-00000000", "../x"):
            with pytest.raises(RunError):
                history.document(nobody)


def test_text_that_no_database_holds_is_kept_and_found(tmp_path: Path, index: str) -> None:
    odd = "half \ud800 and \x00"
    with History.open(tmp_path, index) as history:
        history.add(simple(0, target=odd, requirement_results=[result(id=odd)]), "nightly-0")
        assert len(history.nights(odd, "nightly")[SERIES]) == 1
        assert history.check() == []


def test_opening_indexes_what_a_killed_writer_left_and_reads_nothing_twice(
    tmp_path: Path, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with History.open(tmp_path, index) as history:
        add(history, 0)
    made = document.document_of(simple(1), "nightly-1")
    document.write(tmp_path / "documents", made)
    (tmp_path / "documents" / ".nightly-2-00000000.1.draft").write_bytes(b"half")
    with History.open(tmp_path, index) as history:
        assert [each.run for each in history.runs()] == ["nightly-0", "nightly-1"]
        assert history.check() == []
    monkeypatch.setattr(document, "read", lambda path: pytest.fail(f"read {path}"))
    with History.open(tmp_path, index) as history:
        assert len(history.runs()) == 2


def test_a_document_of_version_1_is_indexed_as_if_it_were_of_now(
    tmp_path: Path, index: str
) -> None:
    summary = simple(0, environment={**small()["environment"], "machine": "0badcafe"})
    made = document.document_of(summary, "nightly-0")
    (tmp_path / "documents").mkdir()
    old = {"schema": 1, "id": made.id, "summary": made.summary}
    (tmp_path / "documents" / f"{made.id}.json").write_text(json.dumps(old))
    with History.open(tmp_path, index) as history:
        assert [each.machine for each in history.runs()] == ["0badcafe"]
        assert history.document(made.id) == summary
        assert history.add(summary, "nightly-0") == made.id
        assert len(list(history.documents.iterdir())) == 1
        assert history.prune(0, FIRST + timedelta(days=9), keep_last=0) == (made.id,)
        assert list(history.documents.iterdir()) == []


def test_a_broken_document_stops_nothing_and_is_named(tmp_path: Path, index: str) -> None:
    broken = tmp_path / "documents" / "nightly-1-00000000.json.gz"
    with History.open(tmp_path, index) as history:
        add(history, 0)
    broken.write_bytes(b"junk")
    with History.open(tmp_path, index) as history:
        assert len(history.runs()) == 1
        assert len(history.broken) == 1
        assert str(broken) in history.broken[0]
        assert history.check() == list(history.broken)


def test_a_document_broken_later_is_found_by_check_and_mended_by_adding_it_again(
    tmp_path: Path, index: str
) -> None:
    with History.open(tmp_path, index) as history:
        (name,) = add(history, 0)
        path = history.documents / f"{name}.json.gz"
        path.write_bytes(path.read_bytes()[:-9])
        (line,) = history.check()
        assert "is cut short or damaged" in line
        assert add(history, 0) == [name]
        assert history.check() == []


def test_rows_of_documents_that_are_gone_leave_only_an_index_beside_them(
    tmp_path: Path, index: str
) -> None:
    with History.open(tmp_path, index) as history:
        first, second = add(history, 0, 1)
    (tmp_path / "documents" / f"{first}.json.gz").unlink()
    with History.open(tmp_path, index) as history:
        kept = [each.id for each in history.runs()]
        assert kept == ([first, second] if index else [second])
        assert history.check() == []


def test_an_index_on_a_server_serves_several_folders(tmp_path: Path, index: str) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    with History.open(one, index) as history:
        add(history, 0)
    with History.open(other, index) as history:
        add(history, 1)
        assert len(history.runs()) == (2 if index else 1)
        history.rebuild()
        assert len(history.runs()) == (2 if index else 1)


def test_an_index_made_again_is_the_same(tmp_path: Path, index: str) -> None:
    with History.open(tmp_path, index) as history:
        for night in range(3):
            history.add(drawn(night), f"nightly-{night}")
        before = history._index.content()
        assert history.rebuild() == 3
        assert history._index.content() == before
        assert len(before) == 3


def test_both_kinds_of_index_give_the_same_nights_to_the_bit(tmp_path: Path, server: Any) -> None:
    for night in range(4):
        made = document.document_of(drawn(night), f"nightly-{night}")
        document.write(tmp_path / "documents", made)
    with History.open(tmp_path) as mine, History.open(tmp_path, server.emptied()) as theirs:
        found = mine.nights("reference", "nightly")
        assert found == theirs.nights("reference", "nightly")
        assert mine._index.content() == theirs._index.content()
    assert {len(each) for each in found.values()} == {4}


class TestPrune:
    NOW = FIRST + timedelta(days=100)

    def pruned(self, history: History, keep_days: int, keep_last: int) -> list[str]:
        gone = set(history.prune(keep_days, self.NOW, keep_last))
        assert {each.id for each in history.runs()}.isdisjoint(gone)
        assert not gone & {document.id_of(each) for each in history.documents.iterdir()}
        return [each.run for each in history.runs()]

    def test_what_is_older_goes_but_the_last_ones(self, tmp_path: Path, index: str) -> None:
        with History.open(tmp_path, index) as history:
            add(history, *range(5))
            assert len(self.pruned(history, 101, 0)) == 5
            assert len(self.pruned(history, 0, 60)) == 5
            assert self.pruned(history, 0, 4) == [f"nightly-{each}" for each in range(1, 5)]
            assert self.pruned(history, 97, 1) == ["nightly-3", "nightly-4"]
            assert self.pruned(history, 0, 0) == []
            assert history.check() == []

    def test_each_target_keeps_its_own_last_ones(self, tmp_path: Path, index: str) -> None:
        with History.open(tmp_path, index) as history:
            add(history, 0)
            for night in (1, 2):
                history.add(simple(night, target="other"), f"nightly-{night}")
            assert self.pruned(history, 0, 1) == ["nightly-0", "nightly-2"]

    def test_a_run_concluded_twice_counts_once(self, tmp_path: Path, index: str) -> None:
        with History.open(tmp_path, index) as history:
            add(history, 0, 1)
            history.add(simple(1, notes=["again"]), "nightly-1")
            assert self.pruned(history, 0, 2) == ["nightly-0", "nightly-1"]

    def test_old_drafts_go_and_young_ones_stay(self, tmp_path: Path) -> None:
        with History.open(tmp_path) as history:
            add(history, 0)
            now = datetime.now(UTC)
            for name, age_s in (("old", 90_000), ("young", 10)):
                draft = history.documents / f".{name}.1.draft"
                draft.write_bytes(b"half")
                os.utime(draft, (now.timestamp() - age_s,) * 2)
            history.prune(0, now)
            assert [each.name for each in document.drafts(history.documents)] == [".young.1.draft"]


class TestImport:
    def test_another_history_a_folder_a_file_and_a_run(self, tmp_path: Path, index: str) -> None:
        with History.open(tmp_path / "other") as other:
            ids = add(other, 0, 1, 2)
        documents = tmp_path / "other" / "documents"
        run = tmp_path / "runs" / "nightly-3"
        run.mkdir(parents=True)
        (run / "summary.json").write_text(json.dumps(simple(3, 403.0)))
        with History.open(tmp_path / "mine", index) as history:
            first = history.import_from([documents / f"{ids[0]}.json.gz"])
            assert (first.added, first.known, first.broken) == ((ids[0],), 0, ())
            rest = history.import_from([documents, tmp_path / "other", run, run / "summary.json"])
            assert set(rest.added) == {ids[1], ids[2], add(history, 3)[0]}
            assert (rest.known, rest.broken) == (1 + 3 + 1, ())
            assert [each.run for each in history.runs()] == [f"nightly-{each}" for each in range(4)]
            assert history.check() == []

    def test_what_is_broken_is_named_and_skipped(self, tmp_path: Path) -> None:
        with History.open(tmp_path / "other") as other:
            ids = add(other, 0, 1)
        broken = tmp_path / "other" / "documents" / f"{ids[0]}.json.gz"
        broken.write_bytes(b"")
        with History.open(tmp_path / "mine") as history:
            found = history.import_from([tmp_path / "other", tmp_path / "nowhere"])
            assert found.added == (ids[1],)
            assert len(found.broken) == 2
            assert str(broken) in found.broken[0]
            assert str(tmp_path / "nowhere") in found.broken[1]
