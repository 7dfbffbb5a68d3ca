"""The words that stream checks share: open a line, subscribe, and wait for what must come.

No frame is spelled here. What to say and what an answer looks like are templates of the contract's
document, so that another exchange's way of talking needs another document and no other code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from conformance.cases.asks import BUY
from conformance.cases.claim import CannotTell, Claim, Verdict, holds
from conformance.cases.script import Connect, Frame, Listen, Say, Steps, Token, World
from conformance.cases.spot_asks import rest, tidy
from conformance.cases.templates import fill, match
from conformance.spec.contract import Channel, Contract
from conformance.spec.documents import Document, follow, inline
from conformance.target import Market

ACKNOWLEDGED: Final = "stream.subscriptions-acknowledged"
SILENCE_MS: Final = 1000
"""How long nothing has to come for `nothing comes`."""


@dataclass(slots=True)
class Line:
    """A stream connection of a script, and everything heard on it so far, in order."""

    name: str
    frames: list[Frame] = field(default_factory=list)
    closed: bool = False
    said: int = 0

    def next_id(self) -> str:
        """An id that no earlier frame of this line had."""
        self.said += 1
        return f"{self.name}-{self.said}"

    @property
    def mark(self) -> int:
        """Where the next frame will stand."""
        return len(self.frames)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one frame of ours: `kind` is acknowledged, refused or missing."""

    kind: str
    asked: str
    frame: Frame | None = None

    @property
    def is_acknowledged(self) -> bool:
        """True when the exchange said yes."""
        return self.kind == "acknowledged"

    @property
    def is_refused(self) -> bool:
        """True when the exchange said no, with our id."""
        return self.kind == "refused"

    def __str__(self) -> str:
        return f"{self.asked} -> {quoted(self.frame) if self.frame else 'no answer'}"


def quoted(*frames: Frame) -> str:
    """Frames in a finding, short."""
    texts = [each.text if len(each.text) <= 160 else each.text[:160] + "..." for each in frames[:3]]
    left = len(frames) - len(texts)
    return "  ".join(texts) + (f"  and {left} more" if left > 0 else "")


def channel_of(world: World, name: str) -> Channel:
    """A channel of the contract. Raises CannotTell when it has none of that name."""
    channel = world.contract.channels.get(name)
    if channel is None:
        raise CannotTell(f"the contract has no channel {name}")
    return channel


def socket_extension(contract: Contract, name: str) -> Document:
    """Templates that belong to the socket as a whole: `x-liveness`, `x-authentication`."""
    for node in contract.asyncapi.get("channels", {}).values():
        found = follow(contract.asyncapi, node)
        if isinstance(found, dict) and name in found:
            return dict(inline(contract.asyncapi, found[name]))
    raise CannotTell(f"the document describes no {name}")


def topics(channel: Channel) -> list[str]:
    """Every topic of a channel: its address with all combinations of its parameters' values."""
    names = list(channel.parameters)
    choices = product(*(channel.parameters[name] for name in names))
    return [channel.topic(**dict(zip(names, chosen, strict=True))) for chosen in choices]


def market_topics(channel: Channel, market: Market) -> list[str]:
    """The topics of a channel that are about one market."""
    values = {**channel.parameters, "symbol": (market.symbol,)}
    names = list(channel.parameters)
    choices = product(*(values[name] for name in names))
    return [channel.topic(**dict(zip(names, chosen, strict=True))) for chosen in choices]


def opened(world: World, name: str, *documented: str) -> Steps[Line]:
    """Open a line. When the target's address opens none, what the exchange documents has failed."""
    if (yield Connect(name)):
        return Line(name)
    address = world.target.stream
    if not address:
        raise CannotTell("the target's file gives no stream address")
    for requirement in documented:
        title = f"no stream opens at {address}"
        yield Claim(requirement, Verdict.FAIL, title, "a WebSocket connection", "none opened")
    raise CannotTell(f"no stream opens at {address}")


def hear(
    line: Line, until: Callable[[Sequence[Frame]], bool], within_ms: int, since: int | None = None
) -> Steps[bool]:
    """Listen until it is content with what was heard from `since` (default: from now) on."""
    earlier = tuple(line.frames[line.mark if since is None else since :])
    heard = yield Listen(line.name, lambda new: until((*earlier, *new)), within_ms)
    line.frames += heard.frames
    line.closed = line.closed or heard.closed
    return bool(heard.complete)


def silence(line: Line, ms: int = SILENCE_MS) -> Steps[list[Frame]]:
    """All that comes within a window, whatever it is."""
    start = line.mark
    yield from hear(line, lambda _: False, ms)
    return line.frames[start:]


def ask(world: World, line: Line, templates: Document, verb: str, **values: str) -> Steps[Answer]:
    """Say the frame of that verb and wait for its answer, acknowledgement or refusal."""
    given = {**values, "id": line.next_id()}
    text = json.dumps(fill(templates[verb], given))
    answer = yield from answered(world, line, templates, text, given["id"])
    return answer


def answered(
    world: World, line: Line, templates: Document, frame: str | bytes, identity: str
) -> Steps[Answer]:
    """Say a frame of ours and wait for the answer to its id."""
    start = line.mark
    asked = frame if isinstance(frame, str) else repr(frame)
    yield Say(line.name, frame)

    def find(frames: Sequence[Frame]) -> Answer | None:
        kinds = ((answer_kind(templates, identity, each), each) for each in frames)
        return next((Answer(kind, asked, each) for kind, each in kinds if kind), None)

    yield from hear(line, lambda frames: bool(find(frames)), world.target.timing.frame_ms)
    return find(line.frames[start:]) or Answer("missing", asked)


class Answers:
    """Pairs what was asked with what comes back; reads each frame once, however many come."""

    def __init__(self, asked: Mapping[str, tuple[Document, str]]) -> None:
        self._asked = asked
        self._read = 0
        self._dialects: list[Document] = []
        for templates, _ in asked.values():
            self._dialects += [] if templates in self._dialects else [templates]
        self.found: dict[str, list[Answer]] = {identity: [] for identity in asked}

    def __call__(self, frames: Sequence[Frame]) -> bool:
        """True when nothing is unanswered any more."""
        for frame in frames[self._read :]:
            for templates in self._dialects:
                kind, identity = kind_and_id(templates, frame)
                if identity in self.found:
                    self.found[identity].append(Answer(kind, self._asked[identity][1], frame))
        self._read = len(frames)
        return all(self.found.values())


def subscribe_all(
    world: World, line: Line, chosen: Sequence[tuple[Channel, str]]
) -> Steps[list[tuple[str, list[Answer]]]]:
    """Subscribe topics without waiting in between; the answers to each, none where none came."""
    asked: dict[str, tuple[Document, str]] = {}
    start = line.mark
    for channel, topic in chosen:
        identity = line.next_id()
        frame = fill(channel.subscription["subscribe"], {"topic": topic, "id": identity})
        asked[identity] = (channel.subscription, json.dumps(frame))
        yield Say(line.name, asked[identity][1])
    answers = Answers(asked)
    yield from hear(line, answers, world.target.timing.settle_ms, start)
    # A saved run brings its frames without asking whether they are enough: read them here as well.
    answers(line.frames[start:])
    named = [topic for _, topic in chosen]
    return list(zip(named, answers.found.values(), strict=True))


def kind_and_id(templates: Document, frame: Frame) -> tuple[str, str]:
    """Whether a frame acknowledges or refuses one of ours, and which; twice nothing for neither."""
    for kind in ("acknowledged", "refused"):
        found = match(templates[kind], frame.value) if kind in templates else None
        if found is not None and "id" in found:
            return kind, found["id"]
    return "", ""


def answer_kind(templates: Document, identity: str, frame: Frame) -> str | None:
    """Whether a frame acknowledges or refuses ours of that id; None for neither."""
    kind, answered_id = kind_and_id(templates, frame)
    return kind if kind and answered_id == identity else None


def is_refusal(templates: Document, frame: Frame) -> bool:
    """True for a refusal of whatever frame; one that could not be read has no id to give back."""
    template = {key: each for key, each in templates["refused"].items() if each != "{id}"}
    return match(template, frame.value) is not None


def subscribed(
    world: World, line: Line, channel: Channel, topic: str, *documented: str
) -> Steps[None]:
    """Subscribe. A missing acknowledgement is a failure by itself, and the check goes on.

    A refusal ends the check; what the exchange documents has then failed.
    """
    answer = yield from ask(world, line, channel.subscription, "subscribe", topic=topic)
    yield from _told(answer, f"subscribing {topic}", documented)


def unsubscribed(world: World, line: Line, channel: Channel, topic: str) -> Steps[None]:
    """Unsubscribe; as `subscribed`."""
    answer = yield from ask(world, line, channel.subscription, "unsubscribe", topic=topic)
    yield from _told(answer, f"unsubscribing {topic}", ())


def _told(answer: Answer, what: str, documented: tuple[str, ...]) -> Steps[None]:
    if answer.is_refused:
        for requirement in documented:
            yield holds(requirement, False, f"{what} is refused", "an acknowledgement", answer)
        raise CannotTell(f"{what} is refused: {answer}")
    if not answer.is_acknowledged:
        title = f"{what} is not answered"
        yield holds(ACKNOWLEDGED, False, title, "an acknowledgement with our id", answer)


def authenticated(world: World, line: Line, account: str, *documented: str) -> Steps[None]:
    """Log a line in with the token of an account, for its private topics."""
    token = yield Token(account)
    answer = yield from presented(world, line, token)
    yield from _told(answer, f"authenticating {account}", documented)


def presented(world: World, line: Line, token: str) -> Steps[Answer]:
    """Say the authentication frame with a token; the answer does not repeat the token."""
    templates = socket_extension(world.contract, "x-authentication")
    answer = yield from ask(world, line, templates, "request", token=token)
    return Answer(answer.kind, "an authentication frame", answer.frame)


def pinged(world: World, line: Line) -> Steps[Answer]:
    """Say a ping frame and wait for its pong."""
    liveness = socket_extension(world.contract, "x-liveness")
    templates = {"ping": liveness["ping"], "acknowledged": liveness["pong"]}
    answer = yield from ask(world, line, templates, "ping")
    return answer


def events(channel: Channel, topic: str, frames: Sequence[Frame]) -> list[Frame]:
    """Those frames that are events of one topic."""
    return [each for each in frames if topic_of(channel, each) == topic]


def topic_of(channel: Channel, frame: Frame) -> str | None:
    """The topic of an event, or None when the frame is no event."""
    found = match(channel.subscription["event"], frame.value)
    return found.get("topic") if found is not None else None


def first_events(world: World, line: Line, channel: Channel, topic: str) -> Steps[list[Frame]]:
    """The events of a topic so far, waiting for the first."""
    heard = yield from events_until(world, line, channel, topic, bool)
    return heard


def first_event_of_all(
    world: World, line: Line, chosen: Sequence[tuple[Channel, str]]
) -> Steps[dict[str, Frame]]:
    """The first event of each topic, once all have come or the time for a frame is over."""
    found: dict[str, Frame] = {}
    wanted = {topic for _, topic in chosen}
    channels = list({channel.name: channel for channel, _ in chosen}.values())
    read = 0

    def complete(frames: Sequence[Frame]) -> bool:
        nonlocal read
        for frame in frames[read:]:
            for topic in {topic_of(channel, frame) for channel in channels} & wanted:
                found.setdefault(str(topic), frame)
        read = len(frames)
        return len(found) == len(wanted)

    yield from hear(line, complete, world.target.timing.frame_ms, since=0)
    complete(line.frames)
    return found


def shown_in_public(
    world: World, line: Line, channel: Channel, topic: str, *requirements: str
) -> Steps[list[Frame]]:
    """Subscribe on a line without credentials and claim each requirement by its first event."""
    yield from subscribed(world, line, channel, topic, *requirements)
    heard = yield from first_events(world, line, channel, topic)
    title = f"{topic} shows an event to somebody without credentials"
    for requirement in requirements:
        yield holds(requirement, bool(heard), title, "an event", quoted(*heard) or "none came")
    return heard


def events_until(
    world: World,
    line: Line,
    channel: Channel,
    topic: str,
    good: Callable[[list[Frame]], bool],
    since: int = 0,
) -> Steps[list[Frame]]:
    """The events of a topic from `since`, once they are good or the time for a frame is over."""
    within_ms = world.target.timing.frame_ms
    yield from hear(line, lambda frames: good(events(channel, topic, frames)), within_ms, since)
    return events(channel, topic, line.frames[since:])


def is_snapshot(frame: Frame) -> bool:
    """True for an event that shows a state rather than a change."""
    return isinstance(frame.value, dict) and frame.value.get("type") == "snapshot"


def stir(world: World, market: Market) -> Steps[None]:
    """Change the book of a market twice, by an order far away; does nothing without trading."""
    if world.target.allows.trading:
        order = yield from rest(world, world.first, market, BUY)
        yield from tidy(world, (order.account, order.identity))
