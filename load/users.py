"""What every scenario's Locust user does: get ready, take planned times in turn, measure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from time import time_ns
from typing import Any, ClassVar, NoReturn

import gevent
from locust import User, task
from locust.exception import StopUser
from locust.runners import Runner

from conformance.errors import SuiteError, TargetUnreachable
from conformance.wire.rest import outcome_of
from load.client import Answer
from load.recorder import Kind, Sample
from load.session import Session, wait_until

# Enough to tell a yes from a no without reading a long body while others wait.
BARE_ARRAY = re.compile(rb"\s*\[")
ENVELOPE = re.compile(rb'\s*\{\s*"code"\s*:\s*(-?\d+)\s*,')

Composed = tuple[str, bytes]  # an operation's id, and the request as it travels


class ScenarioUser(User):
    """A user that follows the session's plan. Subclasses say what a planned time is used for."""

    abstract = True
    scenario: ClassVar[str] = ""
    requests_per_slot: ClassVar[int] = 1
    keeps_limiter: ClassVar[bool] = False
    headline: ClassVar[Iterable[str] | None] = None
    session: ClassVar[Session]

    def on_start(self) -> None:
        """Connect and prepare; the plan starts when every user has done so."""
        self.client = self.session.client()
        try:
            self._connect()
            self.prepare()
        except SuiteError as error:
            self.session.stop(str(error), error.exit_code)
        self.session.arrive(_runner(self).target_user_count)

    def on_stop(self) -> None:
        """Hang up."""
        self.client.close()

    @task
    def work(self) -> None:
        """One turn after the other, as Locust asks for them."""
        self.turn()

    def turn(self) -> None:
        """Use one planned time, or go home when there is none left."""
        free_ns = time_ns()
        intended_ns = self.session.next_slot()
        if intended_ns is None:
            self.go_home()
        composed = self.compose()
        wait_until(intended_ns)
        self.use(composed, intended_ns, free_ns)

    def prepare(self) -> None:
        """Whatever is needed before the plan starts."""

    def compose(self) -> Composed:
        """What the next planned time is used for, made before it is due."""
        raise NotImplementedError

    def use(self, composed: Composed, intended_ns: int, free_ns: int) -> None:
        """Send what was composed."""
        self.ask(composed, intended_ns, free_ns)

    @classmethod
    def open(cls, session: Session) -> None:
        """Whatever all users of a run share, made before the first of them."""

    @classmethod
    def close(cls, session: Session) -> None:
        """The scenario's own findings, into `session.extra`."""

    def go_home(self) -> NoReturn:
        """End this user; the last one ends the run."""
        if self.session.leave():
            runner = _runner(self)
            end = runner.quit if self.environment.web_ui is None else runner.stop
            gevent.spawn(end)
        raise StopUser

    def ask(self, composed: Composed, intended_ns: int, free_ns: int) -> Answer | None:
        """Send, record and tell Locust. None when it was refused or lost."""
        answer = self.send(composed, intended_ns, free_ns)
        if answer is None:
            return None
        problem = refusal(answer)
        self.keep(composed[0], answer, intended_ns, free_ns, problem)
        return None if problem else answer

    def send(self, composed: Composed, intended_ns: int, free_ns: int) -> Answer | None:
        """Send what was composed. What is lost is recorded, and None."""
        operation, payload = composed
        try:
            return self.client.send(payload)
        except OSError as error:
            now_ns = time_ns()
            sent_ns = max(intended_ns, free_ns)
            self._record(operation, Kind.LOST, intended_ns, free_ns, (sent_ns, 0, now_ns))
            self._tell(operation, (now_ns - intended_ns) / 1e6, 0, error)
            return None

    def keep(
        self, operation: str, answer: Answer, intended_ns: int, free_ns: int, problem: str | None
    ) -> None:
        """Record an answer and tell Locust; `problem` says why it is not a yes."""
        kind = Kind.REFUSED if problem else Kind.ANSWERED
        times = (answer.sent_ns, answer.kernel_ns or 0, answer.received_ns)
        self._record(operation, kind, intended_ns, free_ns, times)
        took_ms = (answer.received_ns - intended_ns) / 1e6
        self._tell(operation, took_ms, len(answer.body), RuntimeError(problem) if problem else None)

    def _connect(self) -> None:
        try:
            self.client.connect()
        except OSError as error:
            raise TargetUnreachable(
                f"nobody answers at {self.session.target.rest} ({error})"
            ) from None

    def _record(
        self,
        operation: str,
        kind: Kind,
        intended_ns: int,
        free_ns: int,
        times: tuple[int, int, int],
    ) -> None:
        recorder = self.session.recorder
        recorder.add(Sample(recorder.number_of(operation), kind, intended_ns, free_ns, *times))

    def _tell(self, name: str, took_ms: float, size: int, error: Exception | None) -> None:
        if error is not None:
            self.session.note_error(f"{name}: {error}")
        self.environment.events.request.fire(
            request_type=self.session.contract.operations[name].method,
            name=name,
            response_time=took_ms,
            response_length=size,
            exception=error,
            context={},
        )


def refusal(answer: Answer) -> str | None:
    """Why an answer is not a yes, or None."""
    if answer.status == 200 and BARE_ARRAY.match(answer.body):
        return None
    envelope = ENVELOPE.match(answer.body)
    if answer.status == 200 and envelope and int(envelope[1]) == 0:
        return None
    outcome = outcome_of(answer.response)
    if outcome.is_accepted:
        return None
    return f"{outcome.status} {outcome.code or ''} {outcome.message}".strip()


def _runner(user: User) -> Runner:
    runner: Any = user.environment.runner
    assert isinstance(runner, Runner)
    return runner
