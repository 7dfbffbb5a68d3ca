"""Commands as people have them: what they leave behind, how they end, what they say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sdk_gate import command
from sdk_gate.command import Command, Ended
from sdk_gate.driver import Driver
from tests.sdk import gate_runs

DEAF = (
    f'{sys.executable} -c "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"'
)


def run(folder: Path, words: str, limit_s: float = 30) -> Ended:
    asked = Command(words, folder, {}, limit_s)
    return asked.run(folder / "said.log", lambda: ["canary"], lambda: None, is_shown=False)


def said(folder: Path) -> str:
    return (folder / "said.log").read_text(encoding="utf-8")


def is_gone(pid: int) -> bool:
    """Whether a process ended, within a second."""
    for _ in range(20):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
        except OSError:
            return True
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_daemon_that_a_command_leaves_behind_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "END_S", 0.3)
    ended = run(tmp_path, "setsid sleep 60 & echo $!; sleep 0.5; exit 3")
    left = int(said(tmp_path))
    assert not is_gone(left)  # in a session of its own: it is not ours to end, nor waited for
    os.kill(left, signal.SIGKILL)
    assert (ended.exit_code, ended.was_stopped) == (3, False)


def test_what_ignores_the_signal_to_end_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "END_S", 0.3)
    ended = run(tmp_path, f"{DEAF} & echo $!; exit 0")
    assert ended.exit_code == 0
    assert is_gone(int(said(tmp_path)))


def test_a_command_is_stopped_at_its_limit(tmp_path: Path) -> None:
    assert run(tmp_path, "echo $$; exec sleep 60", 0.1).was_stopped
    assert is_gone(int(said(tmp_path)))


def test_the_exit_code_of_tests_is_not_lost_in_a_pipe(tmp_path: Path) -> None:
    assert run(tmp_path, "(echo 3 tests; exit 5) | cat").exit_code == 5


def test_secrets_are_found_and_not_kept(tmp_path: Path) -> None:
    assert run(tmp_path, "echo hello; printf 'is canary'").secrets_said == {"canary"}
    assert said(tmp_path) == "hello\nis (hidden)"


def test_what_never_stops_talking_is_not_kept_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "MOST_KEPT_BYTES", 1000)
    monkeypatch.setattr(command, "MOST_LINE_BYTES", 100)
    assert run(tmp_path, "head -c 5000000 /dev/zero; echo; seq 1000; echo canary").secrets_said
    assert (tmp_path / "said.log").stat().st_size <= 2 * command.READ_BYTES
    assert said(tmp_path).endswith("(what it says after this is not kept)\n")


def test_no_proxy_of_the_environment_sees_loopback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "example.com")
    monkeypatch.delenv("no_proxy", raising=False)
    run(tmp_path, "echo $NO_PROXY; echo $no_proxy")
    assert said(tmp_path) == f"example.com,{command.LOOPBACK}\n{command.LOOPBACK}\n"


def test_no_proxy_comes_between_a_driver_and_the_exchange(tmp_path: Path) -> None:
    driver = Driver(("sh", "-c", "echo $NO_PROXY >&2; cat"), tmp_path, tmp_path / "driver.log")
    driver.start()
    try:
        for _ in range(100):
            if text := (tmp_path / "driver.log").read_text(encoding="utf-8"):
                break
            time.sleep(0.05)
        assert text.strip().endswith(command.LOOPBACK)
    finally:
        driver.stop()


def test_a_cancelled_gate_leaves_no_command_behind(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sdk_gate", "--sdk", "echo $$; exec sleep 60"]
    environment = {**os.environ, "PYTHONPATH": str(gate_runs.ROOT)}
    with subprocess.Popen(
        words, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        pid = tmp_path / "runs" / "latest" / "calm.log"  # which the gate writes
        while not (pid.exists() and pid.read_text(encoding="ascii").strip()):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert is_gone(int(pid.read_text(encoding="ascii")))


def test_make_leaves_the_dollars_of_a_command_as_they_are() -> None:
    text = """curl "$EXCHANGE_REST_URL/$(coin)" -d 'a$$b'"""
    words = ["make", "-o", ".venv/.ready", "sdk-gate", "PY=sh -c 'printenv SDK' --"]
    for given, inherited in (([f"SDK={text}"], {}), ([], {"SDK": text})):
        ended = subprocess.run(
            [*words, *given],
            cwd=gate_runs.ROOT,
            env={**os.environ, **inherited},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert ended.stdout == f"{text}\n"


def test_a_pipeline_in_a_folder_that_is_not_there_is_our_error(tmp_path: Path) -> None:
    ended = subprocess.run(
        ["bash", gate_runs.ROOT / "ci" / "run.sh"],
        cwd=tmp_path,
        env={**os.environ, "JOB": "sdk-gate", "SDK": "true", "FOLDER": "nope"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 3
    assert ended.stderr == "ci/run.sh: there is no folder nope\n"
