"""Checks as scripts: generators that yield what to do next and are sent what came of it.

A script knows no socket and no clock. The same script runs in process, over sockets, and again from a
saved run, where the recorded answers are sent into it and it concludes anew.

    @check("spot.limit-order-rests", needs=("trading",))
    def limit_order_rests(world: World) -> Script:
        placed = yield Ask("placeSpotOrder", {...}, by=world.first)
        yield holds("spot.limit-order-rests", placed.is_accepted, "...", "an order id", placed.said)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from conformance.cases.claim import Claim
from conformance.spec.contract import Contract
from conformance.target import Target
from conformance.wire.http import Headers, Request, Response
from conformance.wire.rest import Outcome
from conformance.wire.signing import Key


@dataclass(frozen=True, slots=True)
class Ask:
    """Perform one operation of the contract.

    `by` sends the JWT of that account; `key` signs instead. `alter` changes the request after it was
    signed, which is how tampering is tried. `params` go to the query or the form, as the contract says.
    `source` is the address to ask from, one of this machine's own; "" leaves it to the network.
    """

    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    by: str | None = None
    key: Key | None = None
    window: str = ""
    shift_ms: int = 0
    headers: Headers = ()
    alter: Callable[[Request], Request] | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Raw:
    """Send these bytes as they are; `by` adds the JWT of that account, `key` signs, then `alter` changes."""

    request: Request
    by: str | None = None
    key: Key | None = None
    operation: str = ""
    alter: Callable[[Request], Request] | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """Perform several operations at once, all from one address; answers come in the order asked."""

    asks: tuple[Ask | Raw, ...]


@dataclass(frozen=True, slots=True)
class Burst:
    """The same operation over and over, unpaced, at most `times` and until `refusals` were refused.

    The one step that may pass a rate limit. It starts in a fresh window, unless it has to see what
    an earlier burst left. Answered with the records.
    """

    ask: Ask
    times: int
    refusals: int = 1
    is_fresh: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """Let the target's time pass."""

    ms: int


@dataclass(frozen=True, slots=True)
class Now:
    """Read the clock that requests are signed by; answered with epoch milliseconds."""


@dataclass(frozen=True, slots=True)
class Token:
    """The JWT of an account, for frames and headers that carry it themselves; answered with the text."""

    account: str


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a stream connection under a name; answered with True when it opened.

    A slow one takes nothing in before it is listened to, so that what is sent to it waits on its way.
    """

    connection: str
    is_slow: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    """Send one frame; bytes travel as a binary frame."""

    connection: str
    frame: str | bytes


@dataclass(frozen=True, slots=True)
class Listen:
    """Collect frames until `until` is content with all collected so far, or the time is over."""

    connection: str
    until: Callable[[tuple[Frame, ...]], bool]
    within_ms: int


@dataclass(frozen=True, slots=True)
class Ping:
    """Send a protocol-level ping; answered with True when its pong comes back with the same payload."""

    connection: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Hang:
    """Close a stream connection."""

    connection: str


@dataclass(frozen=True, slots=True)
class Record:
    """One request and what became of it. `signed` is the request as signed, when it was altered after."""

    number: int
    operation: str
    request: Request
    response: Response | None
    outcome: Outcome
    failure: str = ""
    by: str | None = None
    key: Key | None = None
    signed: Request | None = None
    shift_ms: int = 0
    sent_ns: int = 0
    received_ns: int = 0
    source: str = ""

    @property
    def is_accepted(self) -> bool:
        """True when the exchange said yes."""
        return self.outcome.is_accepted

    @property
    def is_rejected(self) -> bool:
        """True when the exchange refused readably."""
        return self.outcome.is_rejected

    @property
    def data(self) -> Any:
        """The payload without its envelope."""
        return self.outcome.data

    @property
    def said(self) -> str:
        """The answer in one line, for a finding."""
        if self.response is None:
            return f"no answer ({self.failure})"
        body = self.response.body.decode("utf-8", "replace")
        shown = body if len(body) <= 300 else body[:300] + "..."
        return f"HTTP {self.response.status} {shown}".strip()


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame received. `value` is its JSON with decimals kept, or None when it is not JSON."""

    text: str
    value: Any
    at_ns: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a Listen collected; `complete` tells whether `until` was content, `closed` whether the peer left."""

    frames: tuple[Frame, ...]
    complete: bool
    closed: bool = False


Step = (
    Ask
    | Raw
    | Together
    | Burst
    | Pause
    | Now
    | Token
    | Connect
    | Say
    | Listen
    | Ping
    | Hang
    | Claim
)
Script = Generator[Step, Any, None]
T = TypeVar("T")
Steps = Generator[Step, Any, T]


@dataclass(frozen=True)
class World:
    """What a script may know beforehand: the contract, the target, and a seeded source of choices."""

    contract: Contract
    target: Target
    seed: int
    random: Random
    first: str = "alice"
    second: str = "bob"


@dataclass(frozen=True, slots=True)
class Check:
    """A script with the requirements that it judges, what it needs of the target, and its rough cost."""

    name: str
    requirements: tuple[str, ...]
    needs: tuple[str, ...]
    requests: int
    script: Callable[[World], Script]


def check(
    *requirements: str, needs: tuple[str, ...] = (), requests: int = 6
) -> Callable[[Callable[[World], Script]], Check]:
    """Make a check of a script. `needs` draws on: trading, futures, keys, rate_limit, quiet, two, token_secret."""

    def make(script: Callable[[World], Script]) -> Check:
        area = script.__module__.rpartition(".")[2].replace("_", "-")
        name = f"{area}/{script.__name__.replace('_', '-')}"
        return Check(name, requirements, needs, requests, script)

    return make
