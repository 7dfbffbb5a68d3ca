"""What a case is given: the SDK behind its driver, the exchange that it talks to, and what arrived there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from types import MappingProxyType
from typing import Any, Final

from conformance.wire.signing import Recipe
from reference_exchange.keys import ApiKey
from sdk_gate.arrivals import Arrival, Mark, Seen, keys_of, tokens_of
from sdk_gate.driver import STEP_S, Answer, Driver
from sdk_gate.exchange.verifying import Addresses, VerifyingExchange

TIMEOUT_MS: Final = 1000
RETRY_MS: Final = 100
PING_MS: Final = 300
SILENCE_MS: Final = 1200
# What an SDK has no setting for may be so long; a case that would have to wait longer is skipped.
LONGEST_MS: Final = MappingProxyType(
    {"timeoutMs": 10_000, "retryMs": 2_000, "pingMs": 10_000, "silenceMs": 30_000}
)
NO_TIMING: Final[Mapping[str, int]] = MappingProxyType({})
POLL_S: Final = 0.01
SOON_S: Final = (
    8.0  # by then whatever an SDK does by itself has begun, with the timing that it was given
)
# Where something did not come in time, what is awaited next will seldom come either.
AFTER_A_WAIT_IN_VAIN_S: Final = 1.0


class Failed(Exception):
    """An SDK does not do what it has a feature for, on an exchange that gives it no reason."""


class NotInSdk(Exception):
    """An SDK has not what a case asks for: what is open of the case is skipped, with this reason."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whose account the SDK uses."""

    account: int
    login: str
    password: str


@dataclass(slots=True)
class Stage:
    """One case's stage. `random` is the case's own, from the run's seed."""

    driver: Driver
    exchange: VerifyingExchange
    addresses: Addresses
    person: Person
    login_parameter: str
    recipe: Recipe
    features: Sequence[str]
    random: Random
    begin: Mark
    secrets: list[str] = field(default_factory=list)
    timing: dict[str, int] = field(default_factory=dict)  # what applies to the client that is open
    has_waited_in_vain: bool = False
    _key: ApiKey | None = None

    # --- the SDK ----------------------------------------------------------------------------------

    def open(self, by: str = "", rest: str = "", timing: Mapping[str, int] = NO_TIMING) -> None:
        """Make a client; `by` is the credentials that it gets: token, key, or none."""
        config = self.config(by, rest, timing)
        answer = self.driver_did("open", config=config)
        told = answer.result.get("timing", {}) if isinstance(answer.result, dict) else {}
        self.timing = {**config["timing"], **told}

    def waits_ms(self, name: str) -> int:
        """One of the client's times as it really is. Raises NotInSdk when no case can wait so long."""
        ms = self.timing[name]
        if ms > LONGEST_MS[name]:
            longest = f"a case waits for {LONGEST_MS[name]} ms at most"
            raise NotInSdk(f"{name} of the SDK is {ms} and cannot be set: {longest}")
        return ms

    @property
    def late_ms(self) -> int:
        """After how long an answer comes too late for the client that is open. Raises NotInSdk."""
        return self.waits_ms("timeoutMs") + 3 * TIMEOUT_MS

    @property
    def soon_s(self) -> float:
        """How long to wait for what the client does by itself, after a pause or several. Raises NotInSdk."""
        return SOON_S + 8 * max(0, self.waits_ms("retryMs") - RETRY_MS) / 1000

    def open_account(self, timing: Mapping[str, int] = NO_TIMING) -> str:
        """Make a client with whatever credentials the driver has a feature for; which they are."""
        by = "token" if "token" in self.features else "key"
        self.open(by, timing=timing)
        return by

    def config(self, by: str, rest: str, timing: Mapping[str, int]) -> dict[str, Any]:
        """The `config` of an `open`."""
        usual = {
            "timeoutMs": TIMEOUT_MS,
            "retryMs": RETRY_MS,
            "pingMs": PING_MS,
            "silenceMs": SILENCE_MS,
        }
        config: dict[str, Any] = {
            "rest": rest or self.addresses.rest,
            "stream": self.addresses.stream,
            "timing": {**usual, **timing},
        }
        if by == "token":
            config["login"] = {
                "parameter": self.login_parameter,
                "name": self.person.login,
                "password": self.person.password,
            }
        if by == "key":
            config["key"] = {"name": self.key.name, "secret": self.key.secret}
        if self.recipe != Recipe():
            config["signing"] = {
                name: getattr(self.recipe, name) for name in Recipe.__dataclass_fields__
            }
        return config

    @property
    def login(self) -> dict[str, str]:
        """The parameters of the person's log-in."""
        return {self.login_parameter: self.person.login, "password": self.person.password}

    @property
    def key(self) -> ApiKey:
        """The API key of this case."""
        if self._key is None:
            self._key = self.exchange.key(self.person.account)
            self.secrets.append(self._key.secret)
        return self._key

    @property
    def keys(self) -> dict[str, str]:
        """The API keys that were made in this case, with their secrets."""
        return {self._key.name: self._key.secret} if self._key else {}

    def call(self, operation: str, **params: Any) -> Answer:
        """Call an operation through the SDK. Raises NotInSdk."""
        return self.received(self.driver.send("call", operation=operation, params=params))

    def received(self, number: int) -> Answer:
        """The answer to a call that was sent. Raises NotInSdk."""
        # A read may run into its time-out several times, with pauses in between that grow.
        longer_ms = 4 * max(0, self.timing.get("timeoutMs", TIMEOUT_MS) - TIMEOUT_MS)
        longer_ms += 16 * max(0, self.timing.get("retryMs", RETRY_MS) - RETRY_MS)
        answer = self.driver.receive(number, STEP_S + longer_ms / 1000)
        if answer.kind == "unsupported":
            steps = (x.step for x in self.driver.exchanged if x.step["id"] == number)
            raise NotInSdk(f"the SDK does not have {next(steps)['operation']}")
        return answer

    def sends(self, operation: str, **params: Any) -> tuple[Answer, tuple[Arrival, ...]]:
        """Call an operation; its answer, and the requests of it that this call sent. Raises NotInSdk."""
        before = len(self.of(operation))
        answer = self.call(operation, **params)
        return answer, self.of(operation)[before:]

    def calls(self, *asked: tuple[str, dict[str, Any]]) -> list[Answer]:
        """Call several at once; their answers in the order of the calls."""
        numbers = [
            self.driver.send("call", operation=operation, params=params)
            for operation, params in asked
        ]
        return [self.received(number) for number in numbers]

    def subscribe(self, topic: str) -> None:
        """Subscribe through the SDK. Raises Failed."""
        self.driver_did("subscribe", topic=topic)

    def offers(self, topic: str) -> bool:
        """Subscribe through the SDK, unless it has not this one. Raises Failed."""
        answer = self.driver.step("subscribe", topic=topic)
        if not answer.ok and answer.kind != "unsupported":
            raise Failed(f"subscribe {topic} fails: {answer.said}")
        return answer.ok

    def unsubscribe(self, topic: str) -> None:
        """Unsubscribe through the SDK. Raises Failed."""
        self.driver_did("unsubscribe", topic=topic)

    def events(self, topic: str) -> list[Any]:
        """What the SDK gave its user on a topic since the last time."""
        return list(self.driver_did("events", topic=topic).result["events"])

    def settles(self, holds: Callable[[], bool], seconds: float = SOON_S) -> bool:
        """Wait until something holds that is due already; after a wait in vain there is less time."""
        within_s = min(seconds, AFTER_A_WAIT_IN_VAIN_S) if self.has_waited_in_vain else seconds
        is_settled = until(holds, within_s)
        self.has_waited_in_vain |= not is_settled
        return is_settled

    def book(self, symbol: str) -> dict[str, Any]:
        """The SDK's own book."""
        return dict(self.driver_did("book", symbol=symbol).result)

    def driver_did(self, do: str, **fields: Any) -> Answer:
        """A step that the case rests on. Raises Failed."""
        answer = self.driver.step(do, **fields)
        if not answer.ok:
            what = " ".join((do, *(fields[x] for x in ("topic", "symbol") if x in fields)))
            raise Failed(f"{what} fails: {answer.said}")
        return answer

    # --- the exchange -----------------------------------------------------------------------------

    @property
    def seen(self) -> Seen:
        """What arrived since the case began."""
        return self.exchange.wire.since(self.begin)

    def of(self, *operations: str) -> tuple[Arrival, ...]:
        """The requests that meant one of these operations."""
        return self.seen.of(*operations)

    def tokens(self) -> list[str]:
        """The tokens that the exchange issued in this case."""
        return tokens_of(self.of("login"))

    def known_secrets(self) -> list[str]:
        """Every password, secret and token of this case: what it began with, and what was handed out since."""
        made = keys_of(self.of("createApiKey")).values()
        return [*self.secrets, *self.tokens(), *made]

    def canary(self) -> str:
        """A token of nobody's, which is found wherever it turns up."""
        token = f"canary-{self.random.getrandbits(256):064x}"
        self.secrets.append(token)
        self.exchange.learn(token)
        return token

    def orders(self) -> list[Any]:
        """The spot orders that the person has, whatever became of them."""
        return self.exchange.do(
            lambda: list(self.exchange.rules.spot.orders_of(self.person.account))
        )

    def steps_of(self, symbol: str) -> dict[str, Decimal]:
        """The steps of a market's price and amount, by name; none of a market that is not listed."""
        listed = (each.market for each in self.exchange.rules.config.listings)
        return {
            name: step
            for market in listed
            if market.symbol == symbol
            for name, step in (("price", market.price_step), ("amount", market.amount_step))
        }

    def price_steps_of_contracts(self) -> list[Decimal]:
        """The steps that a futures order's price may have."""
        return [each.price_step for each in self.exchange.rules.config.contracts]

    def positions(self) -> list[Any]:
        """The futures orders that the person has, whatever became of them."""
        return self.exchange.do(
            lambda: list(self.exchange.rules.futures.orders_of(self.person.account))
        )

    def count_of_keys(self) -> int:
        """How many API keys the person has."""
        return self.exchange.do(lambda: len(self.exchange.rules.keys.of(self.person.account)))

    def push(self, frame: dict[str, Any]) -> int:
        """Send a frame to the subscribers of its topic."""
        return self.exchange.do(lambda: self.exchange.streams.push(frame))

    def subscribers(self, topic: str) -> int:
        """On how many connections a topic is subscribed."""
        return self.exchange.do(lambda: len(self.exchange.streams.subscribers(topic)))

    def take_over(self, topic: str, first: Callable[[], list[dict[str, Any]]]) -> None:
        """Let only this case say what a topic's subscribers get; `first` is what a new one is shown."""
        self.exchange.do(lambda: self.exchange.streams.take_over(topic, first))

    def cut(self) -> None:
        """Break the stream connections."""
        self.exchange.do(self.exchange.streams.cut)

    def go_away(self) -> None:
        """Close the stream connections in order."""
        self.exchange.wait(self.exchange.streams.go_away())


def until(holds: Callable[[], bool], seconds: float = SOON_S) -> bool:
    """Wait until something holds; whether it did within the time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)
    return True
