"""A document with markup in every text that its schema leaves free, whatever fields it has: the schema is walked.

Equal texts become equal hostile ones, so that what refers to one another still does. A choice, a pattern and a
constant stay as they are; what is missing is made, so that a field which a schema gets later is covered by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Final

# One element's name that no page of ours has: it exists only where a text became markup.
ELEMENT: Final = "x-hostile"
# Each fits whole into the shortest place that a page has for a name.
PAYLOADS: Final = (
    '"><script>alert(1)</script>',
    f"'></style><!--<{ELEMENT}>-->",
    "]]><img src=x onerror=alert(2)>",
    f"</text></title></svg><svg onload=alert(3)><{ELEMENT}>",
    "javascript:alert(4)//http://127.0.0.1:9/x.png",
    "\u202e\u2066\x00\x1b[31m\u200b&lt;b&#62;{{ 7 * 7 }}",
    "' onmouseover=alert(5) autofocus onfocus=alert(6) x='",
)
MEGABYTE: Final = 1_000_000
# Written by us and decoded again, never a text of the target's.
ENCODED: Final = "histograms"
FIXED: Final = ("enum", "const", "pattern")

Schema = Mapping[str, Any]
Say = Callable[[str], str]


def speaker(first: int = 0, length: int = 0) -> Say:
    """Says a payload instead of a text, each with a number; `first` is where in the list it begins."""
    numbers, said = count(), dict[str, str]()
    tail = "\n" + "<" * length if length else ""

    def say(text: str) -> str:
        if text not in said:
            number = next(numbers)
            said[text] = f"{PAYLOADS[(first + number) % len(PAYLOADS)]} {number}{tail}"
        return said[text]

    return say


def poisoned(value: Any, root: Schema, say: Say) -> Any:
    """The document `value` of the schema `root` with hostile texts."""
    return _Walk(root, say).value(value, root)


class _Walk:
    def __init__(self, root: Schema, say: Say) -> None:
        self._root, self._say = root, say

    def value(self, value: Any, schema: Schema) -> Any:
        schema = self._followed(schema)
        if isinstance(value, dict):
            return self._object(value, schema)
        if isinstance(value, list):
            return [self.value(each, schema.get("items", {})) for each in value]
        is_free = not any(name in schema for name in FIXED)
        if isinstance(value, str):
            return self._say(value) if is_free else value
        # What may be null may be a text.
        if value is None and is_free and "string" in schema.get("type", ()):
            return self._say("null")
        return value

    def _object(self, value: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
        known = schema.get("properties", {})
        others = schema.get("additionalProperties", {})
        kept = [ENCODED] + (["why_invalid"] if "if" in schema else [])
        found = {}
        for name, each in value.items():
            is_kept = name == ENCODED or (name in kept and each is None)
            found[name] = each if is_kept else self.value(each, known.get(name, others or {}))
        for name in known.keys() - value.keys() - set(kept):
            found[name] = self.made(known[name], name)
        if others is not False:
            found[self._say("a name")] = self._sibling(found, others)
        return found

    def _sibling(self, found: Mapping[str, Any], schema: Schema | bool) -> Any:
        """A value for a name that nobody expects: like the others beside it."""
        if found:
            return next(iter(found.values()))
        return self.made(schema if isinstance(schema, Mapping) else {}, "a value")

    def made(self, schema: Schema, name: str) -> Any:
        """The least document of a schema that holds every field."""
        schema = self._followed(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        kinds = schema.get("type", "string")
        kind = kinds if isinstance(kinds, str) else kinds[0]
        if kind == "object":
            return self._object({}, schema)
        if kind == "array":
            items = schema.get("items", {"type": "string"})
            return [self.made(items, name) for _ in range(schema.get("minItems", 1))]
        if kind in ("integer", "number"):
            return schema.get("minimum", 0) + (1 if "exclusiveMinimum" in schema else 0)
        return {"boolean": True, "null": None}.get(kind, self._say(name))

    def _followed(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._root["$defs"][schema["$ref"].rpartition("/")[2]]
        return schema
