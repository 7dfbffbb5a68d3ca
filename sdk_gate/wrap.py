"""Wrap: an SDK's own tests against the verifying exchange, in peace and then in trouble; only what arrived is judged.

The command gets the variables of this process, and by more of them the exchange's addresses and credentials.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from conformance.cases.claim import Claim, Verdict, holds
from conformance.errors import ConfigurationError
from conformance.record.run_log import RunLog
from conformance.spec import requirements as catalogue
from conformance.spec.contract import SPECS, Contract
from conformance.target import Target
from conformance.verdict.findings import Finding
from reference_exchange.config import MANNERS, Resident
from reference_exchange.keys import ApiKey
from reference_exchange.streams import client_validators
from sdk_gate import case_file, gate, rough, run_lines, wire_log
from sdk_gate.arrivals import Arrival, Seen, Wire, keys_of, tokens_of
from sdk_gate.asked import LIMIT_S, Asked
from sdk_gate.cases.case import Case
from sdk_gate.command import Command, Ended
from sdk_gate.exchange.verifying import Addresses, VerifyingExchange
from sdk_gate.judges import coverage, requests, streams, waiting
from sdk_gate.play import Played, distinct
from sdk_gate.rough import Trouble

SECRETS: Final = "sdk.secrets-stay-inside"
MAKES_KEY: Final = "createApiKey"


def _pass_of(name: str, sentence: str) -> Case:
    """A pass as a case: it is no scene of ours that is played."""
    return Case(name, sentence, (), (), lambda stage: iter(()))


CALM = _pass_of("wrap/calm", "The SDK's own tests, on an exchange that keeps its contract.")


@dataclass(frozen=True, slots=True)
class Passed:
    """One pass of the command: how it ended, what arrived, and the keys and secrets that it knew."""

    ended: Ended
    seen: Seen
    ended_ns: int
    keys: Mapping[str, str]
    secrets: tuple[str, ...]


def run(asked: Asked, target: Target, contract: Contract, folder: Path) -> None:
    """The passes, judged into the run's log. Raises ConfigurationError when nothing arrived at all."""
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
            for trouble in rough.troubles():
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
        if claim.verdict is Verdict.SKIPPED:
            log.write("note", {"text": f"{case.name}, {claim.requirement}: {claim.title}"})
    wire, secrets = wire_log.rows(passed.seen), list(passed.secrets)
    case_file.write(folder, Played(case, claims, [], wire, secrets))
    return {each.requirement for each in claims}


def _reproduce(asked: Asked, claim: Claim, by_number: Mapping[int, Arrival]) -> str:
    """The command again, and as comments the requests that show it."""
    settings = {
        "SDK": asked.sdk,
        "FOLDER": str(asked.folder) if asked.folder != Path() else "",
        "TARGET": asked.target if asked.target != "reference" else "",
        "DEVIATIONS": str(asked.known) if asked.known else "",
        "SPEC": str(asked.openapi) if asked.openapi != SPECS / "openapi.yaml" else "",
        "STREAM_SPEC": str(asked.asyncapi) if asked.asyncapi != SPECS / "asyncapi.yaml" else "",
        "LIMIT_S": f"{asked.limit_s:g}" if asked.limit_s != LIMIT_S else "",
        "SEED": str(asked.seed),
    }
    words = [f"{name}={shlex.quote(value)}" for name, value in settings.items() if value]
    lines = [" ".join(("make sdk-gate", *words))]
    for number in claim.records[:2]:
        if number in by_number:
            shown = "\n".join((f"request {number}", *wire_log.as_text(by_number[number])))
            lines += [f"# {line}" for line in shown.splitlines()]
    return "\n".join(lines)


@dataclass(slots=True)
class _Passes:
    """The passes of one command, and what is judged of each."""

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
        claims = [_own_tests(passed.ended, self.asked.limit_s)]
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
        print(f"  (exit code {passed.ended.exit_code}, which is not judged here)", flush=True)
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
            tests_refusals=self._calm is not None and self._calm.ended.exit_code == 0,
        )
        seen, calm = passed.seen, self._calm.seen if self._calm else passed.seen
        yield from distinct(requests.judge(known, seen.arrivals))
        yield from distinct(waiting.judge(calm.arrivals, seen.arrivals))
        yield from distinct(streams.judge(client_validators(self.contract.asyncapi), seen.stream))
        yield from distinct(streams.addresses(passed.secrets, seen.stream))
        yield from distinct(streams.pongs(seen.stream, passed.ended_ns))
        found = [f"…{secret[-4:]}" for secret in sorted(passed.ended.secrets_said)]
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
            self.exchange.wait(self.exchange.streams.ping(f"{time.monotonic_ns():x}".encode()))
            look()

        secrets = _Secrets(self.exchange.wire, begin.arrivals, [account.password, key.secret])
        command = Command(self.asked.sdk, self.asked.folder, given, self.asked.limit_s)
        ended = command.run(self.folder / log, secrets.known, attend, is_shown)
        seen, ended_ns = self.exchange.wire.since(begin), time.monotonic_ns()
        keys = {key.name: key.secret, **keys_of(seen.of(MAKES_KEY))}
        return Passed(ended, seen, ended_ns, keys, tuple(secrets.known()))


@dataclass(slots=True)
class _Secrets:
    """What must not be written: what the command is given, and what the exchange tells it meanwhile."""

    wire: Wire
    at: int
    found: list[str] = field(default_factory=list)

    def known(self) -> Sequence[str]:
        """All that are known by now."""
        while self.at < len(self.wire.arrivals):
            each = self.wire.arrivals[self.at]
            if each.operation in ("login", MAKES_KEY):
                if each.answered_ns is None:
                    break  # its answer is looked at the next time
                self.found += [*tokens_of([each]), *keys_of([each]).values()]
            self.at += 1
        return self.found


def _own_tests(ended: Ended, limit_s: float) -> Claim:
    if ended.was_stopped:
        title = f"the SDK's own tests were stopped after {limit_s:g} s: LIMIT_S= gives them more"
        return Claim(gate.OWN_TESTS, Verdict.INCONCLUSIVE, title)
    code, title = ended.exit_code, "the SDK's own tests pass"
    return holds(gate.OWN_TESTS, code == 0, title, "exit code 0", f"exit code {code}")


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
