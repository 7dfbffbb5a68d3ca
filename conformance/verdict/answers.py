"""Judge every answer, whatever asked for it: form, status, media type, kinds of numbers, secrets.

One judge follows a whole run, because some sentences are about two answers: an operation answers in an
envelope always or never, and a field keeps its kind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import jsonschema
from jsonschema.protocols import Validator

from conformance.cases.claim import Claim, Verdict, holds
from conformance.cases.script import Record
from conformance.spec.contract import Contract, Operation
from conformance.wire.rest import parse_json

CREATES_KEY = "createApiKey"


@dataclass(slots=True)
class Seen:
    """What one operation was seen to do so far."""

    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    enveloped: bool | None = None
    kinds: dict[str, str] = field(default_factory=dict)


class AnswerJudge:
    """Judges records one by one; `close` adds what can only be said at the end."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.seen: dict[str, Seen] = {name: Seen() for name in contract.operations}
        self._secrets: set[str] = set()
        self._passed: set[str] = set()
        self._validators: dict[tuple[str, int], Validator | None] = {}
        # Polling brings the same answer again and again: what kept its form need not be judged twice.
        self._kept: set[tuple[str, int, bytes]] = set()

    def judge(self, record: Record) -> list[Claim]:
        """The failures that one record shows; what it keeps is remembered for `close`."""
        response = record.response
        if response is None or response.status >= 500:
            self._count(record)
            return [_server_error(record)]
        self._passed.add("rest.no-server-error")
        operation = self._meant(record)
        failures = [*self._json(record), *self._secret(record)]
        if operation is not None:
            self._count(record)
            failures += self._status(record, operation)
            failures += self._form(record, operation)
        failures += _refusal(record)
        return failures

    def close(self) -> Iterator[Claim]:
        """A pass for each general sentence that was judged, and for each operation that kept its form."""
        for requirement in sorted(self._passed):
            yield Claim(requirement, Verdict.PASS, "held in every answer of the run")
        for name, seen in self.seen.items():
            if seen.accepted:
                title = f"{seen.accepted} accepted answers kept the document"
                yield Claim(f"operation.{name}", Verdict.PASS, title)

    def _meant(self, record: Record) -> Operation | None:
        named = self._contract.operations.get(record.operation)
        return named or self._contract.find(record.request.method, record.request.path)

    def _count(self, record: Record) -> None:
        operation = self._meant(record)
        if operation is None or operation.method != record.request.method:
            return
        seen = self.seen[operation.id]
        seen.accepted += record.outcome.is_accepted
        seen.refused += record.outcome.is_rejected
        seen.unknown += not (record.outcome.is_accepted or record.outcome.is_rejected)
        seen.statuses[record.outcome.status] = seen.statuses.get(record.outcome.status, 0) + 1

    def _json(self, record: Record) -> Iterator[Claim]:
        assert record.response is not None
        if record.request.method == "HEAD" or record.response.status in (204, 304):
            return
        media = (record.response.header("Content-Type") or "none").partition(";")[0].strip().lower()
        is_json = media == "application/json" and _parses(record.response.body)
        self._passed.add("rest.answers-are-json")
        if not is_json:
            yield _fail(record, "rest.answers-are-json", "an answer is not JSON", "JSON", media)

    def _secret(self, record: Record) -> Iterator[Claim]:
        assert record.response is not None
        self._passed.add("rest.no-secrets-in-answers")
        text = record.response.body.decode("utf-8", "replace")
        if any(secret in text for secret in self._secrets):
            title = "an answer repeats the secret of a key"
            yield _fail(record, "rest.no-secrets-in-answers", title, "no secret", record.said)
        made = record.data if record.operation == CREATES_KEY else None
        if isinstance(made, dict) and isinstance(made.get("secret"), str) and made["secret"]:
            self._secrets.add(made["secret"])

    def _status(self, record: Record, operation: Operation) -> Iterator[Claim]:
        status = record.outcome.status
        if record.request.method != operation.method:
            return
        known = operation.answers
        self._passed.add("rest.statuses-are-described")
        if not {str(status), f"{status // 100}XX", "default"} & set(known):
            title = f"{operation.id} answers with a status that its document does not have"
            listed = ", ".join(known)
            yield _fail(record, "rest.statuses-are-described", title, listed, str(status))

    def _form(self, record: Record, operation: Operation) -> list[Claim]:
        """Judge the form of an accepted answer, unless it is one that kept its form before."""
        assert record.response is not None
        body = record.response.body
        digest = hashlib.blake2b(body, digest_size=16).digest()
        seen = (operation.id, record.outcome.status, digest)
        if seen in self._kept:
            return []
        failures = [*self._shape(record, operation), *self._stable(record, operation)]
        if not failures:
            self._kept.add(seen)
        return failures

    def _shape(self, record: Record, operation: Operation) -> Iterator[Claim]:
        if not record.outcome.is_accepted or record.request.method != operation.method:
            return
        assert record.response is not None
        validator = self._validator(operation, record.outcome.status)
        problem = validator and _first_error(validator, record.response.body)
        if problem:
            title = f"{operation.id} answers otherwise than its document says"
            yield _fail(record, f"operation.{operation.id}", title, problem[0], problem[1])

    def _validator(self, operation: Operation, status: int) -> Validator | None:
        key = (operation.id, status)
        if key not in self._validators:
            schema = self._contract.schema_of_answer(operation, status)
            made = None if schema is None else jsonschema.Draft202012Validator(schema)
            self._validators[key] = made
        return self._validators[key]

    def _stable(self, record: Record, operation: Operation) -> Iterator[Claim]:
        if not record.outcome.is_accepted:
            return
        seen = self.seen[operation.id]
        if seen.enveloped is None:
            seen.enveloped = record.outcome.enveloped
        self._passed |= {"rest.envelope-is-stable", "rest.number-kinds-are-stable"}
        if seen.enveloped != record.outcome.enveloped:
            title = f"{operation.id} answers in an envelope only sometimes"
            yield _fail(record, "rest.envelope-is-stable", title, "always or never", record.said)
        for path, kind in _kinds(record.data):
            first = seen.kinds.setdefault(path, kind)
            if first != kind:
                title = f"{operation.id}: {path or 'data'} changes its kind"
                yield _fail(record, "rest.number-kinds-are-stable", title, first, kind)


def _server_error(record: Record) -> Claim:
    title = "a request is answered with a server error, or with nothing"
    return _fail(record, "rest.no-server-error", title, "an answer below 500", record.said)


def _refusal(record: Record) -> Iterator[Claim]:
    if not record.outcome.is_rejected or record.request.method == "HEAD":
        return
    good = bool(record.outcome.code) and bool(record.outcome.message)
    expected = '{"code": not 0, "message": a text}'
    title = "a refusal carries a code other than 0 and a message"
    yield holds("rest.refusals-carry-a-code", good, title, expected, record.said, [record.number])


def _fail(record: Record, requirement: str, title: str, expected: str, actual: str) -> Claim:
    return Claim(requirement, Verdict.FAIL, title, expected, actual, (record.number,))


def _parses(body: bytes) -> bool:
    try:
        parse_json(body)
    except ValueError:
        return False
    return True


def _kinds(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _kinds(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _kinds(item, f"{path}[]")
    elif value is not None:
        yield path, _kind(value)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | Decimal) else "string"


def _first_error(validator: Validator, body: bytes) -> tuple[str, str] | None:
    best = jsonschema.exceptions.best_match(validator.iter_errors(parse_json(body)))
    if best is None:
        return None
    place = "/".join(str(part) for part in best.absolute_path) or "the body"
    wanted = f"{place}: {best.validator} {best.validator_value!r}"
    return wanted[:300], best.message[:300]
