"""The rules that hold for both documents: references, examples, names, and what the two have in common.

document-invalid        it is not what its own specification allows
dangling-reference      a `$ref` or a link leads nowhere, or out of the document
example-invalid         an example contradicts the schema beside it
security-scheme         a security requirement names a scheme that is not declared
schema-name             a schema's name breaks a code generator
shared-schema-differs   both documents name a schema, and mean different things
provenance-missing      an operation or a channel does not say who says so
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema import Draft7Validator
from openapi_spec_validator import OpenAPIV30SpecValidator

from conformance.errors import ContractError
from conformance.spec.documents import Document, Json, follow, inline
from conformance.spec.problems import Problem, join, nodes

STREAM_SCHEMA = Path(__file__).with_name("asyncapi-3.0.0.schema.json")
PROVENANCE = ("documented", "lineage", "convention")
# Keywords of Python, Java, Go and TypeScript, and what their generated clients call their own parts.
WORDS = """abstract any apiclient apiexception apiresponse assert async await bool boolean break byte case
    catch chan char class configuration const continue def default defer del do double elif else enum
    error except export extends fallthrough false file final finally float for from func function
    global go goto if implements import in instanceof int integer interface is json lambda list long
    map model native new nil none nonlocal not null number object or package pass private protected
    public raise range record request response return select set short static string struct super
    switch synchronized this throw throws transient true try type typeof undefined var void volatile
    while with yield"""
RESERVED = frozenset(WORDS.split())


@cache
def _stream_validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(STREAM_SCHEMA.read_text(encoding="utf-8")))


def invalid_document(name: str, document: Document) -> Iterator[Problem]:
    """What the document's own specification says against it."""
    errors: Iterable[Any] = (
        OpenAPIV30SpecValidator(document).iter_errors()
        if name == "openapi"
        else _stream_validator().iter_errors(document)
    )
    for error in errors:
        # A duplicate operationId has a rule of its own, with the place of both.
        if type(error).__name__ != "DuplicateOperationIDError":
            place = join("", *_path(error))
            yield Problem("document-invalid", name, place, _first_line(error.message))


def _path(error: Any) -> Iterable[str | int]:
    # The two validators call it by different names.
    name = "instance_path" if hasattr(error, "instance_path") else "absolute_path"
    path: Iterable[str | int] = getattr(error, name)
    return path


def _first_line(text: str) -> str:
    return text.splitlines()[0][:200]


def dangling_references(name: str, document: Document) -> Iterator[Problem]:
    """References and links that lead nowhere."""
    known = {node.get("operationId") for _, node in nodes(document) if "responses" in node}
    for pointer, node in nodes(document):
        if isinstance(node.get("$ref"), str):
            try:
                follow(document, node)
            except ContractError as error:
                yield Problem("dangling-reference", name, pointer, str(error))
        for link, target in _links(node):
            if target not in known:
                message = f"the link leads to {target!r}, which is no operation"
                yield Problem("dangling-reference", name, join(pointer, "links", link), message)


def _links(node: Document) -> Iterator[tuple[str, Json]]:
    links = node.get("links")
    if isinstance(links, dict) and "description" in node:
        for name, link in links.items():
            if isinstance(link, dict) and "operationId" in link:
                yield name, link["operationId"]


def invalid_examples(name: str, document: Document) -> Iterator[Problem]:
    """Examples that their own schema refuses."""
    for pointer, node in nodes(document):
        for place, schema, example in _examples(document, node):
            for error in Draft7Validator(inline(document, schema)).iter_errors(example):
                where = "/".join(str(part) for part in error.absolute_path)
                message = f"{where + ': ' if where else ''}{_first_line(error.message)}"
                yield Problem("example-invalid", name, join(pointer, *place), message)


def _examples(
    document: Document, node: Document
) -> Iterator[tuple[tuple[str | int, ...], Json, Json]]:
    """Place, schema and value of each example that an object carries itself."""
    many = node.get("examples")
    if "schema" in node or isinstance(node.get("type"), str):  # a media type or parameter; a schema
        schema = node.get("schema", node)
        if "example" in node:
            yield ("example",), schema, node["example"]
        if isinstance(many, dict):
            for key, each in many.items():
                yield ("examples", key), schema, follow(document, each).get("value")
    elif isinstance(many, list) and "payload" in node:  # a message
        for index, each in enumerate(many):
            yield ("examples", index), node["payload"], each.get("payload")
    elif isinstance(many, list) and "enum" in node:  # a channel's parameter
        for index, each in enumerate(many):
            yield ("examples", index), {"enum": node["enum"]}, each


def unknown_security(name: str, document: Document) -> Iterator[Problem]:
    """Security requirements that name no declared scheme."""
    declared = document.get("components", {}).get("securitySchemes", {})
    for pointer, node in nodes(document):
        required = node.get("security")
        for index, choice in enumerate(required if isinstance(required, list) else ()):
            for scheme in _schemes(choice):
                if scheme not in declared:
                    message = f"{scheme!r} is not among the securitySchemes"
                    yield Problem(
                        "security-scheme", name, join(pointer, "security", index), message
                    )


def _schemes(choice: Document) -> list[str]:
    if "$ref" in choice:  # AsyncAPI points to a scheme, OpenAPI names it
        prefix, _, scheme = str(choice["$ref"]).rpartition("/")
        return [scheme if prefix == "#/components/securitySchemes" else str(choice["$ref"])]
    return list(choice)


def breaking_names(name: str, document: Document) -> Iterator[Problem]:
    """Schema names that some generator turns into code that does not compile."""
    names = list(document.get("components", {}).get("schemas", {}))
    for each in names:
        place = f"/components/schemas/{each}"
        if not each.isidentifier():
            yield Problem("schema-name", name, place, f"{each!r} is not an identifier")
        if each.lower() in RESERVED:
            yield Problem("schema-name", name, place, f"{each!r} is a reserved word somewhere")
        if each.startswith("New") and each[3:] in names:
            message = f"Go's constructor of {each[3:]!r} is called {each!r} too"
            yield Problem("schema-name", name, place, message)
    for one, other in combinations(names, 2):
        if _plain(one) == _plain(other):
            message = f"{one!r} and {other!r} become one name"
            yield Problem("schema-name", name, f"/components/schemas/{other}", message)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def differing_schemas(openapi: Document, asyncapi: Document) -> Iterator[Problem]:
    """Schemas of one name and two meanings."""
    rest = openapi.get("components", {}).get("schemas", {})
    stream = asyncapi.get("components", {}).get("schemas", {})
    for each in stream:
        if each in rest and rest[each] != stream[each]:
            place = f"/components/schemas/{each}"
            message = f"{each!r} is described differently in the other document"
            yield Problem("shared-schema-differs", "asyncapi", place, message)


def provenance(name: str, pointer: str, node: Document) -> Iterator[Problem]:
    """Whether one operation or channel says where it comes from."""
    word = node.get("x-provenance")
    if word not in PROVENANCE:
        message = f"x-provenance is {word!r}, not one of {', '.join(PROVENANCE)}"
        yield Problem("provenance-missing", name, pointer, message)
    elif word == "documented" and not node.get("x-source"):
        message = "documented, but x-source does not quote the words"
        yield Problem("provenance-missing", name, pointer, message)
