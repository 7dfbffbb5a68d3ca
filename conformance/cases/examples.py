"""One legal request for each operation, made from the document's own examples and the target's settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from conformance.cases.script import World
from conformance.spec.contract import Operation
from conformance.wire.http import Request
from conformance.wire.rest import build

# An example that must never trade: so far below any market that it rests.
SAFE_PRICE = Decimal("1")


def legal_params(operation: Operation, world: World) -> dict[str, Any]:
    """The document's example, with what names something of the target replaced by the target's own."""
    params = dict(operation.example)
    if operation.id == "placeSpotOrder":
        market = world.target.busy
        params |= {"symbol": market.symbol, "direction": 0, "type": 0}
        params |= {"price": market.price_step * 100, "amount": _affordable(world)}
    if operation.id == "login":
        account = world.target.accounts[world.first]
        field = world.target.conventions.login_parameter
        params = {field: account.login, "password": account.password}
    return params


def _affordable(world: World) -> Decimal:
    market = world.target.busy
    least = max(market.min_amount, market.min_turnover / (market.price_step * 100))
    return (least / market.amount_step).to_integral_value() * market.amount_step


def legal_request(operation: Operation, world: World) -> Request:
    """That example as a request, without credentials."""
    params = legal_params(operation, world)
    if operation.form is not None:
        return build(operation.method, operation.path, form=params)
    if operation.method == "POST":
        return build(operation.method, operation.path)
    return build(operation.method, operation.path, params)
