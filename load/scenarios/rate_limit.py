"""What kind of rate limiter there is: one experiment with a stated budget, by accounts and addresses of ours."""

from __future__ import annotations

from time import time_ns
from typing import Any, ClassVar

import gevent

from conformance.errors import SuiteError
from load import limiter
from load.client import Answer, Client
from load.limits.answer import answer
from load.limits.budget import SPARE_S, Budget, budget_of
from load.limits.experiment import Experiment
from load.limits.in_order import in_order
from load.limits.inquiry import Asks, Seen
from load.limits.perform import Performer, is_refusal
from load.limits.steps import Batch, Subject
from load.limits.told import told
from load.limits.voices import Voices
from load.plan import SECOND_NS
from load.recorder import Kind
from load.session import Session
from load.users import ScenarioUser, refusal

BEYOND = 100  # how far past twice the documented limit a burst goes before it gives up


class RateLimit(ScenarioUser):
    """One user of a process plays the experiment; the others are the connections that it may use."""

    scenario = "rate_limit"
    is_planned = False
    seen: ClassVar[Seen | None] = None
    budget: ClassVar[Budget]
    asks: ClassVar[Asks]
    _is_taken: ClassVar[bool] = False

    @classmethod
    def open(cls, session: Session) -> None:
        """What it may cost."""
        cls.budget = budget_of(session.prepared)
        cls.seen, cls._is_taken = None, False

    @classmethod
    def close(cls, session: Session) -> None:
        """What it found."""
        if cls.seen is None:
            return
        limit = session.target.limits.requests_per_minute
        session.facts.update(_burst(cls.seen, cls.asks.first))
        session.facts["batches"] = in_order(cls.seen.batches)
        session.facts["inference"] = answer(cls.seen, cls.asks.first, cls.budget, limit)

    def on_start(self) -> None:
        """Whoever comes first prepares all that there is to ask with."""
        session = self.session
        self.client = session.client()
        self._plays = not RateLimit._is_taken
        RateLimit._is_taken = True
        if self._plays:
            self._voices = Voices(session, session.address.prepare)
            try:
                self._voices.get_ready(self.client)
            except SuiteError as error:
                session.stop(str(error), error.exit_code)
        session.arrive(self.environment.runner.target_user_count)

    def work(self) -> None:
        """Play the experiment, to its end or to the run's."""
        session = self.session
        session.began.wait()
        gevent.sleep(max(0, session.start_ns - time_ns()) / SECOND_NS)
        if self._plays and not session.over.is_set():
            try:
                self._play()
            finally:
                session.over.set()

    def _play(self) -> None:
        session = self.session
        limit = session.target.limits.requests_per_minute
        RateLimit.asks = self._voices.asks(2 * limit + BEYOND)
        performer = Performer(
            self._connect,
            self._voices.payload,
            lambda: not session.over.is_set() and performer.now_s < self.budget.seconds,
            self._record,
            session.asked.profile.connections,
        )
        try:
            before = self._voices.before(performer.start_ns)
            experiment = Experiment(self.asks, self.budget, before)
            RateLimit.seen = experiment.seen
            performer.play(experiment.script())
        finally:
            performer.close()
            limiter.reset(session.target)  # where it can be told; elsewhere our key has to wait
            self._voices.tidy(self.client, gevent.sleep, session.left_s - SPARE_S)

    def _connect(self, source: str) -> Client:
        target = self.session.target
        return Client(target.rest, target.timing.request_ms / 1000, source)

    def _record(self, subject: Subject, said: Answer | None) -> None:
        """Accepted ones are samples; what is refused for the rate is what is looked for, and no error."""
        session = self.session
        number = session.number_of(subject.operation)
        now_ns = time_ns()
        if said is None:
            self.failed(number, "was not answered")
            session.recorder.add(number | Kind.LOST << 16, now_ns, now_ns, now_ns, 0, now_ns)
        elif is_refusal(said.response, told(said.response, said.received_ns / SECOND_NS)):
            session.count_outside(subject.operation)
        elif problem := refusal(said.response):
            self.failed(number, problem)
            session.count_outside(subject.operation)
        else:
            times = (said.sent_ns, said.sent_ns, said.sent_ns)
            tag = number | Kind.ANSWERED << 16
            session.recorder.add(tag, *times, said.kernel_ns or 0, said.received_ns)


def _burst(seen: Seen, first: Subject) -> dict[str, Any]:
    """How the first burst went; None where nothing was refused."""
    burst = next((each for each in seen.batches if each.subject == first), Batch(first))
    refused = burst.refusals[0] if burst.refusals else None
    return {
        "load": "closed: an experiment, each request after the answer before",
        "accepted_before_refusal": burst.accepted if refused else None,
        "refusal_status": refused.status if refused else None,
        "refusal_code": refused.code if refused else None,
        "retry_after_s": refused.told.retry_after_s if refused else None,
        "first_refusal_after_s": round(refused.at_s - burst.accepted_s[0], 3)
        if refused and burst.accepted
        else None,
    }
