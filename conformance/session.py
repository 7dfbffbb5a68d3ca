"""One run of questions on one target: performs checks, judges every answer, and keeps what was concluded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from conformance.cases.claim import Claim, Verdict
from conformance.cases.run import reason_to_skip, run
from conformance.cases.script import Ask, Check, Heard, Record, Step, Steps, T, World
from conformance.errors import ConfigurationError
from conformance.record.run_log import RunLog
from conformance.spec.contract import Contract
from conformance.target import Target
from conformance.transport.governor import Governor
from conformance.transport.interface import Transport
from conformance.transport.performer import Performer
from conformance.verdict.answers import AnswerJudge
from conformance.verdict.findings import Finding
from conformance.verdict.frames import FrameJudge
from conformance.verdict.reproduce import curl_script
from conformance.verdict.reproduce_stream import stream_script

# Schemathesis tries boundaries and examples beside what it generates, legal ones and illegal ones.
GENERATED_FOR_AN_EXAMPLE = 4
LIFECYCLE_REQUESTS = 600
# What is said of these is seen on a line, though requests may have brought it about.
STREAMED = ("stream.", "depth.", "trades.", "kline.", "channel.")


@dataclass(slots=True)
class Ledger:
    """What one check did and concluded so far."""

    check: str
    is_sequence: bool = True
    records: list[Record] = field(default_factory=list)
    spoken: list[tuple[str, Any]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)


class Session:
    """Everything that one run shares: the performer and its tokens, the judges, the log, the conclusions."""

    def __init__(self, world: World, transport: Transport, log: RunLog, served: str = "") -> None:
        """`served` is the command that starts this very exchange again, where there is one."""
        self.world = world
        self._served = served
        self.log = log
        self.findings: list[Finding] = []
        self.answers = AnswerJudge(world.contract)
        self.frames = FrameJudge(world.contract)
        limits = world.target.limits
        budget = max(1, int(limits.requests_per_minute * limits.share))
        self.governor = Governor(budget, transport.now_ms, transport.wait, transport.relieve)
        self.transport = transport
        self._perform = Performer(world, transport, self.governor, self)
        self._ledger = Ledger("session")

    def check(self, check: Check) -> list[Claim]:
        """Run one check and return all its claims, those of the answer judge among them."""
        self.begin(check.name)
        world = self._world_of(check)
        claims = run(check, world, self.perform)
        return self.end(claims)

    def begin(self, name: str, is_sequence: bool = True) -> None:
        """What follows belongs to the check of that name.

        In a sequence a request may need those before it to be reproduced; otherwise each stands alone.
        """
        self._ledger = Ledger(name, is_sequence)
        self.log.during(name)

    def so_far(self) -> Ledger:
        """What the current check has done, to come back to when it was the one that told."""
        return self._ledger

    def resume(self, ledger: Ledger) -> None:
        """Go back to what an earlier attempt at the same check has done."""
        self._ledger = ledger

    def end(self, claims: Iterable[Claim] = ()) -> list[Claim]:
        """Close the current check: hang up, keep its claims and what the judges said meanwhile."""
        self._perform.hang_up()
        everything = [*claims, *self._ledger.claims]
        for claim in everything:
            self._keep(claim)
        return everything

    def hang_up(self) -> None:
        """Close every connection that the current check has open."""
        self._perform.hang_up()

    def perform(self, step: Step) -> Any:
        """Perform one step of the current check."""
        name = type(step).__name__
        if name in ("Connect", "Say", "Listen", "Hang"):
            self._ledger.spoken.append((name, step))
        return self._perform(step)

    def drive(self, steps: Steps[T]) -> T:
        """Perform a sub-script to its end and return its value."""
        answer: Any = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                value: T = end.value
                return value
            answer = self.perform(step)

    def conclude(self) -> None:
        """Keep what can only be said at the end of a run."""
        self.begin("every-answer")
        self.end([*self.answers.close(), *self.frames.close()])

    def record(self, record: Record) -> None:
        """A request was made: log it and judge its answer."""
        self.log.record(record)
        self._ledger.records.append(record)
        self._ledger.spoken.append(("Record", record))
        self._ledger.claims += self.answers.judge(record)

    def heard(self, connection: str, heard: Heard) -> None:
        """Frames came: log them and judge each."""
        self.log.heard(connection, heard)
        self._ledger.claims += self.frames.judge(heard)

    def reply(self, step: str, value: Any) -> None:
        """A step without a record was answered."""
        self.log.reply(step, value)

    def totals(self, duration_s: float) -> dict[str, Any]:
        """The last line of the log: what was asked and heard in all."""
        seen = self.answers.seen
        asked = {
            name: {
                "accepted": each.accepted,
                "refused": each.refused,
                "unknown": each.unknown,
                "statuses": each.statuses,
            }
            for name, each in seen.items()
        }
        return {
            "asked": asked,
            "heard": self.frames.seen,
            "requests_sent": self.governor.total,
            "waited_s": self.governor.waited_ms / 1000,
            "duration_s": duration_s,
        }

    def _world_of(self, check: Check) -> World:
        # Each check draws from its own source, so that leaving one out does not change the others.
        source = Random(f"{self.world.seed}:{check.name}")
        return replace(self.world, random=source)

    def _keep(self, claim: Claim) -> None:
        reproduce = self._reproduce(claim) if claim.verdict is Verdict.FAIL else ""
        finding = Finding(claim, self._ledger.check, reproduce)
        self.findings.append(finding)
        self.log.finding(finding)

    def _reproduce(self, claim: Claim) -> str:
        target: Target = self.world.target
        has_lines = any(name == "Connect" for name, _ in self._ledger.spoken)
        is_streamed = claim.requirement.startswith(STREAMED) or not claim.records
        if has_lines and is_streamed:
            tokens = self._perform.known_tokens()
            return stream_script(self._ledger.spoken, target, self._served, tokens)
        if not self._ledger.records:
            return ""
        return curl_script(self._needed(claim), target, claim.records, self._served)

    def _needed(self, claim: Claim) -> list[Record]:
        if self._ledger.is_sequence:
            return self._ledger.records
        return [record for record in self._ledger.records if record.number in claim.records]


def estimate(checks: Iterable[Check], world: World, examples: int) -> str:
    """How many requests a run will make and how long that takes, in one line, before it begins."""
    asked = sum(each.requests for each in checks if reason_to_skip(each, world) is None)
    generated = len(world.contract.operations) * examples * GENERATED_FOR_AN_EXAMPLE
    number = asked + generated + LIFECYCLE_REQUESTS * world.target.allows.trading
    limits = world.target.limits
    budget = max(1, int(limits.requests_per_minute * limits.share))
    if world.target.control or not world.target.rest:
        return f"about {number:,} requests; the target's limiter is reset when they near its limit"
    minutes = -(-number // budget)
    return f"about {number:,} requests; at most {budget:,} a minute, so up to {minutes} minutes"


def preflight(session: Session) -> None:
    """Find out before the first question whether our accounts can log in at all.

    A refusal on a target of somebody else's is a wrong password and ends the run in one line; on the
    embedded exchange, whose passwords are public, it is a finding like any other.
    """
    target = session.world.target
    if "login" not in session.world.contract.operations:
        return  # a document of somebody else's: nobody logs in here
    session.begin("session")
    for name, account in target.accounts.items():
        form = {target.conventions.login_parameter: account.login, "password": account.password}
        record: Record = session.perform(Ask("login", form))
        if (
            record.is_rejected
            and record.outcome.status in (200, 400, 401, 403)
            and not target.embedded
        ):
            session.end()
            raise ConfigurationError(
                f"{target.rest} refuses the log-in of {name} ({record.said}): "
                f"correct accounts.{name} in the file of target {target.name!r}"
            )
    session.end()


def world(contract: Contract, target: Target, seed: int) -> World:
    """What scripts may know, for a target's own accounts: the first two that its file names."""
    names = [*target.accounts, "", ""]
    return World(contract, target, seed, Random(seed), names[0], names[1])
