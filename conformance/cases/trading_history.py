"""What was asked and seen while two accounts traded: the history that its judges read, and nothing else.

A history is made of *turns* (what was asked, in order; what was fired together shares a turn) and *looks*
(wallets and orders of both accounts, read so that they belong together).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from conformance.cases.asks import BUY, LIMIT, MARKET, SELL, Wallets, decimal, member, rows
from conformance.cases.claim import CannotTell, Claim, Verdict
from conformance.cases.script import Frame
from conformance.target import Market

TRADING: Final = "TRADING"
COMPLETED: Final = "COMPLETED"
CANCELED: Final = "CANCELED"
DIRECTIONS: Final[Mapping[str, int]] = {"BUY": BUY, "SELL": SELL, "0": BUY, "1": SELL}
TYPES: Final[Mapping[str, int]] = {
    "LIMIT_PRICE": LIMIT,
    "MARKET_PRICE": MARKET,
    "0": LIMIT,
    "1": MARKET,
}
OTHERS_TRADE: Final = "other people trade in this market, so their side of a trade is not seen"
# Money is published in steps; two ways of rounding the same product differ by less than this.
DUST: Final = Decimal("1e-8")


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade as an order lists it; `fee` is in what the order receives."""

    price: Decimal
    amount: Decimal
    turnover: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Listed:
    """One order as one answer lists it. `amount` of a market buy is base, of anything else coin."""

    identity: str
    direction: int
    kind: int
    price: Decimal
    amount: Decimal
    traded: Decimal
    turnover: Decimal
    status: str
    fills: tuple[Fill, ...]

    @property
    def is_open(self) -> bool:
        """True while it may still trade."""
        return self.status == TRADING

    @property
    def left(self) -> Decimal:
        """What it may still trade, in units of its amount."""
        return self.amount - (self.turnover if self.spends else self.traded)

    @property
    def spends(self) -> bool:
        """True for a market buy, whose amount says what to spend."""
        return self.kind == MARKET and self.direction == BUY

    def __str__(self) -> str:
        side = "buy" if self.direction == BUY else "sell"
        limit = "market" if self.kind == MARKET else f"at {self.price:f}"
        return (
            f"{side} {self.identity} {self.amount:f} {limit}: {self.status} traded {self.traded:f}"
        )


def read_order(row: Any) -> Listed:
    """An order of a list. Raises CannotTell when it does not say what an order has to say."""

    def number(name: str) -> Decimal:
        return decimal(member(row, name, "an order"), name)

    direction = DIRECTIONS.get(str(member(row, "direction", "an order")))
    kind = TYPES.get(str(member(row, "type", "an order")))
    if direction is None or kind is None:
        raise CannotTell(f"an order of unknown direction or type: {str(row)[:200]}")
    fills = tuple(_fill(each) for each in rows(row.get("detail", []), "detail"))
    return Listed(
        str(member(row, "orderId", "an order")),
        direction,
        kind,
        number("price"),
        number("amount"),
        number("tradedAmount"),
        number("turnover"),
        str(member(row, "status", "an order")),
        fills,
    )


def _fill(row: Any) -> Fill:
    names = ("price", "amount", "turnover", "fee")
    return Fill(*(decimal(member(row, name, "a fill"), name) for name in names))


@dataclass(frozen=True, slots=True)
class Placed:
    """One order that was asked for. `identity` is None for a refusal, and until an unknown answer is settled."""

    turn: int
    account: str
    direction: int
    kind: int
    price: Decimal | None
    amount: Decimal
    identity: str | None
    is_unknown: bool
    record: int

    def is_asked_by(self, order: Listed) -> bool:
        """True when a listed order is what was asked for."""
        same = (order.direction, order.kind, order.amount) == (
            self.direction,
            self.kind,
            self.amount,
        )
        return same and (self.price is None or order.price == self.price)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """One cancellation that was asked for, by the order's owner."""

    turn: int
    account: str
    identity: str
    is_accepted: bool
    record: int


@dataclass(frozen=True, slots=True)
class Look:
    """Wallets and orders of both accounts at one time; `turn` is the last turn before it."""

    turn: int
    wallets: Mapping[str, Wallets]
    orders: Mapping[str, Mapping[str, Listed]]

    def open_orders(self) -> Iterator[tuple[str, Listed]]:
        """Every open order with its account."""
        for account, found in self.orders.items():
            for order in found.values():
                if order.is_open:
                    yield account, order


@dataclass(slots=True)
class History:
    """Everything asked and seen in one market since the opening look."""

    market: Market
    accounts: tuple[str, str]
    opening: Look
    placed: list[Placed] = field(default_factory=list)
    cancelled: list[Cancelled] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    frames: dict[str, list[Frame]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    turn: int = 0

    @property
    def last(self) -> Look:
        """The newest look."""
        return self.looks[-1] if self.looks else self.opening

    def ours(self, look: Look) -> Iterator[tuple[Placed, Listed]]:
        """Every order of this history that a look shows, with what was asked."""
        for each in self.placed:
            found = look.orders[each.account].get(each.identity or "")
            if found is not None:
                yield each, found

    def records(self, *identities: str) -> tuple[int, ...]:
        """The requests that placed these orders, and the reads of the last look."""
        made = [each.record for each in self.placed if each.identity in identities]
        return (*made, *(self.last.wallets[account].record for account in self.accounts))


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing in a history that should not be."""

    expected: str
    actual: str
    identities: tuple[str, ...] = ()


def concluded(
    history: History, requirement: str, title: str, violations: Sequence[Violation]
) -> Claim:
    """One claim for one requirement: a pass that says how much was judged, or the first violation."""
    if not violations:
        return Claim(requirement, Verdict.PASS, title)
    first = violations[0]
    more = f" ({len(violations)} of this kind)" if len(violations) > 1 else ""
    actual = f"{first.actual}{more}, after: {'; '.join(history.steps[-12:])}"
    records = history.records(*first.identities)
    return Claim(requirement, Verdict.FAIL, title, first.expected, actual, records)
