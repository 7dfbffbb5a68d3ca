"""Checks of API keys: their life, what each may do, from where, and whose they are.

An exchange may take its settle time before a change counts, so what a change should bring is asked
for until it is there.
"""

from __future__ import annotations

from typing import Any, Final

from conformance.cases.asks import BUY, away, last_price, order_form, order_id, smallest_amount
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.examples import take_back
from conformance.cases.key_asks import (
    READ,
    create,
    create_record,
    delete,
    key_of,
    listed,
    rows_of,
    soon,
    sweep,
    use,
    works,
)
from conformance.cases.refusals import refused, taken
from conformance.cases.script import Ask, Record, Script, Steps, World, check
from conformance.cases.spot_orders import home_market
from conformance.wire.signing import Key

KEYS: Final = ("keys",)
FOREIGN: Final = "203.0.113.7"  # an address for documentation: nobody's, so never ours
LOOPBACK: Final = "127.0.0.1"


def is_accepted(record: Record) -> bool:
    """The answer is a yes."""
    return record.is_accepted


def is_rejected(record: Record) -> bool:
    """The answer is a readable no."""
    return record.is_rejected


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
    """Create, list, use, look at the log, edit, delete: each answers, the secret only the first."""
    yield from sweep(world, world.first)
    record = yield from create_record(world, world.first, "read")
    key = key_of(record)
    title = "a key can be created, and its answer holds the secret"
    for requirement in ("operation.createApiKey", "keys.create-and-list", "keys.secret-shown-once"):
        shown = [record.number]
        yield holds(requirement, key is not None, title, "apiKey, secret", record.said, shown)
    if key is None:
        raise CannotTell(f"createApiKey gives no key: {record.said}")
    deleted: list[Record] = []
    try:
        seen = yield from _is_listed(world, key, record)
        yield use(key)
        answers = [seen]
        for operation, params in (
            ("getApiKeyUsage", {"apiKey": key.name}),
            ("updateApiKey", {"apiKey": key.name, "remark": "conformance-edited"}),
            ("listApiKeys", {}),
        ):
            answer = yield Ask(operation, params, by=world.first)
            answers.append(answer)
            title = f"{operation} answers the owner"
            yield taken(f"operation.{operation}", answer, title, because_of=[record])
        yield from _secret_not_in(answers, key, record)
    finally:
        deleted.append((yield from delete(world, world.first, key.name)))
    yield taken("operation.deleteApiKey", deleted[0], "a key can be deleted", because_of=[record])


def _is_listed(world: World, key: Key, record: Record) -> Steps[Record]:
    def shows(answer: Record) -> bool:
        return any(row.get("apiKey") == key.name for row in rows_of(answer))

    seen = yield from soon(world, Ask("listApiKeys", by=world.first), shows)
    title = "a key that was created is listed"
    numbers = [record.number, seen.number]
    for requirement in ("operation.listApiKeys", "keys.create-and-list"):
        yield holds(requirement, shows(seen), title, key.name, seen.said, numbers)
    return seen


def _secret_not_in(answers: list[Record], key: Key, made: Record) -> Steps[None]:
    for answer in answers:
        body = answer.response.body.decode("utf-8", "replace") if answer.response else ""
        yield holds(
            "keys.secret-shown-once",
            answer.is_accepted and key.secret not in body,
            f"{answer.operation} does not show the secret again",
            "accepted, without the secret",
            answer.said,
            [made.number, answer.number],
        )


@check("keys.edit-takes-effect", "keys.disabled-key-refused", needs=KEYS, requests=14)
def edited_key(world: World) -> Script:
    """Take the read permission away and give it back; disable and enable: each counts."""
    key = yield from create(world, world.first, "read")
    edit, disable = "keys.edit-takes-effect", "keys.disabled-key-refused"
    try:
        yield from works(world, key)
        for requirement, what, change, wanted in (
            (edit, "whose read permission was taken is refused", {"scopes": "trade"}, is_rejected),
            (edit, "whose read permission is back reads", {"scopes": "read"}, is_accepted),
            (disable, "that was disabled is refused", {"enabled": False}, is_rejected),
            (disable, "that was enabled again reads", {"enabled": True}, is_accepted),
        ):
            done = yield Ask("updateApiKey", {"apiKey": key.name, **change}, by=world.first)
            if not done.is_accepted:
                yield taken(requirement, done, f"a key can be edited: {change}")
                continue
            record = yield from soon(world, use(key), wanted)
            claim = refused if wanted is is_rejected else taken
            yield claim(requirement, record, f"a key {what}", because_of=[done])
    finally:
        yield from delete(world, world.first, key.name)


@check("keys.deleted-key-refused", needs=KEYS, requests=10)
def rotated_key(world: World) -> Script:
    """Create a successor, delete the old one: the old is refused, the new works."""
    requirement = "keys.deleted-key-refused"
    old = yield from create(world, world.first, "read")
    made = [old]
    try:
        new = yield from create(world, world.first, "read", old)
        made.append(new)
        yield from works(world, old)
        done = yield from delete(world, world.first, old.name)
        yield taken(requirement, done, "a key can be deleted")
        after = yield from soon(world, use(old), is_rejected)
        yield refused(requirement, after, "a deleted key is refused", [done])
        successor = yield from soon(world, use(new), is_accepted)
        yield taken(requirement, successor, "its successor works", because_of=[done])
    finally:
        for each in made:
            yield from delete(world, world.first, each.name)


@check("keys.usage-is-logged", needs=KEYS, requests=8)
def usage_log(world: World) -> Script:
    """Two operations that were asked with a key are in its log."""
    key = yield from create(world, world.first, "read")
    asked = {(READ, True), ("getUserInfo", True)}
    try:
        yield from works(world, key)
        record = yield Ask("getUserInfo", key=key)
        if not record.is_accepted:
            raise CannotTell(f"a rightly signed getUserInfo is refused: {record.said}")
        log = Ask("getApiKeyUsage", {"apiKey": key.name}, by=world.first)
        seen = yield from soon(world, log, lambda answer: asked <= _calls(answer))
        title = "the log of a key shows the calls that were made with it"
        good = asked <= _calls(seen)
        yield holds("keys.usage-is-logged", good, title, sorted(asked), seen.said, [seen.number])
    finally:
        yield from delete(world, world.first, key.name)


def _calls(record: Record) -> set[tuple[Any, Any]]:
    return {(str(row.get("operation")), row.get("accepted") is True) for row in rows_of(record)}


@check("keys.address-list-enforced", needs=KEYS, requests=14)
def address_list(world: World) -> Script:
    """A list with our address lets us in, one without it does not; editing the list counts."""
    requirement = "keys.address-list-enforced"
    ours = yield from _own_address(world)
    key = yield from create(world, world.first, "read", ips=f"{FOREIGN},{ours}")
    try:
        record = yield from soon(world, use(key), is_accepted)
        yield taken(requirement, record, f"a key for {FOREIGN} and {ours} works from here")
        for addresses, wanted in ((FOREIGN, is_rejected), (ours, is_accepted)):
            change = {"apiKey": key.name, "ips": addresses}
            done = yield Ask("updateApiKey", change, by=world.first)
            if not done.is_accepted:
                yield taken(requirement, done, "the address list of a key can be edited")
                continue
            record = yield from soon(world, use(key), wanted)
            if wanted is is_rejected:
                title = f"the same key, for {addresses} alone, is refused from here"
                yield refused(requirement, record, title, [done])
            else:
                title = f"the same key, for {addresses} alone, works from here"
                yield taken(requirement, record, title, because_of=[done])
    finally:
        yield from delete(world, world.first, key.name)


def _own_address(world: World) -> Steps[str]:
    """Our address as the target sees it: loopback, or what the log of a key shows."""
    if world.target.is_loopback or not world.target.rest:
        return LOOPBACK
    key = yield from create(world, world.first, "read")
    log = Ask("getApiKeyUsage", {"apiKey": key.name}, by=world.first)
    try:
        yield from works(world, key)
        record = yield from soon(world, log, lambda answer: bool(rows_of(answer)))
    finally:
        yield from delete(world, world.first, key.name)
    seen = [row["ip"] for row in rows_of(record) if row.get("ip")]
    if not seen:
        raise CannotTell("the target does not say from which address it sees us")
    return str(seen[0])


@check("keys.read-only-key-cannot-trade", needs=("keys", "trading"), requests=14)
def read_only_key(world: World) -> Script:
    """A key that may only read does, and every trading operation refuses it."""
    requirement = "keys.read-only-key-cannot-trade"
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    form = order_form(market, BUY, price, smallest_amount(market, price))
    key = yield from create(world, world.first, "read")
    made: list[Record] = []
    try:
        yield from works(world, key)
        # Rightly asked by the owner, so that the key is refused for itself, not for what it asks.
        placed = yield Ask("placeSpotOrder", form, by=world.first)
        made.append(placed)
        if not placed.is_accepted:
            raise CannotTell(f"an order is refused even to the owner: {placed.said}")
        for operation, params in _trades(world, form, order_id(placed)):
            record = yield Ask(operation, params, key=key)
            made.append(record)
            yield refused(requirement, record, f"a read-only key is refused by {operation}")
    finally:
        for record in made:
            yield from take_back(world, record)
        yield from delete(world, world.first, key.name)


def _trades(world: World, form: dict[str, Any], identity: str) -> list[tuple[str, dict[str, Any]]]:
    """Everything that only a key with the trade permission may do, asked legally."""
    found = [("placeSpotOrder", form), ("cancelSpotOrder", {"orderId": identity})]
    if world.target.allows.futures and world.target.contracts:
        contract = world.target.contracts[0]
        future = {"contractCoinId": contract.id, "direction": 0, "type": 1, "volume": 1}
        found.append(("openFuturesPosition", {**future, "leverage": contract.leverages[0]}))
        found.append(("closeFuturesPosition", {**future, "direction": 1}))
    return found


@check("keys.trading-and-account-management", needs=("keys", "trading"), requests=12)
def trading_key(world: World) -> Script:
    """With both permissions a key reads, places and cancels."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    form = order_form(market, BUY, price, smallest_amount(market, price))
    key = yield from create(world, world.first, "read,trade")
    steps: list[Record] = []
    try:
        steps.append((yield from soon(world, use(key), is_accepted)))
        placed = yield Ask("placeSpotOrder", form, key=key)
        steps.append(placed)
        if placed.is_accepted:
            steps.append((yield Ask("cancelSpotOrder", {"orderId": order_id(placed)}, key=key)))
        yield equal(
            "keys.trading-and-account-management",
            "a key with both permissions reads, places and cancels",
            ["accepted"] * 3,
            [str(each.outcome.kind) for each in steps],
            [each.number for each in steps],
        )
    finally:
        for record in steps:
            yield from take_back(world, record)
        yield from delete(world, world.first, key.name)


@check("keys.trade-key-cannot-read", needs=KEYS, requests=8)
def trade_key(world: World) -> Script:
    """A key that was only given the trade permission does not read the account."""
    key = yield from create(world, world.first, "read")
    narrow = None
    try:
        yield from works(world, key)
        narrow = yield from create(world, world.first, "trade", key)
        record = yield use(narrow)
        title = "a key without the read permission does not read the account"
        yield refused("keys.trade-key-cannot-read", record, title)
    finally:
        for each in (key, narrow):
            if each is not None:
                yield from delete(world, world.first, each.name)


@check("keys.cannot-manage-keys", needs=KEYS, requests=9)
def keys_do_not_manage_keys(world: World) -> Script:
    """Key management is for who logged in, whatever permissions a key has."""
    key = yield from create(world, world.first, "read,trade")
    try:
        yield from works(world, key)
        for operation, params in (
            ("createApiKey", {"scopes": "read", "remark": "conformance-by-key"}),
            ("listApiKeys", {}),
            ("getApiKeyUsage", {"apiKey": key.name}),
            ("updateApiKey", {"apiKey": key.name, "scopes": "read"}),
            ("deleteApiKey", {"apiKey": key.name}),
        ):
            record = yield Ask(operation, params, key=key)
            yield refused("keys.cannot-manage-keys", record, f"a key is refused by {operation}")
            yield from take_back(world, record)
    finally:
        yield from delete(world, world.first, key.name)


@check("keys.only-the-owner-manages", needs=("keys", "two"), requests=10)
def only_the_owner(world: World) -> Script:
    """Our second account neither sees, edits nor deletes a key of the first."""
    key = yield from create(world, world.first, "read")
    requirement = "keys.only-the-owner-manages"
    try:
        yield from works(world, key)
        found, seen = yield from listed(world, world.second)
        if not seen.is_accepted:
            raise CannotTell(f"{world.second} cannot list keys of its own: {seen.said}")
        shown = [row.get("apiKey") for row in found]
        title = "a key is not listed to another account"
        yield holds(requirement, key.name not in shown, title, "other keys", shown, [seen.number])
        for operation, params in (
            ("getApiKeyUsage", {"apiKey": key.name}),
            ("updateApiKey", {"apiKey": key.name, "enabled": False}),
            ("deleteApiKey", {"apiKey": key.name}),
        ):
            record = yield Ask(operation, params, by=world.second)
            yield refused(requirement, record, f"{operation} of somebody else's key is refused")
        record = yield use(key)
        yield taken(requirement, record, "the key still works for its owner")
    finally:
        yield from delete(world, world.first, key.name)
