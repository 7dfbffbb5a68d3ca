"""The run's log: what is written is read again, a log cut short is known as such, secrets stay out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import jsonschema
import pytest

from conformance import job
from conformance.cases.claim import Claim, Verdict
from conformance.cases.script import Frame, Heard, Record
from conformance.conclude import conclude_run
from conformance.errors import RunError
from conformance.parts import Wanted
from conformance.record import run_log
from conformance.record.run_log import RunLog
from conformance.verdict.findings import Finding
from conformance.wire.http import Request, Response
from conformance.wire.rest import outcome_of
from conformance.wire.signing import Key
from reports.document import schema
from tests import stage

ANSWER = Response(
    200, (("Content-Type", "application/json"),), b'{"code":0,"message":"","data":"1.10"}'
)


def a_record(body: bytes = b"a=1") -> Record:
    request = Request("POST", "/x?q=%2F", (("A", "b"),), body)
    return Record(
        1, "x", request, ANSWER, outcome_of(ANSWER), by="alice", key=Key("k", "s"), signed=request
    )


@pytest.mark.parametrize("body", [b"", b"a=1&b=%C3%A9", b"\xff\x00"])
def test_a_record_is_read_as_it_was_written(tmp_path: Path, body: bytes) -> None:
    log = RunLog(tmp_path)
    log.record(a_record(body))
    log.close()
    assert run_log.record_in(run_log.read(tmp_path)[0]) == a_record(body)


def test_frames_are_read_as_they_were_written(tmp_path: Path) -> None:
    heard = Heard((Frame('{"a":1}', {"a": 1}, 5), Frame("not json", None, 6)), True, False)
    log = RunLog(tmp_path)
    log.heard("line", heard)
    log.close()
    assert run_log.heard_in(run_log.read(tmp_path)[0]) == heard


def test_known_secrets_never_reach_the_disk(tmp_path: Path) -> None:
    log = RunLog(tmp_path, ("hunter2hunter2",))
    log.record(a_record(b"password=hunter2hunter2"))
    log.close()
    assert "hunter2" not in (tmp_path / run_log.FILE).read_text(encoding="utf-8")


def test_a_last_line_that_was_cut_off_is_dropped(tmp_path: Path) -> None:
    (tmp_path / run_log.FILE).write_text('{"line": "header"}\n{"line": "rec', encoding="utf-8")
    lines = run_log.read(tmp_path)
    assert len(lines) == 1
    assert not run_log.is_whole(lines)


def test_a_folder_without_a_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run in"):
        run_log.read(tmp_path)


def a_run(folder: Path, is_whole: bool) -> None:
    log = RunLog(folder)
    log.write("header", job.header(Wanted("contract"), stage.TARGET))
    log.finding(Finding(Claim("operation.login", Verdict.PASS, "t"), "a/check"))
    if is_whole:
        log.write("footer", {"asked": {}, "heard": {}, "requests_sent": 1, "duration_s": 1.0})
    log.close()


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_run_is_concluded_and_its_summary_keeps_the_schema(
    tmp_path: Path, is_whole: bool
) -> None:
    a_run(tmp_path, is_whole)
    summary = conclude_run(tmp_path, date(2026, 1, 1))
    jsonschema.validate(summary, schema())
    assert summary["exit_code"] == 2
    assert any("cut short" in each for each in summary["warnings"]) is not is_whole
