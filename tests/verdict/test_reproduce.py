"""Reproductions: a script that captures what it needs and leaves out what it does not."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.cases.claim import Verdict
from tests import stage


def script_of(folder: Path, fault: str, check: str) -> str:
    run = stage.session(folder, [fault])
    run.check(next(each for each in stage.CHECKS if each.name == check))
    return next(each.reproduce for each in run.findings if each.claim.verdict is Verdict.FAIL)


CASES = [
    ("anybody-cancels", "spot-orders/foreign-order"),
    ("signatures-are-not-checked", "signing/wrong-signatures"),
    ("fees-are-charged-twice", "spot-trades/trade-settles"),
]


@pytest.mark.parametrize(("fault", "name"), CASES)
def test_a_reproduction_is_a_shell_script_that_parses(
    fault: str, name: str, tmp_path: Path
) -> None:
    if shutil.which("bash") is None:
        pytest.skip("this machine has no bash to parse it")
    text = script_of(tmp_path, fault, name)
    done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_order_id_is_captured_not_repeated(tmp_path: Path) -> None:
    text = script_of(tmp_path, "anybody-cancels", "spot-orders/foreign-order")
    captured = re.search(r"(V\d+)=\$\(printf %s \"\$R\d+\" \| jq -r '.data'\)", text)
    assert captured
    assert f'orderId="${captured[1]}"' in text


def test_a_signature_is_made_again(tmp_path: Path) -> None:
    text = script_of(tmp_path, "signatures-are-not-checked", "signing/wrong-signatures")
    assert "openssl dgst -sha256 -hmac" in text
    assert "$(date +%s%3N)" in text
