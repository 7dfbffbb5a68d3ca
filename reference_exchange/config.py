"""What a reference exchange is made of: its markets, contracts and accounts, and how it chooses to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Literal

from conformance.model.values import Contract, Market
from conformance.wire.signing import Recipe

D = Decimal
FEE: Final = D("0.001")
LEVERAGES: Final = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Listing:
    """A market with the price that its history starts from. A quiet one has no background flow."""

    market: Market
    start_price: Decimal
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Resident:
    """An account that exists from the start."""

    id: int
    name: str
    email: str
    password: str
    withdrawn: Decimal = D(0)


def _market(symbol: str, price: str, amount: str, least: str, turnover: str) -> Market:
    coin, _, base = symbol.partition("/")
    steps = (D(price), D(amount), D(least), D(turnover))
    return Market(symbol, coin, base, *steps, max_amount=D(1_000_000), fee_rate=FEE)


LISTINGS: Final = (
    Listing(_market("BTC/USDT", "0.01", "0.000001", "0.00001", "1"), D("74000")),
    Listing(_market("ETH/USDT", "0.01", "0.00001", "0.0001", "1"), D("3900")),
    Listing(_market("ETH/BTC", "0.000001", "0.0001", "0.001", "0.00001"), D("0.0527")),
    Listing(_market("SOL/USDT", "0.001", "0.001", "0.01", "1"), D("210"), is_quiet=True),
)
BAND: Final = D("0.2")
CONTRACTS: Final = (
    Contract(1, "BTC/USDT", "BTC", D(100), LEVERAGES, D("0.0005"), D("0.01"), BAND),
    Contract(2, "ETH/USDT", "ETH", D(10), LEVERAGES, D("0.0005"), D("0.01"), BAND),
)
RESIDENTS: Final = (
    Resident(1001, "alice", "alice@example.com", "secret", withdrawn=D(100)),
    Resident(1002, "bob", "bob@example.com", "secret"),
    Resident(1003, "carol", "carol@example.com", "secret"),
)
OPENING: Final[Mapping[str, Decimal]] = {
    "USDT": D(1_000_000),
    "BTC": D(100),
    "ETH": D(1000),
    "SOL": D(10_000),
}


LimiterKind = Literal[
    "fixed", "fixed_aligned", "sliding_log", "sliding_counter", "token_bucket", "gcra"
]
Scope = Literal["address", "account", "key", "operation"]


@dataclass(frozen=True, slots=True)
class LimiterConfig:
    """The rate limit: so many requests a window, counted in one of several ways. A limit of 0 is none.

    `scope` is what there is one window for each of. `weights` has operations that count for more than one.
    `burst` is what a bucket or GCRA holds (0: the limit), `step_ms` how often a bucket is refilled (0: evenly).
    """

    limit: int = 1200
    window_ms: int = 60_000
    kind: LimiterKind = "fixed"
    scope: tuple[Scope, ...] = ("account",)
    weights: Mapping[str, int] = field(default_factory=dict)
    counts_refused: bool = False
    burst: int = 0
    step_ms: int = 0

    @property
    def capacity(self) -> int:
        """How many a bucket that is full lets through at once."""
        return self.burst or self.limit


@dataclass(frozen=True, slots=True)
class ExchangeConfig:
    """Everything that can be chosen about a reference exchange.

    `says_server_time`: each answer over a socket has a Server-Timing header with what the rules took.
    `extra_work_us`: how much longer it works at each request over a socket: a slower build of itself.
    """

    seed: int = 1
    listings: tuple[Listing, ...] = LISTINGS
    contracts: tuple[Contract, ...] = CONTRACTS
    residents: tuple[Resident, ...] = RESIDENTS
    opening: Mapping[str, Decimal] = field(default_factory=lambda: dict(OPENING))
    futures_opening: Decimal = D(100_000)
    limiter: LimiterConfig = LimiterConfig()
    refusals: Literal["http", "envelope"] = "http"
    market_bodies: Literal["envelope", "bare"] = "envelope"
    decimals: Literal["string", "number"] = "string"
    login_parameter: str = "email"
    recipe: Recipe = Recipe()
    jwt_secret: str = "reference-exchange-not-a-secret-x"
    jwt_lifetime_s: int = 7 * 86_400
    history_hours: int = 26
    history_step_ms: int = 300_000
    order_ids: Literal["counted", "random"] = "counted"
    matching_delay_ms: tuple[int, int] = (0, 0)
    has_flow: bool = True
    flow_step_ms: int = 250
    says_server_time: bool = True
    extra_work_us: int = 0


# An exchange of the same contract by other people, as far as a configuration can be one: whatever the
# documents leave open is decided the other way, orders take their time, and nobody has a market alone.
DIFFERING: Final = ExchangeConfig(
    listings=tuple(replace(each, is_quiet=False) for each in LISTINGS),
    limiter=LimiterConfig(kind="sliding_log"),
    refusals="envelope",
    market_bodies="bare",
    decimals="number",
    login_parameter="username",
    recipe=Recipe(
        key_header="OX-ACCESS-KEY",
        timestamp_header="OX-ACCESS-TIMESTAMP",
        window_header="OX-ACCESS-WINDOW",
        signature_header="OX-ACCESS-SIGN",
        parts=("timestamp", "METHOD", "path", "?query", "body", "recvWindow", "key"),
        encoding="base64",
    ),
    order_ids="random",
    matching_delay_ms=(400, 2000),
    says_server_time=False,
)
MANNERS: Final[Mapping[str, ExchangeConfig]] = {"default": ExchangeConfig(), "differing": DIFFERING}
