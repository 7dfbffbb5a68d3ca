"""`python -m reports`: pages whole or not at all, one line for what cannot be drawn."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from conformance.spec.contract import SPECS, Contract
from reports.__main__ import main
from tests.reports.builders import FAILED, full_summary, small
from tests.reports.night import trend


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "summary.json").write_text(json.dumps(full_summary(tuple(FAILED))))
    return tmp_path


def test_every_page_is_drawn_and_the_path_printed(run: Path, capsys: pytest.CaptureFixture) -> None:
    assert main([str(run)]) == 0
    assert sorted(each.name for each in run.iterdir()) == [
        "badge.json",
        "badge.svg",
        "junit.xml",
        "load-performance.json",
        "metrics.prom",
        "report.html",
        "summary.json",
        "summary.md",
    ]
    ET.parse(run / "junit.xml")
    said = capsys.readouterr().out
    assert f"report: {run}/report.html\n" in said
    assert "\x1b" not in said


def test_drawing_again_gives_the_same_pages(run: Path) -> None:
    main([str(run)])
    before = {each.name: each.read_bytes() for each in run.iterdir()}
    main([str(run)])
    assert {each.name: each.read_bytes() for each in run.iterdir()} == before


def test_a_folder_that_is_no_run_is_one_line_and_exit_code_3(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main([str(tmp_path / "nowhere")]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("report: no run in ")
    assert said.err.count("\n") == 1


def test_github_gets_the_page_and_at_most_ten_annotations(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    page = tmp_path / "step-summary"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert main(["--github", str(run)]) == 0
    assert page.read_text().startswith("before\n# ✕ Fail")
    assert capsys.readouterr().out.count("\n::error title=") == 3


def test_github_points_into_the_documents_of_that_run(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    summary = full_summary(tuple(FAILED))
    summary["environment"]["spec_sha256"] = Contract.load().digest
    (run / "summary.json").write_text(json.dumps(summary))
    header = {"openapi": str(SPECS / "openapi.yaml"), "asyncapi": str(SPECS / "asyncapi.yaml")}
    (run / "run.jsonl").write_text(json.dumps(header) + "\n")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(SPECS.parent))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    main(["--github", str(run)])
    assert capsys.readouterr().out.count("\n::error file=specs/requirements.yaml,line=") == 3
    header["openapi"] = str(run / "gone.yaml")
    (run / "run.jsonl").write_text(json.dumps(header) + "\n")
    main(["--github", str(run)])
    assert "file=" not in capsys.readouterr().out


def test_a_trend_is_read_and_one_that_is_none_is_one_line(
    run: Path, capsys: pytest.CaptureFixture
) -> None:
    (run / "trend.json").write_text(json.dumps(trend()))
    assert main([str(run)]) == 0
    assert "## Trend: worse" in (run / "summary.md").read_text()
    (run / "trend.json").write_text("{}")
    assert main([str(run)]) == 3
    assert "trend.json is no trend of a run" in capsys.readouterr().err


def test_github_without_its_variable_only_annotates(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert main(["--github", str(run)]) == 0
    assert capsys.readouterr().out.count("\n::error title=") == 3


def test_half_a_character_of_a_target_stops_no_page(tmp_path: Path) -> None:
    summary = small(warnings=["half \ud800"], target="\udfff")
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    assert main([str(tmp_path)]) == 0
    assert "half \\ud800" in (tmp_path / "report.html").read_text()


def test_the_trend_beside_a_summary_is_on_the_page(run: Path) -> None:
    (run / "trend.json").write_text(json.dumps(trend()))
    assert main([str(run)]) == 0
    assert "Since the night before" in (run / "report.html").read_text()


@pytest.mark.parametrize(
    ("text", "says"), [("{", "is not JSON"), ('{"schema": 2}', "is no trend of a run")]
)
def test_a_trend_that_cannot_be_read_is_one_line(
    run: Path, capsys: pytest.CaptureFixture, text: str, says: str
) -> None:
    (run / "trend.json").write_text(text)
    assert main([str(run)]) == 3
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_another_run_is_laid_over_this_one(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "nightly-of-monday"
    other.mkdir()
    (other / "summary.json").write_text(json.dumps(full_summary()))
    assert main([str(run), "--with", str(other)]) == 0
    assert "Beside nightly-of-monday" in (run / "report.html").read_text()
    assert [each.name for each in other.iterdir()] == ["summary.json"]


def test_another_run_that_is_none_is_one_line(run: Path, capsys: pytest.CaptureFixture) -> None:
    assert main([str(run), "--with", str(run / "nowhere")]) == 3
    assert capsys.readouterr().err.startswith("report: no run in ")
