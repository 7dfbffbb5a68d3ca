"""The gate before drivers that are not what they should be, and before users who ask for what there is not."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.errors import ExitCode
from sdk_gate import driver as driver_module
from sdk_gate import gate
from sdk_gate.__main__ import main
from sdk_gate.asked import DRIVER, Asked
from sdk_gate.driver import Driver, Gone
from sdk_gate.protocol import DriverError
from sdk_gate.stage import until
from tests.sdk import gate_runs

ODD = str(Path(__file__).with_name("odd_driver.py"))
QUICK = ("--only", "orders/answer-never-comes")


def odd(how: str) -> tuple[str, ...]:
    return (sys.executable, ODD, how)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("garbage", "not a line of JSON: Starting up..."),
        ("exits", "its process ended with 7"),
        ("newer", "it speaks protocol 2.0, this gate 1.0"),
        ("nothing", "of an exchange that was not asked"),
        ("twice", "an answer to no step"),
    ],
)
def test_a_broken_driver_is_no_failure_of_the_sdk(tmp_path: Path, how: str, says: str) -> None:
    found = gate_runs.here(tmp_path, odd(how), *QUICK)
    assert found.exit_code == ExitCode.ERROR, found.said
    assert says in found.said
    assert found.said.count("\n") == 1, found.said  # one line, no traceback
    assert not found.summary


def test_an_sdk_that_dies_in_a_situation_fails_it(tmp_path: Path) -> None:
    found = gate_runs.here(tmp_path, odd("dies"), "--only", "answers/bare")
    assert found.exit_code == ExitCode.FAIL, found.said
    assert found.verdict("sdk.bare-answers-are-read") == "failed"
    reason = next(iter(found.summary["findings"]))["title"]
    assert "does not survive this: its process ended with 9" in reason


def test_what_is_thrown_in_a_situation_and_has_no_name_fails_it(tmp_path: Path) -> None:
    found = gate_runs.here(tmp_path, odd("internal"), "--only", "orders/half-of-its-answer")
    assert found.exit_code == ExitCode.FAIL, found.said
    assert found.verdict("sdk.orders-are-made-once") == "failed"
    assert "call throws: TypeError: cannot read" in found.summary["findings"][0]["title"]


def test_a_line_that_breaks_the_protocol_in_a_situation_tells_nothing_of_the_sdk(
    tmp_path: Path,
) -> None:
    found = gate_runs.here(tmp_path, odd("odd-later"), "--only", "orders/answer-never-comes")
    assert found.exit_code == ExitCode.INCONCLUSIVE, found.said
    assert found.verdict("sdk.requests-end-in-time") == "inconclusive"


def test_a_step_without_an_answer_ends(tmp_path: Path) -> None:
    driver = Driver(odd("silent"), Path(), tmp_path / "log")
    driver.start()
    with pytest.raises(Gone, match=r"hello was not answered within 0.5 s"):
        driver.step("hello", 0.5, protocol="1.0")
    driver.stop()
    assert not driver.is_running


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--only", "no/such"), "no case and no requirement is called 'no/such'"),
        (("--target", "nowhere"), "unknown target 'nowhere'"),
        (("--deviations", "missing/folder.toml", "--only", "no/such"), "no case"),
        (("--folder", "nowhere"), "there is no folder nowhere: say FOLDER= again"),
        (("--source", "nowhere"), "there is no folder nowhere: say SOURCE= again"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    found = gate_runs.here(tmp_path, odd("silent"), *words)
    assert found.exit_code == ExitCode.ERROR
    assert says in found.said
    assert "Traceback" not in found.said


def test_a_program_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    found = gate_runs.here(tmp_path, ("./no-such-driver",), *QUICK)
    assert found.exit_code == ExitCode.ERROR
    assert "the driver does not start: ./no-such-driver: No such file or directory" in found.said


def test_a_driver_that_does_not_come_back_ends_the_run_in_order(tmp_path: Path) -> None:
    found = gate_runs.here(tmp_path, odd("dies-for-good"), "--only", "answers/")
    assert found.exit_code == ExitCode.FAIL, found.said  # for the situation that it died in
    assert "Traceback" not in found.said
    lines = (tmp_path / "runs" / "latest" / "run.jsonl").read_text("utf-8").splitlines()
    told = [(x["verdict"], x["title"]) for x in map(json.loads, lines) if x["line"] == "claim"]
    assert ("fail", "the SDK does not survive this: its process ended with 9") in told
    why = "the driver does not come back: its process ended with 3"
    assert len([x for x in told if x == ("inconclusive", why)]) > 2
    assert len(found.of("failed")) < len(found.of("inconclusive"))


@pytest.mark.parametrize(
    ("how", "limit", "says"),
    [
        ("no-newline", ("MOST_LINE", 1_000_000), "it never stops talking"),
        ("logs", ("MOST_LOG", 1_000_000), "it logs more than"),
    ],
)
def test_output_without_an_end_ends_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, limit: tuple[str, int], says: str
) -> None:
    monkeypatch.setattr(driver_module, *limit)
    driver = Driver(odd(how), tmp_path, tmp_path / "log")
    driver.start()
    try:
        with pytest.raises(DriverError, match=says):
            driver.step("hello", protocol="1.0")
        with pytest.raises(DriverError, match=says):  # and it stays the driver's error
            driver.step("open", config={"rest": "http://127.0.0.1:1"})
    finally:
        driver.stop()


@pytest.mark.parametrize(("how", "code"), [("has-a-child", 0), ("has-a-child-and-dies", 7)])
def test_what_a_driver_started_ends_with_it(tmp_path: Path, how: str, code: int) -> None:
    driver = Driver(odd(how), tmp_path, tmp_path / "log")
    driver.start()
    dies = pytest.raises(Gone, match=f"its process ended with {code}")
    with dies if code else contextlib.nullcontext():
        driver.step("hello", protocol="1.0")
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    assert is_alive(child)
    driver.stop()
    assert until(lambda: not is_alive(child), 5.0)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_client_that_begins_no_tls_has_checked_no_certificate(tmp_path: Path) -> None:
    found = gate_runs.here(tmp_path, odd("no-tls"), "--only", "safety/certificate-of-nobody")
    assert found.verdict("sdk.certificates-are-checked") == "inconclusive", found.said
    assert found.exit_code == ExitCode.INCONCLUSIVE


def test_our_client_checks_certificates_and_follows_no_redirect(tmp_path: Path) -> None:
    command = gate_runs.built("python", None, tmp_path)
    for name, requirement in (
        ("nobody", "sdk.certificates-are-checked"),
        ("safety/redirect", "sdk.credentials-stay-with-their-host"),
    ):
        found = gate_runs.here(tmp_path, command, "--only", name)
        assert found.verdict(requirement) == "passed", found.said


DEVIATION = """
[[deviation]]
requirement = "sdk.bare-answers-are-read"
reason = "announced for the next release"
review_by = {date}
"""


@pytest.mark.parametrize(
    ("how", "date", "code", "says"),
    [
        # Nothing else was asked, so nothing held: that is no pass either.
        ("dies", "2999-12-31", ExitCode.INCONCLUSIVE, ""),
        ("dies", "2020-01-01", ExitCode.ERROR, "was to be reviewed by 2020-01-01"),
    ],
)
def test_known_failures_are_excused_until_their_date(
    tmp_path: Path, how: str, date: str, code: int, says: str
) -> None:
    (tmp_path / "sdk.deviations.toml").write_text(DEVIATION.format(date=date), encoding="utf-8")
    found = gate_runs.here(tmp_path, odd(how), "--only", "answers/bare")
    assert found.exit_code == code, found.said
    assert says in found.said


def test_a_known_failure_that_no_longer_fails_is_stale(tmp_path: Path) -> None:
    (tmp_path / "sdk.deviations.toml").write_text(
        DEVIATION.format(date="2999-12-31"), encoding="utf-8"
    )
    command = gate_runs.built("python", None, tmp_path)
    found = gate_runs.here(tmp_path, command, "--only", "answers/bare")
    assert found.verdict("sdk.bare-answers-are-read") == "passed"
    assert found.exit_code == ExitCode.FAIL, found.said
    assert found.summary["deviations"][0]["state"] == "stale"


def test_secrets_reach_no_file_of_a_run(tmp_path: Path) -> None:
    command = gate_runs.built("python", None, tmp_path)
    gate_runs.here(tmp_path, command, "--only", "safety/errors-and-logs")
    run = (tmp_path / "runs" / "latest").resolve()
    files = [path for path in run.rglob("*") if path.is_file()]
    assert json.loads((run / "cases" / "safety-errors-and-logs.json").read_text("utf-8"))["wire"]
    for path in files:
        assert b"canary-" not in path.read_bytes(), path


def test_what_a_driver_logs_of_secrets_is_hidden_when_it_has_ended(tmp_path: Path) -> None:
    gate_runs.here(tmp_path, odd("tells-all"), "--only", "safety/never-let-in")
    log = (tmp_path / "runs" / "latest" / "driver.log").read_bytes()
    assert b"(hidden)" in log
    assert b"canary-" not in log


def test_a_command_with_half_a_pair_of_quotes_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--sdk", "node 'driver.js", "--mode", "driver"]) == ExitCode.ERROR
    assert capsys.readouterr().err == "sdk gate: SDK=node 'driver.js: No closing quotation\n"
    assert list(tmp_path.iterdir()) == []


def test_the_command_that_plays_a_case_again_says_all_that_was_said() -> None:
    folder, known = Path("../my sdk"), Path("known.toml")
    asked = Asked("node driver.js", DRIVER, "differing", 7, folder=folder, known=known)
    assert gate.reproduce(asked, "book/gap") == (
        "make sdk-gate SDK='node driver.js' MODE=driver TARGET=differing FOLDER='../my sdk' "
        "DEVIATIONS=known.toml ONLY=book/gap SEED=7"
    )
    assert gate.reproduce(Asked("python"), "book/gap") == (
        "make sdk-gate SDK=python ONLY=book/gap SEED=1"
    )


def test_a_name_that_no_terminal_can_write_is_no_end_of_the_gate(tmp_path: Path) -> None:
    found = gate_runs.run(tmp_path, odd("odd-name"), "--only", "answers/bare")
    assert found.exit_code == ExitCode.FAIL, found.said  # it knows tickers of coins alone
    assert "sdk gate for half of a letter: \\ud83d 0 (Python)" in found.said
    assert "Traceback" not in found.said
    assert found.summary["sdk"]["name"] == "half of a letter: \ud83d"


def test_what_is_stopped_before_it_has_a_folder_concludes_nobodys_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate_runs.here(tmp_path, odd("dies"), "--only", "answers/bare")
    before = (tmp_path / "runs" / "latest" / "summary.json").stat().st_mtime_ns

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gate, "new_folder", stopped)
    found = gate_runs.here(tmp_path, odd("dies"), "--only", "answers/bare")
    assert (found.exit_code, found.said) == (130, "stopped before anything was judged\n")
    assert (tmp_path / "runs" / "latest" / "summary.json").stat().st_mtime_ns == before


def test_what_is_stopped_in_a_case_keeps_what_was_judged(tmp_path: Path) -> None:
    words = ("--mode", "driver", "--only", "answers/", "--sdk", shlex.join(odd("waits")))
    running = subprocess.Popen(
        [sys.executable, "-m", "sdk_gate", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(gate_runs.ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert until((tmp_path / "waiting").exists, 60)
    running.send_signal(signal.SIGTERM)  # of a job that is cancelled; SIGINT does the same
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert "stopped; what was judged is kept in " in said
    assert "Traceback" not in said
