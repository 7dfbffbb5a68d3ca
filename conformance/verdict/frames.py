"""Judge every frame of a stream: it is exactly one of the messages that the document declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema

from conformance.cases.claim import Claim, Verdict
from conformance.cases.script import Frame, Heard
from conformance.spec.contract import Contract
from conformance.spec.documents import Document, follow, inline
from conformance.wire.rest import json_or_none

MATCH = "stream.frames-match-one-message"


class FrameJudge:
    """Knows every message that the exchange may send, on whatever channel."""

    def __init__(self, contract: Contract) -> None:
        self._validators = {
            name: jsonschema.Draft7Validator(schema) for name, schema in _sent(contract).items()
        }
        self._channel_of = {
            f"{channel.name}/{message}": channel.name
            for channel in contract.channels.values()
            for message in channel.messages
        }
        self.seen: dict[str, int] = dict.fromkeys(contract.channels, 0)
        self._frames = 0

    def judge(self, heard: Heard) -> list[Claim]:
        """A failure for each frame that is no message, or more than one."""
        return [claim for frame in heard.frames for claim in self._judge(frame)]

    def problem_of(self, text: str) -> str | None:
        """Why one frame is not exactly one declared message, in a line, or None."""
        failed = list(self._judge(Frame(text, json_or_none(text))))
        return f"{failed[-1].title}: {failed[-1].expected}; {failed[-1].actual}" if failed else None

    def close(self) -> Iterator[Claim]:
        """A pass for the general sentence and for each channel that was heard."""
        if self._frames:
            yield Claim(MATCH, Verdict.PASS, f"{self._frames} frames were one message each")
        for channel, count in self.seen.items():
            if count:
                yield Claim(f"channel.{channel}", Verdict.PASS, f"{count} events kept the document")

    def _judge(self, frame: Frame) -> Iterator[Claim]:
        matching = [name for name, each in self._validators.items() if each.is_valid(frame.value)]
        if len(matching) == 1:
            self._frames += 1
            channel = self._channel_of.get(matching[0])
            if channel:
                self.seen[channel] += 1
            return
        said = ", ".join(matching) or "none of the declared messages"
        yield Claim(
            MATCH,
            Verdict.FAIL,
            "a frame is not one declared message",
            "exactly one",
            _show(frame, said),
        )
        channel = self._meant(frame.value)
        if channel and not matching:
            title = f"an event of {channel} is otherwise than its document says"
            yield Claim(
                f"channel.{channel}",
                Verdict.FAIL,
                title,
                self._why(channel, frame),
                frame.text[:300],
            )

    def _meant(self, value: Any) -> str | None:
        topic = value.get("topic") if isinstance(value, dict) else None
        head = topic.partition(".")[0] if isinstance(topic, str) else None
        return next((name for name in self.seen if name == head), None)

    def _why(self, channel: str, frame: Frame) -> str:
        errors = (
            jsonschema.exceptions.best_match(each.iter_errors(frame.value))
            for name, each in self._validators.items()
            if self._channel_of.get(name) == channel
        )
        return "; ".join(error.message[:150] for error in errors if error)[:300]


def _show(frame: Frame, matching: str) -> str:
    return f"{matching}: {frame.text[:300]}"


def _sent(contract: Contract) -> dict[str, Document]:
    """The messages that the exchange may send: events of channels, and control answers of the socket."""
    found: dict[str, Document] = {}
    for channel in contract.channels.values():
        for name, schema in channel.messages.items():
            found[f"{channel.name}/{name}"] = schema
    for name, message in _control(contract.asyncapi).items():
        found[f"control/{name}"] = inline(contract.asyncapi, message.get("payload", {}))
    return found


def _control(document: Document) -> dict[str, Document]:
    """The replies and messages of operations on a socket channel that the exchange sends.

    The document describes the exchange, so what it sends is the `send` action and every reply.
    """
    found: dict[str, Document] = {}
    for operation in document.get("operations", {}).values():
        reply = operation.get("reply", {})
        own = operation.get("messages", []) if operation.get("action") == "send" else []
        for node in [*reply.get("messages", []), *own]:
            name = node.get("$ref", "").rpartition("/")[2]
            message = follow(document, node)
            is_logical = "x-subscription" in _channel_of(document, operation)
            if name and isinstance(message, dict) and not is_logical:
                found[name] = message
    return found


def _channel_of(document: Document, operation: Document) -> Document:
    node = follow(document, operation.get("channel", {}))
    return node if isinstance(node, dict) else {}
