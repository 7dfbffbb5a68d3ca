"""The rules of the AsyncAPI document that its own schema cannot express.

operation-message-foreign   an operation or its reply uses a message that its channel does not have
address-parameters          the parameters are not those of the address
correlation-id              a correlation id points to a field that the payload need not have
messages-alike              two messages of one channel cannot be told apart
subscription-missing        a channel does not say how a client reaches it on the shared socket
subscription-template       what it says is not what the socket's own messages look like
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from conformance.spec.alike import distinguishable
from conformance.spec.documents import Document, Json, follow, inline
from conformance.spec.lint_shared import provenance
from conformance.spec.lint_subscription import subscription_problems
from conformance.spec.problems import Problem, join

NAME = "asyncapi"
LOCATION = "$message.payload#/"


def problems(document: Document) -> Iterator[Problem]:
    """Every problem of a document whose references lead somewhere."""
    yield from _foreign_messages(document)
    for name, node in document.get("channels", {}).items():
        channel, pointer = follow(document, node), join("/channels", name)
        yield from provenance(NAME, pointer, channel)
        yield from _address(document, pointer, channel)
        yield from _correlation(document, pointer, channel)
        yield from _alike(document, pointer, channel)
    yield from subscription_problems(document)


def _foreign_messages(document: Document) -> Iterator[Problem]:
    for name, node in document.get("operations", {}).items():
        operation, pointer = follow(document, node), join("/operations", name)
        yield from _foreign(document, pointer, operation, operation["channel"])
        if "reply" in operation:
            reply = follow(document, operation["reply"])
            channel = reply.get("channel", operation["channel"])
            yield from _foreign(document, join(pointer, "reply"), reply, channel)


def _foreign(
    document: Document, pointer: str, uses: Document, channel: Document
) -> Iterator[Problem]:
    own = {f"{channel['$ref']}/messages/{key}" for key in _messages(document, channel)}
    for index, message in enumerate(uses.get("messages", [])):
        if message.get("$ref") not in own:
            problem = f"{message.get('$ref')} is not a message of {channel['$ref']}"
            place = join(pointer, "messages", index)
            yield Problem("operation-message-foreign", NAME, place, problem)


def _messages(document: Document, channel: Document) -> Document:
    messages: Document = follow(document, channel).get("messages", {})
    return {key: follow(document, each) for key, each in messages.items()}


def _address(document: Document, pointer: str, channel: Document) -> Iterator[Problem]:
    in_address = set(re.findall(r"\{(\w+)\}", channel.get("address") or ""))
    described = set(channel.get("parameters", {}))
    for each in sorted(in_address ^ described):
        message = "is not described" if each in in_address else "is not in the address"
        place = join(pointer, "parameters", each)
        yield Problem("address-parameters", NAME, place, f"parameter {each!r} {message}")


def _correlation(document: Document, pointer: str, channel: Document) -> Iterator[Problem]:
    for name, message in _messages(document, channel).items():
        if "correlationId" not in message:
            continue
        location = follow(document, message["correlationId"])["location"]
        payload = inline(document, message.get("payload", {}))
        if not _leads_to_a_required_field(location, payload):
            problem = f"{location} is not a field that every payload of it has"
            place = join(pointer, "messages", name, "correlationId")
            yield Problem("correlation-id", NAME, place, problem)


def _leads_to_a_required_field(location: str, schema: Json) -> bool:
    if not location.startswith(LOCATION):
        return False
    for field in location.removeprefix(LOCATION).split("/"):
        if field not in schema.get("required", ()):
            return False
        schema = schema.get("properties", {}).get(field, {})
    return True


def _alike(document: Document, pointer: str, channel: Document) -> Iterator[Problem]:
    messages = _messages(document, channel)
    payloads = {key: inline(document, each.get("payload", {})) for key, each in messages.items()}
    for one, other in combinations(payloads, 2):
        place = join(pointer, "messages", other)
        if not distinguishable(payloads[one], payloads[other]):
            message = f"no required field tells {other!r} from {one!r}"
            yield Problem("messages-alike", NAME, place, message)
