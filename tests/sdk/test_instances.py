"""Values made of schemas: what a schema describes is allowed by it, and has what it names."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.spec.contract import Contract
from sdk_gate.exchange import newer
from sdk_gate.instances import instance

CONTRACT = Contract.load()
FRAMES = {
    f"{name} {kind}": schema
    for name, channel in CONTRACT.channels.items()
    for kind, schema in channel.messages.items()
}
PAYLOADS = {
    operation.id: newer.schema_of(CONTRACT, operation) for operation in CONTRACT.operations.values()
}


def bare(schema: Any) -> Any:
    """The schema without what it shows by itself."""
    if isinstance(schema, list):
        return [bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: bare(each) for key, each in schema.items() if key not in ("example", "examples")}


@pytest.mark.parametrize("name", [*FRAMES, *PAYLOADS])
def test_an_instance_is_what_the_schema_allows(name: str) -> None:
    schema = bare({**FRAMES, **PAYLOADS}[name])
    found = instance(schema)
    # The start of a topic's name is a pattern of its own, and the case gives its topic.
    other = [
        each
        for each in Draft202012Validator(schema).iter_errors(found)
        if each.path != type(each.path)(["topic"])
    ]
    assert not other
    assert not isinstance(found, dict) or set(schema["properties"]) <= set(found)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"example": 5, "type": "string"}, 5),
        ({"const": "snapshot"}, "snapshot"),
        ({"enum": ["BUY", "SELL"]}, "BUY"),
        ({"type": ["null", "integer"], "minimum": 3}, 3),
        ({"anyOf": [{"type": "null"}, {"properties": {"a": {"const": 1}}}]}, {"a": 1}),
        ({"type": "integer", "exclusiveMinimum": 4}, 5),
        ({"allOf": [{"type": "integer"}]}, 1),
        ({"allOf": [{"type": "array", "items": True}]}, ["a-1"]),
        ({"type": "string", "format": "date"}, "2027-01-15"),
        ({"type": "string", "pattern": "^[0-9]+$"}, "7"),
        ({"type": "string", "maxLength": 2}, "a-"),
        ({"properties": {"a": {"const": 1}}, "anyOf": [{"required": ["a"]}]}, {"a": 1}),
        ({"type": ["integer", "null"], "minimum": 3}, 3),
        ({"type": "string"}, "a-1"),
        ({"type": "string", "minLength": 5}, "a-111"),
        ({"properties": {"unit": {}, "name": {}}}, {"unit": "unit-1", "name": "name-1"}),
        ({"type": "string", "pattern": "^[0-9.]+$"}, "1.25"),
        ({"type": "number"}, 1.25),
        ({"type": "array", "minItems": 2, "items": {"type": "boolean"}}, [True, True]),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 1),
        (
            {"allOf": [{"properties": {"a": {"const": 1}}}], "properties": {"b": {"const": 2}}},
            {"a": 1, "b": 2},
        ),
    ],
)
def test_kinds_of_schemas(schema: dict[str, Any], expected: object) -> None:
    assert instance(schema) == expected
