"""Every channel of the document: each kind of event reaches the caller, and each topic ends when it is ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from jsonschema import Draft202012Validator

from conformance.cases.claim import Claim, Verdict, equal, holds
from conformance.spec.contract import Channel
from conformance.spec.documents import follow
from sdk_gate.cases.case import case
from sdk_gate.exchange.newer import with_unknown_fields, with_unknown_values
from sdk_gate.instances import instance, plain
from sdk_gate.judges.events import can_be_marked, marked, marks
from sdk_gate.stage import Failed, Stage, until

SYMBOL: Final = "BTC/USDT"
BOOK: Final = "depth"  # the SDK may give its book instead
EACH_BY_ITSELF: Final = "trades"  # not message by message; cases of their own are about them
QUIET_S: Final = 0.1
SETTLED_S: Final = 2.0
ARRIVED_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, its channel, and an event of it: as the document shows one, or made of its schema."""

    name: str
    channel: Channel
    example: dict[str, Any]

    @property
    def is_shown(self) -> bool:
        """True when a subscriber gets a snapshot first."""
        messages = self.channel.messages.values()
        types = (plain(plain(each).get("properties", {}).get("type")) for each in messages)
        return any("snapshot" in each.get("enum", [each.get("const")]) for each in types)

    @property
    def has_a_mark(self) -> bool:
        """True when there is something in an event by which it can be told from others."""
        return can_be_marked(self.example.get("data"))

    def frame(self, kind: str, data: Any) -> dict[str, Any]:
        """An event of this topic."""
        return {**self.example, "topic": self.name, "type": kind, "data": data}


def _topics(stage: Stage) -> list[Topic]:
    """Those of the document that the driver has features for; of a parameter its first and its last value."""
    has_private = {"private", "token"} <= {*stage.features}
    known = [x for x in stage.exchange.contract.channels.values() if x.messages]
    return [
        Topic(topic, channel, _example(stage, channel))
        for channel in known
        if has_private or not channel.is_private
        for topic in _names(channel)
    ]


def _example(stage: Stage, channel: Channel) -> dict[str, Any]:
    """An event of a channel; empty where the document shows none and none can be made."""
    document = stage.exchange.contract.asyncapi
    messages = follow(document, document["channels"][channel.name])["messages"]
    for shown in follow(document, next(iter(messages.values()))).get("examples", ()):
        if isinstance(shown.get("payload"), dict):
            return dict(shown["payload"])
    data = data_of(channel)
    made = instance(data)
    return {"data": made} if Draft202012Validator(data).is_valid(made) else {}


def data_of(channel: Channel) -> Any:
    """The schema of what the first message of a channel carries."""
    return plain(next(iter(channel.messages.values()))).get("properties", {}).get("data", {})


def _names(channel: Channel) -> list[str]:
    """Its topics; none where the document does not say what they are called."""
    if not channel.address:
        return []
    others = {name: values for name, values in channel.parameters.items() if name != "symbol"}
    if not all(others.values()):
        return []
    chosen = [{name: values[at] for name, values in others.items()} for at in (0, -1)]
    return list(dict.fromkeys(channel.topic(symbol=SYMBOL, **values) for values in chosen))


def _open(stage: Stage, topics: list[Topic]) -> None:
    stage.open("token" if any(each.channel.is_private for each in topics) else "")


def _offered(stage: Stage, topics: list[Topic]) -> list[Topic]:
    """Subscribe those that the SDK has. Raises Failed when there is none."""
    offered = [each for each in topics if stage.offers(each.name)]
    if not offered:
        raise Failed("the driver declares streams, and subscribes no topic of the document")
    return offered


@case(
    "sdk.events-reach-the-caller",
    "sdk.unknown-fields-are-survived",
    "sdk.unknown-values-are-survived",
    needs=("streams",),
)
def every_channel(stage: Stage) -> Iterator[Claim]:
    """Of each channel a snapshot, updates, two that are equal, and two of a newer exchange; all topics mixed."""
    topics = [x for x in _topics(stage) if x.channel.name not in (BOOK, EACH_BY_ITSELF)]
    yield from (_unmarked(each.channel.name) for each in topics if not each.has_a_mark)
    topics = [each for each in topics if each.has_a_mark]
    fed = {each.name: _Fed(each, number) for number, each in enumerate(topics)}
    for each in fed.values():
        stage.take_over(each.topic.name, lambda each=each: each.first)  # type: ignore[misc]  # untyped default
    _open(stage, topics)
    fed = {each.name: fed[each.name] for each in _offered(stage, topics)}
    for turn in zip(*(each.later for each in fed.values()), strict=True):
        for frame in turn:
            stage.push(frame)
    got: dict[str, list[Any]] = {name: [] for name in fed}

    def are_all_there() -> bool:
        for name in fed:
            got[name] += stage.events(name)
        return all(len(got[name]) >= len(each.due) for name, each in fed.items())

    until(are_all_there, ARRIVED_S)
    until(lambda: False, QUIET_S)
    are_all_there()
    for name, each in fed.items():
        yield from each.judged(marks(each.topic.example["data"], got[name]))


def _unmarked(channel: str) -> Claim:
    title = f"events of {channel} have no decimal by which they could be told apart"
    return Claim("sdk.events-reach-the-caller", Verdict.SKIPPED, title)


class _Fed:
    """What a topic is fed with. Each event has a decimal of its own, its mark, but for two that are equal."""

    def __init__(self, topic: Topic, number: int) -> None:
        self.topic = topic
        data, schema = topic.example["data"], data_of(topic.channel)
        of = [f"{number + 1}{n}.25" for n in range(6)]
        self.due = [*([of[0]] if topic.is_shown else []), of[1], of[2], of[2], of[3]]
        self.unknown_fields, self.unknown_values = of[4], of[5]
        self.first = [topic.frame("snapshot", marked(data, of[0]))] if topic.is_shown else []
        more, other = (marked(data, of[n]) for n in (4, 5))
        newer = (with_unknown_fields(more, schema), with_unknown_values(other, schema))
        self.is_newer = {"fields": newer[0] != more, "values": newer[1] != other}
        usual = [marked(data, of[n]) for n in (1, 2, 2)]
        several = [*usual, *newer, _turned(marked(data, of[3]))]
        self.later = [topic.frame("update", each) for each in several]

    def judged(self, found: list[str]) -> Iterator[Claim]:
        """What reached the caller, by the marks."""
        name = self.topic.channel.name
        title = f"every event of {name} reaches the caller, in order"
        known = [each for each in found if each not in (self.unknown_fields, self.unknown_values)]
        yield equal("sdk.events-reach-the-caller", title, self.due, known)
        for what, mark in (("fields", self.unknown_fields), ("values", self.unknown_values)):
            requirement = f"sdk.unknown-{what}-are-survived"
            if not self.is_newer[what]:
                title = f"events of {name} have no place for unknown {what}"
                yield Claim(requirement, Verdict.SKIPPED, title)
                continue
            title = f"an event of {name} with unknown {what} reaches the caller"
            yield equal(requirement, title, 1, found.count(mark))


def _turned(data: Any) -> Any:
    """With its booleans turned, such as a candle that is closed."""
    if not isinstance(data, dict):
        return data
    return {name: not x if isinstance(x, bool) else x for name, x in data.items()}


@case("sdk.ended-subscriptions-stay-ended", needs=("streams",))
def every_topic_ends(stage: Stage) -> Iterator[Claim]:
    """Topics of all channels are subscribed and ended, down to the last one; then they are once more."""
    topics = _topics(stage)
    topics = [x for x in topics if x.channel.name != BOOK or "book" in stage.features]
    for each in topics:
        stage.take_over(each.name, list)
    _open(stage, topics)
    for time in ("first", "second"):
        for each in _offered(stage, topics):
            stage.unsubscribe(each.name)
            stage.settles(lambda each=each: stage.subscribers(each.name) == 0, SETTLED_S)  # type: ignore[misc]  # untyped default
            title = f"a topic of {each.channel.name} that is ended a {time} time is ended at the exchange"
            is_gone = stage.subscribers(each.name) == 0
            actual = "not subscribed" if is_gone else "still subscribed"
            yield holds(
                "sdk.ended-subscriptions-stay-ended", is_gone, title, "not subscribed", actual
            )
