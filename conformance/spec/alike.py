"""Whether a frame can belong to two message schemas at once, seen from the schemas alone.

Two messages are told apart by a field that both require and whose values have nothing in common, or by a
field that the one requires and the other, being closed, forbids.
"""

from __future__ import annotations

import re

from conformance.spec.documents import Json

LITERAL = re.compile(r"\^((?:\\[^\w]|[^\\.^$*+?{}\[\]|()])*)")


def distinguishable(one: Json, other: Json) -> bool:
    """True when no object satisfies both schemas, as far as required fields show it."""
    shared = set(one.get("required", ())) & set(other.get("required", ()))
    if any(_disjoint(_field(one, name), _field(other, name)) for name in shared):
        return True
    return _forbids(one, other) or _forbids(other, one)


def _field(schema: Json, name: str) -> Json:
    return schema.get("properties", {}).get(name, {})


def _forbids(closed: Json, demanding: Json) -> bool:
    if closed.get("additionalProperties") is not False:
        return False
    return bool(set(demanding.get("required", ())) - set(closed.get("properties", {})))


def _disjoint(one: Json, other: Json) -> bool:
    if "enum" in one and "enum" in other:
        return not any(value in other["enum"] for value in one["enum"])
    if "enum" in one or "enum" in other:
        listed, open_ = (one, other) if "enum" in one else (other, one)
        return "pattern" in open_ and not any(_matches(open_, value) for value in listed["enum"])
    if "pattern" in one and "pattern" in other:
        first, second = _prefix(one["pattern"]), _prefix(other["pattern"])
        return not (first.startswith(second) or second.startswith(first))
    return False


def _matches(schema: Json, value: Json) -> bool:
    return isinstance(value, str) and re.search(schema["pattern"], value) is not None


def _prefix(pattern: str) -> str:
    """The letters that every match of an anchored pattern begins with."""
    found = LITERAL.match(pattern)
    if found is None or "|" in pattern:
        return ""
    literal = found[1]
    if pattern[found.end() : found.end() + 1] in ("*", "?", "{"):  # the last letter may be missing
        literal = literal[:-1]
    return re.sub(r"\\(.)", r"\1", literal)
