"""`python -m reports.history`: what it prints, its exit codes, one line for what cannot be done."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.history.__main__ import main
from reports.history.store import History
from tests.postgresql import Server
from tests.reports.builders import small
from tests.reports.history.summaries import a_round, drawn, nightly, started

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("HISTORY_INDEX", raising=False)

    def one(command: str, *words: str) -> tuple[int, str, str]:
        code = main([command, "--history", str(tmp_path / "history"), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return one


@pytest.fixture
def history(tmp_path: Path) -> Path:
    with History.open(tmp_path / "history") as history:
        for night in range(2):
            summary = drawn(night, environment={**small()["environment"], "machine": "0badcafe"})
            history.add(summary, f"nightly-{night}")
    return tmp_path / "history"


def test_a_history_that_is_not_there_is_not_made(run: Run, tmp_path: Path) -> None:
    for command in ("list", "rebuild", "export", "check"):
        code, out, err = run(command)
        assert (code, out) == (3, "")
        assert err.startswith(f"history: no history in {tmp_path}/history: ")
    assert not (tmp_path / "history").exists()


def test_list(run: Run, history: Path) -> None:
    code, out, err = run("list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{started(0)}  nightly-0-")
    assert lines[0].endswith("  nightly reference nightly on 0badcafe: pass")
    assert run("list", "--target", "other") == (0, "", "")


def test_import_names_what_is_broken_and_says_so_by_its_exit_code(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "summary.json").write_text(json.dumps(drawn(0)))
    assert run("import", str(folder)) == (0, "1 added, 0 known before, 0 broken\n", "")
    code, out, err = run("import", str(folder), str(tmp_path / "nowhere"))
    assert (code, out) == (3, "0 added, 1 known before, 1 broken\n")
    assert err == f"history: cannot read {tmp_path}/nowhere: No such file or directory\n"


def test_prune(run: Run, history: Path) -> None:
    assert run("prune", "--keep-days", "0") == (0, "0 removed, 2 kept\n", "")
    assert run("prune", "--keep-days", "0", "--keep-last", "1") == (0, "1 removed, 1 kept\n", "")
    assert run("prune", "--keep-days", "-1")[0] == 3


def test_a_damaged_index_is_one_line_and_rebuild_mends_it(run: Run, history: Path) -> None:
    before = run("list")
    (history / "index.sqlite3").write_text("junk " * 1000)
    code, out, err = run("list")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "is damaged" in err
    assert run("rebuild") == (0, "2 runs in the index\n", "")
    assert run("list") == before


def test_check_reads_every_document(run: Run, history: Path) -> None:
    assert run("check") == (0, "2 runs, 0 wrong\n", "")
    path = next((history / "documents").iterdir())
    path.write_bytes(path.read_bytes()[:100])
    code, out, _ = run("check")
    assert code == 3
    assert out.startswith(f"{path} is cut short or damaged")
    assert run("rebuild")[0] == 3


def test_export_has_a_row_for_each_night_and_series(run: Run, history: Path) -> None:
    code, out, _ = run("export", "--series", "mixed wire p50")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [row["time"] for row in rows] == [started(0), started(1)]
    assert {row["rounds"] for row in rows} == {"8"}
    with History.open(history) as opened:
        night = opened.nights("reference", "nightly")["mixed wire p50"][0]
    ordered = sorted(night.target)
    assert float(rows[0]["target_us"]) == (ordered[3] + ordered[4]) / 2
    assert float(rows[0]["ratio"]) == pytest.approx(2, rel=0.1)
    everything = list(csv.DictReader(io.StringIO(run("export")[1])))
    assert len(everything) == 2 * 2 * 8


def test_export_of_a_night_without_control_leaves_its_columns_empty(
    run: Run, tmp_path: Path
) -> None:
    with History.open(tmp_path / "history") as history:
        history.add(nightly([a_round(1, "target")]), "nightly-0")
    rows = list(csv.DictReader(io.StringIO(run("export")[1])))
    assert {(row["control_us"], row["ratio"]) for row in rows} == {("", "")}


def test_export_wide_has_a_column_for_each_series(run: Run, history: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("export", "--wide")[1])))
    assert len(rows) == 2
    assert len(rows[0]) == 2 + 2 * 8
    assert float(rows[0]["mixed_wire_p50"]) > 100
    code, _, err = run("export", "--wide", "--target", "other")
    assert (code, err.count("\n")) == (3, 1)


def test_the_index_s_address_comes_from_the_environment_and_is_never_printed(
    run: Run,
    history: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    listed = run("list")
    monkeypatch.setenv("HISTORY_INDEX", server.emptied())
    assert run("list") == listed
    assert run("check") == (0, "2 runs, 0 wrong\n", "")
    assert run("rebuild") == (0, "2 runs in the index\n", "")
    monkeypatch.setenv("HISTORY_INDEX", server.address(password="s3cret-w0rd"))
    code, out, err = run("list")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "user or password is wrong" in err
    assert "s3cret-w0rd" not in err
    with pytest.raises(SystemExit):
        main(["list", "--help"])
    assert "s3cret-w0rd" not in capsys.readouterr().out
