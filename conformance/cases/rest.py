"""Checks of the REST interface as such: methods, paths, bodies; and reading changes nothing."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlencode

from conformance.cases.asks import member, orders, wallets
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.examples import legal_params, take_back
from conformance.cases.refusals import refused, serves, token_works
from conformance.cases.script import Ask, Raw, Record, Script, World, check
from conformance.spec.contract import Operation
from conformance.wire.http import Request
from conformance.wire.rest import FORM, build

OVERSIZED: Final = 200 * 1024
MARKET_DATA: Final = ("getQuotationsHome", "getCoinTicker", "getSparklines", "getConvertPrice")
GARBAGE: Final = ("garbage", "e30.e30.e30", "")


@check("market.public-without-authentication", requests=6)
def public_operations(world: World) -> Script:
    """Every public read answers a caller without credentials."""
    for operation in world.contract.operations.values():
        if operation.access == "public" and operation.method == "GET":
            record = yield Ask(operation.id, legal_params(operation, world))
            yield holds(
                "market.public-without-authentication",
                record.is_accepted and record.data not in (None, {}, [], ""),
                f"{operation.id} answers without credentials",
                "accepted, with data",
                record.said,
                [record.number],
            )


@check("market.garbage-credentials-ignored", requests=16)
def garbage_credentials(world: World) -> Script:
    """What is no token does no harm where none is needed: the answer has the same form."""
    for name in MARKET_DATA:
        operation = world.contract.operations.get(name)
        if operation is None:
            continue
        params = legal_params(operation, world)
        plain = yield Ask(name, params)
        if not (plain.is_accepted and plain.data):
            raise CannotTell(f"{name} is not served without credentials: {plain.said}")
        for garbage in GARBAGE:
            record = yield Ask(name, params, headers=(("Authorization", garbage),))
            yield holds(
                "market.garbage-credentials-ignored",
                record.is_accepted and form_of(record.data) == form_of(plain.data),
                f"{name} answers the same whatever stands in Authorization: {garbage!r}",
                plain.said,
                record.said,
                [plain.number, record.number],
            )


def form_of(value: Any) -> Any:
    """What stays of an answer while a market moves: its names, and the kinds of its values."""
    if isinstance(value, dict):
        return {name: form_of(each) for name, each in value.items()}
    if isinstance(value, list):
        return [form_of(value[0])] if value else []
    return type(value).__name__


@check("rest.other-methods-refused", requests=48)
def other_methods(world: World) -> Script:
    """Each path is refused the method that it does not have, rightly asked in everything else."""
    yield from serves(world)
    yield from token_works(world)
    seen: set[str] = set()
    for operation in world.contract.operations.values():
        path = operation.path
        if path in seen or "{" in path:
            continue
        seen.add(path)
        known = world.contract.methods_of(path)
        for method in ("GET", "POST", "DELETE"):
            if method in known:
                continue
            request = _by_another_method(operation, method, world)
            by = world.first if operation.is_private else None
            # Named after the operation that it must not perform, so that it could be taken back.
            record = yield Raw(request, by=by, operation=operation.id)
            yield refused("rest.other-methods-refused", record, f"{method} {path} is refused")
            yield from take_back(world, record)


def _by_another_method(operation: Operation, method: str, world: World) -> Request:
    """The legal request by another method; without parameters where it might do harm."""
    allowed = not operation.requires or operation.id == "placeSpotOrder"
    allowed = allowed and all(getattr(world.target.allows, each) for each in operation.requires)
    is_secret = operation.id == "login"  # a password does not belong in a query
    params = legal_params(operation, world) if allowed and not is_secret else {}
    if method == "POST":
        return build(method, operation.path, form=params)
    return build(method, operation.path, params if method == "GET" else {})


@check("rest.unknown-path-refused", requests=5)
def unknown_paths(world: World) -> Script:
    """A path that is nowhere in the document is refused, even by who is logged in."""
    yield from serves(world)
    for path in ("/no/such/path", "/tx/spot/no-such-operation", "/uc/asset/spot-wallets/1"):
        if world.contract.methods_of(path):
            continue
        record = yield Raw(Request("GET", path), by=world.first)
        yield refused("rest.unknown-path-refused", record, f"GET {path} is refused")


@check("rest.gets-change-nothing", requests=24)
def reading_changes_nothing(world: World) -> Script:
    """Every read once: wallets and orders of a market of ours are what they were."""
    before = yield from wallets(world, world.first)
    listed_before = yield from orders(world, world.first, None)
    for operation in world.contract.operations.values():
        if operation.method == "GET" and not operation.requires:
            params = legal_params(operation, world)
            yield Ask(operation.id, params, by=world.first if operation.is_private else None)
    after = yield from wallets(world, world.first)
    listed_after = yield from orders(world, world.first, None)
    if "TRADING" not in _statuses(listed_before).values():
        # With an order open, somebody else might change our balances by taking it.
        yield equal(
            "rest.gets-change-nothing",
            "reading everything once changes no balance",
            before.by_coin,
            after.by_coin,
            [before.record, after.record],
        )
    yield equal(
        "rest.gets-change-nothing",
        "reading everything once changes no order",
        _statuses(listed_before),
        _statuses(listed_after),
    )


def _statuses(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {identity: member(row, "status", "an order") for identity, row in found.items()}


@check("rest.duplicate-parameters-refused", requests=6)
def duplicate_parameters(world: World) -> Script:
    """A parameter given twice, legally each time, is nobody's guess."""
    yield from serves(world)
    yield from token_works(world)
    for name, values in (
        ("getCoinTicker", ("coin", *_two_coins(world))),
        ("listSpotOrders", ("pageSize", "10", "20")),
        ("login", None),
    ):
        operation = world.contract.operations.get(name)
        if operation is None:
            continue
        if values is None:
            # The same password twice: an exchange that takes either one would let us in.
            form = urlencode(legal_params(operation, world))
            _, password = form.split("&")
            request = _posted(operation, f"{form}&{password}")
        else:
            field, one, another = values
            request = Request("GET", f"{operation.path}?{field}={one}&{field}={another}")
        by = world.first if operation.is_private else None
        record = yield Raw(request, by=by, operation=name)
        title = f"{name} refuses a parameter that is given twice"
        yield refused("rest.duplicate-parameters-refused", record, title)


def _two_coins(world: World) -> tuple[str, str]:
    coins = [coin.lower() for coin in world.target.coins] or ["btc"]
    return coins[0], coins[-1]


def _posted(operation: Operation, body: str, media: str = FORM) -> Request:
    return Request(operation.method, operation.path, (("Content-Type", media),), body.encode())


@check("rest.other-content-types-refused", requests=4)
def other_content_types(world: World) -> Script:
    """A form is a form: what would log in as one is refused as anything else."""
    yield from token_works(world)
    operation = world.contract.operations["login"]
    params = legal_params(operation, world)
    for what, media, body in (
        ("JSON", "application/json", json.dumps(params)),
        ("a form that calls itself JSON", "application/json", urlencode(params)),
        ("a form that calls itself plain text", "text/plain", urlencode(params)),
    ):
        record = yield Raw(_posted(operation, body, media), operation="login")
        yield refused(
            "rest.other-content-types-refused", record, f"a body that is {what} is refused"
        )


@check("rest.oversized-bodies-refused", requests=3)
def oversized_body(world: World) -> Script:
    """A form of 200 KiB is refused, right as it is but for what was added."""
    yield from token_works(world)
    operation = world.contract.operations["login"]
    form = urlencode(legal_params(operation, world))
    record: Record = yield Raw(
        _posted(operation, f"{form}&padding={'x' * OVERSIZED}"), None, None, "login"
    )
    yield refused("rest.oversized-bodies-refused", record, "a form of 200 KiB is refused")
