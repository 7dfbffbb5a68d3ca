"""A gate run: an exchange, an SDK on it by its driver or in its own tests, and the run's folder that is left."""

from __future__ import annotations

import importlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from conformance import job
from conformance.cases.claim import Claim, Verdict
from conformance.conclude import conclude_run
from conformance.errors import ConfigurationError, RunError
from conformance.record.run_log import RunLog
from conformance.spec import requirements as catalogue
from conformance.spec.contract import SPECS, Contract
from conformance.target import Target, load
from conformance.verdict import deviations
from conformance.verdict.findings import Finding
from reference_exchange.config import MANNERS, ExchangeConfig, Resident
from sdk_gate import case_file, cases
from sdk_gate.arrivals import Wire
from sdk_gate.asked import DRIVER, DRIVERS, Asked, own_drivers
from sdk_gate.cases.case import ACCOUNT, Case, missing, not_declared
from sdk_gate.driver import Driver, Gone
from sdk_gate.exchange import certificate
from sdk_gate.exchange.verifying import Addresses, VerifyingExchange
from sdk_gate.play import Hello, Played, Player
from sdk_gate.protocol import DriverError
from sdk_gate.run_lines import KIND, footer, header
from sdk_gate.stopping import telling

OWN_TESTS: Final = "sdk.own-tests-pass"
LOG: Final = "driver.log"
BUILD: Final = "build.log"
# What is judged of whatever arrives, and the feature without which nothing of the kind does.
ARRIVES_WITH: Final = {
    "sdk.token-is-sent-raw": "token",
    "sdk.signature-matches-the-bytes": "key",
    "sdk.forms-are-forms": ACCOUNT,
    "sdk.frames-are-documented": "streams",
}
JAVA: Final = "JAVA_TOOL_OPTIONS"
GERMAN_JAVA: Final = "-Duser.language=de -Duser.country=DE"


def run(asked: Asked) -> int:
    """Do it; the exit code says what came of it. Raises SuiteError."""
    return finish(play(asked))


def play(asked: Asked) -> Path:
    """Put the SDK through it; the run's folder, which is not concluded yet. Raises SuiteError."""
    target, contract, chosen = _checked(asked)
    folder = new_folder(asked)
    with telling(folder):
        if asked.mode == DRIVER or asked.is_ours:
            _by_driver(asked, target, contract, chosen, folder)
        else:
            from sdk_gate import wrap

            wrap.run(asked, target, contract, folder)
    return folder


def finish(folder: Path) -> int:
    """Conclude a run's folder, draw its pages and say the verdict."""
    with telling(folder):
        document = conclude_run(folder, datetime.now(UTC).date())
        drawn = draw(folder)
    return int(document["exit_code"]) if drawn == 0 else drawn


def draw(folder: Path) -> int:
    """Draw the pages of a run, in a process of their own; its exit code."""
    return subprocess.run([sys.executable, "-m", "reports", str(folder)], check=False).returncode


def _checked(asked: Asked) -> tuple[Target, Contract, list[Case]]:
    """Everything that the files name, read and found usable before anything is started."""
    if asked.only and asked.mode != DRIVER and not asked.is_ours:
        raise ConfigurationError(
            "an SDK's own tests run as a whole: leave ONLY out, or MODE=driver"
        )
    target = load(asked.target)
    contract = Contract.load(asked.openapi, asked.asyncapi, target.settings)
    deviations.load(asked.deviations, catalogue.of_sdks(), datetime.now(UTC).date())
    chosen = [
        each
        for each in cases.CASES.values()
        if asked.only in each.name or asked.only in each.judges
    ]
    if not chosen:
        raise ConfigurationError(f"no case and no requirement is called {asked.only!r}")
    for name, folder in (("FOLDER", asked.folder), ("SOURCE", asked.source)):
        if folder is not None and not folder.is_dir():
            raise ConfigurationError(f"there is no folder {folder}: say {name}= again")
    if not asked.sdk.strip():
        raise ConfigurationError(f"say SDK=…: {', '.join(own_drivers())}, or a command")
    if asked.mode == DRIVER:
        _words(asked.sdk)
    return target, contract, chosen


def _by_driver(
    asked: Asked, target: Target, contract: Contract, chosen: Sequence[Case], folder: Path
) -> None:
    driver = Driver(_command(asked, folder), asked.folder, folder / LOG, surroundings(os.environ))
    residents = residents_of(asked.seed)
    config = config_of(target, asked.seed, residents)
    with serving(contract, config) as (exchange, addresses):
        player = Player(driver, exchange, addresses, target, residents, asked.seed)
        try:
            hello = _smoke(player, folder)
            whom = f"{hello.name} {hello.version} ({hello.language})"
            print(f"sdk gate for {whom}, {len(chosen)} situations, seed {asked.seed}", flush=True)
            _write(asked, target, folder, addresses, _played(player, chosen), exchange.wire, hello)
        finally:
            driver.stop()
            if driver.log.exists():  # it does not where the driver never started
                passwords = [each.password for each in residents]
                case_file.hide(driver.log, [*passwords, *exchange.secrets()])


def surroundings(given: Mapping[str, str]) -> dict[str, str]:
    """Variables in which a driver shows whether it writes decimals by its locale, or reads dates by its time zone.

    East of Greenwich, where a date that is taken for local time lies in the past.
    """
    return {
        "SDK_GATE_LOG": "debug",
        "TZ": "Asia/Tokyo",
        "LC_NUMERIC": "de_DE.UTF-8",
        JAVA: " ".join(filter(None, (given.get(JAVA), GERMAN_JAVA))),
    }


def _command(asked: Asked, folder: Path) -> tuple[str, ...]:
    """How the driver is started; one of ours is built first."""
    if not asked.is_ours:
        return _words(asked.sdk)
    module = importlib.import_module(f"sdk_gate.toolchains.{asked.sdk}")
    source = (
        asked.source or DRIVERS / asked.sdk
    ).resolve()  # some compilers run in a folder of their own
    out = (folder / "driver").resolve()
    try:
        out.mkdir(exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot write to {folder}: {error.strerror}") from None
    command: tuple[str, ...] = module.ready(source, out, folder / BUILD)
    return command


def _words(command: str) -> tuple[str, ...]:
    """A driver's command in words: it is started without a shell. Raises ConfigurationError."""
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise ConfigurationError(f"SDK={command}: {error}") from None
    if "\0" in command:
        raise ConfigurationError(f"SDK={command!r}: no command has a NUL in it")
    return words


def _smoke(player: Player, folder: Path) -> Hello:
    """Make sure of the driver: what fails here is the driver's fault. Raises ConfigurationError."""
    try:
        hello = player.greet()
        player.smoke()
    except (DriverError, Gone) as error:
        raise ConfigurationError(
            f"the driver is not usable: {error} (its own words: {folder / LOG})"
        ) from None
    return hello


def _played(player: Player, chosen: Sequence[Case]) -> Iterator[Played]:
    for each in chosen:
        played = player.play(each)
        if played.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
            told = dict.fromkeys(
                x.requirement for x in played.claims if x.verdict is played.verdict
            )
            print(f"  {played.verdict} in {each.name}: {', '.join(told)}", flush=True)
        yield played


def _write(
    asked: Asked,
    target: Target,
    folder: Path,
    addresses: Addresses,
    played: Iterable[Played],
    wire: Wire,
    hello: Hello,
) -> None:
    """The run's log and a file for each case."""
    began = time.monotonic()
    log = RunLog(folder)
    try:
        log.write("header", header(asked, target, addresses, hello))
        for each in played:
            log.hide(each.secrets)
            case_file.write(folder, each)
            log.during(each.case.name)
            for claim in each.claims:
                again = reproduce(asked, each.case.name)
                log.finding(Finding(claim, each.case.name, again, each.case.sentence))
        if not asked.only:
            for claim in _untold(hello):
                log.finding(Finding(claim, KIND))
        log.write("footer", footer(wire, time.monotonic() - began))
    finally:
        log.close()


def _untold(hello: Hello) -> Iterator[Claim]:
    """What a driver's run cannot come to, each with the reason."""
    title = "a driver's run has them not: make sdk-gate SDK='npm test' runs them"
    yield Claim(OWN_TESTS, Verdict.SKIPPED, title)
    for name, need in ARRIVES_WITH.items():
        if lacking := missing((need,), hello.features):
            yield Claim(name, Verdict.SKIPPED, not_declared(lacking))


def reproduce(asked: Asked, name: str = "") -> str:
    """The command that plays one case again, or all that was asked."""
    mode = "" if asked.is_ours else f" MODE={asked.mode}"
    other = "" if asked.target == "reference" else f" TARGET={shlex.quote(asked.target)}"
    for variable, value, usual in (
        ("SOURCE", asked.source, None),
        ("FOLDER", asked.folder, Path()),
        ("DEVIATIONS", asked.known, None),
        ("SPEC", asked.openapi, SPECS / "openapi.yaml"),
        ("STREAM_SPEC", asked.asyncapi, SPECS / "asyncapi.yaml"),
    ):
        other += f" {variable}={shlex.quote(str(value))}" if value != usual else ""
    other += f" ONLY={name}" if name else ""
    return f"make sdk-gate SDK={shlex.quote(asked.sdk)}{mode}{other} SEED={asked.seed}"


@contextmanager
def serving(
    contract: Contract, config: ExchangeConfig
) -> Iterator[tuple[VerifyingExchange, Addresses]]:
    """The verifying exchange, listening."""
    exchange = VerifyingExchange(contract, config)
    with exchange.serving(certificate.of_nobody()) as addresses:
        yield exchange, addresses


def config_of(target: Target, seed: int, residents: Sequence[Resident]) -> ExchangeConfig:
    """The exchange as the target's file wants it; without a market of its own that moves."""
    manner = MANNERS[target.manner]
    return replace(
        manner,
        seed=seed,
        residents=tuple(residents),
        has_flow=False,
        history_hours=1,
        limiter=replace(manner.limiter, limit=0),
    )


def residents_of(seed: int) -> tuple[Resident, ...]:
    """Accounts whose passwords are found wherever they turn up."""
    random = Random(f"{seed} passwords")
    names = ("alice", "bob", "carol")
    return tuple(
        Resident(1001 + n, name, f"{name}@example.com", f"canary-{random.getrandbits(64):016x}")
        for n, name in enumerate(names)
    )


def new_folder(asked: Asked) -> Path:
    """A fresh folder, and `runs/latest` on it. Raises RunError."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = job.RUNS / f"{KIND}-{asked.name}-{stamp}-{asked.seed}"
    for again in range(1, 100):
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            folder = folder.with_name(f"{KIND}-{asked.name}-{stamp}-{asked.seed}-{again}")
        except OSError as error:
            raise RunError(f"cannot write to {folder}: {error.strerror}") from None
    job.name_latest(folder)
    return folder
