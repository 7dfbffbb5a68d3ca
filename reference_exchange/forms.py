"""Read queries and form bodies strictly: UTF-8, nothing twice, and every value as its schema wants it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from conformance.spec.contract import FORM, Operation
from conformance.spec.documents import Document
from conformance.wire.http import Request
from reference_exchange.answers import Refusal

INTEGER: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
BOOLEANS: Final = {"true": True, "false": False}
MOST_PAIRS: Final = 64
BAD: Final = 3000


def schema_of(operation: Operation) -> Document:
    """One object schema for all that an operation takes, from its query and its form."""
    if operation.form is not None:
        return operation.form
    query = operation.query
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [item.name for item in query if item.required],
        "properties": {item.name: item.schema for item in query},
    }


def read(operation: Operation, request: Request) -> dict[str, str]:
    """The parameters of a request as text. Raises Refusal."""
    if operation.method != "POST":
        return parse(request.query)
    if request.query:
        raise Refusal(400, BAD, "a POST takes its parameters in the body, not in the query")
    if request.body:
        _check_media(request)
    try:
        text = request.body.decode("ascii")
    except UnicodeDecodeError:
        text = request.body.decode("latin-1")  # raw bytes of UTF-8 are taken as they are
    return parse(text)


def _check_media(request: Request) -> None:
    media = (request.header("Content-Type") or "").partition(";")[0].strip().lower()
    if media != FORM:
        raise Refusal(415, 4150, f"the body has to be {FORM}")


def parse(text: str) -> dict[str, str]:
    """`a=1&b=2` as a dictionary. Raises Refusal for anything twice, or that is not UTF-8."""
    found: dict[str, str] = {}
    if not text:
        return found
    pairs = text.split("&")
    if len(pairs) > MOST_PAIRS:
        raise Refusal(400, BAD, "too many parameters")
    for pair in pairs:
        name, is_given, value = pair.partition("=")
        name = _decode(name)
        if not is_given and not name:
            continue
        if name in found:
            raise Refusal(400, BAD, f"parameter {name[:40]!r} is given twice")
        found[name] = _decode(value)
    return found


def _decode(text: str) -> str:
    if "%" not in text and "+" not in text and text.isascii():
        return text
    raw = unquote_to_bytes(text.replace("+", " ").encode("latin-1", "replace"))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(400, BAD, "a parameter is not UTF-8") from None


def coerce(found: Mapping[str, str], schema: Document) -> dict[str, Any]:
    """Integers and booleans as such where the schema has them; what does not fit stays text."""
    properties = schema.get("properties", {})
    return {name: _as(properties.get(name, {}).get("type"), text) for name, text in found.items()}


def _as(kind: str | None, text: str) -> Any:
    if kind == "integer" and INTEGER.fullmatch(text):
        return int(text)
    if kind == "boolean":
        return BOOLEANS.get(text, text)
    return text
