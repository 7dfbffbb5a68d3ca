"""A stream finding's script: every connection and order in its order, tokens never in it."""

from __future__ import annotations

import ast
from pathlib import Path

from conformance.cases.claim import Verdict
from conformance.session import Session
from tests import stage


def script_of(folder: Path, fault: str, check: str) -> str:
    run: Session = stage.session(folder, [fault])
    tried = next(each for each in stage.CHECKS if each.name == check)
    run.check(tried)
    return next(x.reproduce for x in run.findings if x.claim.verdict is Verdict.FAIL)


def python_of(script: str) -> str:
    return script.partition("<<'END'\n")[2].removesuffix("END")


def test_it_is_python_and_keeps_the_order(tmp_path: Path) -> None:
    script = script_of(
        tmp_path, "subscribing-again-goes-on-with-deltas", "stream-sessions/resubscribing"
    )
    ast.parse(python_of(script))
    first, order, again = (
        script.index(each) for each in ('"subscribe"', "ask('POST'", '"id": "line-3"')
    )
    assert first < order < again


def test_every_connection_is_its_own(tmp_path: Path) -> None:
    script = script_of(
        tmp_path, "every-other-connection-misses-events", "stream-sessions/two-connections"
    )
    ast.parse(python_of(script))
    assert script.count("connect(stream") >= 2


def test_a_token_is_asked_for_and_never_shown(tmp_path: Path) -> None:
    script = script_of(
        tmp_path, "logins-outlive-their-connection", "stream-sessions/authenticating-again"
    )
    ast.parse(python_of(script))
    assert "eyJ" not in script
    assert "as_alice = token(" in script
