"""What the AsyncAPI document has to keep beyond its schema, so that a frame tells by itself what it is.

A rule presumes that every reference leads somewhere and that the document has the shape of an AsyncAPI 3.0 one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jsonschema import Draft7Validator

from conformance.spec.documents import Document, Json, follow, inline
from conformance.spec.lint_walk import Problem, nodes, pointer_to, texts

CORRELATION = re.compile(r"\$message\.(payload|header)#(?:/(.*))?")
# The frames that a client sends, by the extension of a socket that describes them.
SOCKET_REQUESTS = (("x-liveness", "ping"), ("x-authentication", "request"))
SCHEMES = "#/components/securitySchemes/"


def problems(document: Document) -> Iterator[Problem]:
    """Everything wrong in the AsyncAPI document."""
    for rule in (_schema_examples, _operations, _channels, _subscriptions, _sockets):
        yield from rule(document)


def _problem(rule: str, pointer: str, message: str) -> Problem:
    return Problem(rule, "asyncapi", pointer, message)


def _channel_items(document: Document) -> Iterator[tuple[str, str, Document]]:
    for name, node in document.get("channels", {}).items():
        yield pointer_to("channels", name), name, follow(document, node)


def _schema_examples(document: Document) -> Iterator[Problem]:
    for pointer, node in nodes(document):
        if "type" in node and "example" in node:
            for error in Draft7Validator(inline(document, node)).iter_errors(node["example"]):
                yield _problem("example", f"{pointer}/example", error.message)


def _operations(document: Document) -> Iterator[Problem]:
    for name, node in document.get("operations", {}).items():
        pointer, own = pointer_to("operations", name), node["channel"]["$ref"]
        reply = node.get("reply", {})
        answered = reply.get("channel", {}).get("$ref", own)
        yield from _members("operation-messages", f"{pointer}/messages", node, own)
        yield from _members("reply-messages", f"{pointer}/reply/messages", reply, answered)
        for index, choice in enumerate(node.get("security", ())):
            if "$ref" in choice and not choice["$ref"].startswith(SCHEMES):
                place = f"{pointer}/security/{index}"
                yield _problem("security-scheme", place, f"{choice['$ref']} is no security scheme")


def _members(rule: str, pointer: str, holder: Document, channel: str) -> Iterator[Problem]:
    for index, each in enumerate(holder.get("messages", ())):
        if not each.get("$ref", "").startswith(f"{channel}/messages/"):
            message = f"{each.get('$ref')} is not a message of {channel}"
            yield _problem(rule, f"{pointer}/{index}", message)


def _channels(document: Document) -> Iterator[Problem]:
    for pointer, name, node in _channel_items(document):
        inside = set(re.findall(r"\{([^}]+)\}", node.get("address") or name))
        given = set(node.get("parameters", {}))
        for odd in sorted(inside ^ given):
            place = "its address" if odd in inside else "its parameters"
            yield _problem("parameters", pointer, f"{{{odd}}} stands in {place} alone")
        if "x-subscription" not in node and "ws" not in node.get("bindings", {}):
            message = "neither x-subscription nor a ws binding says how a client reaches it"
            yield _problem("subscription", pointer, message)
        yield from _messages(document, pointer, node)


def _messages(document: Document, channel: str, node: Document) -> Iterator[Problem]:
    payloads = _payloads(document, node)
    for name, reference in node.get("messages", {}).items():
        message, pointer = follow(document, reference), f"{channel}/messages/{name}"
        yield from _correlation(document, pointer, message)
        yield from _schema_of_examples(pointer, message, payloads[name])
        yield from _distinguishable(pointer, name, message, payloads)


def _payloads(document: Document, channel: Document) -> dict[str, Document]:
    return {
        name: inline(document, follow(document, each).get("payload", {}))
        for name, each in channel.get("messages", {}).items()
    }


def _schema_of_examples(pointer: str, message: Document, payload: Document) -> Iterator[Problem]:
    for index, example in enumerate(message.get("examples", ())):
        for error in Draft7Validator(payload).iter_errors(example.get("payload")):
            yield _problem("example", f"{pointer}/examples/{index}", error.message)


def _distinguishable(
    pointer: str, name: str, message: Document, payloads: dict[str, Document]
) -> Iterator[Problem]:
    examples = message.get("examples", ())
    if not examples:
        yield _problem("distinguishable", pointer, "no example shows that it can be told apart")
    for index, example in enumerate(examples):
        also = [each for each in _accepting(payloads, example.get("payload")) if each != name]
        if also:
            place = f"{pointer}/examples/{index}"
            yield _problem("distinguishable", place, f"is a {texts(also)} just as well")


def _accepting(payloads: dict[str, Document], frame: Json) -> list[str]:
    return [name for name, schema in payloads.items() if Draft7Validator(schema).is_valid(frame)]


def _correlation(document: Document, pointer: str, message: Document) -> Iterator[Problem]:
    location = follow(document, message.get("correlationId", {})).get("location")
    if location is None:
        return
    found = CORRELATION.fullmatch(location)
    part = "payload" if found and found[1] == "payload" else "headers"
    schema = inline(document, message.get(part, {}))
    steps = (found[2] or "").split("/") if found else []
    if not steps or not _leads_somewhere(schema, steps):
        yield _problem("correlation", pointer, f"{location} leads to nothing in its {part}")


def _leads_somewhere(schema: Json, steps: list[str]) -> bool:
    for step in steps:
        schema = schema.get("properties", {}).get(step)
        if schema is None:
            return False
    return True


def _subscriptions(document: Document) -> Iterator[Problem]:
    for pointer, name, node in _channel_items(document):
        if "x-subscription" not in node:
            continue
        told = follow(document, node["x-subscription"])
        socket = told.get("socket", {}).get("$ref", "")
        topic = _topic(document, name, node)
        for key in ("subscribe", "unsubscribe"):
            place = f"{pointer}/x-subscription/{key}"
            yield from _request(document, place, told.get(key), socket, topic)


def _sockets(document: Document) -> Iterator[Problem]:
    for pointer, _, node in _channel_items(document):
        for extension, key in SOCKET_REQUESTS:
            if extension in node:
                template, place = node[extension].get(key), f"{pointer}/{extension}/{key}"
                yield from _request(document, place, template, pointer, "")


def _request(
    document: Document, place: str, template: Json, socket: str, topic: str
) -> Iterator[Problem]:
    frame = _filled(template, {"{topic}": topic, "{id}": "1", "{token}": "token"})
    meant = _accepting(_client_payloads(document, socket), frame)
    if len(meant) != 1:
        message = f"fits {len(meant)} of the messages that a client may send, not one: {frame}"
        yield _problem("subscription", place, message)


def _client_payloads(document: Document, socket: str) -> dict[str, Document]:
    # The exchange describes itself: what it receives is what a client sends.
    return {
        each["$ref"]: inline(document, follow(document, each).get("payload", {}))
        for operation in document.get("operations", {}).values()
        if operation["action"] == "receive" and operation["channel"]["$ref"] == socket
        for each in operation.get("messages", ())
    }


def _topic(document: Document, name: str, node: Document) -> str:
    topic = str(node.get("address") or name)
    for key, reference in node.get("parameters", {}).items():
        given = follow(document, reference)
        legal = [*given.get("enum", ()), *given.get("examples", ())]
        topic = topic.replace(f"{{{key}}}", legal[0] if legal else key)
    return topic


def _filled(template: Json, values: dict[str, str]) -> Json:
    if isinstance(template, dict):
        return {key: _filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    return values.get(template, template) if isinstance(template, str) else template
