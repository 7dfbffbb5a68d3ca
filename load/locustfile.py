"""The scenarios as Locust knows them: `locust -f load/locustfile.py --scenario mixed`.

Locust starts, stops, connects workers and shows; the times, the figures and the judgement are this package's own,
for Locust keeps whole milliseconds. `--scenario` chooses one scenario for the run.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from conformance.errors import ConfigurationError, ExitCode, SuiteError, TargetUnreachable
from conformance.spec.contract import SPECS
from load import limiter
from load.asked import settle
from load.exchange_counts import Beside, requests_at
from load.fleet import Alone, Master, Worker
from load.job import PROFILES, SCENARIOS, Job, prepare
from load.kept import keep, make
from load.lines import lines_of
from load.part import Part, conclude
from load.recovery import part_of
from load.scenarios.mixed import Mixed
from load.scenarios.order_latency import OrderLatency
from load.scenarios.rate_limit import RateLimit
from load.scenarios.stream_throughput import StreamThroughput
from load.session import Session, Tell
from load.shown import Shown
from load.telemetry import Telemetry, is_wanted, started
from load.users import ScenarioUser

USERS: dict[str, type[ScenarioUser]] = {
    each.scenario: each for each in (OrderLatency, RateLimit, StreamThroughput, Mixed)
}

RUNS: dict[Environment, _Run] = {}


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: argparse.ArgumentParser, **_: Any) -> None:
    """The options beside Locust's own; `--host` is the REST address."""
    group = parser.add_argument_group("exchange")
    group.add_argument("--scenario", choices=SCENARIOS, default=SCENARIOS[0])
    group.add_argument("--load-profile", default="smoke", help="a table of load/profiles.toml")
    group.add_argument("--target", default="reference", help="a name in targets/, or a file")
    group.add_argument("--stream-url", default="", help="instead of the target's own")
    group.add_argument("--control-url", default="", help="instead of the target's own")
    alone = "nobody else asks that exchange, so its counts have to be ours"
    group.add_argument("--alone", action="store_true", help=alone)
    group.add_argument("--beside", default="", help="the probe asks this exchange instead")
    group.add_argument("--seed", type=int, default=1)
    group.add_argument("--run", default="", help="the folder that takes result and samples")
    group.add_argument("--profiles", default=str(PROFILES), help="instead of load/profiles.toml")
    group.add_argument("--spec", default=str(SPECS / "openapi.yaml"), help="the OpenAPI document")


@events.init.add_listener  # type: ignore[untyped-decorator]
def choose(environment: Environment, **_: Any) -> None:
    """Keep the chosen scenario's users alone, and refuse what cannot run before anything starts."""
    if isinstance(environment.runner, WorkerRunner):
        # The master's word, which comes later, says which scenario; every kind of user is at hand.
        environment.user_classes = list(USERS.values())
    else:
        environment.user_classes = [_user(environment)]
        with _in_one_line():
            if isinstance(environment.runner, MasterRunner) and not _user(environment).is_planned:
                name = _user(environment).scenario
                raise ConfigurationError(f"{name} asks from one process: run it without workers")
            prepare(_job(environment))
    gevent.signal_handler(signal.SIGINT, _interrupt, environment)


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def start(environment: Environment, **_: Any) -> None:
    """A run begins, from the command line, from the web page or at the master's word."""
    RUNS[environment] = _Run(environment)
    RUNS[environment].start()


@events.test_stopping.add_listener  # type: ignore[untyped-decorator]
def stopping(environment: Environment, **_: Any) -> None:
    """Before users are stopped: nothing more is sent, and what is under way may come back."""
    if environment in RUNS:  # a worker whose master went before the start has none
        RUNS[environment].stop()


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def stop(environment: Environment, **_: Any) -> None:
    """A run ended: judge it, keep it, and say in a few lines what it measured."""
    if environment in RUNS:
        RUNS[environment].finish()


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def finish(environment: Environment, **_: Any) -> None:
    """End a run that is still going first, for Locust settles the exit code next."""
    if environment.runner is not None and not isinstance(environment.runner, WorkerRunner):
        environment.runner.quit()


class _Run:
    """One run in this process: alone, as master or as worker."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._user = _user(environment)
        self._session: Session | None = None
        self._master: Master | None = None
        self._telemetry: Telemetry | None = None

    def start(self) -> None:
        runner, options = self._environment.runner, _options(self._environment)
        with _in_one_line():
            self._prepared = prepare(_job(self._environment))
            if self._prepared.job.run is not None:
                make(self._prepared.job.run)  # on every machine: each writes its samples down
            user = self._user
            self._asked = settle(
                self._prepared,
                options.run_time,
                user.requests_per_slot,
                user.headline,
                user.is_planned,
            )
            if not isinstance(runner, WorkerRunner):
                self._counted_before = requests_at(self._prepared.target)
        if isinstance(runner, MasterRunner):
            self._master = Master(runner, self._end)
            return
        role = Worker(runner) if isinstance(runner, WorkerRunner) else Alone()
        tell = self._telling(Shown(self._environment, self._prepared.contract), role.name)
        streams = -(-self._asked.profile.streams // max(options.expect_workers, 1))
        self._session = Session(self._prepared, self._asked, role, tell, streams)
        if self._telemetry is not None:
            self._telemetry.measured_from_ns = partial(_measured_from, self._session)
        self._session.at_end = self._user.close
        self._user.session = self._session
        if not isinstance(role, Worker):
            gevent.spawn(self._end_after, self._session)
        try:
            self._user.open(self._session)
        except Exception as error:
            # Locust only logs what a listener raises: without this the run would wait for ever.
            self._session.stop(f"it cannot begin: {error!r}", ExitCode.ERROR)
            raise

    def stop(self) -> None:
        if self._session is not None:
            self._session.stop()
            self._session.finished.wait(timeout=30)
        if self._master is not None:
            self._master.gather()

    def finish(self) -> None:
        """Alone or as master: conclude. A worker has delivered and is done."""
        if self._master is not None:
            parts = self._gathered(self._master)
        elif self._session is not None and not isinstance(self._environment.runner, WorkerRunner):
            parts = [self._session.part()]
        else:
            self._end_telemetry()
            return
        beside, why = self._look_back()
        entry = conclude(self._asked, parts, why, self._prepared.bounds, beside)
        if self._prepared.job.run is not None:
            with _in_one_line():
                keep(self._prepared.job.run, entry)
        print("\n".join(lines_of(entry)), flush=True)
        self._end_telemetry(entry["valid"])
        valid = ExitCode.PASS if entry["valid"] else ExitCode.INCONCLUSIVE
        worst = max((part.exit_code or 0 for part in parts), default=0)
        self._environment.process_exit_code = int(worst or valid)

    def _telling(self, shown: Shown, worker: str) -> Tell:
        if not is_wanted(os.environ):
            return shown
        job = self._prepared.job
        facts = {"exchange.target": self._prepared.target.name, "exchange.scenario": job.scenario}
        tell = started(shown, list(self._prepared.contract.operations), facts, worker)
        self._telemetry = tell if isinstance(tell, Telemetry) else None
        return tell

    def _end_telemetry(self, is_valid: bool | None = None) -> None:
        telemetry, self._telemetry = self._telemetry, None
        if telemetry is not None and (problem := telemetry.close(is_valid)):
            print(problem, file=sys.stderr, flush=True)

    def _gathered(self, master: Master) -> list[Part]:
        parts = list(master.parts.values())
        for lost in master.lost_workers():
            kept = part_of(self._prepared.job.run, self._asked, lost.worker)
            parts.append(replace(kept, lost=lost.lost) if kept else lost)
        return parts

    def _look_back(self) -> tuple[Beside | None, list[str]]:
        """What the exchange counted, and its limiter set back; why that could not be done."""
        target = self._prepared.target
        try:
            after = requests_at(target)
            limiter.restore(target)
        except TargetUnreachable as error:
            return None, [str(error)]
        return Beside.of(self._counted_before, after, self._prepared.job.is_alone), []

    def _end_after(self, session: Session) -> None:
        session.finished.wait()
        self._end()

    def _end(self) -> None:
        """The plan is used up: end the run, and the process where nobody watches its page."""
        runner = self._environment.runner
        if runner is not None:
            (runner.quit if self._environment.web_ui is None else runner.stop)()


def _measured_from(session: Session) -> int:
    return session.measured_from_ns


def _interrupt(environment: Environment) -> None:
    """Ctrl-C, delivered between two turns and never in the middle of one."""
    if environment.runner is not None:
        environment.runner.quit()


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except SuiteError as error:
        print(f"load: {error}", file=sys.stderr, flush=True)
        sys.exit(int(error.exit_code))


def _user(environment: Environment) -> type[ScenarioUser]:
    options = _options(environment)
    named = [name for name, user in USERS.items() if user.__name__ in (options.user_classes or ())]
    if len(named) > 1:
        print("load: one scenario at a time; name one user class, or --scenario", file=sys.stderr)
        sys.exit(int(ExitCode.ERROR))
    return USERS[named[0] if named else options.scenario]


def _job(environment: Environment) -> Job:
    options = _options(environment)
    return Job(
        scenario=_user(environment).scenario,
        profile=options.load_profile,
        target=options.target,
        base_url=environment.host or "",
        stream_url=options.stream_url,
        control_url=options.control_url,
        seed=options.seed,
        run=Path(options.run) if options.run else None,
        spec=Path(options.spec),
        profiles=Path(options.profiles),
        is_alone=options.alone,
        beside=options.beside,
    )


def _options(environment: Environment) -> argparse.Namespace:
    options = environment.parsed_options
    assert isinstance(options, argparse.Namespace)
    return options
