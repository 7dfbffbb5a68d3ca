"""Where the rate limit begins: one burst, an account of its own, stopped at the first refusals."""

from __future__ import annotations

from dataclasses import dataclass
from time import time_ns
from typing import Any, ClassVar

from conformance.errors import ConfigurationError
from conformance.wire.rest import outcome_of
from load.client import Answer
from load.plan import SECOND_NS
from load.questions import questions
from load.session import Session, wait_until
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
            "sent": self.sent,
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
    keeps_limiter = True
    burst: ClassVar[Burst]

    @classmethod
    def open(cls, session: Session) -> None:
        """One burst for all connections."""
        cls.burst = Burst(min(MAX_BURST, session.target.limits.requests_per_minute + BEYOND))

    @classmethod
    def close(cls, session: Session) -> None:
        """What the burst found."""
        session.extra.update(cls.burst.report())

    def prepare(self) -> None:
        """Log in with the account that no other scenario uses; choose the cheapest private read."""
        session = self.session
        token = session.log_in(self.client, list(session.target.accounts)[-1])
        found, _ = questions(session.contract, session.target)
        private = [each for each in found if each.is_private and each.request.method == "GET"]
        if not private:
            raise ConfigurationError("the OpenAPI document has no private GET to ask in a burst")
        cheapest = min(private, key=lambda each: len(each.request.target))
        self._composed = (cheapest.operation, self.client.prepare(cheapest.by(token)))

    def turn(self) -> None:
        """Ask once more, unless the burst is over."""
        session = self.session
        wait_until(session.start_ns)
        now_ns = time_ns()
        if now_ns > session.start_ns + round(session.duration_s * SECOND_NS):
            session.stop(f"the burst was not over after {session.duration_s:.0f} s")
            self.go_home()
        if self.burst.is_over:
            self.go_home()
        self.burst.sent += 1
        answer = self.send(self._composed, now_ns, now_ns)
        if answer is None:
            return
        if refusal(answer):
            self.burst.refuse(answer, session.start_ns)
            return
        self.burst.accepted += 1
        self.keep(self._composed[0], answer, now_ns, now_ns, None)
