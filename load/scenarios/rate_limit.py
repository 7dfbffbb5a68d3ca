"""Where the rate limit begins: one burst, an account of its own, stopped at the first refusals."""

from __future__ import annotations

from dataclasses import dataclass
from time import time_ns
from typing import Any, ClassVar

import gevent

from conformance.errors import ConfigurationError, SuiteError
from conformance.wire.rest import outcome_of
from load.client import Answer
from load.plan import SECOND_NS
from load.questions import questions
from load.recorder import Kind
from load.session import Session
from load.users import ScenarioUser, refusal

MAX_BURST = 1300
BEYOND = 100  # how far past the documented limit a burst goes before it gives up
ENOUGH_REFUSALS = 3


@dataclass(slots=True)
class Burst:
    """How far the burst has come, over all connections."""

    most: int
    sent: int = 0
    accepted: int = 0
    refused: int = 0
    first: Answer | None = None
    first_after_ns: int = 0

    @property
    def is_over(self) -> bool:
        """True when it found what it looked for, or may send no more."""
        return self.sent >= self.most or self.refused >= ENOUGH_REFUSALS

    def refuse(self, answer: Answer, start_ns: int) -> None:
        """Count a refusal, and remember the first."""
        self.refused += 1
        if self.first is None:
            self.first = answer
            self.first_after_ns = answer.received_ns - start_ns

    def report(self) -> dict[str, Any]:
        """What it found; None where nothing was refused."""
        first = self.first.response if self.first else None
        retry = (first.header("Retry-After") or "") if first else ""
        return {
            "load": "closed: one burst, as fast as answers come",
            "asked": self.sent,
            "accepted": self.accepted,
            "accepted_before_refusal": self.accepted if first else None,
            "refusal_status": first.status if first else None,
            "refusal_code": outcome_of(first).code if first else None,
            "retry_after_s": int(retry) if retry.isdigit() else None,
            "first_refusal_after_s": round(self.first_after_ns / SECOND_NS, 3) if first else None,
        }


class RateLimit(ScenarioUser):
    """Asks one cheap private read as fast as answers come, never beyond the burst."""

    scenario = "rate_limit"
    is_planned = False
    burst: ClassVar[Burst]

    @classmethod
    def open(cls, session: Session) -> None:
        """One burst for all connections."""
        cls.burst = Burst(min(MAX_BURST, session.target.limits.requests_per_minute + BEYOND))

    @classmethod
    def close(cls, session: Session) -> None:
        """What the burst found."""
        session.facts.update(cls.burst.report())

    def on_start(self) -> None:
        """Log in with the account that no other scenario uses; choose the cheapest private read."""
        session = self.session
        self.client = session.client()
        try:
            self._prepare()
        except SuiteError as error:
            session.stop(str(error), error.exit_code)
        session.arrive(self.environment.runner.target_user_count)

    def wait_for_the_end(self) -> None:
        """Ask again and again, until the burst is over."""
        session = self.session
        session.began.wait()
        gevent.sleep(max(0, session.start_ns - time_ns()) / SECOND_NS)
        while not (self.burst.is_over or session.over.is_set()):
            self._ask()
        session.over.set()
        super().wait_for_the_end()

    tasks = [wait_for_the_end]

    def _prepare(self) -> None:
        session = self.session
        token = session.log_in(self.client, list(session.target.accounts)[-1])
        found, _ = questions(session.contract, session.target)
        private = [each for each in found if each.is_private and each.request.method == "GET"]
        if not private:
            raise ConfigurationError("the OpenAPI document has no private GET to ask in a burst")
        cheapest = min(private, key=lambda each: len(each.request.target))
        self._operation, self._payload = self.composed(cheapest.operation, cheapest.by(token))

    def _ask(self) -> None:
        session = self.session
        self.burst.sent += 1
        try:
            answer = self.client.send(self._payload)
        except OSError as error:
            session.count_outside(session.operations[self._operation], is_answered=False)
            self.failed(self._operation, str(error))
            return
        if refusal(answer.response):
            session.count_outside(session.operations[self._operation])
            self.burst.refuse(answer, session.start_ns)
            return
        self.burst.accepted += 1
        times = (answer.sent_ns, answer.sent_ns, answer.sent_ns)
        tag = self._operation | Kind.ANSWERED << 16
        session.recorder.add(tag, *times, answer.kernel_ns or 0, answer.received_ns)
