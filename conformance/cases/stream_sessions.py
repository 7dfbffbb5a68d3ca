"""A client's sessions on the stream as a history: what was subscribed when, and all that came.

One history, many judges: nothing comes that is not subscribed, a subscription begins with the present and
goes on without a hole, two connections hear the same. Scripts and the state machine make such histories.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.cases.asks import BUY
from conformance.cases.claim import CannotTell, Claim, holds
from conformance.cases.depth_stream import tell
from conformance.cases.script import Connect, Frame, Hang, Pause, Say, Script, Steps, World, check
from conformance.cases.spot_asks import rest, tidy
from conformance.cases.spot_orders import home_market
from conformance.cases.stream_asks import (
    Answer,
    Line,
    answered,
    ask,
    authenticated,
    channel_of,
    events,
    hear,
    is_refusal,
    is_snapshot,
    kind_and_id,
    pinged,
    quoted,
    topic_of,
    topics,
)
from conformance.cases.trade_stream import trades_of
from conformance.spec.contract import Channel
from conformance.target import Market

AGREE: Final = "stream.two-connections-agree"
ANEW: Final = "stream.reconnecting-begins-anew"
AGAIN: Final = "stream.resubscribing-begins-anew"
WHOLE: Final = "stream.subscribing-is-all-or-nothing"
UNKNOWN_END: Final = "stream.unsubscribing-the-unknown-is-harmless"
GO_ON: Final = "stream.other-topics-go-on"
SLOW: Final = "stream.slow-readers-see-a-whole-book"
FIRST: Final = "stream.acknowledged-before-events"
ACKNOWLEDGED: Final = "stream.subscriptions-acknowledged"
UNASKED: Final = "stream.nothing-unasked"
GAPLESS: Final = "depth.sequence-without-gap"
SNAPSHOT: Final = "depth.snapshot-first"
PING: Final = "stream.ping-is-answered"
HARMLESS: Final = "stream.bad-frame-is-harmless"
NOWHERE: Final = "depth.NOSUCH/COIN"
DRAIN_MS: Final = 150
# A book may be told in batches, in which what comes and goes at once is nothing.
BATCH_MS: Final = 200
SLOW_STIRS: Final = 40


@dataclass(slots=True)
class Span:
    """One subscription: from the frame behind its acknowledgement to that of its end, if it has one."""

    topic: str
    said: int
    start: int
    end: int | None = None

    def frames(self, session: Session) -> list[Frame]:
        """The events of the topic within the span."""
        part = session.line.frames[self.start : self.end]
        return [each for each in part if topic_of(session.channel, each) == self.topic]


@dataclass(slots=True)
class Session:
    """One connection with everything subscribed on it; `channel` is any public one, to read topics by."""

    line: Line
    channel: Channel
    spans: list[Span] = field(default_factory=list)

    def open_span(self, topic: str) -> Span | None:
        """The subscription of a topic that has not ended."""
        return next((x for x in self.spans if x.topic == topic and x.end is None), None)


def public_channels(world: World) -> list[Channel]:
    """The channels that need no authentication."""
    return [each for each in world.contract.channels.values() if not each.is_private]


def known_topics(world: World, market: Market) -> list[str]:
    """Every public topic of a market."""
    found = (topic for each in public_channels(world) for topic in topics(each))
    return [each for each in found if f".{market.symbol}" in each]


def connected(world: World, name: str, is_slow: bool = False) -> Steps[Session]:
    """Open a session. Raises CannotTell when no stream opens."""
    if not (yield Connect(name, is_slow)):
        raise CannotTell(f"no stream opens at {world.target.stream}")
    return Session(Line(name), public_channels(world)[0])


def subscribe(world: World, session: Session, topic: str) -> Steps[list[Claim]]:
    """Subscribe a topic, once more or for the first time, and judge the answer."""
    line, said = session.line, session.line.mark
    templates = session.channel.subscription
    answer = yield from ask(world, line, templates, "subscribe", topic=topic)
    start = _behind(line, answer, said)
    if answer.is_acknowledged and session.open_span(topic) is None:
        session.spans.append(Span(topic, said, start))
    title = f"subscribing {topic} is acknowledged"
    return [holds(ACKNOWLEDGED, answer.is_acknowledged, title, "an acknowledgement", answer)]


def unsubscribe(world: World, session: Session, topic: str) -> Steps[list[Claim]]:
    """End a subscription, whether there is one or not, and judge the answer."""
    line, said = session.line, session.line.mark
    templates = session.channel.subscription
    answer = yield from ask(world, line, templates, "unsubscribe", topic=topic)
    span = session.open_span(topic)
    if answer.is_acknowledged and span is not None:
        span.end = _behind(line, answer, said)
    requirement = ACKNOWLEDGED if span is not None else UNKNOWN_END
    title = f"unsubscribing {topic} is acknowledged"
    return [holds(requirement, answer.is_acknowledged, title, "an acknowledgement", answer)]


def _behind(line: Line, answer: Answer, said: int) -> int:
    """Where the frame behind an answer stands."""
    for place in range(said, line.mark):
        if line.frames[place] is answer.frame:
            return place + 1
    return line.mark


def misspoken(world: World, session: Session, frame: str | bytes) -> Steps[list[Claim]]:
    """Say a frame that is no message: a refusal comes, and the connection lives."""
    templates = session.channel.subscription
    start = session.line.mark
    yield Say(session.line.name, frame)

    def is_answered(frames: Sequence[Frame]) -> bool:
        return any(is_refusal(templates, each) for each in frames)

    yield from hear(session.line, is_answered, world.target.timing.frame_ms)
    heard = session.line.frames[start:]
    refused = is_answered(heard)
    title = "a frame that is no message is refused and the connection goes on"
    shown = "the exchange hung up" if session.line.closed else quoted(*heard) or "no answer"
    return [holds(HARMLESS, refused and not session.line.closed, title, "a refusal", shown)]


def alive(world: World, session: Session) -> Steps[list[Claim]]:
    """Say a ping."""
    answer = yield from pinged(world, session.line)
    title = "a ping is answered, whatever is subscribed"
    return [holds(PING, answer.is_acknowledged, title, "a pong with our id", answer)]


def drained(session: Session, ms: int = DRAIN_MS) -> Steps[None]:
    """Take in what comes for a while."""
    yield from hear(session.line, lambda frames: False, ms)


def judge(sessions: Sequence[Session]) -> Iterator[Claim]:
    """Everything that sessions, as far as they went, have to keep."""
    for session in sessions:
        yield from _judge_unasked(session)
        for span in session.spans:
            yield from _judge_span(session, span)
    yield from _judge_agreement(sessions)


def _judge_unasked(session: Session) -> Iterator[Claim]:
    """Every event belongs to a subscription; one that came before its acknowledgement came early."""
    asked = early = None
    for place, frame in enumerate(session.line.frames):
        topic = topic_of(session.channel, frame)
        if topic is None or any(_holds(span, topic, place, span.start) for span in session.spans):
            continue
        if any(_holds(span, topic, place, span.said) for span in session.spans):
            early = early or frame
        else:
            asked = asked or frame
    title = f"every one of {session.line.mark} frames belongs to a subscription"
    yield holds(UNASKED, asked is None, title, "nothing else", quoted(asked) if asked else "")
    title = "no event comes before the acknowledgement of its subscription"
    yield holds(FIRST, early is None, title, "first the yes", quoted(early) if early else "")


def _holds(span: Span, topic: str, place: int, start: int) -> bool:
    return span.topic == topic and start <= place and (span.end is None or place < span.end)


def _judge_span(session: Session, span: Span) -> Iterator[Claim]:
    """A book begins with a snapshot and has no hole, whether it is the first subscription or a later one."""
    heard = span.frames(session)
    if not span.topic.startswith("depth.") or not heard:
        return
    is_later = any(x.topic == span.topic and x.start < span.start for x in session.spans)
    title = f"{span.topic} begins with a snapshot"
    yield holds(
        AGAIN if is_later else SNAPSHOT, is_snapshot(heard[0]), title, "snapshot", quoted(heard[0])
    )
    if is_snapshot(heard[0]):
        gaps = tell(heard).replica.gaps
        title = f"{len(heard)} events of {span.topic} follow each other"
        yield holds(GAPLESS, not gaps, title, "prevSeq = the last seq", "; ".join(gaps[:2]))


def _judge_agreement(sessions: Sequence[Session]) -> Iterator[Claim]:
    """What two connections both heard of a topic is the same, and neither lacks what lies in between."""
    heard = [
        (span.topic, _marked(span.frames(session)))
        for session in sessions
        for span in session.spans
    ]
    for place, (topic, mine) in enumerate(heard):
        for other, theirs in heard[place + 1 :]:
            if topic == other and mine and theirs:
                yield from _compared(topic, mine, theirs)


def _marked(frames: Sequence[Frame]) -> dict[int, Any]:
    """Deltas of a book by their number, and trades by their id: what has one is the same for everybody."""
    found: dict[int, Any] = {}
    for frame in frames:
        value = frame.value if isinstance(frame.value, dict) else {}
        if value.get("type") == "delta" and isinstance(value.get("seq"), int):
            found[value["seq"]] = value.get("data")
        elif str(value.get("topic")).startswith("trades.") and not is_snapshot(frame):
            found |= {each.identity: (each.price, each.amount) for each in trades_of([frame])}
    return found


def _compared(topic: str, mine: dict[int, Any], theirs: dict[int, Any]) -> Iterator[Claim]:
    low, high = max(min(mine), min(theirs)), min(max(mine), max(theirs))
    common = {each for each in mine.keys() | theirs.keys() if low <= each <= high}
    differing = sorted(each for each in common if mine.get(each) != theirs.get(each))
    title = f"two connections hear the same {len(common)} events of {topic}"
    first = differing[0] if differing else 0
    shown = f"number {first}: {mine.get(first)} here, {theirs.get(first)} there"
    yield holds(AGREE, not differing, title, "the same", shown if differing else "")


def stirred(world: World, market: Market, times: int = 2, stay_ms: int = BATCH_MS) -> Steps[None]:
    """Change the book of a market by orders of ours far away, which stay for a while; nothing without trading."""
    for _ in range(times if world.target.allows.trading else 0):
        order = yield from rest(world, world.first, market, BUY)
        yield Pause(stay_ms)
        yield from tidy(world, (order.account, order.identity))


def _topic(world: World, name: str, market: Market) -> str:
    return channel_of(world, name).topic(symbol=market.symbol)


@check(AGREE, FIRST, requests=20)
def two_connections(world: World) -> Script:
    """Two connections to the books and trades of every market hear the same."""
    markets = world.target.markets
    sessions = []
    for name in ("one", "other"):
        session = yield from connected(world, name)
        sessions.append(session)
        for market in markets:
            for channel in ("depth", "trades"):
                yield from subscribe(world, session, _topic(world, channel, market))
    for _ in range(3):
        yield from stirred(world, home_market(world))
        for session in sessions:
            yield from drained(session, 400)
    claims = [each for each in judge(sessions) if each.requirement in (AGREE, FIRST)]
    yield from claims
    if not any(each.requirement == AGREE for each in claims):
        raise CannotTell("nothing happened in any market, so there was nothing to agree on")


@check(ANEW, requests=10)
def reconnecting(world: World) -> Script:
    """A new connection hears nothing before it subscribes; then its book begins with a snapshot, without hole."""
    market = home_market(world)
    topic = _topic(world, "depth", market)
    first = yield from connected(world, "line")
    yield from subscribe(world, first, topic)
    yield from stirred(world, market)
    yield from drained(first)
    yield Hang("line")
    second = yield from connected(world, "line")
    yield from stirred(world, market)
    yield from drained(second, 600)
    heard = [each for each in second.line.frames if topic_of(second.channel, each)]
    title = "a connection that is opened again hears nothing before it subscribes"
    yield holds(ANEW, not heard, title, "nothing", quoted(*heard))
    yield from subscribe(world, second, topic)
    yield from stirred(world, market)
    yield from drained(second, 600)
    wrong = [each for each in judge([second]) if each.verdict.value == "fail"]
    again = second.spans[-1].frames(second) if second.spans else []
    title = "a book that is subscribed on a new connection begins anew and has no hole"
    good = bool(again) and is_snapshot(again[0]) and not wrong
    yield holds(ANEW, good, title, "a snapshot first", quoted(*again[:2]) or "no event")


@check(ANEW, needs=("trading",), requests=8)
def authenticating_again(world: World) -> Script:
    """A new connection is nobody's: private topics are refused until it has logged in itself."""
    first = yield from connected(world, "line")
    yield from authenticated(world, first.line, world.first)
    private = channel_of(world, "orders")
    yield from ask(world, first.line, private.subscription, "subscribe", topic=private.topic())
    yield Hang("line")
    second = yield from connected(world, "line")
    answer = yield from ask(
        world, second.line, private.subscription, "subscribe", topic=private.topic()
    )
    yield from stirred(world, home_market(world))
    yield from drained(second, 600)
    heard = events(private, private.topic(), second.line.frames)
    title = "a new connection has to log in again before it hears of orders"
    good = answer.is_refused and not heard
    yield holds(ANEW, good, title, "a refusal, no event", f"{answer}  {quoted(*heard)}")


@check(AGAIN, requests=10)
def resubscribing(world: World) -> Script:
    """Unsubscribed and subscribed again, three times over: a snapshot first, and nothing twice."""
    market = home_market(world)
    topic = _topic(world, "depth", market)
    session = yield from connected(world, "line")
    for _ in range(3):
        yield from subscribe(world, session, topic)
        yield from stirred(world, market)
        yield from drained(session)
        yield from unsubscribe(world, session, topic)
    if len(session.spans) < 2 or not session.spans[-1].frames(session):
        raise CannotTell(f"{topic} could not be subscribed again")
    wrong = [each for each in judge([session]) if each.verdict.value == "fail"]
    title = f"{topic}, subscribed again, begins with a snapshot and has no hole and nothing twice"
    shown = f"{wrong[0].title}: {wrong[0].actual}" if wrong else ""
    yield holds(AGAIN, not wrong, title, "as the first time", shown)


@check(WHOLE, requests=4)
def all_or_nothing(world: World) -> Script:
    """A frame that names a topic that exists and one that does not is refused, and nothing comes of it."""
    market = home_market(world)
    topic = _topic(world, "depth", market)
    session = yield from connected(world, "line")
    templates = session.channel.subscription
    frame = _naming(templates, [topic, NOWHERE], "both")
    if frame is None:
        raise CannotTell("the document subscribes one topic at a time")
    answer = yield from answered(world, session.line, templates, frame, "both")
    yield from stirred(world, market)
    yield from drained(session, 600)
    heard = [each for each in session.line.frames if topic_of(session.channel, each)]
    title = "of two topics of which one does not exist, neither is subscribed"
    good = answer.is_refused and not heard
    yield holds(WHOLE, good, title, "a refusal, no event", f"{answer}  {quoted(*heard)}")


def _naming(templates: Any, chosen: Sequence[str], identity: str) -> str | None:
    """The frame of a subscription that names several topics, where its template has a list of them."""
    template = templates["subscribe"]
    if not any(value == ["{topic}"] for value in template.values()):
        return None
    filled = {
        key: list(chosen) if value == ["{topic}"] else identity if value == "{id}" else value
        for key, value in template.items()
    }
    return json.dumps(filled)


@check(UNKNOWN_END, GO_ON, requests=8)
def unsubscribing_others(world: World) -> Script:
    """Ending a subscription that there never was, or another one, leaves the rest alone."""
    market = home_market(world)
    topic, other = _topic(world, "depth", market), _topic(world, "trades", market)
    session = yield from connected(world, "line")
    yield from subscribe(world, session, topic)
    yield from (yield from unsubscribe(world, session, _topic(world, "ticker", market)))
    yield from subscribe(world, session, other)
    yield from (yield from unsubscribe(world, session, other))
    start = session.line.mark
    yield from stirred(world, market)
    yield from hear(session.line, lambda new: _any_of(session, topic, new), 3000, start)
    heard = [x for x in session.line.frames[start:] if topic_of(session.channel, x) == topic]
    title = f"{topic} goes on when other topics are unsubscribed"
    if not world.target.allows.trading and not heard:
        raise CannotTell(f"nothing happened on {topic}")
    yield holds(GO_ON, bool(heard), title, "an event", quoted(*heard[:1]) or "none came")


def _any_of(session: Session, topic: str, frames: Sequence[Frame]) -> bool:
    return any(topic_of(session.channel, each) == topic for each in frames)


@check(SLOW, needs=("trading",), requests=200)
def slow_reader(world: World) -> Script:
    """Who does not read for a while is cut off, or finds a book without a hole when reading on."""
    market = home_market(world)
    topic = _topic(world, "depth", market)
    session = yield from connected(world, "slow", is_slow=True)
    yield from subscribe(world, session, topic)
    yield from stirred(world, market, SLOW_STIRS, stay_ms=0)
    yield from drained(session, 800)
    fresh = yield from connected(world, "fresh")
    yield from subscribe(world, fresh, topic)
    yield from stirred(world, market)
    for each in (session, fresh):
        yield from drained(each, 600)
    title = f"a slow reader of {topic} is cut off, or its book has no hole and is everybody's"
    if session.line.closed:
        yield holds(SLOW, True, title)
        return
    heard = session.spans[0].frames(session) if session.spans else []
    wrong = [each for each in judge([session, fresh]) if each.verdict.value == "fail"]
    last = _books_differ(session, fresh)
    shown = wrong[0].actual if wrong else last
    good = bool(heard) and not wrong and not last
    yield holds(SLOW, good, title, "a whole book, or the end", shown or "no event came")


def _books_differ(one: Session, other: Session) -> str:
    books = [tell(each.spans[0].frames(each)).books for each in (one, other) if each.spans]
    if len(books) < 2 or not all(books):
        return "no book came"
    if max(books[0]) < min(books[1]):
        return f"its book stands at {max(books[0])}, a new one began at {min(books[1])}"
    common = sorted(books[0].keys() & books[1].keys())
    differences = books[0][common[-1]].differences(books[1][common[-1]]) if common else []
    return "; ".join(differences[:3])


def answers_of(session: Session) -> list[tuple[str, str]]:
    """(kind, id) of every answer on a line, to see that none came twice."""
    templates = session.channel.subscription
    found = (kind_and_id(templates, each) for each in session.line.frames)
    return [each for each in found if each[0]]
