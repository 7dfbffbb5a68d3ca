"""Answers as a newer exchange may give them: the document's own examples, changed where clients have to bear it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator

from conformance.spec.contract import Contract, Operation
from conformance.spec.documents import Document
from sdk_gate.instances import instance, plain

OK: Final = 200
UNKNOWN_FIELD: Final = "zz"
UNKNOWN_TEXT: Final = "HALTED"
UNKNOWN_NUMBER: Final = 97
Leaves = dict[tuple[Any, ...], Any]


def example_of(contract: Contract, operation: Operation) -> Any:
    """The payload of the document's example of an answer, or one of its schema; None where it has neither."""
    media = operation.answers.get(str(OK), {}).get("content", {}).get("application/json", {})
    named = [each.get("value") for each in media.get("examples", {}).values()]
    for example in (media.get("example"), *named):
        if isinstance(example, dict) and "data" in example:
            return example["data"]
    schema = schema_of(contract, operation)
    made = instance(schema) if schema else None
    return made if Draft202012Validator(schema).is_valid(made) else None


def schema_of(contract: Contract, operation: Operation) -> Document:
    """The schema of an operation's payload, whether its envelope is a choice or not."""
    whole = contract.schema_of_answer(operation, OK) or {}
    envelopes = map(plain, [whole, *whole.get("oneOf", ())])
    payloads = (each.get("properties", {}).get("data") for each in envelopes)
    schema: Document = next(filter(None, payloads), {})
    return schema


def with_unknown_fields(value: Any, schema: Document) -> Any:
    """Each object that the schema describes by its fields has one more."""
    return _changed(value, schema, lambda each, _: {**each, UNKNOWN_FIELD: {"a": [1, None]}})


def without_optional_fields(value: Any, schema: Document) -> Any:
    """Each object has but what the schema requires."""
    return _changed(value, schema, lambda each, its: _only(each, its.get("required", ())))


def with_nulls(value: Any, schema: Document) -> Any:
    """Each optional field is there, and null."""

    def nulled(each: dict[str, Any], its: Document) -> dict[str, Any]:
        optional = set(its["properties"]) - set(its.get("required", ()))
        return {**each, **dict.fromkeys(sorted(optional))}

    return _changed(value, schema, nulled)


def with_unknown_values(value: Any, schema: Document) -> Any:
    """Each enumeration has a value that is not one of it."""
    schema = plain(schema)
    if "enum" in schema and value is not None and not isinstance(value, bool):
        return UNKNOWN_TEXT if isinstance(value, str) else UNKNOWN_NUMBER
    if isinstance(value, list):
        return [with_unknown_values(each, schema.get("items", {})) for each in value]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {k: with_unknown_values(v, known.get(k, {})) for k, v in value.items()}
    return value


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Leaves:
    """The values of a payload that are neither list nor object, by their place."""
    return dict(_leaves(value, path))


def kept(example: Any, changed: Any, usual: Any) -> Leaves:
    """What an SDK made (`usual`) of those values of an example that a change has left alone.

    By their names, for an SDK may have a shape of its own; what stands nowhere in the example is none of it.
    """
    before, now = leaves(example), leaves(changed)
    altered = {name for path, value in before.items() if now.get(path) != value for name in path}
    names = {each for each in altered if isinstance(each, str)}
    told = {str(value) for value in before.values()}
    return {
        path: value
        for path, value in leaves(usual).items()
        if not names.intersection(path) and str(value) in told
    }


def _leaves(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    inner: Mapping[Any, Any] = {}
    if isinstance(value, (dict, list)):
        inner = value if isinstance(value, dict) else dict(enumerate(value))
    else:
        yield path, value
    for name, each in inner.items():
        yield from _leaves(each, (*path, name))


def _changed(
    value: Any, schema: Document, change: Callable[[dict[str, Any], Document], dict[str, Any]]
) -> Any:
    schema = plain(schema)
    if isinstance(value, list):
        return [_changed(each, schema.get("items", {}), change) for each in value]
    known = schema.get("properties")
    if not isinstance(value, dict) or not known:
        return value
    inner = {k: _changed(v, known.get(k, {}), change) for k, v in value.items()}
    return change(inner, schema)


def _only(value: dict[str, Any], names: Any) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name in names}
