"""What the OpenAPI document has to keep beyond its schema, so that clients, fuzzing and judging can rely on it.

A rule presumes that every reference leads somewhere and that the document has the shape of an OpenAPI 3.0 one.
"""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterator

from openapi_schema_validator import OAS30Validator

from conformance.spec.contract import FORM, METHODS
from conformance.spec.documents import Document, Json, follow, inline
from conformance.spec.lint_walk import Problem, nodes, pointer_to

# A generator turns a schema's name into a type. These are words of Go, Java, Python or TypeScript, or types
# that every file of a generated client uses; most generators rename them, each to something else.
CLIENT_WORDS = """
abstract any array assert bigint boolean byte case catch chan char const date default defer delete do
double enum error export extends fallthrough final finally float func function go goto implements int
integer interface instanceof list long map module namespace native never new null number object package
private promise protected public range record request response select set short static string struct
super switch symbol synchronized this throw throws transient type typeof undefined unknown var void volatile
"""
RESERVED = {word.lower() for word in (*keyword.kwlist, *CLIENT_WORDS.split())}


def problems(document: Document) -> Iterator[Problem]:
    """Everything wrong in the OpenAPI document."""
    for rule in (_examples, _nullables, _names, _operations):
        yield from rule(document)


def _problem(rule: str, pointer: str, message: str) -> Problem:
    return Problem(rule, "openapi", pointer, message)


def _examples(document: Document) -> Iterator[Problem]:
    for pointer, node in nodes(document):
        schema = node.get("schema", node if "type" in node else None)
        if schema is None:
            continue
        for key, example in _given(document, node):
            errors = OAS30Validator(inline(document, schema)).iter_errors(example)
            for error in errors:
                yield _problem("example", f"{pointer}/{key}", error.message)


def _given(document: Document, node: Document) -> Iterator[tuple[str, Json]]:
    if "example" in node:
        yield "example", node["example"]
    examples = node.get("examples")
    for name, each in examples.items() if isinstance(examples, dict) else ():
        found = follow(document, each)
        if "value" in found:
            yield f"examples/{name}", found["value"]


def _nullables(document: Document) -> Iterator[Problem]:
    for pointer, node in nodes(document):
        # As a property's name it would carry a schema, not a truth value.
        if isinstance(node.get("nullable"), bool):
            message = "nullable: the API has no nulls, a value that is not there is left out"
            yield _problem("nullable", pointer, message)


def _names(document: Document) -> Iterator[Problem]:
    schemas = document.get("components", {}).get("schemas", {})
    plain = {name: name.replace("_", "").replace("-", "").lower() for name in schemas}
    often = Counter(plain.values())
    for name, bare in plain.items():
        pointer = pointer_to("components", "schemas", name)
        if f"new{bare}" in often:
            yield _problem("name", pointer, f"{name} beside New{name}: Go has a constructor there")
        if often[bare] > 1:
            yield _problem("name", pointer, f"{name} is another schema's name in another spelling")
        if bare in RESERVED:
            yield _problem("name", pointer, f"{name} is a word of a language that clients use")


def _operations(document: Document) -> Iterator[Problem]:
    seen: Counter[str] = Counter()
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                pointer = pointer_to("paths", path, method)
                seen[item[method].get("operationId", "")] += 1
                yield from _operation(document, pointer, item[method], seen)


def _operation(
    document: Document, pointer: str, node: Document, seen: Counter[str]
) -> Iterator[Problem]:
    identity = node.get("operationId", "")
    if not identity or seen[identity] > 1:
        yield _problem("operation-id", pointer, f"operationId {identity!r} does not tell it apart")
    if "x-provenance" not in node:
        yield _problem("provenance", pointer, "no x-provenance says where it is known from")
    yield from _security(document, pointer, node)
    yield from _form(document, pointer, node)
    yield from _answers(document, pointer, node["responses"])


def _security(document: Document, pointer: str, node: Document) -> Iterator[Problem]:
    offered = node.get("security", document.get("security", []))
    known = document.get("components", {}).get("securitySchemes", {})
    for name in sorted({name for choice in offered or () for name in choice} - set(known)):
        yield _problem("security-scheme", pointer, f"security scheme {name} is nowhere described")
    if offered and {} not in offered and "401" not in node["responses"]:
        yield _problem("unauthenticated", pointer, "secured, but no answer 401 is described")


def _form(document: Document, pointer: str, node: Document) -> Iterator[Problem]:
    body = follow(document, node.get("requestBody", {}))
    schema = inline(document, body.get("content", {}).get(FORM, {}).get("schema"))
    if schema is not None and schema.get("additionalProperties") is not False:
        message = "a form without additionalProperties: false accepts every misspelt field"
        yield _problem("closed-form", f"{pointer}/requestBody", message)


def _answers(document: Document, pointer: str, answers: Document) -> Iterator[Problem]:
    for status, answer in answers.items():
        content = follow(document, answer).get("content", {})
        media = content.get("application/json")
        if status.startswith("2") and media is not None and not media.get("schema"):
            message = "a JSON answer without a schema cannot be judged"
            yield _problem("answer-schema", f"{pointer}/responses/{status}", message)
