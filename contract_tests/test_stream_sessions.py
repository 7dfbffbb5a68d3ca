"""Random sessions on the stream: connecting, subscribing, ending, misspeaking, pinging, in any order.

The machine only translates: draw, perform, judge the whole history so far. What is right is in
conformance/cases/stream_sessions.py. A failure shrinks to few steps.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from conformance.cases import stream_sessions
from conformance.cases.claim import CannotTell, Claim, Verdict
from conformance.cases.script import Hang
from conformance.cases.spot_orders import home_market
from conformance.session import Ledger, Session
from contract_tests.machines import broke
from contract_tests.outcome import settle

NAME = "stream-sessions/at-random"
REQUIREMENT = "stream.session-agrees-with-the-model"
EXAMPLES = 12
STEPS = 20
NAMES = st.sampled_from(["one", "other"])
BAD = st.sampled_from(["", "{", "[]", "null", '{"op":"fly","id":"9"}', '{"op":"ping"}', b"\x00"])


class Sessions(RuleBasedStateMachine):
    """Two connections that do as they please."""

    session: Session
    kept: list[Claim]
    told: list[Ledger]

    @initialize()
    def open(self) -> None:
        """Begin with nothing open."""
        self.session.hang_up()
        self.session.begin(NAME)
        self.market = home_market(self.session.world)
        self.topics = stream_sessions.known_topics(self.session.world, self.market)
        self.open_ones: dict[str, stream_sessions.Session] = {}
        self.ended: list[stream_sessions.Session] = []

    @rule(name=NAMES)
    def connect_or_leave(self, name: str) -> None:
        """Open a connection, or hang one up."""
        gone = self.open_ones.pop(name, None)
        if gone is None:
            self.open_ones[name] = self._do(stream_sessions.connected(self.session.world, name))
        else:
            self.session.perform(Hang(name))
            self.ended.append(gone)

    @precondition(lambda self: self.open_ones)
    @rule(name=NAMES, which=st.integers(0, 99))
    def subscribe(self, name: str, which: int) -> None:
        """Subscribe a topic, perhaps once more."""
        self._judge(stream_sessions.subscribe, name, self._topic(which))

    @precondition(lambda self: self.open_ones)
    @rule(name=NAMES, which=st.integers(0, 99))
    def unsubscribe(self, name: str, which: int) -> None:
        """End a topic, perhaps one that was not subscribed."""
        self._judge(stream_sessions.unsubscribe, name, self._topic(which))

    @precondition(lambda self: self.open_ones)
    @rule(name=NAMES, frame=BAD)
    def misspeak(self, name: str, frame: str | bytes) -> None:
        """Say what is no message."""
        self._judge(stream_sessions.misspoken, name, frame)

    @precondition(lambda self: self.open_ones)
    @rule(name=NAMES)
    def ping(self, name: str) -> None:
        """Ask whether the exchange is there."""
        self._judge(stream_sessions.alive, name)

    @precondition(lambda self: self.open_ones)
    @rule()
    def stir(self) -> None:
        """Let something happen in the market, and hear of it."""
        self._do(stream_sessions.stirred(self.session.world, self.market, 1))
        for each in self.open_ones.values():
            self._do(stream_sessions.drained(each, 50))
        self._conclude([*stream_sessions.judge([*self.open_ones.values(), *self.ended])])

    def _topic(self, which: int) -> str:
        # Few topics, so that they meet again.
        chosen = self.topics[:4]
        return chosen[which % len(chosen)]

    def _judge(self, steps: Any, name: str, *more: Any) -> None:
        session = self.open_ones.get(name) or next(iter(self.open_ones.values()))
        claims = self._do(steps(self.session.world, session, *more))
        everybody = [*self.open_ones.values(), *self.ended]
        self._conclude([*claims, *stream_sessions.judge(everybody)])

    def _conclude(self, claims: list[Claim]) -> None:
        failed = [claim for claim in claims if claim.verdict is Verdict.FAIL]
        self.kept.extend(failed[:1])
        if failed:
            self.kept[:] = failed[:1]  # the last failing case is the shrunk one
            self.told[:] = [self.session.so_far()]
            raise AssertionError(failed[0].title)

    def _do(self, steps: Generator[Any, Any, Any]) -> Any:
        return self.session.drive(steps)


def test_stream_sessions(session: Session, seed: int) -> None:
    """Sessions hear what they subscribed and nothing else, whatever they do."""
    settle(explore(session, seed))


def explore(session: Session, number: int) -> list[Claim]:
    """Everything that random sessions give rise to: the failure by its own name, and by this one."""
    kept: list[Claim] = []
    told: list[Ledger] = []
    session.begin(NAME)
    machine = type("Machine", (Sessions,), {"session": session, "kept": kept, "told": told})
    claims = _claims(machine, kept, number)
    if told:
        session.resume(told[0])
    return session.end(claims)


def _claims(machine: type, kept: list[Claim], number: int) -> list[Claim]:
    try:
        why = broke(machine, number, EXAMPLES, STEPS)
    except CannotTell as reason:
        return [Claim(REQUIREMENT, Verdict.INCONCLUSIVE, str(reason))]
    if why:
        return _failed(kept) or [Claim(REQUIREMENT, Verdict.INCONCLUSIVE, why)]
    title = f"{EXAMPLES} random sessions of up to {STEPS} steps heard what they subscribed"
    return [Claim(REQUIREMENT, Verdict.PASS, title)]


def _failed(kept: list[Claim]) -> list[Claim]:
    if not kept:
        return []
    last = kept[-1]
    named = Claim(REQUIREMENT, last.verdict, last.title, last.expected, last.actual, last.records)
    return [last, named]


pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
