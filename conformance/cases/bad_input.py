"""One check an operation, made from the contract: each field wrong in one place is refused.

The table of wrong values stands in tables/bad_input.yaml. Which of them a field is tried with
follows from its schema, so a field that is added to the document is tried with no other edit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import jsonschema
import yaml

from conformance.cases.claim import Claim, Verdict
from conformance.cases.examples import legal_params, take_back
from conformance.cases.key_asks import create, delete
from conformance.cases.refusals import RATE, refused, serves, token_works
from conformance.cases.script import Ask, Check, Record, Script, World
from conformance.spec.contract import Contract, Operation
from conformance.spec.documents import Document
from conformance.wire.http import Request
from conformance.wire.rest import as_text

REQUIREMENT: Final = "rest.bad-input-refused"
TABLE: Final = Path(__file__).parent / "tables" / "bad_input.yaml"
MARK: Final = "raw-bytes-stand-here"
UNKNOWN: Final = "noSuchParameter"
NOBODY: Final = "nobody@example.com"
INTEGER: Final = re.compile(r"-?[0-9]+", re.ASCII)
# What a field's pattern lets through tells its kind: (kind, it matches, it does not match).
PROBES: Final = (
    ("scopes", "read,trade", "a"),
    ("addresses", "203.0.113.7,::1", "g"),
    ("symbol", "AB/CD", "AB"),
    ("decimal", "1.5", "a"),
    ("name", "a1", " "),
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One value that a field may not take, and why. `raw` travels in place of the encoded text."""

    value: str
    why: str
    raw: str = ""
    described: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an operation, in its query or its form."""

    name: str
    schema: Document
    required: bool
    legal: str

    @property
    def kind(self) -> str:
        """Which part of the table is about it."""
        kind = self.schema.get("type")
        if kind in ("integer", "boolean"):
            return str(kind)
        if "enum" in self.schema:
            return "symbol" if "/" in str(self.schema["enum"][0]) else "choice"
        pattern = self.schema.get("pattern")
        return "text" if pattern is None else _kind_of(pattern)


def _kind_of(pattern: str) -> str:
    for kind, good, bad in PROBES:
        if re.search(pattern, good) and not re.search(pattern, bad):
            return kind
    return "name"


@dataclass(frozen=True, slots=True)
class Try:
    """One request that is wrong in one place."""

    what: str
    params: Mapping[str, Any]
    alter: Callable[[Request], Request] | None = None


def checks(contract: Contract) -> list[Check]:
    """A check for every operation that takes parameters."""
    found = []
    for operation in contract.operations.values():
        fields = fields_of(operation)
        if fields:
            script = partial(_refuses_bad_input, operation)
            requests = 4 + len(list(tries(operation, operation.example)))
            name = f"bad-input/{_dashed(operation.id)}"
            found.append(Check(name, (REQUIREMENT,), operation.requires, requests, script))
    return found


def _dashed(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"-\1", name).lower().replace("_", "-")


def fields_of(operation: Operation) -> list[Field]:
    """Every field of an operation that stands in its query or its form."""
    found = [
        Field(item.name, item.schema, item.required, as_text(item.example or ""))
        for item in operation.query
    ]
    form = operation.form or {}
    for name, schema in form.get("properties", {}).items():
        legal = as_text(operation.form_example.get(name, ""))
        found.append(Field(name, schema, name in form.get("required", ()), legal))
    return found


def tries(operation: Operation, legal: Mapping[str, Any]) -> Iterator[Try]:
    """Every request that is like the legal one, and wrong in one place."""
    for each in fields_of(operation):
        if each.required:
            rest = {name: value for name, value in legal.items() if name != each.name}
            yield Try(f"without {each.name}", rest)
        for wrong in wrongs_of(each):
            value = MARK if wrong.raw else wrong.value
            alter = partial(_with_raw, wrong.raw) if wrong.raw else None
            yield Try(f"with {each.name} {wrong.why}", {**legal, each.name: value}, alter)
    if (operation.form or {}).get("additionalProperties") is False:
        yield Try("with a field that there is not", {**legal, UNKNOWN: "x"})


def _with_raw(raw: str, request: Request) -> Request:
    target = request.target.replace(MARK, raw)
    body = request.body.replace(MARK.encode(), raw.encode())
    return replace(request, target=target, body=body)


def wrongs_of(field: Field) -> list[Wrong]:
    """The values of the table that this field may not take."""
    known = _table()
    listed = known.get(field.kind, ()) + (() if field.kind == "text" else known["any"])
    filled = [replace(each, value=each.value.replace("{legal}", field.legal)) for each in listed]
    return [each for each in filled if each.described or _is_wrong(field, each)]


def _is_wrong(field: Field, wrong: Wrong) -> bool:
    if wrong.raw:
        return True
    if not wrong.value and not field.required:
        return False  # an empty value may stand for an absent one
    kind, text = field.schema.get("type"), wrong.value
    if kind == "boolean":
        return text not in ("true", "false")
    if kind == "integer" and not INTEGER.fullmatch(text):
        return True
    value = int(text) if kind == "integer" else text
    return not jsonschema.Draft202012Validator(field.schema).is_valid(value)


@cache
def _table() -> dict[str, tuple[Wrong, ...]]:
    read = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return {kind: tuple(_wrong(row) for row in rows) for kind, rows in read.items()}


def _wrong(row: Mapping[str, Any]) -> Wrong:
    value = row.get("value", "") * row.get("times", 1)
    return Wrong(value, row["why"], row.get("raw", ""), row.get("described", False))


def _refuses_bad_input(operation: Operation, world: World) -> Script:
    """Each request that is wrong in one place is refused; what was not is taken back."""
    yield from (token_works(world) if operation.is_private else serves(world))
    account = world.first if operation.is_private else None
    legal = legal_params(operation, world)
    made = None
    if "apiKey" in legal:
        # The fields are tried on a key that exists, so that a refusal is not for want of one.
        made = yield from create(world, world.first, "read")
        legal["apiKey"] = made.name
    answers: list[Record] = []
    try:
        for each in tries(operation, legal):
            params = _sparing(world, operation, each.params)
            record = yield Ask(operation.id, params, by=account, alter=each.alter)
            answers.append(record)
            if not record.is_rejected or record.outcome.status == RATE:
                title = f"{operation.id} refuses a request {each.what}"
                yield refused(REQUIREMENT, record, title)
                yield from take_back(world, record)
    finally:
        if made is not None:
            yield from delete(world, world.first, made.name)
    if all(each.is_rejected for each in answers):
        title = f"{operation.id} refuses {len(answers)} requests that are each wrong in one place"
        yield Claim(REQUIREMENT, Verdict.PASS, title)


def _sparing(world: World, operation: Operation, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Wrong passwords go to an account that there is not: one of ours could be locked for them."""
    account = world.target.accounts.get(world.first)
    name = world.target.conventions.login_parameter
    if operation.id != "login" or account is None or params.get("password") == account.password:
        return params
    return {key: NOBODY if key == name else value for key, value in params.items()}
