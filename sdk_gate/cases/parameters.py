"""Every parameter of every operation: as it is, zero or empty, not there, below zero, and looked at afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from conformance.cases.claim import CannotTell, Claim, Verdict, equal, holds
from sdk_gate import samples
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.cases.requests import form_of, unsent
from sdk_gate.driver import Answer
from sdk_gate.judges import decimals
from sdk_gate.stage import NotInSdk, Stage

# How languages write what is not there.
NOTHING: Final = ("", "null", "none", "nil", "<nil>", "undefined", "nan", "0", "false")
# An SDK may name by itself what it makes.
OWN_NAMES: Final = (("placeSpotOrder", "clientOrderId"), ("createApiKey", "remark"))


@dataclass(frozen=True, slots=True)
class Call:
    """A call to make; `name` is the parameter that it is about, where it is about one."""

    operation: str
    params: dict[str, Any]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A call, its answer, and the parameters that arrived; None where nothing did."""

    call: Call
    answer: Answer
    form: dict[str, str] | None

    @property
    def operation(self) -> str:
        """What was called."""
        return self.call.operation

    @property
    def params(self) -> dict[str, Any]:
        """What was given."""
        return self.call.params

    @property
    def shown(self) -> str:
        """The parameters on one line."""
        return "&".join(f"{name}={value}" for name, value in (self.form or {}).items())


def sweep(stage: Stage, calls: Iterable[Call]) -> Iterator[Sent]:
    """Make one call after the other, but for what the SDK does not have. Raises NotInSdk where it has none."""
    lacking, has_any = None, False
    for call in calls:
        try:
            answer, arrivals = stage.sends(call.operation, **call.params)
        except NotInSdk as missing:
            lacking = missing
            continue
        has_any = True
        yield Sent(call, answer, form_of(arrivals[-1]) if arrivals else None)
    if lacking and not has_any:
        raise lacking


@case("sdk.values-arrive-as-given", needs=(ACCOUNT,))
def all_that_are_documented(stage: Stage) -> Iterator[Claim]:
    """Each operation is called with every parameter that the document names."""
    by = stage.open_account()
    contract = stage.exchange.contract
    every = samples.usual(contract, by)
    calls = (Call(each.id, samples.whole(contract, each)) for each in every)
    for each in sweep(stage, calls):
        if each.answer.kind == "invalid" and each.form is None:
            continue  # it has no such parameter
        form = _arrived(each)
        for name, value in each.params.items():
            due, found = samples.wire_value(name, value), form.get(name, "")
            # 74000.00 is 74000.
            is_same = decimals.is_same(found, due) if _is_number(due) else found == due
            title = f"{name} of {each.operation} arrives as given"
            yield holds("sdk.values-arrive-as-given", is_same, title, due, found or each.shown)


def _is_number(text: str) -> bool:
    return bool(decimals.PLAIN.fullmatch(text))


def _arrived(each: Sent) -> dict[str, str]:
    """What arrived of a call that nobody has a reason to refuse. Raises CannotTell."""
    if each.form is None:
        raise CannotTell(f"no {each.operation} arrived: {each.answer.said}")
    return each.form


@case("sdk.enumerations-as-documented", "sdk.falsy-values-are-sent", needs=(ACCOUNT,))
def words_of_an_order(stage: Stage) -> Iterator[Claim]:
    """Orders of every kind, in words, arrive with the documented numbers; those that are zero arrive as well."""
    stage.open_account()
    orders = samples.orders(stage.exchange.contract)
    calls = (Call(operation.id, params) for operation, params in orders)
    for each in sweep(stage, calls):
        if each.answer.kind == "invalid" and each.form is None:
            continue  # it has no orders of this kind
        form = _arrived(each)
        for name in samples.WORDS:
            word = each.params[name]
            due = samples.wire_value(name, word)
            if due == "0":
                title = f"{name} 0 of {each.operation} is sent"
                is_sent = name in form
                yield holds("sdk.falsy-values-are-sent", is_sent, title, f"{name}=0", each.shown)
            if name in form:
                title = f"{name} {word} of {each.operation} goes out as {due}"
                yield equal("sdk.enumerations-as-documented", title, due, form[name])


@case("sdk.falsy-values-are-sent", needs=(ACCOUNT,))
def zeros_and_empty_texts(stage: Stage) -> Iterator[Claim]:
    """Each parameter in turn is zero, false or empty: sent like any other, or refused by the SDK itself."""
    by = stage.open_account()
    for each in sweep(stage, _falsy(stage, by)):
        yield _falsy_sent(each)


def _falsy(stage: Stage, by: str) -> Iterator[Call]:
    contract = stage.exchange.contract
    for operation in samples.usual(contract, by):
        for field in samples.fields(operation):
            value = samples.falsy(field)
            if value is not None:
                params = {**samples.least(contract, operation), field.name: value}
                yield Call(operation.id, params, field.name)


def _falsy_sent(each: Sent) -> Claim:
    name = each.call.name
    value = each.params[name]
    title = f"{name} {value!r} of {each.operation} is sent"
    if each.form is None:
        return unsent("sdk.falsy-values-are-sent", title, each.answer)
    due, found = samples.wire_value(name, value), each.form.get(name)
    is_zero = found is not None and decimals.is_same(found, "0")
    is_sent = is_zero if due == "0" else found is not None and found.lower() == due
    return holds("sdk.falsy-values-are-sent", is_sent, title, f"{name}={due}", each.shown)


@case("sdk.absent-values-are-left-out", needs=(ACCOUNT,))
def nothing_given(stage: Stage) -> Iterator[Claim]:
    """Each operation is called with nothing for all that it need not have, orders with no price for the market."""
    by = stage.open_account()
    for each in sweep(stage, _without(stage, by)):
        if each.form is None:
            title = f"{each.operation} is sent without what it need not have"
            yield unsent("sdk.absent-values-are-left-out", title, each.answer)
            continue
        for name in (name for name, value in each.params.items() if value is None):
            title = f"{name} is left out of {each.operation}"
            is_right = name not in each.form or _is_own(stage, each, name)
            yield holds("sdk.absent-values-are-left-out", is_right, title, "not sent", each.shown)


def _without(stage: Stage, by: str) -> Iterator[Call]:
    contract = stage.exchange.contract
    for operation in samples.usual(contract, by):
        known = samples.fields(operation)
        given = {each.name: None for each in known if not each.is_required}
        if not given:
            continue
        needed = {each.name for each in known if each.is_required}
        least = samples.least(contract, operation).items()
        params = {**{name: value for name, value in least if name in needed}, **given}
        yield Call(operation.id, {**params, **({"type": "MARKET"} if "type" in params else {})})


def _is_own(stage: Stage, each: Sent, name: str) -> bool:
    """True for what an SDK may know by itself: its name for what it makes, and in a question what it asks usually."""
    reads = stage.exchange.contract.operations[each.operation].method == "GET"
    may_be = reads or (each.operation, name) in OWN_NAMES
    return may_be and (each.form or {}).get(name, "").lower() not in NOTHING


@case("sdk.values-arrive-as-given", "sdk.amounts-are-never-raised", needs=(ACCOUNT,))
def below_zero(stage: Stage) -> Iterator[Claim]:
    """Each decimal of an order in turn is below zero: sent as it is, or refused by the SDK itself."""
    stage.open_account()
    for each in sweep(stage, _below_zero(stage)):
        name = each.call.name
        title = f"{name} -1 of {each.operation} is sent, or refused"
        if each.form is None:
            yield unsent("sdk.values-arrive-as-given", title, each.answer)
            yield unsent("sdk.amounts-are-never-raised", title, each.answer)
            continue
        found = each.form.get(name, "")
        is_same, is_at_most = decimals.is_same(found, "-1"), decimals.is_at_most(found, "-1")
        yield holds("sdk.values-arrive-as-given", is_same, title, "-1", found)
        title = f"{name} -1 of {each.operation} is not raised"
        yield holds("sdk.amounts-are-never-raised", is_at_most, title, "at most -1", found)


def _below_zero(stage: Stage) -> Iterator[Call]:
    for operation, params in samples.orders(stage.exchange.contract):
        for field in samples.fields(operation):
            if field.name in params and field.kind == "decimal":
                yield Call(operation.id, {**params, field.name: "-1"}, field.name)


@case("sdk.arguments-stay-unchanged", needs=(ACCOUNT,))
def arguments(stage: Stage) -> Iterator[Claim]:
    """The parameters of each operation are looked at after the call: all, few, and with nothing for the rest."""
    by = stage.open_account()
    told = 0
    for each in sweep(stage, _kinds(stage, by)):
        if each.answer.given is None:
            continue
        told += 1
        title = f"the parameters of {each.operation} are as before"
        found = dict(each.answer.given)
        yield equal("sdk.arguments-stay-unchanged", title, each.params, found)
    if not told:
        title = "the driver does not tell what the parameters are after a call (`given`)"
        yield Claim("sdk.arguments-stay-unchanged", Verdict.SKIPPED, title)


def _kinds(stage: Stage, by: str) -> Iterator[Call]:
    contract = stage.exchange.contract
    for operation in samples.usual(contract, by):
        if whole := samples.whole(contract, operation):
            yield Call(operation.id, whole)
            yield Call(operation.id, samples.least(contract, operation))
        if "type" in whole:  # a market order that has a price
            yield Call(operation.id, {**whole, "type": "MARKET", "direction": "SELL"})
    yield from _without(stage, by)
