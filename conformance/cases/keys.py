"""Checks of API keys: their life, what each may do, from where, and whose they are."""

from __future__ import annotations

from typing import Final

from conformance.cases.asks import BUY, away, last_price, order_form, order_id, smallest_amount
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.key_asks import (
    READ,
    create,
    create_record,
    delete,
    key_of,
    listed,
    sweep,
    use,
)
from conformance.cases.script import Ask, Record, Script, Steps, World, check
from conformance.cases.signing import refused
from conformance.cases.spot_asks import tidy
from conformance.cases.spot_orders import home_market
from conformance.wire.signing import Key

KEYS: Final = ("keys",)
FOREIGN: Final = "203.0.113.7"  # an address for documentation: nobody's, so never ours
LOOPBACK: Final = "127.0.0.1"


@check(
    "keys.create-and-list",
    "keys.secret-shown-once",
    "operation.createApiKey",
    "operation.listApiKeys",
    "operation.updateApiKey",
    "operation.deleteApiKey",
    "operation.getApiKeyUsage",
    needs=KEYS,
    requests=10,
)
def life_of_a_key(world: World) -> Script:
    """Create, list, use, look at the log, edit, delete: every step answers, the secret only the first."""
    yield from sweep(world, world.first)
    record = yield from create_record(world, world.first, "read")
    key = key_of(record)
    numbers = [record.number]
    title = "a key can be created, and its answer holds the secret"
    for requirement in ("operation.createApiKey", "keys.create-and-list"):
        yield holds(requirement, key is not None, title, "apiKey, secret", record.said, numbers)
    if key is None:
        raise CannotTell(f"createApiKey gives no key: {record.said}")
    try:
        found, seen = yield from listed(world, world.first)
        title = "a key that was created is listed"
        good = any(row.get("apiKey") == key.name for row in found)
        for requirement in ("operation.listApiKeys", "keys.create-and-list"):
            yield holds(requirement, good, title, key.name, seen.said, [*numbers, seen.number])
        yield use(key)
        answers = [seen]
        for operation, params in (
            ("getApiKeyUsage", {"apiKey": key.name}),
            ("updateApiKey", {"apiKey": key.name, "remark": "conformance-edited"}),
        ):
            answer = yield Ask(operation, params, by=world.first)
            answers.append(answer)
            title = f"{operation} answers the owner"
            told = [*numbers, answer.number]
            good = answer.is_accepted
            yield holds(f"operation.{operation}", good, title, "accepted", answer.said, told)
        yield from _secret_not_in(answers, key, numbers)
    finally:
        answer = yield from delete(world, world.first, key.name)
        yield holds(
            "operation.deleteApiKey",
            answer.is_accepted,
            "a key can be deleted",
            "accepted",
            answer.said,
            [*numbers, answer.number],
        )


def _secret_not_in(answers: list[Record], key: Key, numbers: list[int]) -> Steps[None]:
    for answer in answers:
        body = answer.response.body.decode("utf-8", "replace") if answer.response else ""
        yield holds(
            "keys.secret-shown-once",
            key.secret not in body,
            f"{answer.operation} does not show the secret again",
            "no secret",
            answer.said,
            [*numbers, answer.number],
        )


@check("keys.edit-takes-effect", "keys.disabled-key-refused", needs=KEYS, requests=12)
def edited_key(world: World) -> Script:
    """Take the read permission away and give it back; disable and enable: each counts at once."""
    key = yield from create(world, world.first, "read")
    try:
        for requirement, what, change, is_allowed in (
            ("keys.edit-takes-effect", "as it was created", {}, True),
            (
                "keys.edit-takes-effect",
                "whose read permission was taken",
                {"scopes": "trade"},
                False,
            ),
            ("keys.edit-takes-effect", "whose read permission is back", {"scopes": "read"}, True),
            ("keys.disabled-key-refused", "that was disabled", {"enabled": False}, False),
            ("keys.disabled-key-refused", "that was enabled again", {"enabled": True}, True),
        ):
            numbers = []
            if change:
                done = yield Ask("updateApiKey", {"apiKey": key.name, **change}, by=world.first)
                numbers = [done.number]
                if not done.is_accepted:
                    yield holds(
                        requirement, False, "a key can be edited", "accepted", done.said, numbers
                    )
                    continue
            record = yield use(key)
            good = record.is_accepted if is_allowed else record.is_rejected
            wanted = "accepted" if is_allowed else "a refusal"
            title = f"a key {what} {'reads' if is_allowed else 'is refused'}"
            yield holds(requirement, good, title, wanted, record.said, [*numbers, record.number])
    finally:
        yield from delete(world, world.first, key.name)


@check("keys.deleted-key-refused", needs=KEYS, requests=8)
def rotated_key(world: World) -> Script:
    """Create a successor, delete the old one: the old is refused, the new works."""
    old = yield from create(world, world.first, "read")
    new = yield from create(world, world.first, "read")
    try:
        before = yield use(old)
        done = yield from delete(world, world.first, old.name)
        after = yield use(old)
        successor = yield use(new)
        numbers = [before.number, done.number, after.number, successor.number]
        yield holds(
            "keys.deleted-key-refused",
            before.is_accepted and after.is_rejected and successor.is_accepted,
            "a deleted key is refused, and its successor works",
            "old: accepted, then refused; new: accepted",
            f"old: {before.outcome.status}, then {after.said}; new: {successor.outcome.status}",
            numbers,
        )
    finally:
        yield from delete(world, world.first, new.name)


@check("keys.usage-is-logged", needs=KEYS, requests=8)
def usage_log(world: World) -> Script:
    """Two calls with a key are two rows of its log, one of them refused."""
    key = yield from create(world, world.first, "read")
    try:
        yield use(key)
        yield Ask("cancelSpotOrder", {"orderId": "E0"}, key=key)
        record = yield Ask("getApiKeyUsage", {"apiKey": key.name}, by=world.first)
        found = record.data if isinstance(record.data, list) else []
        shown = [
            (row.get("operation"), row.get("accepted")) for row in found if isinstance(row, dict)
        ]
        yield holds(
            "keys.usage-is-logged",
            record.is_accepted and (READ, True) in shown,
            "the log of a key shows the call that was made with it",
            (READ, True),
            shown or record.said,
            [record.number],
        )
    finally:
        yield from delete(world, world.first, key.name)


@check("keys.address-list-enforced", needs=KEYS, requests=12)
def address_list(world: World) -> Script:
    """A list without our address refuses us, one with it lets us in; editing the list counts too."""
    foreign = yield from create(world, world.first, "read", ips=FOREIGN)
    try:
        record = yield use(foreign)
        title = f"a key for {FOREIGN} alone is refused from here"
        yield refused("keys.address-list-enforced", record, title)
        ours = yield from _own_address(world)
        change = {"apiKey": foreign.name, "ips": f"{FOREIGN},{ours}"}
        done = yield Ask("updateApiKey", change, by=world.first)
        record = yield use(foreign)
        yield holds(
            "keys.address-list-enforced",
            record.is_accepted,
            f"the same key, with {ours} on its list, works from here",
            "accepted",
            record.said,
            [done.number, record.number],
        )
    finally:
        yield from delete(world, world.first, foreign.name)


def _own_address(world: World) -> Steps[str]:
    """Our address as the target sees it: loopback, or what the log of a key shows."""
    if world.target.is_loopback or not world.target.rest:
        return LOOPBACK
    key = yield from create(world, world.first, "read")
    yield use(key)
    record = yield Ask("getApiKeyUsage", {"apiKey": key.name}, by=world.first)
    yield from delete(world, world.first, key.name)
    found = record.data if isinstance(record.data, list) else []
    seen = [row.get("ip") for row in found if isinstance(row, dict) and row.get("ip")]
    if not seen:
        raise CannotTell("the target does not say from which address it sees us")
    return str(seen[0])


@check("keys.read-only-key-cannot-trade", needs=("keys", "trading"), requests=14)
def read_only_key(world: World) -> Script:
    """A key that may only read does, and every trading operation refuses it."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    key = yield from create(world, world.first, "read")
    contract = world.target.contracts[0].id if world.target.contracts else 1
    future = {"contractCoinId": contract, "direction": 0, "type": 1, "volume": 1}
    tries = (
        ("placeSpotOrder", order_form(market, BUY, price, smallest_amount(market, price))),
        ("cancelSpotOrder", {"orderId": "E0"}),
        ("openFuturesPosition", {**future, "leverage": 1}),
        ("closeFuturesPosition", future),
    )
    try:
        record = yield use(key)
        if not record.is_accepted:
            raise CannotTell(f"a key with the read permission does not read: {record.said}")
        for operation, form in tries:
            record = yield Ask(operation, form, key=key)
            title = f"a read-only key is refused by {operation}"
            yield refused("keys.read-only-key-cannot-trade", record, title)
            if record.is_accepted and operation == "placeSpotOrder":
                yield from tidy(world, (world.first, order_id(record)))
        # Refused for the permission, not because there is no such order: the owner may not see it either.
        order = yield Ask("placeSpotOrder", tries[0][1], by=world.first)
        if order.is_accepted:
            record = yield Ask("cancelSpotOrder", {"orderId": order_id(order)}, key=key)
            title = "a read-only key cannot cancel an open order of its owner"
            yield refused("keys.read-only-key-cannot-trade", record, title)
            yield from tidy(world, (world.first, order_id(order)))
    finally:
        yield from delete(world, world.first, key.name)


@check(
    "keys.trading-and-account-management",
    "keys.trade-key-cannot-read",
    needs=("keys", "trading"),
    requests=12,
)
def trading_key(world: World) -> Script:
    """With both permissions a key reads, places and cancels; with trade alone it does not read."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    form = order_form(market, BUY, price, smallest_amount(market, price))
    key = yield from create(world, world.first, "read,trade")
    narrow = yield from create(world, world.first, "trade")
    try:
        read = yield use(key)
        placed = yield Ask("placeSpotOrder", form, key=key)
        steps = [read, placed]
        if placed.is_accepted:
            steps.append((yield Ask("cancelSpotOrder", {"orderId": order_id(placed)}, key=key)))
        yield equal(
            "keys.trading-and-account-management",
            "a key with both permissions reads, places and cancels",
            ["accepted"] * 3,
            [str(each.outcome.kind) for each in steps],
            [each.number for each in steps],
        )
        record = yield use(narrow)
        title = "a key without the read permission does not read the account"
        yield refused("keys.trade-key-cannot-read", record, title)
    finally:
        yield from delete(world, world.first, key.name)
        yield from delete(world, world.first, narrow.name)


@check("keys.cannot-manage-keys", needs=KEYS, requests=8)
def keys_do_not_manage_keys(world: World) -> Script:
    """Key management is for who logged in, whatever permissions a key has."""
    key = yield from create(world, world.first, "read,trade,withdraw")
    try:
        for operation, params in (
            ("createApiKey", {"scopes": "read", "remark": "conformance-by-key"}),
            ("listApiKeys", {}),
            ("updateApiKey", {"apiKey": key.name, "scopes": "read"}),
            ("deleteApiKey", {"apiKey": key.name}),
        ):
            record = yield Ask(operation, params, key=key)
            yield refused("keys.cannot-manage-keys", record, f"a key is refused by {operation}")
    finally:
        yield from delete(world, world.first, key.name)


@check("keys.only-the-owner-manages", needs=("keys", "two"), requests=9)
def only_the_owner(world: World) -> Script:
    """Our second account neither sees, edits nor deletes a key of the first."""
    key = yield from create(world, world.first, "read")
    requirement = "keys.only-the-owner-manages"
    try:
        found, seen = yield from listed(world, world.second)
        shown = [row.get("apiKey") for row in found]
        title = "a key is not listed to another account"
        numbers = [seen.number]
        yield holds(requirement, key.name not in shown, title, "other keys", shown, numbers)
        for operation, params in (
            ("getApiKeyUsage", {"apiKey": key.name}),
            ("updateApiKey", {"apiKey": key.name, "enabled": False}),
            ("deleteApiKey", {"apiKey": key.name}),
        ):
            record = yield Ask(operation, params, by=world.second)
            title = f"{operation} of somebody else's key is refused"
            yield refused(requirement, record, title)
        record = yield use(key)
        title = "the key still works for its owner"
        numbers = [record.number]
        yield holds(requirement, record.is_accepted, title, "accepted", record.said, numbers)
    finally:
        yield from delete(world, world.first, key.name)
