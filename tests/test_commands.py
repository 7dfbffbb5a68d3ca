"""The commands as a person meets them: bad input is one line and the right exit code."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.spec.contract import SPECS, Contract
from load.questions import questions
from tests import stage
from tests.toy import document

ROOT = Path(__file__).resolve().parents[1]
DEAD = "http://127.0.0.1:9"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("contract", "--target", "nosuch"), "unknown target 'nosuch'"),
        (("contract", "--fault", "fees-are-charged-twise"), "did you mean fees-are-charged-twice"),
        (
            ("contract", "--fault", "x", "--base-url", DEAD),
            "FAULT is for the reference exchange alone",
        ),
        (("contract", "--base-url", DEAD), "nobody answers at http://127.0.0.1:9"),
        (("contract", "--base-url", "nonsense"), "is no address"),
        (("contract", "--openapi", "no/such.yaml"), "cannot read no/such.yaml"),
        (("contract", "--openapi", "README.md"), "README.md"),
        (("report", "runs/no-such-run"), "no run in"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_3(words: tuple[str, ...], says: str) -> None:
    done = run("conformance", *words)
    assert done.returncode == 3
    assert says in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unknown_fault_of_the_server_is_one_line_and_exit_code_3() -> None:
    done = run("reference_exchange", "--port", "0", "--fault", "nosuch")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (3, 1)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def toy() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, str(ROOT / "tests/toy/server.py"), str(port)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def test_an_operation_added_to_the_document_is_tested_and_reported(
    toy: str, tmp_path: Path
) -> None:
    added = document.write(tmp_path / "added.yaml")
    words = ("--base-url", toy, "--openapi", str(added), "--only", "test_operations")
    done = run("conformance", "contract", *words)
    assert done.returncode == 1
    folder = next(
        line.split()[1] for line in done.stdout.splitlines() if line.startswith("report: ")
    )
    summary = json.loads((ROOT / folder).with_name("summary.json").read_text(encoding="utf-8"))
    rows = {row["operation"]: row for row in summary["operations"]}
    results = {row["id"]: row["verdict"] for row in summary["requirement_results"]}
    assert rows["getDepthLevels"]["accepted"] > 10
    assert rows["getDepthLevels"]["refused"] > 10
    assert results["operation.getDepthLevels"] == "passed"


def test_an_operation_added_to_the_document_comes_under_load(tmp_path: Path) -> None:
    added = document.write(tmp_path / "added.yaml")
    contract = Contract.load(added, SPECS / "asyncapi.yaml", stage.TARGET.settings)
    found, _ = questions(contract, stage.TARGET)
    assert "getDepthLevels" in {each.operation for each in found}


GENERATED = [
    ("page-sizes-are-not-limited", "rest.bad-input-refused", "bad-input or test_operations"),
    ("the-second-page-is-refused", "rest.legal-input-accepted", "test_operations"),
    ("every-third-cancel-is-forgotten", "spot.lifecycle-agrees-with-the-model", "test_lifecycle"),
]


@pytest.mark.parametrize(("fault", "requirement", "only"), GENERATED)
def test_generated_requests_catch_their_faults(fault: str, requirement: str, only: str) -> None:
    done = run("conformance", "contract", "--in-process", "--fault", fault, "--only", only)
    assert done.returncode == 1
    assert f"FAIL {requirement}" in done.stdout
