"""A value that a schema describes, for documents that show no example of it."""

from __future__ import annotations

import re
from typing import Any, Final

from conformance.spec.documents import Document

TEXTS: Final = ("1.25", "BTC/USDT", "a1")  # tried in turn where a pattern is given
NUMBER: Final = 1.25


def instance(schema: Document, name: str = "a") -> Any:
    """One value: what the schema itself shows, or else one of its type with every property that it names.

    `name` is what it is the value of: texts of different names differ, so that none is taken for a secret.
    """
    shown = [*_shown(schema), *schema.get("enum", ())]
    if shown:
        return shown[0]
    for choice in ("oneOf", "anyOf"):
        if schema.get(choice):
            return instance(schema[choice][0], name)
    if "properties" in schema or "allOf" in schema:
        return _object(schema)
    kinds = schema.get("type", "string")
    return _of(kinds if isinstance(kinds, str) else kinds[0], schema, name)


def allows(schema: Document, text: str) -> bool:
    """Whether a text is long enough for a schema, and fits its pattern."""
    is_long_enough = len(text) >= schema.get("minLength", 0)
    return is_long_enough and bool(re.search(schema.get("pattern", ""), text))


def _shown(schema: Document) -> list[Any]:
    single = [schema[name] for name in ("const", "example", "default") if name in schema]
    return [*single, *schema.get("examples", ())]


def _object(schema: Document) -> dict[str, Any]:
    parts = (instance(each) for each in schema.get("allOf", ()))
    merged = {name: value for part in parts for name, value in part.items()}
    own = {name: instance(each, name) for name, each in schema.get("properties", {}).items()}
    return {**merged, **own}


def _of(kind: str, schema: Document, name: str) -> Any:
    if kind == "array":
        items = schema.get("items", {})
        return [instance(items, name) for _ in range(max(1, schema.get("minItems", 1)))]
    if kind == "string":
        plain = f"{name}-1".ljust(schema.get("minLength", 0), "1")
        fitting = (text for text in TEXTS if allows(schema, text))
        return next(fitting, plain) if "pattern" in schema else plain
    made = {"integer": schema.get("minimum", 1), "number": NUMBER, "boolean": True, "object": {}}
    return made.get(kind)
