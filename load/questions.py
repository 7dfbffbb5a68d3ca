"""What can be asked from the OpenAPI document alone: whatever has examples there and leaves nothing behind.

A read that is added to the document is found here, and so comes under load, with no other edit; a write
too, when its `x-load.then` says what is asked after it to undo it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.spec.contract import Contract, Operation
from conformance.target import Target
from conformance.wire.http import Request
from conformance.wire.rest import build

POINTER: Final = "$response.body#/"
LOGIN: Final = "login"


@dataclass(frozen=True, slots=True)
class Question:
    """One operation, ready to be asked, and how often compared with the others."""

    operation: str
    request: Request
    weight: int
    is_private: bool

    def by(self, token: str) -> Request:
        """The request as its asker sends it."""
        return _by(self.request, token if self.is_private else "")


def questions(contract: Contract, target: Target) -> tuple[list[Question], dict[str, str]]:
    """Every operation that can be asked of a target by itself, and why others cannot.

    What is asked only after another operation (`then`) is in neither.
    """
    found: list[Question] = []
    left_out: dict[str, str] = {}
    follows = {step.operation for each in contract.operations.values() for step in each.then}
    for operation in contract.operations.values():
        if operation.id in follows and not is_read(operation):
            continue
        problem = next(_problems(contract, operation, target), None)
        if problem:
            left_out[operation.id] = problem
        elif operation.id not in follows:
            found.append(_question(operation, target))
    return found, {name: why for name, why in left_out.items() if name not in follows}


def following_none(contract: Contract, left_out: Mapping[str, str]) -> dict[str, str]:
    """What is asked after operations that are all left out: it is left out with them."""
    found = {}
    for operation in contract.operations.values():
        before = [
            each.id
            for each in contract.operations.values()
            if operation.id in {step.operation for step in each.then}
        ]
        if before and operation.id not in left_out and set(before) <= set(left_out):
            found[operation.id] = f"it is asked after {', '.join(before)} alone"
    return found


def is_read(operation: Operation) -> bool:
    """True for what changes nothing: a GET, or an operation for which a reading key is enough."""
    return operation.method == "GET" or operation.scope == "read"


def following(
    contract: Contract, operation: str, body: bytes, token: str
) -> list[tuple[str, Request]]:
    """What is to be asked after an answer, in order. Nothing where the answer lacks what is pointed at."""
    found = []
    answer = json.loads(body) if contract.operations[operation].then else None
    for step in contract.operations[operation].then:
        asked = contract.operations[step.operation]
        shown = {
            name: _shown(value, name, answer)
            for name, value in step.given.items()
            if isinstance(value, str) and value.startswith(POINTER)
        }
        if None in shown.values():
            continue
        request = _request(asked, asked.legal(step.given) | shown)
        found.append((step.operation, _by(request, token if asked.is_private else "")))
    return found


def _shown(value: str, name: str, answer: Any) -> Any:
    found = answer
    for part in value.removeprefix(POINTER).split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    # An answer may wrap the one value in an object: {"orderId": "1"} for "1".
    return found.get(name) if isinstance(found, dict) else found


def _by(request: Request, token: str) -> Request:
    if not token:
        return request
    headers = (*request.headers, ("Authorization", token))
    return Request(request.method, request.target, headers, request.body)


def _problems(contract: Contract, operation: Operation, target: Target) -> Iterator[str]:
    if operation.weight <= 0:
        yield "its x-load.weight is 0"
    if (operation.is_private or operation.id == LOGIN) and not target.accounts:
        yield "the target's file names no account"
    if not (is_read(operation) or operation.id == LOGIN or operation.then):
        yield "the document does not say what undoes it (x-load.then)"
    for step in operation.then:
        if step.operation not in contract.operations:
            yield f"what is to be asked after it does not exist: {step.operation}"
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


def _question(operation: Operation, target: Target) -> Question:
    given = operation.example
    if operation.id == LOGIN:
        # The last account: where a second log-in ends the first session, nobody else loses his.
        account = list(target.accounts.values())[-1]
        given = {target.conventions.login_parameter: account.login, "password": account.password}
    request = _request(operation, given)
    return Question(operation.id, request, operation.weight, operation.is_private)


def _request(operation: Operation, given: Mapping[str, Any]) -> Request:
    path, headers = operation.path, []
    for item in operation.parameters:
        if item.where == "path":
            path = path.replace("{" + item.name + "}", str(given[item.name]))
        if item.where == "header" and item.required:
            headers.append((item.name, str(given[item.name])))
    query = {x.name: given[x.name] for x in operation.query if x.required}
    form = None
    if operation.form is not None:
        elsewhere = {item.name for item in operation.parameters}
        form = {name: value for name, value in given.items() if name not in elsewhere}
    return build(operation.method, path, query, form, tuple(headers))
