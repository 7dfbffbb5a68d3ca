"""The troubles of a rough pass, and what is judged of how a wrapped SDK took them.

Few and far between, so that the SDK's own tests still come to where they would: some requests are refused with 429,
one order is performed and not answered, the stream breaks once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.cases.claim import Claim, Verdict, equal, holds
from sdk_gate.arrivals import Arrival, Seen, StreamEvent
from sdk_gate.exchange import scripts
from sdk_gate.exchange.scripts import Script
from sdk_gate.exchange.verifying import VerifyingExchange

EVERY: Final = 7  # so many requests get through between two that are refused
MOST_REFUSED: Final = 4
RETRY_AFTER_S: Final = "1"
SETTLED_NS: Final = 1_000_000_000
BACK_WITHIN_NS: Final = 5_000_000_000
ORDER: Final = "placeSpotOrder"
ONCE: Final = "sdk.orders-are-made-once"
RESTORED: Final = "sdk.subscriptions-are-restored"


@dataclass(slots=True)
class Trouble:
    """What is done to an SDK in a pass. `cut_ns` is when its stream was broken, 0 for never."""

    exchange: VerifyingExchange
    cut_ns: int = 0

    def begin(self) -> None:
        """Arrange for it."""
        counted = Counter[str]()

        def choose(operation: str | None) -> Script | None:
            if operation == "login":
                return None
            counted["requests"] += 1
            if operation == ORDER and not counted["lost"]:
                counted["lost"] += 1
                return scripts.hang_up()
            if counted["requests"] % EVERY == 0 and counted["refused"] < MOST_REFUSED:
                counted["refused"] += 1
                return scripts.too_many(RETRY_AFTER_S)
            return None

        self.exchange.do(lambda: self.exchange.choose_by(choose))

    def look(self) -> None:
        """Called now and then: break the stream when something was subscribed for a while."""
        stream = list(self.exchange.wire.stream)
        known = [each for each in stream if each.at_ns > self.exchange.begun_ns]
        first = next((each for each in known if _topics(each)), None)
        now_ns = self.exchange.now_ns()
        if not self.cut_ns and first is not None and now_ns - first.at_ns > SETTLED_NS:
            self.cut_ns = now_ns
            self.exchange.do(self.exchange.streams.cut)


def judge(calm: Seen, seen: Seen, trouble: Trouble, ended_ns: int) -> Iterator[Claim]:
    """How the SDK took it."""
    yield from _once(calm, seen)
    if trouble.cut_ns:
        yield from _restored(seen.stream, trouble.cut_ns, ended_ns)


def _once(calm: Seen, seen: Seen) -> Iterator[Claim]:
    """The order that was lost is not sent more often than the tests send it in peace."""
    lost = next((x for x in seen.of(ORDER) if x.answer is None and x.script), None)
    if lost is None:
        return
    usual = sum(_same(each, lost) for each in calm.of(ORDER))
    if not usual:
        title = "the tests place other orders each time: nothing to compare with"
        yield Claim(ONCE, Verdict.INCONCLUSIVE, title)
        return
    found = sum(_same(each, lost) for each in seen.of(ORDER))
    numbers = [each.number for each in seen.of(ORDER) if _same(each, lost)]
    title = "an order without an answer is not sent again"
    expected = f"{usual} times, as in the calm pass"
    yield holds(ONCE, found <= usual, title, expected, f"{found} times", numbers)


def _same(each: Arrival, lost: Arrival) -> bool:
    return each.request.body == lost.request.body


def _restored(stream: tuple[StreamEvent, ...], cut_ns: int, ended_ns: int) -> Iterator[Claim]:
    """What was subscribed when the stream broke is subscribed again, once, where the command lives long enough."""
    wanted: dict[str, int] = {}
    for each in (x for x in stream if x.at_ns < cut_ns):
        wanted.update(dict.fromkeys(_topics(each), 1))
        for topic in _topics(each, "unsubscribe"):
            wanted[topic] = 0
    topics = [topic for topic, count in wanted.items() if count]
    after = Counter(topic for x in stream if x.at_ns > cut_ns for topic in _topics(x))
    for topic in topics:
        title = "a topic is subscribed again after the stream broke, once"
        if not after[topic] and ended_ns - cut_ns < BACK_WITHIN_NS:
            why = "the command ended too soon after the stream broke"
            yield Claim(RESTORED, Verdict.INCONCLUSIVE, why)
        else:
            yield equal(RESTORED, title, f"{topic} once", f"{topic} {_times(after[topic])}")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _topics(each: StreamEvent, op: str = "subscribe") -> list[str]:
    message = each.message if each.kind == "received" else None
    if not isinstance(message, dict) or message.get("op") != op:
        return []
    arguments = message.get("args")
    return [str(x) for x in arguments] if isinstance(arguments, list) else []
