"""What many subscribers receive while orders are placed: messages a second, and any missing."""

from __future__ import annotations

import json
from collections import Counter
from itertools import product
from time import time_ns
from typing import ClassVar

import gevent
from gevent import Greenlet

from conformance.errors import ExitCode
from conformance.spec.contract import Channel
from load.plan import SECOND_NS
from load.recorder import percentile
from load.scenarios.order_latency import OrderLatency
from load.session import Session
from load.stream_client import StreamClient
from load.tally import Tally

TOPICS_PER_FRAME = 100
SUBSCRIBE_TIMEOUT_S = 10


class Reader:
    """One connection, subscribed to everything public."""

    def __init__(self, session: Session, topics: list[str]) -> None:
        self.tally = Tally()
        self.lags_ns: list[int] = []
        self.until_ns = 0
        self._session = session
        self._topics = topics
        self._client = StreamClient(session.target.stream, SUBSCRIBE_TIMEOUT_S)

    def run(self) -> None:
        """Subscribe and read to the end of the run; a stream that ends before it ends the run."""
        try:
            self._subscribe()
            for heard in self._client.listen():
                counts = heard.received_ns >= self._session.measured_from_ns
                self.tally.take(heard.text, counts)
                if counts and heard.kernel_ns:
                    self.lags_ns.append(heard.received_ns - heard.kernel_ns)
                if self.tally.refused:
                    raise ConnectionError(f"a subscription was refused: {self.tally.refused}")
        except OSError as error:
            self._session.stop(f"a stream failed: {error}")
        finally:
            self._client.close()

    def _subscribe(self) -> None:
        for start in range(0, len(self._topics), TOPICS_PER_FRAME):
            topics = self._topics[start : start + TOPICS_PER_FRAME]
            self._client.say(json.dumps({"op": "subscribe", "args": topics, "id": str(start + 1)}))


class StreamThroughput(OrderLatency):
    """Places and cancels orders while the readers listen; the figures are of placing."""

    scenario = "stream_throughput"
    readers: ClassVar[list[Reader]] = []
    greenlets: ClassVar[list[Greenlet]] = []

    @classmethod
    def open(cls, session: Session) -> None:
        """Open the streams."""
        topics = public_topics(session)
        cls.readers, cls.greenlets = [], []
        for _ in range(session.prepared.profile.streams):
            try:
                reader = Reader(session, topics)
            except OSError as error:
                session.stop(f"a stream does not open: {error}", ExitCode.ERROR)
                return
            cls.readers.append(reader)
            cls.greenlets.append(gevent.spawn(reader.run))

    @classmethod
    def close(cls, session: Session) -> None:
        """Hang up, and say what came."""
        seconds = max(time_ns() - session.measured_from_ns, 1) / SECOND_NS
        gevent.killall(cls.greenlets)
        session.extra.update(report([each.tally for each in cls.readers], seconds))
        lags = sorted(lag for each in cls.readers for lag in each.lags_ns)
        lag_ns = percentile(lags, 0.99)
        session.extra["stream_receive_lag_us"] = {"p99": lag_ns and round(lag_ns / 1000, 1)}
        session.extra["topics"] = len(public_topics(session))
        if cls.readers and not session.extra["messages"]:
            session.stop("no message came")


def public_topics(session: Session) -> list[str]:
    """Every topic of the document's public channels, up to what the target lets a client have."""
    public = (each for each in session.contract.channels.values() if not each.is_private)
    topics = [topic for channel in public for topic in _topics(channel)]
    return topics[: session.target.limits.subscriptions]


def report(tallies: list[Tally], seconds: float) -> dict[str, object]:
    """What all connections together received."""
    events: Counter[str] = Counter()
    for tally in tallies:
        events.update(tally.events)
    by_channel: Counter[str] = Counter()
    for topic, count in events.items():
        by_channel[topic.partition(".")[0]] += count
    messages = events.total()
    return {
        "connections": len(tallies),
        "acknowledged": sum(each.acknowledged for each in tallies),
        "messages": messages,
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
