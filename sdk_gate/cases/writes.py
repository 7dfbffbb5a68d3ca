"""Whatever makes an order or a key, in every trouble in which nobody knows whether it did: it is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import Any, Final

from conformance.cases.claim import Claim, equal, holds
from sdk_gate.arrivals import Arrival
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.cases.requests import form_of
from sdk_gate.driver import Answer
from sdk_gate.exchange import scripts
from sdk_gate.exchange.scripts import Script
from sdk_gate.protocol import MAY_HAVE_HAPPENED
from sdk_gate.stage import Stage

SIDES: Final = ("BUY", "SELL")
TYPES: Final = ("LIMIT", "MARKET")
# Such that a limit order of either side does not trade at once.
PRICES: Final = MappingProxyType({"BUY": "50000", "SELL": "90000"})
STATUSES: Final = (500, 502, 503, 504, 520)
ACCEPTED: Final = '{"code":0,"message":"success","data":"E1000001"}'
# All of them take no time. What does not come at all has cases of its own, for its time-outs.
TROUBLES: Final[tuple[Script, ...]] = (
    scripts.hang_up(),
    scripts.close(),
    replace(scripts.instead("half of it", ACCEPTED), body_bytes=len(ACCEPTED) // 2),
    *(scripts.broken(status, performs=True) for status in STATUSES),
    scripts.instead("500 with a code", '{"code":500,"message":"something broke"}', 500),
    scripts.instead("a page in place of JSON", "<html>welcome</html>"),
    scripts.instead("nothing", ""),
)


@dataclass(frozen=True, slots=True)
class Write:
    """One way to make something: an operation with parameters, and what it makes."""

    operation: str
    params: dict[str, Any]

    @property
    def name(self) -> str:
        """For people."""
        words = (self.params[x] for x in ("direction", "type") if x in self.params)
        return " ".join((self.operation, *words))


def _spot(side: str, kind: str) -> Write:
    price = {"price": PRICES[side]} if kind == "LIMIT" else {}
    order = {"symbol": "BTC/USDT", "direction": side, "type": kind, **price, "amount": "0.001"}
    return Write("placeSpotOrder", order)


def _futures(operation: str, side: str, kind: str) -> Write:
    price = {"entrustPrice": PRICES[side]} if kind == "LIMIT" else {}
    leverage = {"leverage": 10} if operation == "openFuturesPosition" else {}
    contract = {"contractCoinId": 1, "direction": side, "type": kind, "volume": 1}
    return Write(operation, {**contract, **price, **leverage})


SPOT: Final = tuple(_spot(*each) for each in product(SIDES, TYPES))
OPENING: Final = tuple(_futures("openFuturesPosition", *x) for x in product(SIDES, TYPES))
CLOSING: Final = tuple(_futures("closeFuturesPosition", *x) for x in product(SIDES, TYPES))


@case("sdk.orders-are-made-once", "sdk.unknown-outcomes-are-told", needs=(ACCOUNT,))
def every_spot_order(stage: Stage) -> Iterator[Claim]:
    """Orders of each side and type are made, and their answers are lost in each way."""
    stage.open_account()
    for write, trouble in product(SPOT, TROUBLES):
        yield from _once(stage, write, trouble, stage.orders)


@case("sdk.orders-are-made-once", "sdk.unknown-outcomes-are-told", needs=(ACCOUNT,))
def every_position(stage: Stage) -> Iterator[Claim]:
    """Positions of each side are opened, and closed in part, by orders of each type; the answers are lost."""
    stage.open_account()
    for write, trouble in product((*OPENING, *CLOSING), TROUBLES):
        yield from _once(stage, write, trouble, stage.positions)


@case("sdk.keys-are-made-once", needs=("token",))
def every_key(stage: Stage) -> Iterator[Claim]:
    """Keys are made, and their answers are lost in each way."""
    stage.open("token")
    for trouble in TROUBLES:
        stage.exchange.next("createApiKey", trouble)
        _, arrivals = stage.sends("createApiKey", scopes="read")
        title = f"an exchange that {trouble.name}: one key is asked for"
        yield equal("sdk.keys-are-made-once", title, 1, len(arrivals))


def _once(
    stage: Stage, write: Write, trouble: Script, orders: Callable[[], list[Any]]
) -> Iterator[Claim]:
    before = len(orders())
    stage.exchange.next(write.operation, trouble)
    answer, arrivals = stage.sends(write.operation, **write.params)
    if answer.kind == "invalid":  # an SDK may do without orders of a kind
        return
    title = f"an exchange that {trouble.name}: one order is asked for by {write.name}"
    yield equal("sdk.orders-are-made-once", title, 1, asked_for(arrivals))
    yield is_told(f"an exchange that {trouble.name}: {write.name}", answer, orders()[before:])


def asked_for(arrivals: Sequence[Arrival]) -> int:
    """How many orders an exchange has to make of some requests: those with one name are one."""
    names = (form_of(each).get("clientOrderId") for each in arrivals)
    return len({name or number for number, name in enumerate(names)})


def is_told(what: str, answer: Answer, made: list[Any]) -> Claim:
    """The caller knows that it is not known, or has the order from an SDK that looked for it."""
    is_found = answer.ok and any(each.order_id in str(answer.result) for each in made)
    title = f"{what}: the caller is told that it is not known"
    expected = f"an error of {', '.join(MAY_HAVE_HAPPENED)}, or the order's id"
    is_right = answer.kind in MAY_HAVE_HAPPENED or is_found
    return holds("sdk.unknown-outcomes-are-told", is_right, title, expected, answer.said)
