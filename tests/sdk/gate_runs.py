"""Runs of the gate as a user starts them, each a process of its own in a folder of its own."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from sdk_gate import gate
from sdk_gate.__main__ import main
from sdk_gate.asked import DRIVERS

ROOT: Final = Path(__file__).resolve().parents[2]
LIMIT_S: Final = 300


@dataclass(frozen=True, slots=True)
class GateRun:
    """What a run came to. `summary` is empty where there was none."""

    exit_code: int
    said: str
    summary: dict[str, Any]

    def verdict(self, requirement: str) -> str:
        """What it says of a requirement."""
        rows = self.summary.get("requirement_results", [])
        return next((x["verdict"] for x in rows if x["id"] == requirement), "no run")

    def of(self, *verdicts: str) -> list[str]:
        """The requirements with one of these verdicts."""
        rows = self.summary.get("requirement_results", [])
        return [each["id"] for each in rows if each["verdict"] in verdicts]


def built(language: str, source: Path | None, folder: Path) -> tuple[str, ...]:
    """The command that starts a driver of ours, built into a folder."""
    module = importlib.import_module(f"sdk_gate.toolchains.{language}")
    out = (folder / "built").resolve()
    out.mkdir(parents=True)
    command: tuple[str, ...] = module.ready(source or DRIVERS / language, out, folder / "build.log")
    return command


def run(folder: Path, command: Sequence[str], *options: str, mode: str = "driver") -> GateRun:
    """Run the gate on a driver's command, in a folder that gets its `runs`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = command[0] if mode == "wrap" else " ".join(map(_quoted, command))
    words = [sys.executable, "-m", "sdk_gate", "--sdk", text, "--mode", mode, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        words,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    summary = folder / "runs" / "latest" / "summary.json"
    found = json.loads(summary.read_text(encoding="utf-8")) if summary.exists() else {}
    return GateRun(ended.returncode, ended.stdout + ended.stderr, found)


def here(folder: Path, command: Sequence[str], *options: str, mode: str = "driver") -> GateRun:
    """The same in this process and without pages, which is quicker."""
    folder.mkdir(parents=True, exist_ok=True)
    said, before = io.StringIO(), Path.cwd()
    text = command[0] if mode == "wrap" else " ".join(map(_quoted, command))
    os.chdir(folder)
    try:
        with (
            patch.object(gate, "draw", lambda folder: 0),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            code = main(["--sdk", text, "--mode", mode, *options])
    finally:
        os.chdir(before)
    summary = folder / "runs" / "latest" / "summary.json"
    found = json.loads(summary.read_text(encoding="utf-8")) if summary.exists() else {}
    return GateRun(code, said.getvalue(), found)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
