"""What can be asked from the OpenAPI document alone: reads whose parameters have examples there.

A read that is added to the document is found here, and so comes under load, with no other edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.spec.contract import Contract, Operation
from conformance.target import Target
from conformance.wire.http import Request
from conformance.wire.rest import build


@dataclass(frozen=True, slots=True)
class Question:
    """One operation, ready to be asked, and how often compared with the others."""

    operation: str
    request: Request
    weight: int
    is_private: bool

    def by(self, token: str) -> Request:
        """The request as its asker sends it."""
        if not self.is_private:
            return self.request
        headers = (*self.request.headers, ("Authorization", token))
        return Request(self.request.method, self.request.target, headers, self.request.body)


def questions(contract: Contract, target: Target) -> tuple[list[Question], dict[str, str]]:
    """Every read that can be asked of a target, and why the other reads cannot."""
    found: list[Question] = []
    left_out: dict[str, str] = {}
    for operation in filter(is_read, contract.operations.values()):
        problem = next(_problems(operation, target), None)
        if problem:
            left_out[operation.id] = problem
        else:
            found.append(_question(operation))
    return found, left_out


def is_read(operation: Operation) -> bool:
    """True for what changes nothing: a GET, or an operation for which a reading key is enough."""
    return operation.method == "GET" or operation.scope == "read"


def _problems(operation: Operation, target: Target) -> Iterator[str]:
    if operation.weight <= 0:
        yield "its x-load.weight is 0"
    if operation.is_private and not target.accounts:
        yield "the target's file names no account"
    for word in operation.requires:
        if getattr(target.allows, word, True) is False:
            yield f"the target's file does not allow {word}"
    example = operation.example
    for item in operation.parameters:
        if item.required and example.get(item.name) is None:
            yield f"the document has no example of {item.name}"
    for name in (operation.form or {}).get("required", ()):
        if example.get(name) is None:
            yield f"the document has no example of {name}"


def _question(operation: Operation) -> Question:
    example = operation.example
    path = operation.path
    query = {x.name: example[x.name] for x in operation.query if x.required}
    headers = []
    for item in operation.parameters:
        if item.where == "path":
            path = path.replace("{" + item.name + "}", str(example[item.name]))
        if item.where == "header" and item.required:
            headers.append((item.name, str(example[item.name])))
    form = dict(operation.form_example) if operation.form is not None else None
    request = build(operation.method, path, query, form, tuple(headers))
    return Question(operation.id, request, operation.weight, operation.is_private)
