"""Frames a client might say, generated from the document: legal, or wrong in one place."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import jsonschema
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from conformance.cases.bad_frames import oversized
from conformance.cases.claim import Claim, holds
from conformance.cases.run import run
from conformance.cases.script import Check, Frame, Hang, Say, Script, Step, World
from conformance.cases.stream_asks import (
    ACKNOWLEDGED,
    Line,
    hear,
    is_refusal,
    opened,
    pinged,
    quoted,
    socket_extension,
    subscribed,
    topics,
)
from conformance.cases.templates import fill, match
from conformance.spec.contract import Channel, Contract
from conformance.spec.documents import Document, follow, inline

HARMLESS: Final = "stream.bad-frame-is-harmless"
UNKNOWN: Final = "stream.unknown-topic-refused"
UNKNOWN_TOPIC, OVERSIZED = "an unknown topic", "an oversized frame"
CONNECTION = "generated"


class ClientFrame(NamedTuple):
    """A frame of a client's; `why` says what is wrong with one that is not legal."""

    frame: str | bytes
    legal: bool
    why: str


class Message(NamedTuple):
    """One client message of the document; `template` shows where its topics stand, if any."""

    name: str
    schema: Document
    template: Document


def client_frames(contract: Contract) -> st.SearchStrategy[ClientFrame]:
    """Legal frames of every client message, and illegal ones that are wrong in one place."""
    known = client_messages(contract)
    legal = [legal_frames(contract, message) for message in known if message.name != "request"]
    illegal = [illegal_frames(message, known) for message in known]
    return st.one_of(
        *(each.map(lambda value: ClientFrame(json.dumps(value), True, "")) for each in legal),
        *illegal,
        unknown_topics(contract, known),
        st.text(max_size=200).filter(_is_no_json).map(lambda x: ClientFrame(x, False, "no JSON")),
        st.binary(max_size=200).map(lambda x: ClientFrame(x, False, "a binary frame")),
        st.sampled_from(known).map(lambda x: ClientFrame(oversized(x.template), False, OVERSIZED)),
    )


def client_messages(contract: Contract) -> list[Message]:
    """Each message that a client may send, with the template that uses it."""
    schemas = [
        inline(contract.asyncapi, follow(contract.asyncapi, node)["payload"])
        for operation in contract.asyncapi.get("operations", {}).values()
        if operation.get("action") == "receive"
        for node in operation.get("messages", [])
    ]
    found: list[Message] = []
    for name, template in _templates(contract).items():
        filled = fill(template, {"topic": "topic", "token": "token", "id": "1"})
        fitting = (each for each in schemas if jsonschema.Draft7Validator(each).is_valid(filled))
        found += [Message(name, each, template) for each in fitting]
    return found


def _templates(contract: Contract) -> dict[str, Document]:
    subscription = _public(contract)[0].subscription
    return {
        "subscribe": subscription["subscribe"],
        "unsubscribe": subscription["unsubscribe"],
        "ping": socket_extension(contract, "x-liveness")["ping"],
        "request": socket_extension(contract, "x-authentication")["request"],
    }


def _public(contract: Contract) -> list[Channel]:
    return [each for each in contract.channels.values() if not each.is_private]


def _known_topics(contract: Contract) -> list[str]:
    return [topic for channel in _public(contract) for topic in topics(channel)]


def legal_frames(contract: Contract, message: Message) -> st.SearchStrategy[Document]:
    """Frames that keep the message's schema and name topics that exist.

    The first topic of all is left out: `judge_frame` subscribes it beside the frame.
    """
    chosen = st.lists(
        st.sampled_from(_known_topics(contract)[1:]), min_size=1, max_size=3, unique=True
    )
    return _with_topics(message, chosen)


def _with_topics(
    message: Message, chosen: st.SearchStrategy[list[str]]
) -> st.SearchStrategy[Document]:
    generated = objects(message.schema)
    place = next((key for key, value in message.template.items() if value == ["{topic}"]), None)
    if place is None:
        return generated
    return st.builds(lambda frame, named: {**frame, place: named}, generated, chosen)


def unknown_topics(contract: Contract, known: Sequence[Message]) -> st.SearchStrategy[ClientFrame]:
    """Subscriptions of a topic that does not exist, alone or beside one that does."""
    message = next(each for each in known if each.name == "subscribe")
    legal = _known_topics(contract)[1:]
    wrong = st.sampled_from(legal).flatmap(_misspelled).filter(lambda topic: topic not in legal)
    chosen = st.builds(
        lambda topic, beside: [*beside, topic], wrong, st.lists(st.sampled_from(legal), max_size=1)
    )
    return _with_topics(message, chosen).map(
        lambda value: ClientFrame(json.dumps(value), False, UNKNOWN_TOPIC)
    )


def _misspelled(topic: str) -> st.SearchStrategy[str]:
    place = st.integers(0, len(topic) - 1)
    return st.one_of(
        place.map(lambda at: topic[:at] + topic[at + 1 :]),
        place.map(lambda at: topic[:at] + "~" + topic[at + 1 :]),
        st.sampled_from((topic.swapcase(), f" {topic}", f"{topic}.", f"{topic}\0", f"{topic}/")),
    )


def illegal_frames(message: Message, known: Sequence[Message]) -> st.SearchStrategy[ClientFrame]:
    """Frames of a message with one thing wrong, so that they are of no known message."""
    legal = objects(message.schema)
    names = st.sampled_from(sorted(message.schema["required"]))
    verb = next(key for key, value in message.template.items() if isinstance(value, str))
    anything: st.SearchStrategy[Any] = from_schema({})
    wrong = st.one_of(
        st.builds(lambda x, name: (_without(x, name), f"no {name}"), legal, names),
        st.builds(
            lambda x, name, value: ({**x, name: value}, f"{name} is {value!r}"[:80]),
            legal,
            names,
            anything,
        ),
        legal.map(lambda x: ({**x, verb: "no-such-verb"}, f"an unknown {verb}")),
        anything.map(lambda x: (x, "another shape")),
    )
    violates_all = wrong.filter(
        lambda pair: not any(_is_valid(each.schema, pair[0]) for each in known)
    )
    return violates_all.map(lambda pair: ClientFrame(json.dumps(pair[0]), False, pair[1]))


def objects(schema: Document) -> st.SearchStrategy[Document]:
    """Objects of a schema, member by member.

    hypothesis-jsonschema makes the members only: its own way to make objects relies on a part of
    Hypothesis that is gone since.
    """
    members = {name: from_schema(each) for name, each in schema["properties"].items()}
    required = {name: each for name, each in members.items() if name in schema["required"]}
    optional = {name: each for name, each in members.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


def _without(value: Document, name: str) -> Document:
    return {key: each for key, each in value.items() if key != name}


def _is_valid(schema: Document, value: Any) -> bool:
    return bool(jsonschema.Draft7Validator(schema).is_valid(value))


def _is_no_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return True
    return False


def judge_frame(
    world: World,
    perform: Callable[[Step], Any],
    frame: str | bytes,
    legal: bool,
    why: str = "",
) -> list[Claim]:
    """What the exchange makes of one frame, said beside a subscription that must not suffer.

    A legal one is acknowledged, another is refused; either way the line stays and answers a ping.
    An oversized one may end its connection.
    """
    requirement = ACKNOWLEDGED if legal else UNKNOWN if why == UNKNOWN_TOPIC else HARMLESS

    def script(world: World) -> Script:
        return _say(world, frame, requirement, why)

    check = Check("streams/generated-frame", (requirement,), (), 0, script)
    return run(check, world, perform)


def _say(world: World, frame: str | bytes, requirement: str, why: str) -> Script:
    line = yield from opened(world, CONNECTION)
    try:
        channel = _public(world.contract)[0]
        yield from subscribed(world, line, channel, topics(channel)[0])
        start = line.mark
        yield Say(line.name, frame)
        good = _answer(world, frame, channel, requirement == ACKNOWLEDGED)
        within_ms = world.target.timing.frame_ms
        yield from hear(line, lambda new: any(map(good, new)), within_ms)
        answers = [each for each in line.frames[start:] if good(each)]
        yield _judge(frame, requirement, why, answers, line)
        if not line.closed:
            pong = yield from pinged(world, line)
            title = "a ping is answered after whatever frame"
            shown = f"{_short(frame)}, then {pong}"
            yield holds(HARMLESS, pong.is_acknowledged, title, "a pong", shown)
    finally:
        yield Hang(line.name)


def _answer(
    world: World, frame: str | bytes, channel: Channel, legal: bool
) -> Callable[[Frame], bool]:
    """Recognises the answer that a frame should have."""
    if not legal:
        return lambda heard: is_refusal(channel.subscription, heard)
    identity = json.loads(frame)["id"]
    pong = socket_extension(world.contract, "x-liveness")["pong"]
    templates = (channel.subscription["acknowledged"], pong)

    def good(heard: Frame) -> bool:
        matching = (match(each, heard.value) for each in templates)
        return any(found is not None and found.get("id") == identity for found in matching)

    return good


def _judge(
    frame: str | bytes, requirement: str, why: str, answers: list[Frame], line: Line
) -> Claim:
    said = _short(frame)
    shown = quoted(*answers[:1]) or ("the line was closed" if line.closed else "no such answer")
    if requirement == ACKNOWLEDGED:
        title = "a legal frame is acknowledged"
        return holds(requirement, bool(answers), title, "with its id", f"{said}: {shown}")
    title = "a frame that is not legal is refused"
    good = (bool(answers) and not line.closed) or (why == OVERSIZED and line.closed)
    return holds(requirement, good, title, f"a refusal of {why}", f"{said}: {shown}")


def _short(frame: str | bytes) -> str:
    return repr(frame[:80])
