"""The rules of the OpenAPI document that its own schema cannot express.

operation-id-duplicate    two operations share an operationId
form-open                 a form takes parameters that it does not describe
dialect                   a keyword that means different things to different readers
success-without-schema    an operation does not say what it answers
secured-without-401       an operation that needs credentials does not say how it refuses
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.spec.documents import Document, Json, follow
from conformance.spec.lint_shared import provenance
from conformance.spec.problems import Problem, join, nodes

NAME = "openapi"
FORM = "application/x-www-form-urlencoded"
METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


def problems(document: Document) -> Iterator[Problem]:
    """Every problem of a document whose references lead somewhere."""
    yield from _duplicate_ids(document)
    yield from _dialect(document)
    for pointer, operation in _operations(document):
        yield from provenance(NAME, pointer, operation)
        yield from _open_form(document, pointer, operation)
        yield from _answers(document, pointer, operation)
        yield from _refusal(document, pointer, operation)


def _operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield join("/paths", path, method), item[method]


def _duplicate_ids(document: Document) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for pointer, operation in _operations(document):
        name = operation.get("operationId")
        if name in first:
            message = f"{name!r} is the operationId of {first[name]} too"
            yield Problem("operation-id-duplicate", NAME, join(pointer, "operationId"), message)
        elif name is not None:
            first[name] = pointer


def _dialect(document: Document) -> Iterator[Problem]:
    # Every schema has to mean the same in draft-07, in 2020-12 and in OpenAPI 3.0.
    for pointer, node in nodes(document):
        if isinstance(node.get("nullable"), bool):
            message = "nullable is not JSON Schema: leave the field out instead"
            yield Problem("dialect", NAME, join(pointer, "nullable"), message)
        for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
            if isinstance(node.get(keyword), bool):
                message = (
                    f"a boolean {keyword} is a number in JSON Schema: use a pattern or a bound"
                )
                yield Problem("dialect", NAME, join(pointer, keyword), message)


def _open_form(document: Document, pointer: str, operation: Document) -> Iterator[Problem]:
    content = follow(document, operation.get("requestBody", {})).get("content", {})
    if FORM not in content:
        return
    schema = follow(document, content[FORM].get("schema", {}))
    if schema.get("additionalProperties") is not False:
        message = "a form has to say additionalProperties: false"
        place = join(pointer, "requestBody", "content", FORM, "schema")
        yield Problem("form-open", NAME, place, message)


def _answers(document: Document, pointer: str, operation: Document) -> Iterator[Problem]:
    answers = operation.get("responses", {})
    successes = {status: each for status, each in answers.items() if str(status).startswith("2")}
    place = join(pointer, "responses")
    if not successes:
        yield Problem(
            "success-without-schema", NAME, place, "there is no success among the answers"
        )
    for status, each in successes.items():
        content = follow(document, each).get("content", {})
        described = content and all("schema" in media for media in content.values())
        if str(status) != "204" and not described:
            message = "a success has to have a schema"
            yield Problem("success-without-schema", NAME, join(place, str(status)), message)


def _refusal(document: Document, pointer: str, operation: Document) -> Iterator[Problem]:
    required: Json = operation.get("security", document.get("security", []))
    if any(required) and "401" not in {str(status) for status in operation.get("responses", {})}:
        message = "needs credentials, but no answer 401 is described"
        yield Problem("secured-without-401", NAME, join(pointer, "responses"), message)
