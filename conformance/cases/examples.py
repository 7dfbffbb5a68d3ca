"""One legal request for each operation, from the document's examples, and how to take it back."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from conformance.cases.asks import order_id
from conformance.cases.claim import CannotTell
from conformance.cases.key_asks import REMARK, delete, key_of
from conformance.cases.script import Ask, Record, Steps, World
from conformance.cases.spot_asks import tidy
from conformance.spec.contract import Operation
from conformance.wire.http import Request
from conformance.wire.rest import build

# Steps above zero: a buy that no market comes down to, so that it rests.
FAR_BELOW: Final = 100


def legal_params(operation: Operation, world: World) -> dict[str, Any]:
    """The document's example, where it names something of a target that of this target."""
    params = dict(operation.example)
    if operation.id == "placeSpotOrder":
        price = world.target.busy.price_step * FAR_BELOW
        params |= {"symbol": world.target.busy.symbol, "direction": 0, "type": 0}
        params |= {"price": price, "amount": _least(world, price)}
    if operation.id == "createApiKey":
        params["remark"] = f"{REMARK}example"
    if operation.id == "login":
        account = world.target.accounts[world.first]
        field = world.target.conventions.login_parameter
        params = {field: account.login, "password": account.password}
    return params


def _least(world: World, price: Decimal) -> Decimal:
    market = world.target.busy
    least = max(market.min_amount, market.min_turnover / price)
    return (least / market.amount_step).to_integral_value(ROUND_CEILING) * market.amount_step


def legal_request(operation: Operation, world: World) -> Request:
    """That example as a request, without credentials."""
    params = legal_params(operation, world)
    if operation.form is not None:
        return build(operation.method, operation.path, form=params)
    if operation.method == "POST":
        return build(operation.method, operation.path)
    return build(operation.method, operation.path, params)


def take_back(world: World, record: Record) -> Steps[None]:
    """Undo what a request did that should have been refused, as far as it can be undone."""
    if not record.is_accepted:
        return
    if record.operation == "placeSpotOrder":
        yield from tidy(world, *((world.first, each) for each in _orders_of(record)))
    if record.operation == "openFuturesPosition":
        yield from _close(world, record)
    made = key_of(record)
    if made is not None:
        yield from delete(world, world.first, made.name)


def _orders_of(record: Record) -> list[str]:
    try:
        return [order_id(record)]
    except CannotTell:
        return []


def _close(world: World, record: Record) -> Steps[None]:
    opened = record.data if isinstance(record.data, dict) else {}
    form = dict(world.contract.operations["openFuturesPosition"].example)
    direction = 1 - int(opened.get("direction", form["direction"]))
    contract = opened.get("contractId", form["contractCoinId"])
    volume = opened.get("volume", form["volume"])
    close = {"contractCoinId": contract, "direction": direction, "type": 1, "volume": volume}
    yield Ask("closeFuturesPosition", close, by=world.first)
