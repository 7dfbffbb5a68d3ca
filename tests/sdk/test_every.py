"""`SDK=all`: every driver of ours has its turn, whatever becomes of the others, and the gravest code is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.errors import ConfigurationError, ExitCode
from sdk_gate import every, gate
from sdk_gate.__main__ import main
from sdk_gate.asked import Asked
from tests.reports.gate_runs import ONCE, gate_summary


@pytest.mark.parametrize(
    ("codes", "gravest"),
    [
        ([0, 0], 0),
        ([0, 2, 0], 2),
        ([2, 1], 1),
        ([1, 3, 2], 3),
        ([3, 4], 4),
        ([], 3),
        ([17], 3),
    ],
)
def test_the_gravest_exit_code_stands_for_all(codes: list[int], gravest: int) -> None:
    assert every.gravest(codes) == gravest


@pytest.fixture
def drivers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three drivers: one passes, one fails, one cannot be built."""
    played: dict[Path, int] = {}

    def play(asked: Asked) -> Path:
        if asked.sdk == "unbuilt":
            raise ConfigurationError("no compiler is on this machine")
        folder = tmp_path / f"sdk-{asked.sdk}"
        folder.mkdir()
        failed = (ONCE,) if asked.sdk == "failing" else ()
        (folder / "summary.json").write_text(json.dumps(gate_summary(failed)))
        played[folder] = len(failed)
        return folder

    def new_folder(asked: Asked) -> Path:
        (tmp_path / "sdk-all").mkdir()
        return tmp_path / "sdk-all"

    monkeypatch.setattr(every, "own_drivers", lambda: ["failing", "passing", "unbuilt"])
    monkeypatch.setattr(gate, "play", play)
    monkeypatch.setattr(gate, "finish", lambda folder: played[folder])
    monkeypatch.setattr(gate, "new_folder", new_folder)
    return tmp_path / "sdk-all"


def test_each_driver_has_its_turn_and_a_line(drivers: Path, capfd: pytest.CaptureFixture) -> None:
    assert main(["--sdk", "all"]) == ExitCode.ERROR
    said = capfd.readouterr().out
    assert "unbuilt: not run: no compiler is on this machine\n" in said
    assert said.count("exchange-client 1.4.0 (Node.js): fail, ") == 1
    assert said.count("exchange-client 1.4.0 (Node.js): pass, ") == 1
    assert said.endswith(f"matrix: {drivers}/index.html\n")
    index = json.loads((drivers / "index.json").read_text())
    assert [each["verdict"] for each in index["sdks"]] == ["fail", "pass"]


def test_without_any_run_there_is_no_matrix(
    drivers: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(every, "own_drivers", lambda: ["unbuilt"])
    assert main(["--sdk", "all"]) == ExitCode.ERROR
    assert "matrix" not in capfd.readouterr().out
    assert list(drivers.iterdir()) == []


def test_sources_of_one_driver_are_not_for_all(capsys: pytest.CaptureFixture) -> None:
    assert main(["--sdk", "all", "--source", "x"]) == ExitCode.ERROR
    assert "SOURCE is for one driver" in capsys.readouterr().err
