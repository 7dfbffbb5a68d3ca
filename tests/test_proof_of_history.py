"""One kill of the proof, so that the proof itself is kept working; and what it says of a history that lost a run."""

from __future__ import annotations

import json
from pathlib import Path

from reports.history.store import History
from tests.proof_of_history import kill_one, left_of
from tests.reports.history.summaries import drawn


def test_a_killed_writer_loses_nothing(tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    summary.write_text(json.dumps(drawn(1)))
    found = kill_one(tmp_path / "history", "", summary, 0, 0.1, is_writing=True)
    assert found.wrong == ""
    assert found.reported >= 1


def test_a_lost_run_a_lost_row_and_a_half_document_are_seen(tmp_path: Path) -> None:
    with History.open(tmp_path) as history:
        one = history.add(drawn(1), "nightly-1")
    path = tmp_path / "documents" / f"{one}.json.gz"
    assert left_of(tmp_path, "", [one]).wrong == ""
    assert "has no document" in left_of(tmp_path, "", [one, "nightly-2-00000000"]).wrong
    (tmp_path / "index.sqlite3").unlink()
    assert "had no row" in left_of(tmp_path, "", [one]).wrong
    path.write_bytes(path.read_bytes()[:-1])
    assert "cut short" in left_of(tmp_path, "", [one]).wrong
