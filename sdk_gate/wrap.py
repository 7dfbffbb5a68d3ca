"""Wrap: an SDK's own tests against the verifying exchange, in peace and then in trouble; only what arrived is judged.

The command gets the exchange's addresses and credentials by environment variables, and nothing else.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from conformance.cases.claim import Claim, Verdict, holds
from conformance.errors import ConfigurationError
from conformance.record.run_log import RunLog
from conformance.spec import requirements as catalogue
from conformance.spec.contract import Contract
from conformance.target import Target
from conformance.verdict.findings import Finding
from reference_exchange.config import MANNERS, Resident
from reference_exchange.keys import ApiKey
from reference_exchange.streams import client_validators
from sdk_gate import case_file, gate, rough, run_lines, wire_log
from sdk_gate.arrivals import Arrival, Seen, tokens_of
from sdk_gate.asked import Asked
from sdk_gate.cases.case import Case
from sdk_gate.exchange.verifying import Addresses, VerifyingExchange
from sdk_gate.judges import coverage, requests, streams, waiting
from sdk_gate.play import Played, distinct
from sdk_gate.rough import Trouble

LIMIT_S: Final = 900
END_S: Final = 5
PING_EVERY_S: Final = 1.0
SECRETS: Final = "sdk.secrets-stay-inside"


def _pass_of(name: str, sentence: str) -> Case:
    """A pass as a case: it is no scene of ours that is played."""
    return Case(name, sentence, (), (), lambda stage: iter(()))


CALM = _pass_of("wrap/calm", "The SDK's own tests, on an exchange that keeps its contract.")


@dataclass(frozen=True, slots=True)
class Passed:
    """One pass of the command: how it ended, what it said, what arrived, and the secrets that it was given."""

    exit_code: int
    said: str
    seen: Seen
    ended_ns: int
    keys: Mapping[str, str]
    secrets: tuple[str, ...]


def run(asked: Asked, target: Target, contract: Contract, folder: Path) -> None:
    """Both passes, judged into the run's log. Raises ConfigurationError when nothing arrived at all."""
    residents = gate.residents_of(asked.seed)
    manner = MANNERS[target.manner]
    config = replace(manner, seed=asked.seed, residents=residents, history_hours=2)
    began = time.monotonic()
    log = RunLog(folder, tuple(each.password for each in residents))
    try:
        with gate.serving(contract, config) as (exchange, addresses):
            log.write("header", run_lines.header(asked, target, addresses, None))
            where = f"at {addresses.rest}, seed {asked.seed}"
            print(f"sdk gate around {asked.sdk!r} {where}", flush=True)
            passes = _Passes(asked, target, contract, exchange, addresses, folder)
            told = _written(log, folder, asked, CALM, *passes.calm())
            for trouble in rough.troubles() if asked.is_rough else ():
                if passes.is_due(trouble):
                    case = _pass_of(f"wrap/{trouble.name}", trouble.sentence)
                    told |= _written(log, folder, asked, case, *passes.rough(trouble))
            for name in catalogue.of_sdks().keys() - told:
                title = "the SDK's own tests did not come to a situation that tells"
                log.finding(Finding(Claim(name, Verdict.SKIPPED, title), "wrap"))
            log.write("footer", run_lines.footer(exchange.wire, time.monotonic() - began))
    finally:
        log.close()


def _written(
    log: RunLog, folder: Path, asked: Asked, case: Case, passed: Passed, claims: list[Claim]
) -> set[str]:
    """Write a pass down; the requirements that it told of."""
    log.hide(passed.secrets)
    log.during(case.name)
    by_number = {each.number: each for each in passed.seen.arrivals}
    for claim in claims:
        log.finding(Finding(claim, case.name, _reproduce(asked, claim, by_number), case.sentence))
    wire, secrets = wire_log.rows(passed.seen), list(passed.secrets)
    case_file.write(folder, Played(case, claims, [], wire, secrets))
    return {each.requirement for each in claims}


def _reproduce(asked: Asked, claim: Claim, by_number: Mapping[int, Arrival]) -> str:
    """The command again, and the requests that show it."""
    lines = [f"make sdk-gate SDK={shlex.quote(asked.sdk)} SEED={asked.seed}"]
    for number in claim.records[:2]:
        if number in by_number:
            lines += [f"# request {number}", *wire_log.as_text(by_number[number])]
    return "\n".join(lines)


@dataclass(slots=True)
class _Passes:
    """The two passes of one command, and what is judged of each."""

    asked: Asked
    target: Target
    contract: Contract
    exchange: VerifyingExchange
    addresses: Addresses
    folder: Path
    _calm: Passed | None = None

    def calm(self) -> tuple[Passed, list[Claim]]:
        """The command, left in peace. Raises ConfigurationError when nothing of it arrives."""
        self._calm = passed = self._pass("calm.log")
        if not passed.seen.arrivals and not passed.seen.stream:
            raise ConfigurationError(
                f"nothing arrived: does {self.asked.sdk!r} use EXCHANGE_REST_URL and "
                f"EXCHANGE_STREAM_URL of its environment? What it said: {self.folder / 'calm.log'}"
            )
        code = passed.exit_code
        title = "the SDK's own tests pass"
        claims = [holds(gate.OWN_TESTS, code == 0, title, "exit code 0", f"exit code {code}")]
        claims += coverage.judge(self.contract, passed.seen.arrivals)
        return passed, [*claims, *self._usual(passed)]

    def is_due(self, trouble: Trouble) -> bool:
        """Whether the calm pass gave a reason for a trouble."""
        return self._calm is not None and trouble.applies(self._calm.seen)

    def rough(self, trouble: Trouble) -> tuple[Passed, list[Claim]]:
        """The command again, with a trouble."""
        assert self._calm is not None
        print(f"again: {trouble.sentence}", flush=True)
        self.exchange.begin(self.asked.seed)
        trouble.begin(self.exchange)
        passed = self._pass(f"{trouble.name}.log", trouble.look, is_shown=False)
        print(f"  (exit code {passed.exit_code}, which is not judged here)", flush=True)
        claims = list(trouble.judge(self._calm.seen, passed.seen, passed.ended_ns))
        return passed, [*claims, *self._usual(passed)]

    def _usual(self, passed: Passed) -> Iterator[Claim]:
        """What holds of any pass."""
        known = requests.Known(
            contract=self.contract,
            recipe=self.target.conventions.signing.recipe,
            keys=passed.keys,
            secrets=passed.secrets,
            tokens=tokens_of(passed.seen.of("login")),
        )
        seen = passed.seen
        yield from distinct(requests.judge(known, seen.arrivals))
        yield from distinct(waiting.judge(seen.arrivals))
        yield from distinct(streams.judge(client_validators(self.contract.asyncapi), seen.stream))
        yield from distinct(streams.addresses(passed.secrets, seen.stream))
        yield from distinct(streams.pongs(seen.stream, passed.ended_ns))
        found = [f"…{secret[-4:]}" for secret in passed.secrets if secret in passed.said]
        title = "no password, secret or token stands in what the command says"
        yield holds(SECRETS, not found, title, "none", found or "none")

    def _pass(
        self, log: str, look: Callable[[], None] = lambda: None, is_shown: bool = True
    ) -> Passed:
        account = self.exchange.rules.config.residents[0]
        key = self.exchange.key(account.id)
        begin = self.exchange.wire.mark()
        given = environment(self.addresses, account, key, self.target)

        def attend() -> None:
            self.exchange.wait(self.exchange.streams.ping(f"{time.monotonic_ns():x}"))
            look()

        folder, path = self.asked.folder, self.folder / log
        code, said = attended(self.asked.sdk, folder, given, path, attend, is_shown)
        seen, ended_ns = self.exchange.wire.since(begin), time.monotonic_ns()
        secrets = (account.password, key.secret, *tokens_of(seen.of("login")))
        return Passed(code, said, seen, ended_ns, {key.name: key.secret}, secrets)


def environment(
    addresses: Addresses, account: Resident, key: ApiKey, target: Target
) -> dict[str, str]:
    """What a command is told: where the exchange is, and who it may be."""
    return {
        "EXCHANGE_REST_URL": addresses.rest,
        "EXCHANGE_STREAM_URL": addresses.stream,
        "EXCHANGE_LOGIN_PARAMETER": target.conventions.login_parameter,
        "EXCHANGE_LOGIN": account.email,
        "EXCHANGE_PASSWORD": account.password,
        "EXCHANGE_API_KEY": key.name,
        "EXCHANGE_API_SECRET": key.secret,
    }


def attended(
    command: str,
    folder: Path,
    given: Mapping[str, str],
    log: Path,
    attend: Callable[[], None],
    is_shown: bool,
) -> tuple[int, str]:
    """Run a shell command to its end, and do something every second meanwhile; exit code, and what it said.

    After LIMIT_S it is ended. Raises ConfigurationError when there is no shell.
    """
    deadline = time.monotonic() + LIMIT_S
    with log.open("wb") as file:
        try:
            process = subprocess.Popen(
                command,
                shell=True,
                cwd=folder,
                env={**os.environ, **given},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ConfigurationError(f"{command!r} cannot be started: {error.strerror}") from None
        copying = threading.Thread(target=_copy, args=(process, file, is_shown))
        copying.start()
        try:
            while _is_going(process) and time.monotonic() < deadline:
                attend()
        finally:
            _end(process)
            copying.join(END_S)
    return process.returncode, log.read_text(encoding="utf-8", errors="replace")


def _is_going(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(PING_EVERY_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _copy(process: subprocess.Popen[bytes], file: BinaryIO, is_shown: bool) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        with suppress(OSError):  # a full disk is told where the run's log is written
            file.write(line)
            file.flush()
        if is_shown:
            print("  | " + line.decode("utf-8", "replace").rstrip("\n"), flush=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command with all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
            return
