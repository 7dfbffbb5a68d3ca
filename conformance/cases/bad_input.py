"""One check an operation, made from the contract: each field wrong in one place is refused.

The table of wrong values stands in tables/bad_input.yaml. Which of them a field is tried with follows
from its schema, so an operation or a field that is added to the document is tried with no other edit.
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

from conformance.cases.asks import order_id
from conformance.cases.claim import CannotTell, Claim, Verdict, holds
from conformance.cases.examples import legal_params
from conformance.cases.key_asks import create, delete, key_of
from conformance.cases.script import Ask, Check, Record, Script, Steps, Token, World
from conformance.cases.spot_asks import tidy
from conformance.spec.contract import Contract, Operation
from conformance.spec.documents import Document
from conformance.wire.http import Request
from conformance.wire.rest import as_text

REQUIREMENT: Final = "rest.bad-input-refused"
TABLE: Final = Path(__file__).parent / "tables" / "bad_input.yaml"
MARK: Final = "raw-bytes-stand-here"
UNKNOWN: Final = "noSuchParameter"
INTEGER: Final = re.compile(r"-?[0-9]+", re.ASCII)
RATE: Final = 429
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
    return [
        each
        for each in filled
        if each.described
        or (_violates(field.schema, each) and (each.value or _counts(field, each)))
    ]


def _counts(field: Field, wrong: Wrong) -> bool:
    """An empty value says something only where a value is required."""
    return field.required or bool(wrong.raw)


def _violates(schema: Document, wrong: Wrong) -> bool:
    if wrong.raw:
        return True
    text: Any = wrong.value
    if schema.get("type") == "integer":
        if not INTEGER.fullmatch(text):
            return True
        text = int(text)
    if schema.get("type") == "boolean":
        return text not in ("true", "false")
    return not jsonschema.Draft202012Validator(schema).is_valid(text)


@cache
def _table() -> dict[str, tuple[Wrong, ...]]:
    read = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return {kind: tuple(_wrong(row) for row in rows) for kind, rows in read.items()}


def _wrong(row: Mapping[str, Any]) -> Wrong:
    value = row.get("value", "") * row.get("times", 1)
    return Wrong(value, row["why"], row.get("raw", ""), row.get("described", False))


def _refuses_bad_input(operation: Operation, world: World) -> Script:
    account = world.first if operation.is_private else None
    legal = legal_params(operation, world)
    yield from _serves(world, operation, legal, account)
    made = None
    if "apiKey" in legal:
        # The field is tried on a key that exists, so that a refusal is not for want of one.
        made = yield from create(world, world.first, "read")
        legal["apiKey"] = made.name
    tried, accepted = 0, 0
    try:
        for each in tries(operation, legal):
            record = yield Ask(operation.id, each.params, by=account, alter=each.alter)
            if record.outcome.status == RATE:
                raise CannotTell(f"a request {each.what} met the rate limit")
            tried += 1
            if not record.is_rejected:
                accepted += 1
                yield _not_refused(operation, each, record)
                yield from _undo(world, operation, each, record)
    finally:
        if made is not None:
            yield from delete(world, world.first, made.name)
    if not accepted:
        title = f"{operation.id} refuses {tried} requests that are each wrong in one place"
        yield Claim(REQUIREMENT, Verdict.PASS, title)


def _not_refused(operation: Operation, tried: Try, record: Record) -> Claim:
    title = f"{operation.id} refuses a request {tried.what}"
    return holds(REQUIREMENT, False, title, "a refusal", record.said, [record.number])


def _serves(
    world: World, operation: Operation, legal: Mapping[str, Any], account: str | None
) -> Steps[None]:
    """Raise CannotTell where everything is refused: then a refusal says nothing about the input."""
    if operation.id == "login":
        yield Token(world.first)
        return
    name, params = (operation.id, legal) if not operation.requires else ("getSpotWallets", {})
    record = yield Ask(name, params, by=world.first if operation.requires else account)
    if not record.is_accepted:
        raise CannotTell(f"{name} is refused even when asked rightly: {record.said}")


def _undo(world: World, operation: Operation, tried: Try, record: Record) -> Steps[None]:
    """Take back what a request did that should have been refused."""
    if not record.is_accepted:
        return
    if operation.id == "placeSpotOrder":
        yield from tidy(world, (world.first, order_id(record)))
    made = key_of(record)
    if made is not None:
        yield from delete(world, world.first, made.name)
    if operation.id == "openFuturesPosition":
        names = ("contractCoinId", "type", "volume")
        form = {name: operation.example[name] for name in names}
        direction = 1 - int(operation.example["direction"])
        yield Ask("closeFuturesPosition", {**form, "direction": direction}, by=world.first)
