"""The troubles of the rough passes, and what is judged of how a wrapped SDK took them.

One trouble a pass, and only those that the calm pass gave a reason for: requests that are refused with 429, an
order that is performed and not answered, a stream that breaks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import parse_qsl

from conformance.cases.claim import Claim, Verdict, holds
from sdk_gate.arrivals import Arrival, Seen
from sdk_gate.exchange import scripts
from sdk_gate.exchange.scripts import Script
from sdk_gate.exchange.verifying import VerifyingExchange
from sdk_gate.judges import restoring
from sdk_gate.judges.restoring import topics

EVERY: Final = 3  # every third request is refused, for a few times
MOST_REFUSED: Final = 4
RETRY_AFTER_S: Final = "1"
SETTLED_NS: Final = 1_000_000_000
ORDER: Final = "placeSpotOrder"
CLIENT_ID: Final = "clientOrderId"
ONCE: Final = "sdk.orders-are-made-once"


class Trouble(Protocol):
    """One kind of trouble in one pass of a command."""

    name: str
    sentence: str

    def applies(self, calm: Seen) -> bool:
        """Whether the calm pass came to where this would be met."""
        ...

    def begin(self, exchange: VerifyingExchange) -> None:
        """Arrange for it."""
        ...

    def look(self) -> None:
        """Called every second while the command runs."""
        ...

    def judge(self, calm: Seen, seen: Seen, ended_ns: int) -> Iterator[Claim]:
        """How the SDK took it; what holds of any pass is judged besides."""
        ...


@dataclass(slots=True)
class Refusals:
    """Some requests get a 429 with Retry-After."""

    name: str = "refused"
    sentence: str = "The same tests, with every third request refused by a 429, four times."
    _counted: Counter[str] = field(default_factory=Counter)

    def applies(self, calm: Seen) -> bool:
        """Whether there was a request."""
        return any(each.operation != "login" for each in calm.arrivals)

    def begin(self, exchange: VerifyingExchange) -> None:
        """Refuse every third request."""
        exchange.choose_by(self._choose)

    def _choose(self, operation: str | None) -> Script | None:
        self._counted["requests"] += operation != "login"
        is_due = operation != "login" and self._counted["requests"] % EVERY == 0
        if not is_due or self._counted["refused"] >= MOST_REFUSED:
            return None
        self._counted["refused"] += 1
        return scripts.too_many(RETRY_AFTER_S)

    def look(self) -> None:
        """Nothing to do."""

    def judge(self, calm: Seen, seen: Seen, ended_ns: int) -> Iterator[Claim]:
        """Waiting is judged in every pass."""
        yield from ()


@dataclass(slots=True)
class LostOrder:
    """The first order is performed, and the connection breaks before its answer."""

    name: str = "lost"
    sentence: str = "The same tests, with the first order made and not answered."
    _is_lost: bool = False

    def applies(self, calm: Seen) -> bool:
        """Whether an order was placed."""
        return bool(calm.of(ORDER))

    def begin(self, exchange: VerifyingExchange) -> None:
        """Lose the first order's answer."""
        exchange.choose_by(self._choose)

    def _choose(self, operation: str | None) -> Script | None:
        if operation != ORDER or self._is_lost:
            return None
        self._is_lost = True
        return scripts.hang_up()

    def look(self) -> None:
        """Nothing to do."""

    def judge(self, calm: Seen, seen: Seen, ended_ns: int) -> Iterator[Claim]:
        """Nothing is made more often than in peace."""
        yield from _once(calm, seen)


@dataclass(slots=True)
class BrokenStream:
    """The stream breaks, a second after something was subscribed."""

    name: str = "torn"
    sentence: str = "The same tests, with a stream that breaks once."
    _exchange: VerifyingExchange | None = None
    _cut_ns: int = 0

    def applies(self, calm: Seen) -> bool:
        """Whether something was subscribed."""
        return any(topics(each) for each in calm.stream)

    def begin(self, exchange: VerifyingExchange) -> None:
        """Wait for a subscription."""
        self._exchange = exchange

    def look(self) -> None:
        """Break it when the time has come."""
        assert self._exchange is not None
        begun_ns, now_ns = self._exchange.begun_ns, self._exchange.now_ns()
        known = [each for each in list(self._exchange.wire.stream) if each.at_ns > begun_ns]
        first = next((each for each in known if topics(each)), None)
        is_settled = first is not None and now_ns - first.at_ns > SETTLED_NS
        listening = any(each.topics for each in restoring.open_at(known, now_ns))
        if not self._cut_ns and is_settled and listening:
            self._cut_ns = now_ns
            self._exchange.do(self._exchange.streams.cut)

    def judge(self, calm: Seen, seen: Seen, ended_ns: int) -> Iterator[Claim]:
        """What was subscribed comes back."""
        if self._cut_ns:
            yield from restoring.judge(calm, seen, self._cut_ns, ended_ns)
        else:
            title = "the command ended before its stream could be broken"
            yield Claim(restoring.RESTORED, Verdict.SKIPPED, title)


def troubles() -> tuple[Trouble, ...]:
    """All of them, fresh."""
    return (Refusals(), LostOrder(), BrokenStream())


def _once(calm: Seen, seen: Seen) -> Iterator[Claim]:
    """The order that was lost is not made more often than the tests make it in peace.

    Sending it again under its clientOrderId makes none: the exchange refuses that.
    """
    lost = next((x for x in seen.of(ORDER) if x.answer is None and x.script), None)
    if lost is None:
        return
    usual = len(_made(calm, lost))
    if not usual:
        title = "the tests place other orders each time: nothing to compare with"
        yield Claim(ONCE, Verdict.SKIPPED, title)
        return
    numbers = [lost.number, *(each.number for each in _made(seen, lost))]
    title = "an order without an answer is not made again"
    expected = f"{usual} of them, as in the calm pass"
    yield holds(ONCE, len(numbers) <= usual, title, expected, f"{len(numbers)} of them", numbers)


def _made(seen: Seen, lost: Arrival) -> list[Arrival]:
    """The orders like the lost one that the exchange said it made."""
    return [x for x in seen.of(ORDER) if x.was_accepted and _terms(x) == _terms(lost)]


def _terms(each: Arrival) -> list[tuple[str, str]]:
    """What is ordered; the id that the client gives is another one in each run of many tests."""
    pairs = parse_qsl(each.request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return sorted((name, value) for name, value in pairs if name != CLIENT_ID)
