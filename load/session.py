"""One run of one scenario in a Locust process: hands out planned times and keeps what came of them.

Every user of the process shares it. It starts when all users are ready, so that logging in and
connecting never count, and it ends by itself when the plan is used up.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable
from random import Random
from time import monotonic_ns, time_ns
from typing import Any

from gevent import sleep
from gevent.event import Event

from conformance.errors import ExitCode, TargetUnreachable
from conformance.wire.http import Request
from conformance.wire.rest import build, outcome_of
from load import limiter
from load.client import Answer, Client
from load.job import Prepared
from load.plan import SECOND_NS, Plan, plan
from load.recorder import Recorder
from load.result import Ended, result

LEAD_NS = 50_000_000  # between "everybody is ready" and the first planned time
# gevent's timers end up to a millisecond late; the rest of the way is walked step by step.
SPIN_NS = 1_500_000


class Session:
    """The plan of a run, its samples and its end. A planned time costs `requests_per_slot`."""

    def __init__(self, prepared: Prepared, requests_per_slot: int, keeps_limiter: bool) -> None:
        self.prepared = prepared
        self.target = prepared.target
        self.contract = prepared.contract
        self.recorder = Recorder()
        self.draw = Random(prepared.job.seed)
        self.extra: dict[str, Any] = {}
        self.start_ns = 0
        self.exit_code: ExitCode | None = None
        self.first_error: str | None = None
        self._keeps_limiter = keeps_limiter
        self._requests_per_slot = requests_per_slot
        self._profile = prepared.profile
        self._plan: Plan | None = None
        self._next = 0
        self._present = 0
        self._ready = Event()
        self._stopped_because: str | None = None
        self._clock_ns = 0

    def open(self, run_time_s: float | None) -> None:
        """Settle limiter and plan. `run_time_s` replaces the profile's own length."""
        if run_time_s:
            self._profile = self._profile.lasting(run_time_s)
        if self._keeps_limiter:
            limiter.restore(self.target)
            return
        if not limiter.lift(self.target):
            self._stay_below_the_limit()
        self._plan = plan(self._profile)

    def arrive(self, expected: int) -> None:
        """A user is ready; wait until all are."""
        self._present += 1
        if self._present >= expected and not self._ready.is_set():
            self._begin()
        self._ready.wait()

    def leave(self) -> bool:
        """A user has nothing left to do. True for the last one."""
        self._present -= 1
        return self._present == 0

    def next_slot(self) -> int | None:
        """The next planned time, in ns of the wall clock, or None when there is none left."""
        if self._plan is None or self._next >= len(self._plan.offsets_ns) or self._stopped_because:
            return None
        self._next += 1
        return self.start_ns + self._plan.offsets_ns[self._next - 1]

    @property
    def duration_s(self) -> float:
        """What the profile plans for what is counted."""
        return self._profile.duration_s

    @property
    def measured_from_ns(self) -> int:
        """When what happens begins to count; far in the future before the start."""
        if not self.start_ns:
            return 2**62
        return self.start_ns + round(self._profile.warm_up_s * SECOND_NS)

    def stop(self, because: str, code: ExitCode | None = None) -> None:
        """Nothing more is to be sent; the first reason counts."""
        self._stopped_because = self._stopped_because or because
        self.exit_code = self.exit_code or code
        self._ready.set()

    def note_error(self, text: str) -> None:
        """Remember the first thing that went wrong, for the report."""
        self.first_error = self.first_error or text

    def close(self, headline: Iterable[str] | None) -> dict[str, Any]:
        """Give the limiter back, and fold what was recorded into the scenario's result."""
        stop_ns = self._end_ns()
        self._give_back()
        step_ns = time_ns() - monotonic_ns() - self._clock_ns if self._clock_ns else 0
        ended = Ended(
            profile=self._profile,
            plan=self._plan,
            start_ns=self.start_ns or stop_ns,
            stop_ns=stop_ns,
            headline=frozenset(headline) if headline is not None else None,
            clock_step_us=step_ns / 1000,
            stopped_because=self._stopped_because,
            first_error=self.first_error,
            extra=self.extra,
        )
        return result(self.recorder, ended, self.prepared.bounds)

    def keep(self, entry: dict[str, Any]) -> None:
        """Write the result and the samples into the run's folder, when there is one."""
        folder = self.prepared.job.run
        if folder is None:
            return
        name = f"load-{entry['scenario']}"
        text = json.dumps(entry, indent=1) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
        with (folder / f"{name}.samples").open("wb") as file:
            header = {**self.recorder.describe(), "start_ns": self.start_ns}
            file.write(json.dumps(header).encode() + b"\n")
            self.recorder.dump(file)

    def client(self) -> Client:
        """A connection of one's own to the target."""
        return Client(self.target.rest, self.target.timing.request_ms / 1000)

    def log_in(self, client: Client, account: str) -> str:
        """The token of an account. Raises TargetUnreachable in one line."""
        who = self.target.accounts[account]
        login = self.contract.operations["login"]
        form = {
            self.target.conventions.login_parameter: who.login,
            "password": who.password,
        }
        answer = self.once(client, build(login.method, login.path, form=form))
        outcome = outcome_of(answer.response)
        token = outcome.data.get("Authorization") if isinstance(outcome.data, dict) else None
        if not isinstance(token, str):
            raise TargetUnreachable(
                f"{account} cannot log in at {self.target.rest}: "
                f"status {outcome.status}, code {outcome.code} {outcome.message}"
            )
        return token

    def once(self, client: Client, request: Request) -> Answer:
        """Ask outside the plan. Raises TargetUnreachable in one line."""
        try:
            return client.send(client.prepare(request))
        except OSError as error:
            raise TargetUnreachable(
                f"{self.target.rest} does not answer {request.method} {request.path} ({error})"
            ) from None

    def _begin(self) -> None:
        gc.collect()
        gc.freeze()  # what lives now lives to the end: the collector need not look at it again
        self.start_ns = time_ns() + LEAD_NS
        self._clock_ns = time_ns() - monotonic_ns()
        self._ready.set()

    def _end_ns(self) -> int:
        # A plan that was used up lasts to its end, although the last user went home before.
        plan = self._plan
        if plan is None or self._next < len(plan.offsets_ns):
            return time_ns()
        return self.start_ns + plan.end_ns

    def _stay_below_the_limit(self) -> None:
        cap = limiter.cap_per_s(self.target, self._requests_per_slot)
        if any(stage.rate_per_s > cap for stage in self._profile.stages):
            self._profile = self._profile.capped(cap)
            limit = self.target.limits.requests_per_minute
            self.extra["capped"] = (
                f"held at {cap:.1f} per second: the target's limit of {limit} requests a minute "
                "cannot be lifted, for it has no control address"
            )

    def _give_back(self) -> None:
        try:
            limiter.restore(self.target)
        except TargetUnreachable as error:
            self.stop(str(error))


def wait_until(when_ns: int) -> None:
    """Return at a time, as exactly as a cooperative process can; the others run meanwhile."""
    while (left_ns := when_ns - time_ns()) > 0:
        sleep((left_ns - SPIN_NS) / SECOND_NS if left_ns > SPIN_NS else 0)
