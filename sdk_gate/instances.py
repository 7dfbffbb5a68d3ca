"""A value that a schema describes, for documents that show no example of it."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any, Final

from conformance.spec.documents import Document

TEXTS: Final = ("1.25", "7", "BTC/USDT", "a1")  # tried in turn where a pattern is given
FORMATS: Final = MappingProxyType(
    {
        "date-time": "2027-01-15T08:00:00Z",
        "date": "2027-01-15",
        "uuid": "00000000-0000-4000-8000-000000000001",
    }
)
NUMBER: Final = 1.25
CHOICES: Final = ("allOf", "anyOf", "oneOf")


def instance(schema: Any, name: str = "a") -> Any:
    """One value: what the schema itself shows, or else one of its type with every property that it names.

    `name` is what it is the value of: texts of different names differ, so that none is taken for a secret.
    """
    schema = plain(schema)
    shown = [schema[key] for key in ("const", "example") if key in schema]
    shown += [*schema.get("examples", ()), *schema.get("enum", ())]
    if shown:
        return shown[0]
    if "properties" in schema:
        return {key: instance(each, key) for key, each in schema["properties"].items()}
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else [each for each in kinds if each != "null"]
    return _of(next(iter(kinds), "null"), schema, name)


def plain(schema: Any) -> Document:
    """A schema without its choices: all parts of allOf, and of anyOf and oneOf the first that is not null."""
    if not isinstance(schema, dict):  # true and false are schemas as well
        return {}
    found = {key: value for key, value in schema.items() if key not in CHOICES}
    for part in map(plain, [*schema.get("allOf", ()), *_chosen(schema)]):
        merged = {**part, **found}
        for key in ("properties", "required"):
            if key in part and key in found:
                both = (part[key], found[key])
                merged[key] = (
                    {**both[0], **both[1]} if key == "properties" else [*both[0], *both[1]]
                )
        found = merged
    return found


def allows(schema: Document, text: str) -> bool:
    """Whether a text is long enough for a schema, and fits its pattern."""
    is_long_enough = len(text) >= schema.get("minLength", 0)
    return is_long_enough and bool(re.search(schema.get("pattern", ""), text))


def _chosen(schema: Document) -> list[Any]:
    choices = [schema.get(key) or [] for key in ("anyOf", "oneOf")]
    rest = [[x for x in each if x != {"type": "null"}] for each in choices]
    return [each[0] for each in rest if each]


def _of(kind: str, schema: Document, name: str) -> Any:
    if kind == "array":
        items = schema.get("items", {})
        return [instance(items, name) for _ in range(max(1, schema.get("minItems", 1)))]
    if kind == "string":
        return _text(schema, name)
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    made = {"integer": least, "number": NUMBER, "boolean": True, "object": {}}
    return made.get(kind)


def _text(schema: Document, name: str) -> str:
    fitting = (text for text in TEXTS if allows(schema, text))
    if "pattern" in schema and (found := next(fitting, "")):
        return found
    usual = FORMATS.get(schema.get("format", ""), f"{name}-1")
    return usual.ljust(schema.get("minLength", 0), "1")[: schema.get("maxLength")]
