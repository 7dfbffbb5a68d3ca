"""Checks of the REST interface as such: methods, paths, bodies, and that reading changes nothing."""

from __future__ import annotations

from typing import Any, Final

from conformance.cases.asks import orders, wallets
from conformance.cases.claim import equal, holds
from conformance.cases.examples import legal_params, legal_request
from conformance.cases.script import Ask, Raw, Script, World, check
from conformance.cases.signing import refused
from conformance.cases.spot_orders import home_market
from conformance.spec.contract import Operation
from conformance.wire.http import Request
from conformance.wire.rest import FORM

OVERSIZED: Final = 200 * 1024
MARKET_DATA: Final = ("getQuotationsHome", "getCoinTicker", "getSparklines", "getConvertPrice")


@check("market.public-without-authentication", requests=6)
def public_operations(world: World) -> Script:
    """Every public read answers a caller without credentials."""
    for operation in world.contract.operations.values():
        if operation.access == "public" and operation.method == "GET":
            record = yield Ask(operation.id, legal_params(operation, world))
            yield holds(
                "market.public-without-authentication",
                record.is_accepted,
                f"{operation.id} answers without credentials",
                "accepted",
                record.said,
                [record.number],
            )


@check("market.garbage-credentials-ignored", requests=4)
def garbage_credentials(world: World) -> Script:
    """A token that is none does no harm where none is needed."""
    for name in MARKET_DATA:
        operation = world.contract.operations.get(name)
        if operation is None:
            continue
        params = legal_params(operation, world)
        record = yield Ask(name, params, headers=(("Authorization", "garbage"),))
        yield holds(
            "market.garbage-credentials-ignored",
            record.is_accepted,
            f"{name} answers whatever stands in Authorization",
            "accepted",
            record.said,
            [record.number],
        )


@check("rest.other-methods-refused", requests=46)
def other_methods(world: World) -> Script:
    """DELETE and PUT are refused wherever the document does not have them."""
    for path in {
        each.path: None for each in world.contract.operations.values() if "{" not in each.path
    }:
        known = world.contract.methods_of(path)
        for method in ("DELETE", "PUT"):
            if method in known:
                continue
            record = yield Raw(Request(method, path))
            title = f"{method} {path} is refused"
            yield refused("rest.other-methods-refused", record, title)


@check("rest.unknown-path-refused", requests=2)
def unknown_paths(world: World) -> Script:
    """A path that is nowhere in the document is refused."""
    for path in ("/no/such/path", "/tx/spot/add/"):
        record = yield Raw(Request("GET", path))
        yield refused("rest.unknown-path-refused", record, f"GET {path} is refused")


@check("rest.gets-change-nothing", requests=24)
def reading_changes_nothing(world: World) -> Script:
    """Every read once: wallets and orders of a market of ours are what they were."""
    market = home_market(world)
    before = yield from wallets(world, world.first)
    listed_before = yield from orders(world, world.first, market.symbol)
    for operation in world.contract.operations.values():
        if operation.method == "GET" and not operation.requires:
            params = legal_params(operation, world)
            yield Ask(operation.id, params, by=world.first if operation.is_private else None)
    after = yield from wallets(world, world.first)
    listed_after = yield from orders(world, world.first, market.symbol)
    if market.quiet:
        yield equal(
            "rest.gets-change-nothing",
            "reading everything once changes no balance",
            dict(before.by_coin),
            dict(after.by_coin),
            [before.record, after.record],
        )
    yield equal(
        "rest.gets-change-nothing",
        "reading everything once changes no order",
        {key: row.get("status") for key, row in listed_before.items()},
        {key: row.get("status") for key, row in listed_after.items()},
    )


@check("rest.duplicate-parameters-refused", requests=4)
def duplicate_parameters(world: World) -> Script:
    """A parameter twice, with two values, is nobody's guess."""
    coin = (world.target.coins or ("btc",))[0].lower()
    path = world.contract.operations["getCoinTicker"].path
    record = yield Raw(
        Request("GET", f"{path}?coin={coin}&coin=x{coin}"), operation="getCoinTicker"
    )
    requirement = "rest.duplicate-parameters-refused"
    yield refused(requirement, record, "a query parameter given twice is refused")
    login = legal_request(world.contract.operations["login"], world)
    body = login.body + b"&password=another"
    twice = Request(login.method, login.target, login.headers, body)
    record = yield Raw(twice, operation="login")
    yield refused(requirement, record, "a form field given twice is refused")


@check("rest.other-content-types-refused", requests=2)
def other_content_types(world: World) -> Script:
    """A form is a form: the same as JSON or as plain text is refused."""
    operation = world.contract.operations["login"]
    form: dict[str, Any] = legal_params(operation, world)
    body = ('{"' + '","'.join(f'{k}":"{v}' for k, v in form.items()) + '"}').encode()
    for media in ("application/json", "text/plain"):
        request = Request(operation.method, operation.path, (("Content-Type", media),), body)
        record = yield Raw(request, operation="login")
        title = f"a body of type {media} is refused"
        yield refused("rest.other-content-types-refused", record, title)


@check("rest.oversized-bodies-refused", requests=2)
def oversized_body(world: World) -> Script:
    """A form of 200 KiB is refused."""
    operation: Operation = world.contract.operations["login"]
    field = world.target.conventions.login_parameter
    body = f"{field}=a&password=".encode() + b"x" * OVERSIZED
    request = Request(operation.method, operation.path, (("Content-Type", FORM),), body)
    record = yield Raw(request, operation="login")
    yield refused("rest.oversized-bodies-refused", record, "a form of 200 KiB is refused")
