"""Judge of what comes back after a stream broke, by how the same tests go in peace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.cases.claim import Claim, Verdict, holds
from sdk_gate.arrivals import Seen, StreamEvent

BACK_WITHIN_NS: Final = 5_000_000_000
RESTORED: Final = "sdk.subscriptions-are-restored"
TITLE: Final = "what was subscribed when the stream broke is subscribed again, once"


@dataclass(frozen=True, slots=True)
class Listening:
    """A connection at some time: what it has subscribed, and for how long it listens by then."""

    topics: frozenset[str]
    age_ns: int


def judge(calm: Seen, seen: Seen, cut_ns: int, ended_ns: int) -> Iterator[Claim]:
    """Only connections that were open at the cut are waited for, and only while their tests go on.

    Other tests subscribe as well: a topic came back when it is subscribed more often than in peace.
    """
    broken = open_at(seen.stream, cut_ns)
    after = [x for x in seen.stream if x.at_ns > cut_ns]
    opened = [x.connection for x in after if x.kind == "opened"][: len(broken)]
    for topic in sorted({topic for each in broken for topic in each.topics}):
        of_topic = [each for each in broken if topic in each.topics]
        again = max((_most_at_once(after, topic, each) for each in opened), default=0)
        back = sum(_most_at_once(after, topic, each) > 0 for each in opened)
        usual = max((_most_at_once(calm.stream, topic, x) for x in calm.connections()), default=0)
        due = _subscribed(calm.stream, topic) + len(of_topic)
        if again > max(usual, 1):
            yield _restored(False, topic, f"{again} times on one connection")
        elif back >= len(of_topic) and _subscribed(seen.stream, topic) >= due:
            yield _restored(True, topic, "once")
        elif back >= len(of_topic):
            yield _untold("whether the SDK or the next test subscribed again cannot be told")
        elif not all(_goes_on(calm, each) for each in of_topic):
            yield _untold("the test that listened ends too soon after its stream broke")
        elif ended_ns - cut_ns < BACK_WITHIN_NS:
            yield _untold("the command ended too soon after its stream broke")
        else:
            yield _restored(False, topic, f"on {back} connections of {len(of_topic)}")


def _restored(is_right: bool, topic: str, times: str) -> Claim:
    return holds(RESTORED, is_right, TITLE, f"{topic} once", f"{topic} {times}")


def _untold(why: str) -> Claim:
    return Claim(RESTORED, Verdict.SKIPPED, why)


def open_at(stream: Sequence[StreamEvent], at_ns: int) -> list[Listening]:
    """The connections that were open at a time."""
    before = [x for x in stream if x.at_ns < at_ns]
    closed = {x.connection for x in before if x.kind == "closed"}
    found = []
    for connection in dict.fromkeys(x.connection for x in before if x.kind == "opened"):
        own = [x for x in before if x.connection == connection]
        if connection not in closed:
            wanted = frozenset(topic for topic, count in _counted(own).items() if count)
            first_ns = next((x.at_ns for x in own if topics(x)), at_ns)
            found.append(Listening(wanted, at_ns - first_ns))
    return found


def _goes_on(calm: Seen, broken: Listening) -> bool:
    """Whether in peace every connection with these topics lives on for long after the age of the cut."""
    # What comes last: the gate pings every second while the command runs.
    end_ns = max((x.at_ns for x in calm.stream), default=0)
    lives = []
    for connection in calm.connections():
        own = [x for x in calm.stream if x.connection == connection]
        if broken.topics <= {topic for x in own for topic in topics(x)}:
            first_ns = next(x.at_ns for x in own if topics(x))
            closed_ns = next((x.at_ns for x in own if x.kind == "closed"), end_ns)
            lives.append(closed_ns - first_ns)
    return min(lives, default=0) >= broken.age_ns + BACK_WITHIN_NS


def _most_at_once(stream: Sequence[StreamEvent], topic: str, connection: int) -> int:
    """How often a topic is subscribed on a connection without being unsubscribed in between."""
    most = count = 0
    for each in (x for x in stream if x.connection == connection):
        count += topics(each).count(topic)
        most = max(most, count)
        count = 0 if topic in topics(each, "unsubscribe") else count
    return most


def _subscribed(stream: Sequence[StreamEvent], topic: str) -> int:
    return sum(topics(each).count(topic) for each in stream)


def _counted(stream: Sequence[StreamEvent]) -> Counter[str]:
    """What is subscribed in the end; a topic that was unsubscribed counts 0."""
    counted: Counter[str] = Counter()
    for each in stream:
        counted.update(topics(each))
        for topic in topics(each, "unsubscribe"):
            counted[topic] = 0
    return counted


def topics(each: StreamEvent, op: str = "subscribe") -> list[str]:
    """The topics of a frame of a client, if it is of this `op`."""
    message = each.message if each.kind == "received" else None
    if not isinstance(message, dict) or message.get("op") != op:
        return []
    arguments = message.get("args")
    return [str(x) for x in arguments] if isinstance(arguments, list) else []
