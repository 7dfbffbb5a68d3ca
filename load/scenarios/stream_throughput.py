"""What many subscribers receive while orders are placed: messages a second, any missing, and what the streams do
when they are tried (`load/streams/`)."""

from __future__ import annotations

from collections import Counter
from itertools import product
from time import monotonic, time_ns
from typing import Any, ClassVar, Final

import gevent

from conformance.errors import ExitCode
from conformance.spec.contract import Channel
from load.plan import SECOND_NS
from load.scenarios.order_latency import OrderLatency
from load.scenarios.trading import PLACE
from load.session import Session
from load.stream_client import StreamClient
from load.streams.clocks import MS_NS, Offset, hull, offset_of
from load.streams.drive import clock_rounds
from load.streams.drive.course import Course, Trial
from load.streams.drive.listener import Listener, Received
from load.streams.drive.memory import try_memory
from load.streams.drive.ramp import try_ramp
from load.streams.drive.slow_reader import try_slow_reader
from load.streams.drive.storm import try_storm
from load.streams.spans import MEASURED, Spans
from load.tally import Tally

SUBSCRIBE_TIMEOUT_S: Final = 10
REST_S: Final = 0.5  # at most, after the end, for what was sent before it
QUIET_S: Final = 0.05  # nothing for so long is the end of it
TRIALS: Final[dict[str, Trial]] = {
    "memory": try_memory,
    "slow_reader": try_slow_reader,
    "storm": try_storm,
    "ramp": try_ramp,
}


class StreamThroughput(OrderLatency):
    """Places and cancels orders while the listeners count; the figures are of placing."""

    scenario = "stream_throughput"
    listeners: ClassVar[list[Listener]] = []
    received: ClassVar[Received]
    spans: ClassVar[Spans]
    course: ClassVar[Course]
    offset: ClassVar[Offset | None] = None

    @classmethod
    def open(cls, session: Session) -> None:
        """Open the streams."""
        super().open(session)
        topics, cls.listeners = public_topics(session), []
        cls.received = Received(session, session.asked.profile.trials.sampled_every)
        cls.spans = Spans(lambda: (_messages(cls.listeners), len(cls.received.ages_ns)))
        cls.offset = offset_of(clock_rounds.rounds(session)[1])

        def events() -> Counter[str]:
            return cls.listeners[0].tally.events

        cls.course = Course(session, topics, cls.spans, cls.offset, events)
        for _ in range(session.streams):
            try:
                client = StreamClient(session.target.stream, SUBSCRIBE_TIMEOUT_S)
                listener = Listener(session, client, cls.received)
                listener.subscribe(topics)
            except OSError as error:
                session.stop(f"a stream does not open: {error}", ExitCode.ERROR)
                return
            cls.listeners.append(listener)
        gevent.spawn(cls._begin, session)
        cls.course.start(TRIALS)

    @classmethod
    def _begin(cls, session: Session) -> None:
        """From the end of the warm-up on all connections count the same events, by the exchange's time."""
        session.began.wait()
        if cls.offset is not None and session.start_ns:
            from_ms = (session.measured_from_ns + cls.offset.middle_ns) / MS_NS
            for listener in cls.listeners:
                listener.tally.from_ms = from_ms
        gevent.sleep(max(session.measured_from_ns - time_ns(), 0) / SECOND_NS)
        cls.spans.begin(MEASURED)

    @classmethod
    def close(cls, session: Session) -> None:
        """Read what was sent before the end, hang up, and say what came."""
        seconds = max(time_ns() - session.measured_from_ns, 1) / SECOND_NS
        cls.spans.end(MEASURED)
        cls.course.close()
        if cls.offset is not None:
            _read_rest(cls.listeners, (time_ns() + cls.offset.middle_ns) / MS_NS)
        for listener in cls.listeners:
            listener.close()
        session.counts.update(report([each.tally for each in cls.listeners], seconds))
        session.facts["topics"] = len(public_topics(session))
        if cls.listeners and not session.counts["messages"]:
            session.stop("no message came")
        cls._tell_trials(session)

    @classmethod
    def _tell_trials(cls, session: Session) -> None:
        by, again = clock_rounds.rounds(session)
        offset = None if cls.offset is None else hull(cls.offset, offset_of(again))
        told = None if offset is None else {"by": by, "offset": offset.as_dict()}
        sampled = cls.received.sampler.judged()
        times = cls.spans.times_ns(
            cls.received.ages_ns, offset, session.rows, session.number_of(PLACE)
        )
        session.values_ns.update(times)
        session.counts.update(
            spans=cls.spans.counts(), trials=cls.course.counts, schema=sampled.as_counts()
        )
        session.facts.update(
            exchange_clock={session.worker: told},
            trials=cls.course.facts,
            not_tried=cls.course.not_tried,
        )
        if sampled.first_wrong:
            session.facts["first_wrong"] = sampled.first_wrong


def _messages(listeners: list[Listener]) -> int:
    return sum(each.tally.events.total() for each in listeners)


def _read_rest(listeners: list[Listener], until_ms: float) -> None:
    """What happened before a time on the exchange's clock, and is still under way to some."""
    for listener in listeners:
        listener.tally.until_ms = until_ms
    now_s = monotonic()
    end_s, quiet_s = now_s + REST_S, now_s + QUIET_S
    while now_s < min(end_s, quiet_s):
        came = [each.read_rest() for each in listeners]
        now_s = monotonic()
        if any(came):
            quiet_s = now_s + QUIET_S
        else:
            gevent.sleep(0.001)


def public_topics(session: Session) -> list[str]:
    """Every topic of the document's public channels, up to what the target lets a client have."""
    public = (each for each in session.contract.channels.values() if not each.is_private)
    topics = [topic for channel in public for topic in _topics(channel)]
    return topics[: session.target.limits.subscriptions]


def report(tallies: list[Tally], seconds: float) -> dict[str, Any]:
    """What all connections of a process together received; every number adds up over processes."""
    events: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for tally in tallies:
        events.update(tally.events)
        most |= tally.events
    by_channel: Counter[str] = Counter()
    for topic, count in events.items():
        by_channel[topic.partition(".")[0]] += count
    messages = events.total()
    return {
        "connections": len(tallies),
        "acknowledged": sum(each.acknowledged > 0 for each in tallies),
        "messages": messages,
        # What one connection heard, all that have the same topics should have heard.
        "messages_expected": most.total() * len(tallies),
        "messages_per_s": round(messages / seconds, 1),
        "bytes_per_s": round(sum(each.size for each in tallies) / seconds),
        "by_channel": dict(by_channel),
        "gaps": sum(each.gaps for each in tallies),
        "unreadable": sum(each.unreadable for each in tallies),
    }


def _topics(channel: Channel) -> list[str]:
    names = list(channel.parameters)
    rows = product(*channel.parameters.values())
    return [channel.topic(**dict(zip(names, row, strict=True))) for row in rows]
