"""Parameters for calls, made of what the document says of each operation, so that no operation is forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any, Final

from conformance.spec.contract import Contract, Operation
from conformance.spec.documents import Document
from reference_exchange import forms
from sdk_gate.instances import allows, instance

# As the driver protocol writes enumerations; each word stands where its number is.
WORDS: Final = MappingProxyType({"direction": ("BUY", "SELL"), "type": ("LIMIT", "MARKET")})
LOGIN: Final = "login"  # whose parameters are a person's, not the document's
A_DECIMAL: Final = "50000"


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of an operation."""

    name: str
    schema: Document
    is_required: bool

    @property
    def kind(self) -> str:
        """`word`, `decimal`, or the schema's own type: integer, boolean, string."""
        if self.name in WORDS and self.schema.get("type") == "integer":
            return "word"
        has_pattern = "pattern" in self.schema
        is_decimal = has_pattern and allows(self.schema, "0.5") and not allows(self.schema, "aa")
        return "decimal" if is_decimal else str(self.schema.get("type", "string"))

    @property
    def may_be_empty(self) -> bool:
        """True for a text that the document lets be empty."""
        return self.kind == "string" and "enum" not in self.schema and allows(self.schema, "")

    @property
    def is_free(self) -> bool:
        """True for a text that may hold anything."""
        return self.kind == "string" and not {"enum", "pattern"} & set(self.schema)


def fields(operation: Operation) -> tuple[Field, ...]:
    """All parameters of an operation, wherever they travel."""
    schema = forms.schema_of(operation)
    required = schema.get("required", ())
    known = schema.get("properties", {})
    return tuple(Field(name, each, name in required) for name, each in known.items())


def whole(contract: Contract, operation: Operation) -> dict[str, Any]:
    """A call with every parameter of an operation; orders are limit orders, to buy."""
    return {each.name: _value(contract, operation, each) for each in fields(operation)}


def least(contract: Contract, operation: Operation) -> dict[str, Any]:
    """A call with what an operation has to have; the price of a limit order is part of that."""
    has = {each.name for each in fields(operation) if each.is_required or each.kind == "decimal"}
    return {name: value for name, value in whole(contract, operation).items() if name in has}


def orders(contract: Contract) -> Iterator[tuple[Operation, dict[str, Any]]]:
    """The least calls that place an order: every operation that does, either side, either type."""
    for operation in contract.operations.values():
        known = {each.name: each for each in fields(operation)}
        if not set(WORDS) <= set(known):
            continue
        prices = {x.name for x in known.values() if x.kind == "decimal" and not x.is_required}
        for words in product(*WORDS.values()):
            params = {**least(contract, operation), **dict(zip(WORDS, words, strict=True))}
            if "MARKET" in words:  # whoever checks its price would refuse it
                params = {name: value for name, value in params.items() if name not in prices}
            yield operation, params


def usual(contract: Contract, by: str) -> Iterator[Operation]:
    """The operations that a client with a token, or a key, may call with samples."""
    for operation in contract.operations.values():
        if operation.id != LOGIN and (by == "token" or operation.access != "jwt"):
            yield operation


def falsy(field: Field) -> Any:
    """The value of a parameter that a careless client takes for none, or None where there is no such value."""
    if field.kind == "decimal":
        return "0"
    if field.kind == "boolean":
        return False
    if field.kind == "integer" and field.is_required:
        return 0
    # An empty filter is not legal, and no SDK for typed languages tells it from one that is not there.
    is_empty = field.kind == "string" and (field.is_required or field.may_be_empty)
    return "" if is_empty else None


def wire_value(name: str, value: Any) -> str:
    """What a sample is on the wire."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(WORDS[name].index(value)) if value in WORDS.get(name, ()) else str(value)


def _value(contract: Contract, operation: Operation, field: Field) -> Any:
    found = _examples(operation).get(field.name)
    if found is None:
        others = (_examples(each).get(field.name) for each in contract.operations.values())
        found = next((each for each in others if each is not None), None)
    if field.kind == "word":
        return WORDS[field.name][0]
    if found is None:
        found = A_DECIMAL if field.kind == "decimal" else instance(field.schema, field.name)
        # A whole number is one as well, and comes back from every language as it went.
        found = int(found) if isinstance(found, float) else found
    return found


def _examples(operation: Operation) -> Mapping[str, Any]:
    return {**{each.name: each.example for each in operation.parameters}, **operation.form_example}
