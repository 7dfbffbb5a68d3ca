"""How amounts and prices travel: every decimal of every order, to buy and to sell, at a limit and at the market."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from conformance.cases.claim import Claim, holds
from sdk_gate import samples
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.cases.parameters import Call, Sent, sweep
from sdk_gate.cases.requests import unsent
from sdk_gate.judges import decimals
from sdk_gate.stage import Stage

AMOUNTS: Final = (
    "0.00001",
    "0.0000001",
    "0.00000001",
    "0.3",
    "0.10",
    "1000000",
    "123456789.12345678",
    "0.1234567890123456",
    "12345678901234567890",
    # The 28 digits that the decimal types of most languages hold; none need hold more.
    "123456789012.1234567890123456",
)
# None fits a step of the market, and each is rounded up by whoever rounds to the nearest, to however many places.
BETWEEN_STEPS: Final = (
    "0.0010009",
    "0.00109999",
    "50000.009",
    "50000.019",
    "50000.0199999999",
    "0.0010000099999999",
    "987654321098.0199999999999999",
)


@case("sdk.decimals-are-sent-plainly", needs=(ACCOUNT,))
def small_and_long_decimals(stage: Stage) -> Iterator[Claim]:
    """Amounts and prices that a binary number cannot hold, that print with an exponent, or that have many digits."""
    stage.open_account()
    requirement = "sdk.decimals-are-sent-plainly"
    for each in sweep(stage, _orders(stage, AMOUNTS)):
        for name in _decimals(stage, each):
            given = each.params[name]
            title = f"{name} {given} of {each.operation} is sent plainly"
            if each.form is None:
                yield unsent(requirement, title, each.answer)
                continue
            found = each.form.get(name, "")
            # An SDK that knows the market may cut off what does not fit its step.
            is_same = decimals.is_same(found, given, _steps(stage, each, name))
            yield holds(requirement, is_same, title, given, found)


@case("sdk.amounts-are-never-raised", needs=(ACCOUNT,))
def between_two_steps(stage: Stage) -> Iterator[Claim]:
    """Amounts and prices that fit no step of the market: sent as they are, or refused, never more."""
    stage.open_account()
    requirement = "sdk.amounts-are-never-raised"
    for each in sweep(stage, _orders(stage, BETWEEN_STEPS)):
        for name in _decimals(stage, each):
            given = each.params[name]
            title = f"{name} {given} of {each.operation} is not raised"
            if each.form is None:
                yield unsent(requirement, title, each.answer)
                continue
            found = each.form.get(name, "")
            is_right = decimals.is_at_most(found, given)
            yield holds(requirement, is_right, title, f"at most {given}", found)


def _orders(stage: Stage, values: Sequence[str]) -> Iterator[Call]:
    """Each order with each value for all its decimals; an order without one is left out."""
    for value in values:
        for operation, params in samples.orders(stage.exchange.contract):
            names = _names(operation.id, params, stage)
            if names:
                yield Call(operation.id, {**params, **dict.fromkeys(names, value)})


def _decimals(stage: Stage, each: Sent) -> list[str]:
    return _names(each.operation, each.params, stage)


def _names(operation: str, params: dict[str, Any], stage: Stage) -> list[str]:
    known = samples.fields(stage.exchange.contract.operations[operation])
    return [each.name for each in known if each.kind == "decimal" and each.name in params]


def _steps(stage: Stage, each: Sent, name: str) -> list[Decimal]:
    """What an order's decimal may be cut to: its market's step, for what a market order may spend either."""
    if "symbol" not in each.params:
        return stage.price_steps_of_contracts()
    names = {name, "price"} if each.params["type"] == "MARKET" else {name}
    steps = stage.steps_of(each.params["symbol"])
    return [step for known, step in steps.items() if known in names]
