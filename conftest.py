"""The composition root: the one place where a target, a transport and the questions meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conformance import job
from conformance.cases import library
from conformance.embedded import embedded
from conformance.errors import ConfigurationError, SuiteError
from conformance.parts import Wanted
from conformance.record.run_log import RunLog
from conformance.session import Session, estimate, preflight, world
from conformance.spec.contract import SPECS, Contract
from conformance.spec.documents import Settings
from conformance.target import Target, load
from conformance.transport.in_process import InProcess, ManualClock
from conformance.transport.interface import Transport
from conformance.transport.sockets import Sockets

SHORTEST_SECRET = 8
IN_PROCESS_START_MS = 1_800_000_000_000


def pytest_addoption(parser: pytest.Parser) -> None:
    """The questions' own options; `--base-url` comes from pytest-base-url."""
    group = parser.getgroup("exchange", "the exchange under test")
    group.addoption("--target", default="reference", help="a file in targets/, or its path")
    group.addoption("--stream-url", default="", help="the stream's address, ws:// or wss://")
    group.addoption("--control-url", default="", help="the control address, if there is one")
    group.addoption("--seed", type=int, default=1, help="reproduces a run")
    group.addoption("--run-dir", type=Path, help="where the run is kept")
    group.addoption("--in-process", action="store_true", help="no sockets: the reference target")
    group.addoption(
        "--fault", action="append", default=[], help="a fault of the reference exchange"
    )
    group.addoption(
        "--openapi", type=Path, default=SPECS / "openapi.yaml", help="the REST document"
    )
    group.addoption("--asyncapi", type=Path, default=SPECS / "asyncapi.yaml", help="the stream one")
    group.addoption("--kind", default="contract", help="what the run is kept as")
    group.addoption("--embedded", action="store_true", help="--base-url is the embedded exchange")
    group.addoption("--examples", type=int, default=12, help="generated cases for each operation")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each check of the library."""
    if "check" not in metafunc.fixturenames:
        return
    options = metafunc.config.getoption
    with _in_one_line():
        settings = load(options("target")).settings
        contract = Contract.load(options("openapi"), options("asyncapi"), settings)
    found = library.checks(contract)
    metafunc.parametrize("check", found, ids=[each.name for each in found])


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of this run."""
    return int(pytestconfig.getoption("seed"))


@pytest.fixture(scope="session")
def target_file(pytestconfig: pytest.Config) -> Target:
    """The target as its file says it."""
    with _in_one_line():
        return load(pytestconfig.getoption("target"))


@pytest.fixture(scope="session")
def contract(pytestconfig: pytest.Config, target_file: Target) -> Contract:
    """The contract, adapted to the target."""
    options = pytestconfig.getoption
    with _in_one_line():
        return Contract.load(options("openapi"), options("asyncapi"), target_file.settings)


@pytest.fixture(scope="session")
def session(
    pytestconfig: pytest.Config,
    contract: Contract,
    target_file: Target,
    base_url: str | None,
    seed: int,
) -> Iterator[Session]:
    """The run: its performer, judges and log. Its end writes what can only be said at the end."""
    options = pytestconfig.getoption
    with ExitStack() as stack:
        with _in_one_line():
            target, transport = _connect(stack, options, target_file, base_url or "")
            log = RunLog(options("run_dir") or _folder(target, seed), _secrets(target))
            stack.callback(log.close)
            log.write("header", _header(target, seed, options))
            served = _served(options) if target.embedded else ""
            run = Session(world(contract, target, seed), transport, log, served)
            preflight(run)
            checks = library.checks(contract)
            _say(pytestconfig, estimate(checks, run.world, options("examples")))
        started = time.monotonic()
        yield run
        run.conclude()
        log.write("footer", run.totals(time.monotonic() - started))


def _say(config: pytest.Config, text: str) -> None:
    """One line for whoever watches, even while pytest keeps the output of tests to itself."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        print(text, flush=True)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Our own errors end the run in one line with their exit code, never with a traceback."""
    try:
        yield
    except SuiteError as error:
        pytest.exit(str(error), returncode=int(error.exit_code))


def _connect(
    stack: ExitStack,
    options: Callable[[str], Any],
    target: Target,
    base_url: str,
) -> tuple[Target, Transport]:
    if options("in_process"):
        return target, _in_process(options, target)
    is_embedded = target.embedded and (options("embedded") or not base_url)
    if options("fault") and not is_embedded:
        raise ConfigurationError("FAULT is for the reference exchange alone: leave out BASE_URL")
    if base_url:
        target = target.at(base_url, options("stream_url"), options("control_url"))
        target = target.model_copy(update={"embedded": is_embedded})
    elif target.embedded:
        target = stack.enter_context(embedded(target, options("seed"), options("fault")))
    transport = Sockets(target)
    stack.callback(transport.close)
    transport.reach()
    return target, transport


def _in_process(options: Callable[[str], Any], target: Target) -> Transport:
    # Imported here and in tests/ alone: the suite must not depend on its own exchange.
    from reference_exchange import faults
    from reference_exchange.config import ExchangeConfig
    from reference_exchange.exchange import ReferenceExchange

    names = Settings(names=target.settings.names)
    contract = Contract.load(options("openapi"), options("asyncapi"), names)
    clock = ManualClock(IN_PROCESS_START_MS)
    exchange = ReferenceExchange(contract, ExchangeConfig(seed=options("seed")), clock)
    faults.apply(exchange, options("fault"))
    return InProcess(exchange, clock)


def _served(options: Callable[[str], Any]) -> str:
    faults = ",".join(options("fault"))
    return f"make serve SEED={options('seed')}" + (f" FAULT={faults}" if faults else "")


def _header(target: Target, seed: int, option: Callable[[str], Any]) -> dict[str, Any]:
    wanted = Wanted(
        kind=option("kind"),
        target=str(option("target")),
        seed=seed,
        faults=tuple(option("fault")),
        openapi=option("openapi"),
        asyncapi=option("asyncapi"),
        only=option("keyword") or option("markexpr"),
    )
    return job.header(wanted, target)


def _folder(target: Target, seed: int) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return Path("runs") / f"contract-{target.name}-{stamp}-{seed}"


def _secrets(target: Target) -> tuple[str, ...]:
    """Passwords to keep out of the log. Those of the reference exchange are public, and short words
    cannot be told from the rest of a log."""
    passwords = {account.password for account in target.accounts.values()}
    return tuple(each for each in passwords if len(each) >= SHORTEST_SECRET)
