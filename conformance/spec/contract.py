"""The contract as the rest of the suite sees it: operations and channels, read from the two documents.

Everything here comes from the documents. An operation or a channel added there appears in the fuzzing, the
judging, the load and the report, because all of them walk these two tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from conformance.errors import ContractError
from conformance.spec.documents import (
    Document,
    Json,
    Settings,
    adapt,
    follow,
    inline,
    is_recursive,
    read,
)

SPECS = Path(__file__).resolve().parents[2] / "specs"
FORM = "application/x-www-form-urlencoded"
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query, path or header parameter. `schema` is plain JSON Schema, `example` a legal value or None."""

    name: str
    where: str
    required: bool
    schema: Document
    example: Json = None


@dataclass(frozen=True)
class Next:
    """What is asked after an operation under load, so that it leaves nothing behind.

    `given` names parameters of `operation`: constants, or pointers into the answer (`$response.body#/data`).
    """

    operation: str
    given: Mapping[str, Json]


@dataclass(frozen=True)
class Operation:
    """One REST operation.

    `access` is who may ask: "public", "optional" (works with and without), "signed" (JWT or key) or "jwt".
    `scope` is what a key needs ("read", "trade") or None. `form` is the JSON Schema of the body, or None.
    """

    id: str
    method: str
    path: str
    summary: str
    provenance: str
    access: str
    scope: str | None
    requires: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    form: Document | None
    form_example: Mapping[str, Json]
    answers: Mapping[str, Document]
    weight: int
    then: tuple[Next, ...] = ()

    @property
    def is_private(self) -> bool:
        """True when an anonymous caller must be refused."""
        return self.access in ("signed", "jwt")

    @property
    def query(self) -> tuple[Parameter, ...]:
        """The parameters that travel in the query."""
        return tuple(item for item in self.parameters if item.where == "query")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a request's path has to look like to mean this operation."""
        return re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(self.path)))

    @property
    def example(self) -> dict[str, Json]:
        """One legal set of parameters, from the document's own examples: required ones only."""
        given = {item.name: item.example for item in self.parameters if item.required}
        return {**given, **self.form_example}

    def legal(self, given: Mapping[str, Json]) -> dict[str, Json]:
        """The same form, where a value is not among the target's own with the first of those."""
        return _legal(self.form or {}, given)


@dataclass(frozen=True)
class Channel:
    """One logical stream channel. `messages` are the JSON Schemas of its frames, by name.

    `subscription` is the document's `x-subscription`: how a client reaches the channel on the shared socket.
    """

    name: str
    address: str
    provenance: str
    parameters: Mapping[str, tuple[str, ...]]
    messages: Mapping[str, Document]
    subscription: Document

    @property
    def is_private(self) -> bool:
        """True when the channel is refused before authentication."""
        return self.subscription.get("authentication") == "required"

    def topic(self, **values: str) -> str:
        """The address with its parameters filled: `depth.{symbol}` -> `depth.BTC/USDT`."""
        return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], self.address)


@dataclass(frozen=True)
class Contract:
    """Both documents, adapted to a target, and the tables read from them."""

    openapi: Document
    asyncapi: Document
    operations: Mapping[str, Operation]
    channels: Mapping[str, Channel]
    digest: str = field(default="", compare=False)

    @staticmethod
    def load(
        openapi: Path = SPECS / "openapi.yaml",
        asyncapi: Path = SPECS / "asyncapi.yaml",
        settings: Settings | None = None,
    ) -> Contract:
        """Read both documents. Raises ContractError in one line when either cannot be used."""
        settings = settings or Settings()
        rest, stream = adapt(read(openapi), settings), adapt(read(asyncapi), settings)
        digest = digest_of(openapi, asyncapi)
        return Contract(rest, stream, _operations(rest, openapi), _channels(stream), digest)

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that a method and a path mean, or None."""
        found = self._by_place.get((method, path))
        if found is not None or not self._templated:
            return found
        matching = (item for item in self._templated if item.method == method)
        return next((item for item in matching if item.pattern.fullmatch(path)), None)

    def methods_of(self, path: str) -> tuple[str, ...]:
        """The methods that the contract knows at a path; empty when it does not know the path."""
        return tuple(x.method for x in self.operations.values() if x.pattern.fullmatch(path))

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Operation]:
        return {(item.method, item.path): item for item in self.operations.values()}

    @cached_property
    def _templated(self) -> tuple[Operation, ...]:
        return tuple(item for item in self.operations.values() if "{" in item.path)

    def schema_of_answer(self, operation: Operation, status: int) -> Document | None:
        """The JSON Schema of an answer's body, self-contained, or None when the document gives none."""
        answer = operation.answers.get(str(status)) or operation.answers.get(f"{status // 100}XX")
        answer = answer or operation.answers.get("default")
        content = (answer or {}).get("content", {}).get("application/json", {})
        if "schema" not in content:
            return None
        schema: Document = content["schema"]
        if is_recursive(self.openapi, schema):
            return {"allOf": [schema], "components": self.openapi.get("components", {})}
        # Without references it is judged several times as fast, and every answer is judged.
        return dict(inline(self.openapi, schema))


def digest_of(openapi: Path, asyncapi: Path) -> str:
    """Tells one contract from another: over the bytes of both documents."""
    return sha256(openapi.read_bytes() + asyncapi.read_bytes()).hexdigest()


def _operations(document: Document, source: Path) -> dict[str, Operation]:
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        raise ContractError(f"{source} describes no path: is it an OpenAPI document?")
    found: dict[str, Operation] = {}
    for path, item in paths.items():
        for method in METHODS:
            if method in item:
                operation = _operation(document, path, method, item)
                found[operation.id] = operation
    return found


def _operation(document: Document, path: str, method: str, item: Document) -> Operation:
    node = item[method]
    parameters = [*item.get("parameters", []), *node.get("parameters", [])]
    form, example = _form(document, node)
    scope = node.get("x-scope")
    return Operation(
        id=node.get("operationId") or f"{method} {path}",
        method=method.upper(),
        path=path,
        summary=node.get("summary", ""),
        provenance=node.get("x-provenance", "documented"),
        access=_access(document, node),
        scope=None if scope in (None, "none") else scope,
        requires=_words(node.get("x-requires")),
        parameters=tuple(_parameter(document, follow(document, each)) for each in parameters),
        form=form,
        form_example=example,
        answers={
            str(status): follow(document, answer)
            for status, answer in node.get("responses", {}).items()
        },
        weight=int(node.get("x-load", {}).get("weight", 1)),
        then=tuple(
            Next(str(step["operation"]), step.get("given", {}))
            for step in node.get("x-load", {}).get("then", ())
        ),
    )


def _words(value: Json) -> tuple[str, ...]:
    words = value.split() if isinstance(value, str) else (value or ())
    return tuple(word for word in words if word != "none")


def _access(document: Document, node: Document) -> str:
    offered = node.get("security", document.get("security", []))
    if not offered:
        return "public"
    if {} in offered:
        return "optional"
    return "jwt" if all(set(choice) == {"jwt"} for choice in offered) else "signed"


def _parameter(document: Document, node: Document) -> Parameter:
    schema = inline(document, node.get("schema", {}))
    example = node.get("example", schema.get("example"))
    if example is None and node.get("examples"):
        example = follow(document, next(iter(node["examples"].values()))).get("value")
    if schema.get("enum") and example not in schema["enum"]:
        example = schema["enum"][0]
    where, required = node.get("in", "query"), bool(node.get("required"))
    return Parameter(node["name"], where, required, schema, example)


def _form(document: Document, node: Document) -> tuple[Document | None, dict[str, Json]]:
    body = follow(document, node.get("requestBody", {}))
    content = body.get("content", {}).get(FORM)
    if content is None:
        return None, {}
    schema = inline(document, content.get("schema", {}))
    return schema, _form_example(document, content, schema)


def _form_example(document: Document, content: Document, schema: Document) -> dict[str, Json]:
    given: Json = content.get("example", schema.get("example"))
    if given is None and content.get("examples"):
        given = follow(document, next(iter(content["examples"].values()))).get("value")
    known = schema.get("properties", {})
    example = {key: value for key, value in (given or {}).items() if key in known}
    return _legal(schema, example)


def _legal(schema: Document, given: Mapping[str, Json]) -> dict[str, Json]:
    """Values of a form, the first legal one for each that is not among those that are listed."""
    listed = {name: each.get("enum") for name, each in schema.get("properties", {}).items()}
    return {
        name: legal[0] if (legal := listed.get(name)) and value not in legal else value
        for name, value in given.items()
    }


def _channels(document: Document) -> dict[str, Channel]:
    declared = document.get("channels", {})
    return {
        name: _channel(document, name, follow(document, node))
        for name, node in declared.items()
        if isinstance(follow(document, node), dict) and "x-subscription" in follow(document, node)
    }


def _channel(document: Document, name: str, node: Document) -> Channel:
    parameters = {
        key: tuple(str(value) for value in follow(document, each).get("enum", ()))
        for key, each in node.get("parameters", {}).items()
    }
    messages: dict[str, Any] = {
        key: inline(document, follow(document, each).get("payload", {}))
        for key, each in node.get("messages", {}).items()
    }
    return Channel(
        name=name,
        address=node.get("address", name),
        provenance=node.get("x-provenance", "documented"),
        parameters=parameters,
        messages=messages,
        subscription=inline(document, node["x-subscription"]),
    )
