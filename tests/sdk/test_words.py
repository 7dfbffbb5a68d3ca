"""What an SDK says is searched for secrets, in every form that they take."""

from __future__ import annotations

import base64

import pytest

from conformance.cases.claim import Verdict
from sdk_gate.judges import words

SECRET = "canary+0123/abc="


@pytest.mark.parametrize(
    "text",
    [
        f"POST /uc/v2/login password={SECRET}",
        "password=canary%2B0123%2Fabc%3D&login=a",
        base64.b64encode(SECRET.encode()).decode(),
        SECRET.encode().hex(),
        f"as {SECRET[:-4]}****",
        f"…{SECRET[4:]}",
    ],
)
def test_a_secret_is_found_in_every_form(text: str) -> None:
    in_log, in_errors = words.judge([SECRET], f"line\n{text}\nline", [])
    assert (in_log.verdict, in_errors.verdict) == (Verdict.FAIL, Verdict.PASS)
    in_log, in_errors = words.judge([SECRET], "", ["no", text])
    assert (in_log.verdict, in_errors.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert SECRET not in in_errors.actual


def test_what_is_no_secret_is_none() -> None:
    claims = list(words.judge([SECRET], f"{SECRET[:4]}****{SECRET[-4:]}", ["refused with 4000"]))
    assert [each.verdict for each in claims] == [Verdict.PASS, Verdict.PASS]
