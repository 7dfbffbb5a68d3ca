"""Who is tested: one TOML file in targets/ says where an exchange is, what it allows and what it decides.

Everything that a public page leaves to the exchange (names of headers, the login's first field, how
decimals and refusals are written, the limiter) is a setting here and never a constant in code. Secrets
come from the environment: a value `${NAME}` is replaced by that variable.
"""

from __future__ import annotations

import os
import re
import tomllib
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conformance.errors import ConfigurationError
from conformance.spec.documents import Settings
from conformance.wire.signing import Recipe

TARGETS = Path(__file__).resolve().parents[1] / "targets"
Provenance = Literal["documented", "lineage", "convention"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Allows(_Part):
    """What may be done to the target. Everything that changes state is off until the file says otherwise."""

    trading: bool = False
    futures: bool = False
    keys: bool = False
    rate_limit: bool = False
    load: bool = False
    load_hosts: tuple[str, ...] = ()


class Account(_Part):
    """An account of ours on the target."""

    login: str
    password: str


class Market(_Part):
    """A spot market. `quiet` means that nobody but us trades there."""

    symbol: str
    price_step: Decimal
    amount_step: Decimal
    min_amount: Decimal
    min_turnover: Decimal = Decimal(0)
    fee_rate: Decimal | None = None
    quiet: bool = False

    @property
    def coin(self) -> str:
        """What is traded: BTC of BTC/USDT."""
        return self.symbol.partition("/")[0]

    @property
    def base(self) -> str:
        """What it is paid in: USDT of BTC/USDT."""
        return self.symbol.partition("/")[2]


class Perpetual(_Part):
    """A perpetual swap contract."""

    id: int
    symbol: str
    leverages: tuple[int, ...]
    fee_rate: Decimal | None = None


class Signing(_Part):
    """The HMAC recipe: header names and the order of what is signed."""

    key_header: str = "X-FT-APIKEY"
    timestamp_header: str = "X-FT-TIMESTAMP"
    window_header: str = "X-FT-RECV-WINDOW"
    signature_header: str = "X-FT-SIGN"
    parts: tuple[str, ...] = ("timestamp", "recvWindow", "METHOD", "path", "?query", "body")
    algorithm: Literal["sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"

    @property
    def recipe(self) -> Recipe:
        """The same as a value that signs."""
        return Recipe(**self.model_dump())


class Conventions(_Part):
    """What the documentation leaves open and this target decides.

    `token_secret` is what a test system signs its tokens with, where it tells: only so can a token be made
    that has ended.
    """

    login_parameter: str = "email"
    token_secret: str = ""
    decimals: Literal["string", "number", "either"] = "string"
    signing: Signing = Signing()


class Limits(_Part):
    """The documented rate limit, and how much of it a run may use.

    `share` is the part of the limit that the governor spends. A target with a control address has its
    limiter reset instead of waited for.
    """

    requests_per_minute: int = Field(default=1200, gt=0)
    share: float = Field(default=0.9, gt=0, le=1)
    subscriptions: int = Field(default=200, gt=0)


class Timing(_Part):
    """How long the target may take, in milliseconds, before an effect counts as missing."""

    settle_ms: int = 5000
    frame_ms: int = 3000
    request_ms: int = 10000


class Latency(_Part):
    """How the claim "sub-millisecond order execution" is read: this quantile of the wire time, below this."""

    quantile: float = 0.5
    order_execution_us: int = 1000


class Nightly(_Part):
    """How a nightly run compares.

    `control`: what is measured by turns with the target, to know the machine: the reference exchange on this machine,
    or a trivial read of the target itself (`endpoint`), in which the network's changes cancel as well, and the whole
    exchange's changes too. What changed by less than both margins is the same.
    """

    control: Literal["reference", "endpoint"] = "reference"
    margin: float = Field(default=0.05, gt=0, lt=1)
    margin_us: float = Field(default=20, ge=0)
    keep_days: int = Field(default=400, gt=0, le=36_500)


class SdkGate(_Part):
    """What fails an SDK: requirements of these provenances and strengths."""

    gates: tuple[Provenance, ...] = ("documented", "lineage", "convention")
    strengths: tuple[Literal["must", "should", "may"], ...] = ("must",)


class Target(_Part):
    """A target as its file describes it. `rest`, `stream` and `control` are URLs; "" means there is none.

    `manner` is, for the embedded exchange, how it does what the documents leave open.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")  # runs are named after it
    embedded: bool = False
    manner: str = "default"
    rest: str = ""
    stream: str = ""
    control: str = ""
    allows: Allows = Allows()
    accounts: dict[str, Account] = {}
    markets: tuple[Market, ...]
    contracts: tuple[Perpetual, ...] = ()
    coins: tuple[str, ...] = ()
    conventions: Conventions = Conventions()
    limits: Limits = Limits()
    timing: Timing = Timing()
    latency: Latency = Latency()
    nightly: Nightly = Nightly()
    sdk: SdkGate = SdkGate()
    gates: tuple[Provenance, ...] = ("documented",)
    strengths: tuple[Literal["must", "should", "may"], ...] = ("must",)

    @property
    def host(self) -> str:
        """The host of the REST address."""
        return urlsplit(self.rest).hostname or ""

    @property
    def is_loopback(self) -> bool:
        """True when the target is on this machine."""
        return is_loopback(self.host)

    @property
    def busy(self) -> Market:
        """The first market: the one with other people's orders in it."""
        return self.markets[0]

    @property
    def quiet(self) -> Market | None:
        """A market where nobody but us trades, or None."""
        return next((market for market in self.markets if market.quiet), None)

    @property
    def settings(self) -> Settings:
        """What this target decides about the contract documents."""
        symbols = tuple(market.symbol for market in self.markets)
        units = self.units
        leverages = sorted({each for item in self.contracts for each in item.leverages})
        values: dict[str, tuple[str | int, ...]] = {
            "spot-symbols": symbols,
            "coins": tuple(coin.lower() for coin in self.coins),
            "units": units,
            "contracts": tuple(item.id for item in self.contracts),
            "leverages": tuple(leverages),
        }
        named = {"login-parameter": self.conventions.login_parameter}
        filled = {key: legal for key, legal in values.items() if legal}
        return Settings(filled, self.conventions.decimals, named)

    @property
    def units(self) -> tuple[str, ...]:
        """Every coin that the markets name, in order of appearance."""
        return tuple(dict.fromkeys(unit for m in self.markets for unit in (m.coin, m.base)))

    def for_sdks(self) -> Target:
        """The same with what gates an SDK's run."""
        return self.model_copy(update=self.sdk.model_dump())

    def at(self, rest: str = "", stream: str = "", control: str = "") -> Target:
        """The same target at other addresses. A new REST address leaves none of the old ones standing."""
        return self.model_copy(
            update={"rest": rest.rstrip("/"), "stream": stream, "control": control.rstrip("/")}
        )


def is_loopback(host: str) -> bool:
    """True for 127.0.0.0/8, ::1 and localhost."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def load(name: str, environment: dict[str, str] | None = None) -> Target:
    """The target of that name in targets/, or in the file of that path. Raises ConfigurationError."""
    path = _path_of(name)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} does not parse: {error}") from None
    filled = _fill(raw, dict(os.environ) if environment is None else environment, path)
    try:
        target = Target.model_validate({"name": path.stem, **filled})
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_first_of(error)}") from None
    if not target.markets:
        raise ConfigurationError(f"{path}: markets: at least one market is needed")
    return target


def _path_of(name: str) -> Path:
    if "/" in name or name.endswith(".toml"):
        return Path(name)
    path = TARGETS / f"{name}.toml"
    if not path.exists():
        known = sorted(x.stem for x in TARGETS.glob("*.toml") if "." not in x.stem)
        raise ConfigurationError(f"unknown target {name!r}: targets/ has {', '.join(known)}")
    return path


def _fill(node: Any, environment: dict[str, str], path: Path) -> Any:
    if isinstance(node, dict):
        return {key: _fill(value, environment, path) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, environment, path) for value in node]
    if not isinstance(node, str):
        return node

    def replace(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise ConfigurationError(f"{path} needs the environment variable {match[1]}: set it")
        return environment[match[1]]

    return re.sub(r"\$\{(\w+)\}", replace, node)


def _first_of(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}"
