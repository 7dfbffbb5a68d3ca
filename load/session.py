"""One process's share of one run of one scenario: its engine, its samples, its end.

Every user of the process shares it. It starts when all users of all processes are ready, so that logging
in and connecting never count, and it ends by itself when the plan is used up.
"""

from __future__ import annotations

import gc
from array import array
from collections import Counter
from collections.abc import Callable, MutableSequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from random import Random
from socket import gethostname
from time import time_ns
from typing import Any, Final, Protocol

import gevent
import numpy as np
from gevent.event import Event

from conformance.errors import ExitCode, RunError, SuiteError, TargetUnreachable
from conformance.wire.http import Request
from conformance.wire.rest import build, outcome_of
from load.asked import Asked
from load.attribution import Attribution
from load.client import Address, Answer, Client
from load.engine import Engine
from load.fleet import Alone, Start, Worker
from load.histogram import Histogram
from load.job import Prepared
from load.journal import Head, Journal, path_of
from load.part import Part
from load.probe import Probe, open_probe, probe_times
from load.recorder import Recorder, Rows, rows_of
from load.timeline import Timeline
from load.watch import ClockWatch, Watch, Watched

FLUSH_S: Final = 0.25  # so much is lost at most when the process is killed
STRAY_NS: Final = 1_000_000_000  # a clock that was set by more leaves no plan to keep
TIDY_S: Final = 2.0  # for undoing what users left
MOST_FAILURES: Final = 20
TIMER_SLACK: Final = Path("/proc/self/timerslack_ns")


class Tell(Protocol):
    """Whoever shows what happens."""

    def samples(self, rows: Rows, operations: list[str]) -> None:
        """These were taken."""

    def failed(self, operation: str, why: str) -> None:
        """This was refused or lost."""


class Session:
    """The plan of a run, its samples and its end. `streams` is how many connections listen here."""

    def __init__(
        self, prepared: Prepared, asked: Asked, role: Alone | Worker, tell: Tell, streams: int
    ) -> None:
        self.prepared = prepared
        self.streams = streams
        self.asked = asked
        self.target = prepared.target
        self.contract = prepared.contract
        self.draw = Random(f"{prepared.job.seed} {role.name}")
        self.operations = list(prepared.contract.operations)
        self.facts: dict[str, Any] = dict(asked.facts)
        self.counts: dict[str, Any] = {}
        self.values_ns: dict[
            str, MutableSequence[int]
        ] = {}  # more times to make histograms of, by name
        self.start_ns = 0
        self.number, self.of = 0, 1  # which of how many workers this process is
        self.at_end: Callable[[Session], None] = lambda _: None  # the scenario's own findings
        self.exit_code: ExitCode | None = None
        self.began = Event()
        self.over = Event()  # set by a scenario that has no plan, when it is done
        self.finished = Event()
        self.recorder = Recorder()
        self._timeout_s = self.target.timing.request_ms / 1000
        self.address = Address(self.target.rest, self._timeout_s)
        self.engine = Engine(
            self.recorder, self.address.connect, self._timeout_s, asked.profile.spin_us
        )
        self._role = role
        self._tell = tell
        self._timeline = Timeline()
        self._stop_ns = 0
        self._present = 0
        self._is_begun = False
        self._errors: Counter[str] = Counter()
        self._stopped_because: str | None = None
        self._outside: Counter[str] = Counter()
        self._unanswered: Counter[str] = Counter()
        self.tidy: list[Callable[[], None]] = []  # what undoes what a user left
        self._journal: Journal | None = None
        self._rows: list[bytes] = []
        self._clock: ClockWatch | None = None
        self._histograms: dict[str, Histogram] = {}
        self._watch: Watch | None = None
        self._watched: Watched | None = None
        self._probe: Probe | None = None
        self._attribution = Attribution()
        self._watching = gevent.spawn(self._look_after)

    def number_of(self, operation: str) -> int:
        """The number under which an operation's samples are kept."""
        return self.operations.index(operation)

    def arrive(self, expected: int) -> None:
        """A user is ready; the last one starts the run."""
        self._present += 1
        if self._present >= expected and not self._is_begun:
            self._is_begun = True
            gevent.spawn(self._run)

    @property
    def measured_from_ns(self) -> int:
        """When what happens begins to count; far in the future before the start."""
        if not self.start_ns:
            return 2**62
        return self.start_ns + self.asked.plan.warm_up_ns

    @property
    def worker(self) -> str:
        """Under which name this process is reported."""
        return self._role.name or "this process"

    @property
    def rows(self) -> Rows:
        """The samples that were written down so far."""
        return rows_of(b"".join(self._rows))

    @property
    def left_s(self) -> float:
        """How much of the plan's time is left."""
        return (self.start_ns + self.asked.plan.end_ns - time_ns()) / 1e9

    def stop(self, because: str | None = None, code: ExitCode | None = None) -> None:
        """Nothing more is to be sent; the first reason counts."""
        self._stopped_because = self._stopped_because or because
        self.exit_code = self.exit_code or code
        self.engine.stop()
        if self._probe is not None:
            self._probe.stop()
        self.over.set()
        if not self._is_begun:
            self._is_begun = True
            gevent.spawn(self._run)

    def note_error(self, operation: str, why: str) -> None:
        """Count what went wrong; the first is named in the report."""
        self._errors[f"{operation}: {why}"] += 1
        self._tell.failed(operation, why)

    def client(self) -> Client:
        """A client of one's own, for what is asked outside the plan."""
        return Client(self.target.rest, self._timeout_s)

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

    def count_outside(self, operation: str, is_answered: bool = True) -> None:
        """Count a request that has no sample."""
        self._outside[operation] += 1
        if not is_answered:
            self._unanswered[operation] += 1

    def once(self, client: Client, request: Request) -> Answer:
        """Ask outside the plan. Raises TargetUnreachable in one line."""
        asked = self.contract.find(request.method, request.path)
        operation, answer = asked.id if asked else request.path, None
        try:
            answer = client.send(client.prepare(request))
            return answer
        except OSError as error:
            raise TargetUnreachable(
                f"{self.target.rest} does not answer {request.method} {request.path} ({error})"
            ) from None
        finally:
            self.count_outside(operation, answer is not None)

    def part(self) -> Part:
        """What this process contributes, folded from its rows. Empty before the end."""
        return Part(
            worker=self._role.name,
            timeline=self._timeline,
            stop_ns=max(0, self._stop_ns - self.start_ns) if self.start_ns else 0,
            number=self.number,
            of=self.of,
            watched=self._watched,
            facts=self.facts,
            counts={**self.counts, **self._failures()},
            histograms=self._folded(),
            attribution=self._attribution,
            first_error=next(iter(self._errors), None),
            stopped_because=self._stopped_because,
            exit_code=self.exit_code,
            outside=dict(self._outside),
            unanswered=dict(self._unanswered),
        )

    def _folded(self) -> dict[str, Histogram]:
        """Histograms of `values_ns` so far; a stream gives a hundred thousand a second, so they are not kept."""
        for name, values in self.values_ns.items():
            folded = self._histograms.setdefault(name, Histogram())
            folded.add(np.array(values, dtype=np.int64))
            del values[:]
        return self._histograms

    def _failures(self) -> dict[str, dict[str, int]]:
        """What went wrong most often, and how often."""
        return {"failures": dict(self._errors.most_common(MOST_FAILURES))} if self._errors else {}

    def _run(self) -> None:
        # A plan is made of wall times: from here on they must hold.
        clock = self._clock = ClockWatch()
        self.engine.look = partial(self._look_at_clock, clock)
        try:
            self._open_probe()
            start = self._role.await_start()
            self._begin(start, clock)
            until_ns = self.start_ns + self.asked.plan.end_ns
            if self.asked.is_planned:
                self.engine.run(self._times(start), until_ns)
            else:
                self.over.wait(max(until_ns - time_ns(), 0) / 1e9)
        except SuiteError as error:
            self.stop(str(error), error.exit_code)
        finally:
            self.began.set()
            self._end()
            self.finished.set()

    def _begin(self, start: Start, clock: ClockWatch) -> None:
        gc.collect()
        gc.freeze()  # what lives now lives to the end: the collector need not look at it again
        _sharpen_timers()
        self.start_ns = start.start_ns
        self.number, self.of = start.number, start.of
        if start.of > 1:
            offset = {"clock_ahead_us": start.clock_ns / 1000, "within_us": start.within_ns / 1000}
            self.facts["clocks"] = {self._role.name: offset}
            self.facts["hosts"] = {self._role.name: gethostname()}
        folder = self.prepared.job.run
        if folder is not None:
            head = Head(
                scenario=self.asked.profile.scenario,
                worker=self._role.name,
                start_ns=self.start_ns,
                operations=self.operations,
                profile=asdict(self.asked.profile),
                seed=self.prepared.job.seed,
                number=start.number,
                of=start.of,
                headline=None if self.asked.headline is None else sorted(self.asked.headline),
            )
            self._journal = Journal(path_of(folder, head.scenario, head.worker), head)
        self._start_probe(start)
        self._watch = Watch(clock)
        self.began.set()

    def _open_probe(self) -> None:
        """What stands against a probe is said in the result, and stops nothing."""
        if self._stopped_because:
            return
        beside, timeout_s = self.prepared.job.beside, self.prepared.target.timing.request_ms / 1000
        client = Client(beside, timeout_s) if beside else self.client()
        address = Address(beside, timeout_s) if beside else self.address
        # What another exchange is asked is not counted among what the target was.
        ask = self._ask_uncounted(client) if beside else partial(self.once, client)
        found = open_probe(self.prepared, self.asked, self.engine, address, ask)
        client.close()
        if isinstance(found, Probe):
            self._probe, self._attribution = found, found.found
        else:
            self._attribution.problems.add(found)

    @staticmethod
    def _ask_uncounted(client: Client) -> Callable[[Request], Answer]:
        def ask(request: Request) -> Answer:
            try:
                return client.send(client.prepare(request))
            except OSError as error:
                raise TargetUnreachable(f"the exchange beside is not answering: {error}") from None

        return ask

    def _count_probe(self, probe: Probe) -> None:
        if self.prepared.job.beside:
            return  # these the target has not seen
        (operation,) = probe.found.operations
        self._outside[operation] += probe.sent
        self._unanswered[operation] += probe.unanswered

    def _start_probe(self, start: Start) -> None:
        if self._probe is None:
            return
        times = probe_times(self.asked, self.prepared.job.seed)[start.number :: start.of]
        self._attribution.per_s = self.asked.probe_per_s / start.of
        self._probe.start(array("q", (self.start_ns + each for each in times)))

    def _times(self, start: Start) -> array[int]:
        offsets = np.array(self.asked.plan.part(start.number, start.of).offsets_ns, dtype=np.int64)
        return array("q", (offsets + self.start_ns).tobytes())

    def _end(self) -> None:
        self._watching.kill()
        self._stop_ns = time_ns()
        try:
            self._flush()
        except RunError as error:
            self.stop(str(error), error.exit_code)
        if self._watch is not None:
            self._watched = self._watch.stop(self.engine.idle_ns, self.recorder.oversleeps_ns)
        gc.unfreeze()
        self.at_end(self)
        if self._probe is not None:
            self._count_probe(self._probe)
            self._probe.close()
        self.engine.close()
        gevent.joinall([gevent.spawn(each) for each in self.tidy], timeout=TIDY_S)
        self._timeline.add(self.rows, self.operations, self.asked.plan, self.start_ns)
        self._role.deliver(self.part())

    def _look_at_clock(self, clock: ClockWatch) -> None:
        clock.look()
        if abs(clock.step_ns) > STRAY_NS:
            self.stop()

    def _look_after(self) -> None:
        """Four times a second: write down, look at the clock, see that the master lives."""
        while True:
            gevent.sleep(FLUSH_S)
            if self._clock is not None:
                self._look_at_clock(self._clock)
            self._folded()
            if self._role.is_forsaken():
                self.stop("the master was lost")
            try:
                self._flush()
            except RunError as error:
                self.stop(str(error), error.exit_code)

    def _flush(self) -> None:
        data = self.recorder.take()
        if not data:
            return
        self._rows.append(data)
        rows = rows_of(data)
        if self._clock is not None:
            self._clock.read(rows)
        self._tell.samples(rows, self.operations)
        if self._journal is not None:
            self._journal.write(data)


def _sharpen_timers() -> None:
    """Have the kernel end our sleeps within a microsecond instead of fifty, where it lets us."""
    try:
        TIMER_SLACK.write_text("1000", encoding="ascii")
    except OSError:
        return
