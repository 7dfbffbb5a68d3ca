"""The scenarios as Locust knows them: `locust -f load/locustfile.py --scenario mixed`.

Locust starts, stops and shows; the times, the figures and the judgement are this package's own, for
Locust keeps whole milliseconds. `--scenario` chooses one scenario for the process.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from locust import events
from locust.env import Environment
from locust.runners import LocalRunner

from conformance.errors import ConfigurationError, ExitCode, SuiteError
from conformance.spec.contract import SPECS
from load.job import SCENARIOS, Job, prepare
from load.lines import lines_of
from load.scenarios.mixed import Mixed
from load.scenarios.order_latency import OrderLatency
from load.scenarios.rate_limit import RateLimit
from load.scenarios.stream_throughput import StreamThroughput
from load.session import Session
from load.users import ScenarioUser

USERS: dict[str, type[ScenarioUser]] = {
    each.scenario: each for each in (OrderLatency, RateLimit, StreamThroughput, Mixed)
}


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: argparse.ArgumentParser, **_: Any) -> None:
    """The options beside Locust's own; `--host` is the REST address."""
    group = parser.add_argument_group("exchange")
    group.add_argument("--scenario", choices=SCENARIOS, default=SCENARIOS[0])
    group.add_argument("--load-profile", default="smoke", help="a table of load/profiles.toml")
    group.add_argument("--target", default="reference", help="a name in targets/, or a file")
    group.add_argument("--stream-url", default="", help="instead of the target's own")
    group.add_argument("--control-url", default="", help="instead of the target's own")
    group.add_argument("--seed", type=int, default=1)
    group.add_argument("--run", default="", help="the folder that takes result and samples")
    group.add_argument("--spec", default=str(SPECS / "openapi.yaml"), help="the OpenAPI document")


@events.init.add_listener  # type: ignore[untyped-decorator]
def choose(environment: Environment, **_: Any) -> None:
    """Keep the chosen scenario's users alone, and refuse what cannot run before anything starts."""
    environment.user_classes = [_user(environment)]
    with _in_one_line():
        if not isinstance(environment.runner, LocalRunner):
            raise ConfigurationError("one process only: each worker would follow the whole plan")
        prepare(_job(environment))


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def start(environment: Environment, **_: Any) -> None:
    """A run begins, from the command line or from the web page."""
    user = _user(environment)
    options = _options(environment)
    with _in_one_line():
        prepared = prepare(_job(environment))
        session = Session(prepared, user.requests_per_slot, user.keeps_limiter)
        user.session = session
        session.open(options.run_time)
        user.open(session)


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def stop(environment: Environment, **_: Any) -> None:
    """A run ended: judge it, keep it, and say in a few lines what it measured."""
    user = _user(environment)
    session = user.session
    user.close(session)
    entry = session.close(user.headline)
    session.keep(entry)
    print("\n".join(lines_of(entry)), flush=True)
    valid = ExitCode.PASS if entry["valid"] else ExitCode.INCONCLUSIVE
    environment.process_exit_code = int(session.exit_code or valid)


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def finish(environment: Environment, **_: Any) -> None:
    """After Ctrl-C: end the run first, for Locust settles the exit code next."""
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
    )


def _options(environment: Environment) -> argparse.Namespace:
    options = environment.parsed_options
    assert isinstance(options, argparse.Namespace)
    return options
