"""Read a contract document and adapt it to a target's settings, without knowing what it describes.

What an exchange leaves to its operator stands in the documents as extensions, so that one document serves
every target:

    x-values: NAME    the legal values are the target's (its symbols, coins, contracts): becomes an `enum`
    x-decimal: true   a decimal that the target may write as a JSON string, as a number, or as either
    x-name: NAME      the name of this form field is a setting of the target
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from conformance.errors import ContractError

Json = Any
Document = dict[str, Any]

# PyYAML built without libyaml: slower, the same result.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a target decides about the documents: legal values, how decimals are written, field names."""

    values: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    decimals: str = "string"
    names: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> Document:
    """One YAML or JSON document. Raises ContractError in one line when it cannot be read."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)
    except OSError as error:
        raise ContractError(f"cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{path} does not parse: {_first_problem(error)}") from None
    if not isinstance(document, dict):
        raise ContractError(
            f"{path} does not hold an API description but {type(document).__name__}"
        )
    return document


def _first_problem(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return where + (getattr(error, "problem", None) or str(error)).splitlines()[0]


def follow(document: Document, node: Json) -> Json:
    """The node itself, or what its `$ref` points to inside the same document."""
    seen: set[str] = set()
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        pointer = node["$ref"]
        if pointer in seen or not pointer.startswith("#/"):
            raise ContractError(f"reference {pointer!r} leads nowhere")
        seen.add(pointer)
        node = _at(document, pointer)
    return node


def _at(document: Document, pointer: str) -> Json:
    node: Json = document
    for part in pointer[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or key not in node:
            raise ContractError(f"reference {pointer!r} leads nowhere")
        node = node[key]
    return node


def inline(document: Document, node: Json, within: tuple[str, ...] = ()) -> Json:
    """A copy with every `$ref` replaced by what it points to; a schema inside itself becomes `{}`."""
    if isinstance(node, list):
        return [inline(document, item, within) for item in node]
    if not isinstance(node, dict):
        return node
    pointer = node.get("$ref")
    if isinstance(pointer, str):
        if pointer in within:
            return {}
        return inline(document, follow(document, node), (*within, pointer))
    return {key: inline(document, value, within) for key, value in node.items()}


def is_recursive(document: Document, node: Json, within: tuple[str, ...] = ()) -> bool:
    """True when following every `$ref` of a node would come back to where it was."""
    if isinstance(node, list):
        return any(is_recursive(document, item, within) for item in node)
    if not isinstance(node, dict):
        return False
    pointer = node.get("$ref")
    if isinstance(pointer, str):
        again = (*within, pointer)
        return pointer in within or is_recursive(document, follow(document, node), again)
    return any(is_recursive(document, value, within) for value in node.values())


def adapt(node: Json, settings: Settings) -> Json:
    """A copy of a document with the target's settings written into its schemas."""
    if isinstance(node, list):
        return [adapt(item, settings) for item in node]
    if not isinstance(node, dict):
        return node
    adapted = {key: adapt(value, settings) for key, value in node.items()}
    adapted = _with_values(adapted, settings)
    if adapted.get("x-decimal") is True:
        adapted = _decimal(adapted, settings.decimals)
    if isinstance(adapted.get("properties"), dict):
        adapted = _with_names(adapted, settings)
    return _without_nullable(adapted)


def _with_values(node: Document, settings: Settings) -> Document:
    legal = settings.values.get(node.get("x-values", ""))
    if legal is None:
        return node
    if isinstance(node.get("schema"), dict):  # a parameter that carries the mark beside its schema
        return {**node, "schema": {**node["schema"], "enum": list(legal)}}
    return {**node, "enum": list(legal)}


def _decimal(node: Document, kind: str) -> Document:
    number = {"type": "number", "x-decimal": True}
    if kind == "string":
        return node
    return number if kind == "number" else {"anyOf": [node, number]}


def _with_names(node: Document, settings: Settings) -> Document:
    renamed = {
        name: settings.names[schema["x-name"]]
        for name, schema in node["properties"].items()
        if isinstance(schema, dict) and schema.get("x-name") in settings.names
    }
    if not renamed:
        return node
    properties = {renamed.get(name, name): schema for name, schema in node["properties"].items()}
    required = [renamed.get(name, name) for name in node.get("required", [])]
    return {**node, "properties": properties, "required": required}


def _without_nullable(node: Document) -> Document:
    # OpenAPI 3.0 says `nullable`, JSON Schema says a second type; the validators speak JSON Schema.
    if node.get("nullable") is not True or "type" not in node:
        return node
    kept = {key: value for key, value in node.items() if key != "nullable"}
    return {"anyOf": [kept, {"type": "null"}]}
