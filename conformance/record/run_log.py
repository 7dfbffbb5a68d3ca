"""A run on disk: one JSON object a line, appended as it happens, so that nothing is lost at a crash.

Lines: `header`, `record` (a request and its outcome), `heard` (frames of a stream), `reply` (a step that
makes no record), `claim` (what a check concluded), `note`, `footer`. A log without its footer was cut
short and is never taken for a whole run.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from conformance.cases.claim import Claim, Verdict
from conformance.cases.script import Frame, Heard, Record
from conformance.errors import RunError
from conformance.verdict.findings import Finding
from conformance.wire.http import Request, Response
from conformance.wire.rest import OutcomeKind, json_or_none, outcome_of
from conformance.wire.signing import Key

FILE = "run.jsonl"
HIDDEN = "(hidden)"


class RunLog:
    """Writes the log of one run; known secrets are replaced before anything reaches the disk."""

    def __init__(self, folder: Path, secrets: tuple[str, ...] = ()) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = (folder / FILE).open("a", encoding="utf-8")
        except OSError as error:
            raise RunError(f"cannot write to {folder}: {error.strerror}") from None
        self._secrets = tuple(secret for secret in secrets if secret)
        self._check = ""

    def hide(self, secrets: Iterable[str]) -> None:
        """Know more secrets, which became known meanwhile."""
        self._secrets = (*self._secrets, *(each for each in secrets if each))

    def during(self, check: str) -> None:
        """Name the check that the following lines belong to."""
        self._check = check

    def record(self, record: Record) -> None:
        """One request and its outcome."""
        self.write("record", {"check": self._check, **_record_out(record)})

    def heard(self, connection: str, heard: Heard) -> None:
        """What one Listen collected."""
        frames = [[frame.text, frame.at_ns] for frame in heard.frames]
        body = {"frames": frames, "complete": heard.complete, "closed": heard.closed}
        self.write("heard", {"check": self._check, "connection": connection, **body})

    def reply(self, step: str, value: Any) -> None:
        """The answer to a step that makes no record."""
        self.write("reply", {"check": self._check, "step": step, "value": value})

    def finding(self, finding: Finding) -> None:
        """What a check concluded."""
        claim = finding.claim
        fields = {
            "check": finding.check,
            "requirement": claim.requirement,
            "verdict": claim.verdict,
            "title": claim.title,
            "expected": claim.expected,
            "actual": claim.actual,
            "records": claim.records,
            "case": finding.case,
            "reproduce": finding.reproduce,
        }
        self.write("claim", fields)

    def write(self, line: str, fields: Mapping[str, Any]) -> None:
        """Append one line and hand it to the operating system at once."""
        # ASCII with escapes: what a target sends may hold halves of characters that UTF-8 cannot.
        text = json.dumps({"line": line, **fields}, default=_plain)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        try:
            self._file.write(text + "\n")
            self._file.flush()
        except OSError as error:
            raise RunError(f"the run's log cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read(folder: Path) -> list[dict[str, Any]]:
    """Every line of a run. A last line that was cut off is dropped; the missing footer tells of it."""
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"no run in {folder}: {path.name}: {error.strerror}") from None
    return list(_lines(path, text.splitlines()))


def header(folder: Path) -> dict[str, Any]:
    """The first line of a run alone, without reading the rest; empty when there is none."""
    try:
        with (folder / FILE).open(encoding="utf-8") as file:
            return dict(json.loads(file.readline()))
    except (OSError, ValueError, TypeError):
        return {}


def _lines(path: Path, raw: list[str]) -> Iterator[dict[str, Any]]:
    for place, line in enumerate(raw):
        try:
            yield json.loads(line)
        except ValueError:
            if place < len(raw) - 1:
                raise RunError(f"{path}: line {place + 1} is not JSON") from None


def findings(lines: list[dict[str, Any]]) -> Iterator[Finding]:
    """The conclusions of a saved run."""
    for line in lines:
        if line["line"] == "claim":
            verdict, records = Verdict(line["verdict"]), tuple(line["records"])
            text = (line["title"], line["expected"], line["actual"])
            claim = Claim(line["requirement"], verdict, *text, records)
            yield Finding(claim, line["check"], line["reproduce"], line["case"])


def is_whole(lines: list[dict[str, Any]]) -> bool:
    """True when the run was written to its end."""
    return bool(lines) and lines[-1]["line"] == "footer"


def _record_out(record: Record) -> dict[str, Any]:
    return {
        "number": record.number,
        "operation": record.operation,
        "request": _request_out(record.request),
        "signed": _request_out(record.signed) if record.signed else None,
        "response": _response_out(record.response),
        "outcome": record.outcome.kind,
        "failure": record.failure,
        "by": record.by,
        "key": [record.key.name, record.key.secret] if record.key else None,
        "shift_ms": record.shift_ms,
        "sent_ns": record.sent_ns,
        "received_ns": record.received_ns,
    }


def record_in(line: Mapping[str, Any]) -> Record:
    """A record as it was written."""
    response = line["response"]
    answer = (
        Response(response["status"], _pairs(response["headers"]), _bytes(response["body"]))
        if response
        else None
    )
    return Record(
        number=line["number"],
        operation=line["operation"],
        request=_request_in(line["request"]),
        response=answer,
        outcome=outcome_of(answer),
        failure=line["failure"],
        by=line["by"],
        key=Key(*line["key"]) if line["key"] else None,
        signed=_request_in(line["signed"]) if line["signed"] else None,
        shift_ms=line["shift_ms"],
        sent_ns=line["sent_ns"],
        received_ns=line["received_ns"],
    )


def heard_in(line: Mapping[str, Any]) -> Heard:
    """What a Listen collected, as it was written."""
    frames = tuple(Frame(text, json_or_none(text), at_ns) for text, at_ns in line["frames"])
    return Heard(frames, line["complete"], line["closed"])


def _request_out(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "target": request.target,
        "headers": request.headers,
        "body": _text(request.body),
    }


def _request_in(line: Mapping[str, Any]) -> Request:
    return Request(line["method"], line["target"], _pairs(line["headers"]), _bytes(line["body"]))


def _response_out(response: Response | None) -> dict[str, Any] | None:
    if response is None:
        return None
    body = _text(response.body)
    return {"status": response.status, "headers": response.headers, "body": body}


def _pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in rows)


def _text(body: bytes) -> str | dict[str, str]:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _bytes(body: str | dict[str, str]) -> bytes:
    return body.encode() if isinstance(body, str) else base64.b64decode(body["base64"])


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, OutcomeKind):
        return value.value
    return str(value)
