"""Whatever makes an order or a key, in every trouble in which nobody knows whether it did: it is made once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from conformance.cases.claim import Claim, equal, holds
from sdk_gate import samples
from sdk_gate.arrivals import Arrival
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.cases.requests import form_of
from sdk_gate.driver import Answer
from sdk_gate.exchange import scripts
from sdk_gate.exchange.scripts import Script
from sdk_gate.protocol import MAY_HAVE_HAPPENED
from sdk_gate.stage import NotInSdk, Stage

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


@case("sdk.orders-are-made-once", "sdk.unknown-outcomes-are-told", needs=(ACCOUNT,))
def every_order(stage: Stage) -> Iterator[Claim]:
    """Orders of each operation, side and type are made, and their answers are lost in each way."""
    stage.open_account()
    lacking = []
    for operation, params in samples.orders(stage.exchange.contract):
        try:
            for trouble in TROUBLES:
                yield from _once(stage, operation.id, params, trouble)
        except NotInSdk as missing:
            lacking.append(missing)
    if lacking:
        raise lacking[0]


@case("sdk.keys-are-made-once", needs=("token",))
def every_key(stage: Stage) -> Iterator[Claim]:
    """Keys are made, and their answers are lost in each way."""
    stage.open("token")
    for trouble in TROUBLES:
        stage.exchange.next("createApiKey", trouble)
        _, arrivals = stage.sends("createApiKey", scopes="read")
        title = f"an exchange that {trouble.name}: one key is asked for"
        yield equal("sdk.keys-are-made-once", title, 1, len(arrivals))


def _once(stage: Stage, operation: str, params: dict[str, Any], trouble: Script) -> Iterator[Claim]:
    before = set(_orders(stage))
    stage.exchange.always(operation, trouble)
    answer, arrivals = stage.sends(operation, **params)
    if answer.kind == "invalid":  # an SDK may do without orders of a kind
        return
    made = [order for identity, order in _orders(stage).items() if identity not in before]
    name = " ".join((operation, *(params[word] for word in samples.WORDS)))
    title = f"an exchange that {trouble.name}: one order is asked for by {name}"
    yield equal("sdk.orders-are-made-once", title, 1, asked_for(arrivals))
    yield is_told(f"an exchange that {trouble.name}: {name}", answer, made)


def _orders(stage: Stage) -> dict[str, Any]:
    return {each.order_id: each for each in (*stage.orders(), *stage.positions())}


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
