"""Plays cases, each on an exchange made anew: its claims, and those of the judges of arrivals."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from conformance.cases.claim import CannotTell, Claim, Verdict, gravest
from conformance.errors import SuiteError
from conformance.target import Target
from reference_exchange.config import Resident
from reference_exchange.streams import client_validators
from sdk_gate import wire_log
from sdk_gate.arrivals import tokens_of
from sdk_gate.cases.case import Case, not_declared
from sdk_gate.driver import Driver, Gone
from sdk_gate.exchange.verifying import Addresses, VerifyingExchange
from sdk_gate.judges import requests, streams, words
from sdk_gate.protocol import VERSION, DriverError
from sdk_gate.stage import Failed, NotInSdk, Person, Stage

FIRST: Final = "getCoinTicker"


@dataclass(frozen=True, slots=True)
class Hello:
    """What a driver says of itself."""

    name: str
    version: str
    language: str
    protocol: str
    features: tuple[str, ...]


@dataclass(slots=True)
class Played:
    """One case as it went. `why` says what kept it from its end."""

    case: Case
    claims: list[Claim] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    wire: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    why: str = ""
    duration_s: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The gravest of its claims."""
        return gravest(each.verdict for each in self.claims) or Verdict.INCONCLUSIVE


@dataclass(slots=True)
class Player:
    """Whom it plays with, and on what."""

    driver: Driver
    exchange: VerifyingExchange
    addresses: Addresses
    target: Target
    residents: Sequence[Resident]
    seed: int
    hello: Hello | None = None
    _before: Sequence[str] = ()  # the secrets of the case before
    _lost: str = ""  # why there is no driver any more

    def greet(self) -> Hello:
        """Start the driver and make sure of it. Raises DriverError, Gone."""
        self.driver.start()
        result = self.driver.step("hello", protocol=VERSION).result
        major = str(result["protocol"]).partition(".")[0]
        if major != VERSION.partition(".")[0]:
            raise DriverError(f"it speaks protocol {result['protocol']}, this gate {VERSION}")
        sdk = result["sdk"]
        features = tuple(result["features"])
        self.hello = Hello(
            sdk["name"], sdk["version"], sdk["language"], result["protocol"], features
        )
        return self.hello

    def smoke(self) -> None:
        """A ticker, before anything is judged. Raises DriverError, Gone."""
        stage = self._stage(Random(self.seed))
        stage.open()
        try:
            answer = stage.call(FIRST, coin="btc")
        except NotInSdk as missing:
            raise DriverError(f"every driver has public operations: {missing}") from None
        if not answer.ok or not stage.of(FIRST):
            asked = "was asked" if stage.of(FIRST) else "was not asked"
            raise DriverError(f"{FIRST} of an exchange that {asked}: {answer.said}")

    def play(self, case: Case) -> Played:
        """One case, from an exchange made anew to what its claims are."""
        assert self.hello is not None
        if lacking := case.missing(self.hello.features):
            why = not_declared(lacking)
            return Played(case, [Claim(x, Verdict.SKIPPED, why) for x in case.judges], why=why)
        if self._lost:
            why = f"the driver does not come back: {self._lost}"
            return Played(case, [Claim(x, Verdict.INCONCLUSIVE, why) for x in case.judges], why=why)
        began = time.monotonic()
        self.driver.exchanged.clear()
        played = Played(case)
        stage, logged = self._stage(Random(f"{self.seed} {case.name}")), self.driver.logged()
        self._perform(case, stage, played)
        played.claims += distinct(self._judged(case, stage))
        played.claims += self._said(stage, logged)
        played.claims += _untold(played)
        played.steps = [{"step": x.step, "answer": x.answer} for x in self.driver.exchanged]
        played.wire = wire_log.rows(stage.seen)
        played.secrets = stage.known_secrets()
        played.duration_s = round(time.monotonic() - began, 3)
        return played

    def _stage(self, random: Random) -> Stage:
        resident = self.residents[0]
        self.exchange.begin(self.seed)
        return Stage(
            driver=self.driver,
            exchange=self.exchange,
            addresses=self.addresses,
            person=Person(resident.id, resident.email, resident.password),
            login_parameter=self.target.conventions.login_parameter,
            recipe=self.target.conventions.signing.recipe,
            features=self.hello.features if self.hello else (),
            random=random,
            begin=self.exchange.wire.mark(),
            secrets=[each.password for each in self.residents],
        )

    def _perform(self, case: Case, stage: Stage, played: Played) -> None:
        try:
            for claim in case.play(stage):
                played.claims.append(claim)
            stage.driver.step("close")
        except CannotTell as cannot:
            self._rest(played, Verdict.INCONCLUSIVE, str(cannot))
        except NotInSdk as missing:
            self._rest(played, Verdict.SKIPPED, str(missing))
        except Failed as failed:
            self._rest(played, Verdict.FAIL, str(failed))
        except Gone as gone:
            # It was there before this situation: whatever ended it is the SDK's doing.
            self._rest(played, Verdict.FAIL, f"the SDK does not survive this: {gone}")
            self._restart()
        except DriverError as error:
            self._rest(played, Verdict.INCONCLUSIVE, f"the driver is wrong: {error}")
            self._restart()
        except Exception as problem:  # noqa: BLE001 - a case of ours that cannot read what came is no verdict
            why = f"this case could not go on: {type(problem).__name__}: {problem}"
            print(f"{case.name}: {why}", file=sys.stderr)
            self._rest(played, Verdict.INCONCLUSIVE, why)

    def _rest(self, played: Played, verdict: Verdict, why: str) -> None:
        """What a case that did not come to its end says."""
        played.why = why
        expected = "the situation is survived"
        played.claims += [Claim(x, verdict, why, expected, why) for x in played.case.judges]

    def _restart(self) -> None:
        """A driver for the cases that follow; where there is none, they say so."""
        self.driver.stop()
        try:
            self.greet()
        except (Gone, DriverError, SuiteError) as error:
            self._lost = str(error)

    def _judged(self, case: Case, stage: Stage) -> Iterator[Claim]:
        seen = stage.seen
        known = requests.Known(
            contract=self.exchange.contract,
            recipe=stage.recipe,
            keys=stage.keys,
            secrets=stage.known_secrets(),
            tokens=tokens_of(seen.of("login")),
            is_stale=case.is_stale,
        )
        yield from requests.judge(known, seen.arrivals)
        yield from streams.judge(client_validators(self.exchange.contract.asyncapi), seen.stream)
        yield from streams.addresses(known.secrets, seen.stream)

    def _said(self, stage: Stage, logged: int) -> Iterator[Claim]:
        """What it logged and told; a line may come so late that its secret is one of the case before."""
        secrets = stage.known_secrets()
        answers = [x.answer for x in self.driver.exchanged if x.answer]
        told = [each["error"]["message"] for each in answers if not each["ok"]]
        said = words.judge([*secrets, *self._before], self.driver.said_since(logged), told)
        had_secrets = bool(stage.tokens() or stage.keys)
        yield from (x for x in said if had_secrets or x.verdict is Verdict.FAIL)
        self._before = secrets


def _untold(played: Played) -> list[Claim]:
    """What a case is about and neither it nor a judge of arrivals said anything of."""
    told = {each.requirement for each in played.claims}
    why = played.why or "nothing came up that tells"
    return [Claim(x, Verdict.INCONCLUSIVE, why) for x in played.case.judges if x not in told]


def distinct(claims: Iterable[Claim]) -> list[Claim]:
    """Of claims that say the same one; of failures the first."""
    found: dict[tuple[str, str, str], Claim] = {}
    for each in claims:
        found.setdefault((each.requirement, each.verdict, each.title), each)
    return list(found.values())
