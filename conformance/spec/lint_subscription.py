"""Whether `x-subscription`, `x-authentication` and `x-liveness` speak the language of the socket's messages.

Each template is filled with a real topic and held against the message schemas: what a client would send has
to be one message that the socket receives, what it waits for has to be an answer to that message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jsonschema import Draft7Validator

from conformance.spec.documents import Document, Json, follow, inline
from conformance.spec.problems import Problem, join

NAME = "asyncapi"
MISSING, TEMPLATE = "subscription-missing", "subscription-template"
FILL = {"{id}": "1", "{token}": "a.b.c"}
OBJECT = {"type": "object", "minProperties": 1}
SUBSCRIPTION = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "socket",
        "authentication",
        "subscribe",
        "unsubscribe",
        "acknowledged",
        "refused",
        "event",
    ],
    "properties": {
        "socket": {"type": "object", "required": ["$ref"]},
        "authentication": {"enum": ["none", "required"]},
        "subscribe": OBJECT,
        "unsubscribe": OBJECT,
        "acknowledged": OBJECT,
        "refused": OBJECT,
        "event": OBJECT,
    },
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a client may send on a socket, and the payloads that can answer it."""

    request: Json
    replies: tuple[Json, ...]


def subscription_problems(document: Document) -> Iterator[Problem]:
    """Every channel, and every socket that one of them names."""
    channels = {name: follow(document, each) for name, each in document["channels"].items()}
    sockets: set[str] = set()
    for name, channel in channels.items():
        if "x-subscription" in channel:
            subscription = follow(document, channel["x-subscription"])
            place = join("/channels", name, "x-subscription")
            shape = next(Draft7Validator(SUBSCRIPTION).iter_errors(subscription), None)
            if shape is not None:
                yield Problem(TEMPLATE, NAME, place, shape.message)
                continue
            sockets.add(subscription["socket"]["$ref"])
            yield from _channel(document, place, channel, subscription)
    for name, channel in channels.items():
        if f"#/channels/{name}" in sockets:
            yield from _socket(document, f"#/channels/{name}", channel)
        elif "x-subscription" not in channel:
            message = "has no x-subscription, and no other channel calls it its socket"
            yield Problem(MISSING, NAME, join("/channels", name), message)


def _channel(
    document: Document, place: str, channel: Document, subscription: Document
) -> Iterator[Problem]:
    values = {**FILL, "{topic}": _topic(document, channel)}
    exchanges = _exchanges(document, subscription["socket"]["$ref"])
    filled = {key: _fill(value, values) for key, value in subscription.items()}
    for key in ("subscribe", "unsubscribe"):
        yield from _ask(join(place, key), filled, filled[key], exchanges)
    for name, message in channel.get("messages", {}).items():
        payload = inline(document, follow(document, message).get("payload", {}))
        required = set(filled["event"]) <= set(payload.get("required", ()))
        if not (required and _fits(filled["event"], payload)):
            message = f"does not recognise {name!r}"
            yield Problem(TEMPLATE, NAME, join(place, "event"), message)
    if subscription["authentication"] == "required":
        socket = follow(document, subscription["socket"])
        if "x-authentication" not in socket:
            message = "is required, but its socket has no x-authentication"
            yield Problem(TEMPLATE, NAME, join(place, "authentication"), message)


def _socket(document: Document, reference: str, channel: Document) -> Iterator[Problem]:
    exchanges, place = _exchanges(document, reference), reference.removeprefix("#")
    if "x-authentication" in channel:
        filled = _fill(channel["x-authentication"], FILL)
        where = join(place, "x-authentication")
        yield from _ask(join(where, "request"), filled, filled.get("request"), exchanges)
    if "x-liveness" in channel:
        filled = _fill(channel["x-liveness"], FILL)
        where = join(place, "x-liveness")
        answer = {"acknowledged": filled.get("pong")}
        yield from _ask(join(where, "ping"), answer, filled.get("ping"), exchanges)


def _ask(
    place: str, awaited: Document, request: Json, exchanges: list[Exchange]
) -> Iterator[Problem]:
    """The request is one message of the client; acknowledgement and refusal are two answers to it."""
    asked = [each for each in exchanges if Draft7Validator(each.request).is_valid(request)]
    if len(asked) != 1:
        message = f"{request} is {len(asked)} of the messages that the socket receives, not one"
        yield Problem(TEMPLATE, NAME, place, message)
        return
    outcomes = [awaited[key] for key in ("acknowledged", "refused") if key in awaited]
    seen: set[int] = set()
    for outcome in outcomes:
        fitting = {index for index, each in enumerate(asked[0].replies) if _fits(outcome, each)}
        if not fitting or fitting & seen:
            message = f"{outcome} does not single out an answer to it"
            yield Problem(TEMPLATE, NAME, place, message)
        seen |= fitting


def _exchanges(document: Document, socket: str) -> list[Exchange]:
    found = []
    for node in document.get("operations", {}).values():
        operation = follow(document, node)
        if operation["action"] == "receive" and operation["channel"].get("$ref") == socket:
            replies = tuple(_payloads(document, follow(document, operation.get("reply", {}))))
            found += [Exchange(each, replies) for each in _payloads(document, operation)]
    return found


def _payloads(document: Document, uses: Document) -> Iterator[Json]:
    for message in uses.get("messages", []):
        yield inline(document, follow(document, message).get("payload", {}))


def _fits(partial: Json, payload: Json) -> bool:
    properties = payload.get("properties", {})
    return isinstance(partial, dict) and all(
        key in properties and Draft7Validator(properties[key]).is_valid(value)
        for key, value in partial.items()
    )


def _topic(document: Document, channel: Document) -> str:
    def value(match: re.Match[str]) -> str:
        parameter = follow(document, channel.get("parameters", {}).get(match[1], {}))
        return str(next(iter((*parameter.get("enum", ()), *parameter.get("examples", ()))), "x"))

    return re.sub(r"\{(\w+)\}", value, channel.get("address") or "")


def _fill(node: Json, values: dict[str, str]) -> Json:
    if isinstance(node, dict):
        return {key: _fill(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, values) for value in node]
    return values.get(node, node) if isinstance(node, str) else node
