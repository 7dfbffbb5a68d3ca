"""What every scenario's Locust user is: a connection of the engine, and what it asks at its turns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import gevent
from locust import User, task
from locust.exception import StopUser

from conformance.errors import SuiteError, TargetUnreachable
from conformance.wire.http import Request, Response
from conformance.wire.rest import outcome_of
from load.client import Client
from load.engine import Composed, Lane
from load.session import Session

JOIN_S = 2.0  # for what is under way when a user is stopped


class ScenarioUser(User):
    """A connection that follows the session's plan. Subclasses say what a planned time is used for."""

    abstract = True
    scenario: ClassVar[str] = ""
    requests_per_slot: ClassVar[int] = 1
    is_planned: ClassVar[bool] = True
    headline: ClassVar[Iterable[str] | None] = None
    session: ClassVar[Session]

    client: Client
    lane: Lane

    def on_start(self) -> None:
        """Prepare and connect; the plan starts when every user has done so."""
        session = self.session
        self.client = session.client()
        session.tidy.append(self.tidy)
        try:
            self.prepare()
            self.lane = session.engine.join(self)
        except SuiteError as error:
            session.stop(str(error), error.exit_code)
        except OSError as error:
            unreachable = TargetUnreachable(f"nobody answers at {session.target.rest} ({error})")
            session.stop(str(unreachable), unreachable.exit_code)
        finally:
            self.client.close()
        session.arrive(self.environment.runner.target_user_count)

    def on_stop(self) -> None:
        """Leave nothing open."""
        self.session.engine.stop()
        with gevent.Timeout(JOIN_S, False):
            self.session.finished.wait()
        self.tidy()
        self.client.close()

    @task
    def wait_for_the_end(self) -> None:
        """The engine does the work; a user of Locust's only has to live as long."""
        self.work()
        self.session.finished.wait()
        raise StopUser

    def work(self) -> None:
        """What is done without a plan."""

    def prepare(self) -> None:
        """Whatever is needed before the plan starts."""

    def tidy(self) -> None:
        """Whatever has to be undone afterwards; what is done is not done again."""

    def compose(self) -> Composed:
        """What the next planned time is used for, made before it is due."""
        raise NotImplementedError

    def accepted(self, operation: int, body: bytes) -> Composed | None:
        """Said yes. What is returned is asked at once."""
        return None

    def judge(self, response: Response) -> str | None:
        """Why an answer is not a yes, or None."""
        return refusal(response)

    def failed(self, operation: int, why: str) -> None:
        """Said no, or did not answer."""
        self.session.note_error(self.session.operations[operation], why)

    @classmethod
    def open(cls, session: Session) -> None:
        """Whatever all users of a process share, made before the first of them."""

    @classmethod
    def close(cls, session: Session) -> None:
        """The scenario's own findings, into `session.facts` and `session.counts`."""

    def composed(self, operation: str, request: Request) -> Composed:
        """A request as the engine takes it."""
        return self.session.number_of(operation), self.session.address.prepare(request)


def refusal(response: Response) -> str | None:
    """Why an answer is not a yes, or None."""
    outcome = outcome_of(response)
    if outcome.is_accepted:
        return None
    return f"{outcome.status} {outcome.code or ''} {outcome.message}".strip()
