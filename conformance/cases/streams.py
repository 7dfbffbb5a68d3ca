"""Checks of the stream as a whole: what is asked for comes, what is not asked for does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from conformance.cases.bad_frames import oversized, unreadable
from conformance.cases.claim import CannotTell, Claim, Verdict, holds
from conformance.cases.run import REASONS
from conformance.cases.script import Check, Frame, Ping, Say, Script, Steps, World, check
from conformance.cases.stream_asks import (
    ACKNOWLEDGED,
    Answer,
    Line,
    ask,
    authenticated,
    channel_of,
    events,
    events_until,
    first_event_of_all,
    first_events,
    hear,
    is_refusal,
    is_snapshot,
    opened,
    pinged,
    quoted,
    silence,
    stir,
    subscribe_all,
    subscribed,
    topic_of,
    topics,
    unsubscribed,
)
from conformance.cases.templates import fill
from conformance.spec.contract import Channel, Contract
from conformance.spec.documents import Document
from conformance.target import Market

UNLIMITED = "stream.unlimited-subscriptions"
UNSUBSCRIBED = "stream.unsubscribe-stops-the-channel"
UNASKED = "stream.nothing-unasked"
TWICE = "stream.subscribing-twice-is-harmless"
UNKNOWN = "stream.unknown-topic-refused"
PING = "stream.ping-is-answered"
BAD_FRAME = "stream.bad-frame-is-harmless"

ENOUGH_FAILURES = 3
"""After so many unrefused frames nothing new is learnt, and each costs the time for a frame."""


def checks(contract: Contract) -> list[Check]:
    """One check for each channel of the document, so that one added there is tested as well."""
    return [_channel_check(channel) for channel in contract.channels.values()]


def _channel_check(channel: Channel) -> Check:
    def script(world: World) -> Script:
        return every_topic(world, channel)

    name = f"streams/channel-{channel.name}"
    return Check(name, (f"channel.{channel.name}",), (), 6, script)


def every_topic(world: World, channel: Channel) -> Script:
    """Each topic of a channel can be subscribed and shows a first event."""
    requirement = f"channel.{channel.name}"
    line = yield from opened(world, "line", requirement)
    if channel.is_private:
        yield from authenticated(world, line, world.first, requirement)
    chosen = [(channel, topic) for topic in topics(channel)]
    for topic, answers in (yield from subscribe_all(world, line, chosen)):
        yield from judge_answer(topic, answers, requirement)
    if channel.is_private:
        yield from stir(world, world.target.busy)
    found = yield from first_event_of_all(world, line, chosen)
    if channel.is_private and not found and not world.target.allows.trading:
        yield Claim(requirement, Verdict.SKIPPED, REASONS["trading"])
        return
    silent = [topic for _, topic in chosen if topic not in found]
    # Where nobody trades there may be nothing to show, unless the channel begins with a snapshot.
    must_show = [] if found and not any(map(is_snapshot, found.values())) else silent
    title = f"{len(found)} of {len(chosen)} topics of {channel.name} showed an event"
    shown = quoted(*list(found.values())[:1]) if not must_show else ", ".join(must_show[:5])
    expected = "an event of each" if not must_show else "an event of each, but nothing came of"
    yield holds(requirement, not must_show, title, expected, shown)


def judge_answer(topic: str, answers: Sequence[Answer], *documented: str) -> Iterator[Claim]:
    """A refusal fails what is documented, no answer the acknowledgement."""
    title = f"subscribing {topic} is answered"
    said = str(answers[0]) if answers else "no answer"
    yield holds(ACKNOWLEDGED, bool(answers), title, "an acknowledgement with our id", said)
    if any(each.is_refused for each in answers):
        for requirement in documented:
            title = f"{topic} can be subscribed"
            yield holds(requirement, False, title, "an acknowledgement", said)


@check(ACKNOWLEDGED, requests=0)
def every_subscription_is_answered(world: World) -> Script:
    """Subscribing, unsubscribing and doing so once more are answered, on each public channel."""
    line = yield from opened(world, "line")
    asked: list[Answer] = []
    for channel in _public(world):
        for verb in ("subscribe", "unsubscribe", "unsubscribe"):
            topic = topics(channel)[0]
            answer = yield from ask(world, line, channel.subscription, verb, topic=topic)
            asked.append(answer)
    for answer in asked:
        title = "a subscription or its end is answered, with its id"
        yield holds(ACKNOWLEDGED, answer.kind != "missing", title, "an answer", answer)
    yield from _answered_once(world, line)


def _answered_once(world: World, line: Line) -> Steps[None]:
    """Several frames at once, without waiting, get one answer each."""
    chosen = [(channel, topics(channel)[0]) for channel in _public(world)]
    for topic, answers in (yield from subscribe_all(world, line, chosen)):
        title = f"subscribing {topic} beside others is answered once"
        shown = "; ".join(map(str, answers)) or "no answer"
        yield holds(ACKNOWLEDGED, len(answers) == 1, title, "one answer", shown)


def _public(world: World) -> list[Channel]:
    return [each for each in world.contract.channels.values() if not each.is_private]


@check(UNSUBSCRIBED, requests=6)
def unsubscribing_stops(world: World) -> Script:
    """While another subscriber hears events of a topic, one who has unsubscribed hears none."""
    channel, market = channel_of(world, "depth"), world.target.busy
    topic = channel.topic(symbol=market.symbol)
    line, witness = (yield from opened(world, "line")), (yield from opened(world, "witness"))
    for each in (line, witness):
        yield from subscribed(world, each, channel, topic)
        yield from first_events(world, each, channel, topic)
    yield from unsubscribed(world, line, channel, topic)
    # What stood in the line before the acknowledgement was heard with it; only what follows counts.
    start, seen = line.mark, witness.mark
    yield from stir(world, market)
    yield from events_until(world, witness, channel, topic, bool, seen)
    yield from silence(line)
    if not events(channel, topic, witness.frames[seen:]):
        raise CannotTell(f"nothing happened on {topic}: nobody could hear anything")
    late = events(channel, topic, line.frames[start:])
    title = f"no event of {topic} after its unsubscription was acknowledged"
    yield holds(UNSUBSCRIBED, not late, title, "none", quoted(*late) or "none")


@check(UNASKED, requests=9)
def nothing_unasked_comes(world: World) -> Script:
    """While another hears events of other topics, nobody hears what they did not ask for."""
    depth, trades = channel_of(world, "depth"), channel_of(world, "trades")
    first, *others = world.target.markets
    line, mute = (yield from opened(world, "line")), (yield from opened(world, "mute"))
    witness = yield from opened(world, "witness")
    yield from subscribed(world, line, depth, depth.topic(symbol=first.symbol))
    yield from subscribed(world, witness, trades, trades.topic(symbol=first.symbol))
    for market in others:
        yield from subscribed(world, witness, depth, depth.topic(symbol=market.symbol))
    start = witness.mark
    for market in world.target.markets:
        yield from stir(world, market)
    within_ms = world.target.timing.frame_ms
    yield from hear(witness, lambda frames: bool(_spoken_of(world, frames)), within_ms, start)
    if not _spoken_of(world, witness.frames[start:]):
        raise CannotTell("nothing happened on any other topic: nobody could hear anything")
    yield from silence(line)
    yield from silence(mute, 1)
    for each, asked in ((line, {depth.topic(symbol=first.symbol)}), (mute, set[str]())):
        heard = _spoken_of(world, each.frames)
        unasked = [frame for topic, frame in heard if topic not in asked]
        title = f"who subscribed {', '.join(asked) or 'nothing'} hears nothing else"
        yield holds(UNASKED, not unasked, title, "no other event", quoted(*unasked) or "none")


def _spoken_of(world: World, frames: Sequence[Frame]) -> list[tuple[str, Frame]]:
    """Each event among frames, with its topic, whatever channel it is of."""
    found: list[tuple[str, Frame]] = []
    for frame in frames:
        topics_of_it = (topic_of(each, frame) for each in world.contract.channels.values())
        topic = next((each for each in topics_of_it if each is not None), None)
        found += [(topic, frame)] if topic is not None else []
    return found


@check(TWICE, requests=9)
def subscribing_twice(world: World) -> Script:
    """A topic that was subscribed twice sends each of its events once."""
    channel, market = channel_of(world, "depth"), world.target.busy
    topic = channel.topic(symbol=market.symbol)
    line = yield from opened(world, "line")
    for _ in range(2):
        yield from subscribed(world, line, channel, topic)
        yield from first_events(world, line, channel, topic)
    yield from silence(line, 1)
    start = line.mark
    yield from stir(world, market)
    yield from stir(world, market)
    yield from events_until(world, line, channel, topic, lambda found: len(found) > 2, start)
    yield from silence(line)
    changes = [x for x in events(channel, topic, line.frames[start:]) if not is_snapshot(x)]
    if not changes:
        raise CannotTell(f"nothing happened on {topic}")
    counts = Counter(each.text for each in changes)
    again = [each for each in changes if counts[each.text] > 1]
    title = f"{len(counts)} events of {topic}, subscribed twice, came once each"
    yield holds(TWICE, not again, title, "each once", quoted(*again) or "once each")


@check(UNKNOWN, requests=0)
def unknown_topics_are_refused(world: World) -> Script:
    """A topic with a name that does not exist in any of its parts is refused and shows nothing."""
    line = yield from opened(world, "line")
    wrong = [(each, topic) for each in _public(world) for topic in unknown_topics(each)]
    for place, (channel, topic) in enumerate(wrong):
        answer = yield from ask(world, line, channel.subscription, "subscribe", topic=topic)
        title = f"the unknown topic {topic!r} is refused"
        yield holds(UNKNOWN, answer.is_refused, title, "a refusal with our id", answer)
        if line.closed:
            line = yield from opened(world, f"line-{place}")


def unknown_topics(channel: Channel) -> list[str]:
    """Topics like one of the channel's, each with one part that does not exist."""
    known = {name: values[0] for name, values in channel.parameters.items() if values}
    wrong = [channel.topic(**{**known, name: "NOSUCH"}) for name in known]
    return [*wrong, f"no-such-{channel.topic(**known)}", channel.name + "."]


@check(BAD_FRAME, requests=6)
def bad_frames_are_harmless(world: World) -> Script:
    """Frames that cannot be read are refused one by one, and a subscription beside them goes on."""
    channel, market = channel_of(world, "depth"), world.target.busy
    topic = channel.topic(symbol=market.symbol)
    line = yield from opened(world, "line")
    yield from subscribed(world, line, channel, topic)
    good = fill(channel.subscription["subscribe"], {"topic": topic, "id": "good"})
    failures = 0
    for place, (what, frame) in enumerate(unreadable(good)):
        claim = yield from refused(world, line, channel.subscription, what, frame)
        yield claim
        failures += claim.verdict is Verdict.FAIL
        if failures == ENOUGH_FAILURES:
            return
        if line.closed:
            line = yield from opened(world, f"line-{place}")
            yield from subscribed(world, line, channel, topic)
    yield from goes_on(world, line, channel, topic, market)


def refused(
    world: World, line: Line, templates: Document, what: str, frame: str | bytes
) -> Steps[Claim]:
    """The claim that a frame is refused and the line stays open."""
    start = line.mark
    yield Say(line.name, frame)
    within_ms = world.target.timing.frame_ms
    yield from hear(line, lambda new: any(is_refusal(templates, x) for x in new), within_ms)
    answers = [each for each in line.frames[start:] if is_refusal(templates, each)]
    shown = quoted(*answers[:1]) or ("the line was closed" if line.closed else "no refusal")
    title = f"a frame that cannot be read is refused: {what}"
    return holds(BAD_FRAME, bool(answers) and not line.closed, title, "a refusal", shown)


def goes_on(world: World, line: Line, channel: Channel, topic: str, market: Market) -> Steps[None]:
    """Claim that a subscription is still alive, where something can be made to happen."""
    start = line.mark
    yield from stir(world, market)
    heard = yield from events_until(world, line, channel, topic, bool, start)
    if heard or world.target.allows.trading:
        title = f"the subscription of {topic} goes on after frames that cannot be read"
        yield holds(BAD_FRAME, bool(heard), title, "an event", quoted(*heard[:1]) or "none came")


@check(BAD_FRAME, requests=0)
def oversized_frames_are_harmless(world: World) -> Script:
    """A frame of a megabyte is refused or ends its own connection, and no other."""
    channel = channel_of(world, "depth")
    topic = channel.topic(symbol=world.target.busy.symbol)
    line, other = (yield from opened(world, "line")), (yield from opened(world, "other"))
    good = fill(channel.subscription["subscribe"], {"topic": topic, "id": "good"})
    yield Say(line.name, oversized(good))
    within_ms = world.target.timing.frame_ms
    yield from hear(
        line, lambda new: any(is_refusal(channel.subscription, x) for x in new), within_ms
    )
    answers = [each for each in line.frames if is_refusal(channel.subscription, each)]
    shown = quoted(*answers[:1]) or ("closed" if line.closed else quoted(*line.frames) or "nothing")
    title = "a frame of a megabyte is refused, or its connection closed"
    yield holds(BAD_FRAME, bool(answers) or line.closed, title, "either", shown)
    yield from subscribed(world, other, channel, topic)
    heard = yield from first_events(world, other, channel, topic)
    title = "another connection goes on after a frame of a megabyte"
    yield holds(BAD_FRAME, bool(heard), title, "an event", quoted(*heard[:1]) or "none came")


@check(PING, requests=0)
def pings_are_answered(world: World) -> Script:
    """A ping frame brings a pong with its id, a ping of the protocol a pong with its payload."""
    line = yield from opened(world, "line")
    answer = yield from pinged(world, line)
    yield holds(PING, answer.is_acknowledged, "a ping frame is answered", "a pong", answer)
    payload = b"are you there?"
    came_back = yield Ping(line.name, payload)
    title = "a ping of the protocol is answered with its payload"
    yield holds(PING, bool(came_back), title, payload, "the same" if came_back else "no pong")


@check(UNLIMITED, requests=0)
def subscriptions_without_limit(world: World) -> Script:
    """Every public topic, on more and more connections, up to the number of the target's file."""
    known = [(each, topic) for each in _public(world) for topic in topics(each)]
    left = world.target.limits.subscriptions
    unanswered: list[str] = []
    number = 0
    while left > 0:
        number += 1
        line = yield from opened(world, f"line-{number}", UNLIMITED)
        chosen = known[:left]
        unanswered += yield from _subscribe_all(world, line, chosen)
        left -= len(chosen)
    tried = world.target.limits.subscriptions
    title = f"{tried} subscriptions on {number} connections are acknowledged and show an event"
    shown = "; ".join(unanswered[:3]) or "all of them"
    yield holds(UNLIMITED, not unanswered, title, f"{tried}", shown)


def _subscribe_all(
    world: World, line: Line, chosen: Sequence[tuple[Channel, str]]
) -> Steps[list[str]]:
    """What was refused, and which topics showed nothing; a missing answer alone is no limit."""
    answered = yield from subscribe_all(world, line, chosen)
    refused = {topic: each for topic, answers in answered for each in answers if each.is_refused}
    found = yield from first_event_of_all(world, line, chosen)
    silent = [topic for _, topic in chosen if topic not in found and topic not in refused]
    said = [f"{topic}: {each}" for topic, each in refused.items()]
    return [*said, *(f"{topic}: no event" for topic in silent)]
