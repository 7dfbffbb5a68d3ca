"""What many subscribers receive while orders are placed: messages a second, and any missing."""

from __future__ import annotations

from collections import Counter
from itertools import product
from time import time_ns
from typing import Any, ClassVar, Final

from conformance.errors import ExitCode
from conformance.spec.contract import Channel
from load.plan import SECOND_NS
from load.scenarios.order_latency import OrderLatency
from load.session import Session
from load.stream_client import StreamClient
from load.stream_reader import StreamReader
from load.tally import Tally

SUBSCRIBE_TIMEOUT_S: Final = 10
RECEIVE_LAG: Final = "stream_receive_lag"


class Listener(StreamReader):
    """Counts everything public, and holds each topic's sequence to its promise."""

    def __init__(self, session: Session, client: StreamClient) -> None:
        super().__init__(session, client)
        self.tally = Tally()
        self._lags_ns = session.values_ns.setdefault(RECEIVE_LAG, [])

    def heard(self, text: bytes, kernel_ns: int | None, received_ns: int) -> None:
        """One message."""
        counts = received_ns >= self._session.measured_from_ns
        self.tally.take(text, counts)
        if counts and kernel_ns:
            self._lags_ns.append(received_ns - kernel_ns)


class StreamThroughput(OrderLatency):
    """Places and cancels orders while the listeners count; the figures are of placing."""

    scenario = "stream_throughput"
    listeners: ClassVar[list[Listener]] = []

    @classmethod
    def open(cls, session: Session) -> None:
        """Open the streams."""
        super().open(session)
        topics, cls.listeners = public_topics(session), []
        for _ in range(session.streams):
            try:
                listener = Listener(
                    session, StreamClient(session.target.stream, SUBSCRIBE_TIMEOUT_S)
                )
                listener.subscribe(topics)
            except OSError as error:
                session.stop(f"a stream does not open: {error}", ExitCode.ERROR)
                return
            cls.listeners.append(listener)

    @classmethod
    def close(cls, session: Session) -> None:
        """Hang up, and say what came."""
        seconds = max(time_ns() - session.measured_from_ns, 1) / SECOND_NS
        for listener in cls.listeners:
            listener.close()
        session.counts.update(report([each.tally for each in cls.listeners], seconds))
        session.facts["topics"] = len(public_topics(session))
        if cls.listeners and not session.counts["messages"]:
            session.stop("no message came")


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
