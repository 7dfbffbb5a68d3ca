"""Checks of every operation against every kind of key, and of the addresses that keys are bound to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from conformance.cases.asks import BUY, away, last_price, order_form, smallest_amount
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.examples import legal_params, take_back
from conformance.cases.key_asks import create, delete, soon, use, works
from conformance.cases.keys import FOREIGN, is_rejected
from conformance.cases.refusals import refused, taken
from conformance.cases.script import Ask, Record, Script, Steps, World, check
from conformance.cases.spot_asks import clear, open_orders, rest
from conformance.cases.spot_orders import NOWHERE, home_market
from conformance.spec.contract import Operation
from conformance.wire.signing import Key

KEYS: Final = ("keys",)
SCOPES: Final = ("read", "trade", "withdraw")
HOME: Final = "127.0.0.1"


@check("keys.each-operation-has-its-scope", needs=("keys", "trading"), requests=84)
def scope_matrix(world: World) -> Script:
    """Every operation that a key may use, with a key of each single permission: only its own lets it in."""
    requirement = "keys.each-operation-has-its-scope"
    named = [x for x in world.contract.operations.values() if x.scope in SCOPES]
    for scope in SCOPES:
        key = yield from create(world, world.first, scope)
        try:
            yield from _awake(world, key)
            for operation in named:
                params = yield from _legal(world, operation)
                record = yield Ask(operation.id, params, key=key)
                yield from take_back(world, record)
                if operation.scope != scope:
                    if operation.access == "optional":
                        continue  # open to everybody, and so perhaps to whatever key
                    title = f"{operation.id} refuses a key that may only {scope}"
                    yield refused(requirement, record, title)
                elif not operation.requires:
                    title = f"{operation.id} takes a key that may {scope}"
                    yield taken(requirement, record, title)
        finally:
            yield from clear(world, home_market(world))
            yield from delete(world, world.first, key.name)


def _awake(world: World, key: Key) -> Steps[None]:
    """Wait until a new key is known, whatever it may do."""
    yield from soon(world, use(key), lambda answer: answer.is_accepted or answer.is_rejected)


def _legal(world: World, operation: Operation) -> Steps[dict[str, Any]]:
    """What the owner could rightly ask, so that a refusal is for the key alone."""
    market = home_market(world)
    if operation.id == "cancelSpotOrder":
        return {"orderId": (yield from rest(world, world.first, market, BUY)).identity}
    if operation.id != "placeSpotOrder":
        return legal_params(operation, world)
    price = away(market, (yield from last_price(world, market)), BUY)
    return order_form(market, BUY, price, smallest_amount(market, price))


@check("keys.public-operations-need-no-scope", needs=KEYS, requests=12)
def public_with_a_key(world: World) -> Script:
    """A key that may do next to nothing does not close what is open to everybody."""
    key = yield from create(world, world.first, "withdraw")
    try:
        yield from _awake(world, key)
        for operation in world.contract.operations.values():
            if operation.access == "public" and operation.method == "GET":
                record = yield Ask(operation.id, legal_params(operation, world), key=key)
                title = f"{operation.id} is served to whatever key"
                yield taken("keys.public-operations-need-no-scope", record, title)
    finally:
        yield from delete(world, world.first, key.name)


@check("keys.address-list-enforced", needs=("keys", "trading"), requests=20)
def trades_from_afar(world: World) -> Script:
    """A key that traded is bound to another address: it neither places nor cancels from here."""
    market = home_market(world)
    key = yield from create(world, world.first, "read,trade")
    try:
        yield from works(world, key)
        yield from clear(world, market)
        resting = yield from rest(world, world.first, market, BUY)
        form = order_form(market, BUY, resting.price, resting.amount)
        trades = [
            Ask("placeSpotOrder", form, key=key),
            Ask("cancelSpotOrder", {"orderId": resting.identity}, key=key),
        ]
        change = {"apiKey": key.name, "ips": FOREIGN}
        placed = yield trades[0]
        done = yield Ask("updateApiKey", change, by=world.first)
        if not (placed.is_accepted and done.is_accepted):
            raise CannotTell(f"no key that trades can be bound: {placed.said}, {done.said}")
        # By a read, which makes nothing, until the new list counts.
        yield from soon(world, use(key), is_rejected)
        yield from _changes_nothing(world, trades, done)
    finally:
        yield from clear(world, market)
        yield from delete(world, world.first, key.name)


def _changes_nothing(world: World, trades: Sequence[Ask], done: Record) -> Steps[None]:
    """These are refused, for an address that is not on the list, and no order comes or goes."""
    requirement, market = "keys.address-list-enforced", home_market(world)
    before = yield from open_orders(world, world.first, market.symbol)
    for ask in trades:
        record = yield ask
        title = f"a key for {FOREIGN} alone is refused from here by {ask.operation}"
        yield refused(requirement, record, title, [done])
    after = yield from open_orders(world, world.first, market.symbol)
    title = "what was refused for the address makes no order, and cancels none"
    yield equal(requirement, title, sorted(before), sorted(after), [done.number])


def _on_this_machine(world: World) -> None:
    if world.target.rest and not world.target.is_loopback:
        raise CannotTell("only on this machine is there more than one address to ask from")


def _from_each(
    world: World, requirement: str, listed: str, good: Sequence[str], bad: Sequence[str]
) -> Script:
    """A key for some addresses works from these and is refused from the others."""
    key = yield from create(world, world.first, "read", ips=listed)
    try:
        yield from soon(world, use(key, source=good[0]), lambda answer: answer.is_accepted)
        for source in good:
            record = yield use(key, source=source)
            yield taken(requirement, record, f"a key for {listed} works from {source}")
        for source in bad:
            record = yield use(key, source=source)
            yield refused(requirement, record, f"a key for {listed} is refused from {source}")
    finally:
        yield from delete(world, world.first, key.name)


@check("keys.addresses-are-compared-whole", needs=KEYS, requests=20)
def whole_addresses(world: World) -> Script:
    """127.0.0.1 is not 127.0.0.10 and 127.0.0.2 is not 127.0.0.20: no prefix will do."""
    _on_this_machine(world)
    requirement = "keys.addresses-are-compared-whole"
    yield from _from_each(
        world, requirement, HOME, [HOME], ["127.0.0.10", "127.0.0.11", "127.0.0.2"]
    )
    others = ["127.0.0.20", "127.0.0.1", "127.0.0.200"]
    yield from _from_each(world, requirement, "127.0.0.2", ["127.0.0.2"], others)


@check("keys.address-lists-may-be-long", needs=KEYS, requests=14)
def several_addresses(world: World) -> Script:
    """Each address of a list works, and none between them."""
    _on_this_machine(world)
    good = ["127.0.0.3", "127.0.0.5", "127.0.0.9"]
    requirement = "keys.address-lists-may-be-long"
    yield from _from_each(world, requirement, ",".join(good), good, ["127.0.0.4", "127.0.0.8"])


@check("keys.address-ranges", needs=KEYS, requests=14)
def address_ranges(world: World) -> Script:
    """A range in CIDR form admits its first and its last address and not the next."""
    _on_this_machine(world)
    bad = ["127.0.0.3", "127.0.0.8", "127.0.1.4"]
    good = ["127.0.0.4", "127.0.0.7"]
    yield from _from_each(world, "keys.address-ranges", "127.0.0.4/30", good, bad)


@check("keys.forwarded-addresses-are-not-believed", needs=KEYS, requests=14)
def forwarded(world: World) -> Script:
    """Who says in a header that he comes from elsewhere comes from where he comes from."""
    _on_this_machine(world)
    requirement = "keys.forwarded-addresses-are-not-believed"
    key = yield from create(world, world.first, "read", ips="127.0.0.2")
    try:
        yield from works_from(world, key, "127.0.0.2")
        for name, value in (
            ("X-Forwarded-For", "127.0.0.2"),
            ("X-Real-IP", "127.0.0.2"),
            ("Forwarded", "for=127.0.0.2"),
            ("X-Forwarded-For", "127.0.0.2, 127.0.0.1"),
            ("True-Client-IP", "127.0.0.2"),
        ):
            record = yield use(key, source=HOME, headers=((name, value),))
            yield refused(requirement, record, f"{name}: {value} does not open a key's list")
    finally:
        yield from delete(world, world.first, key.name)


def works_from(world: World, key: Key, source: str) -> Steps[Record]:
    """A read from an address. Raises CannotTell when it is refused."""
    record = yield from soon(world, use(key, source=source), lambda answer: answer.is_accepted)
    if not record.is_accepted:
        raise CannotTell(f"a key for {source} is not served from there: {record.said}")
    return record


@check("keys.deleting-one-leaves-the-others", needs=KEYS, requests=14)
def deleting_one(world: World) -> Script:
    """Of two keys the older is deleted: the newer works on, and the older's secret opens nothing."""
    requirement = "keys.deleting-one-leaves-the-others"
    old = yield from create(world, world.first, "read")
    new = yield from create(world, world.first, "read", beside=old)
    try:
        yield from works(world, old)
        yield from works(world, new)
        yield from delete(world, world.first, old.name)
        record = yield from soon(world, use(old), lambda answer: answer.is_rejected)
        yield refused(requirement, record, "the deleted key is refused")
        record = yield use(new)
        yield taken(requirement, record, "the other key works on")
        record = yield use(Key(new.name, old.secret))
        yield refused(requirement, record, "the deleted secret does not open the other key")
    finally:
        for each in (old, new):
            yield from delete(world, world.first, each.name)


@check("keys.foreign-and-unknown-keys-answer-alike", needs=("keys", "two"), requests=10)
def nobody_finds_out(world: World) -> Script:
    """Asking about somebody else's key is answered like asking about none."""
    requirement = "keys.foreign-and-unknown-keys-answer-alike"
    key = yield from create(world, world.first, "read")
    try:
        for operation, more in (
            ("updateApiKey", {"remark": "mine now"}),
            ("deleteApiKey", {}),
            ("getApiKeyUsage", {}),
        ):
            foreign = yield Ask(operation, {"apiKey": key.name, **more}, by=world.second)
            unknown = yield Ask(operation, {"apiKey": NOWHERE, **more}, by=world.second)
            title = f"{operation} of somebody else's key is refused"
            yield refused(requirement, foreign, title)
            none, theirs = (
                (x.outcome.status, x.outcome.code, x.outcome.message) for x in (unknown, foreign)
            )
            title = f"{operation} does not tell a foreign key from an unknown one"
            yield equal(requirement, title, none, theirs, [foreign.number, unknown.number])
    finally:
        yield from delete(world, world.first, key.name)


@check("keys.secrets-are-long-and-unlike", needs=KEYS, requests=14)
def secrets(world: World) -> Script:
    """Names and secrets of keys are long, never the same, and no secret holds its name."""
    made: list[Key] = []
    try:
        for _ in range(3):
            key = yield from create(world, world.first, "read", made[-1] if made else None)
            made += [key]
        texts = [text for key in made for text in (key.name, key.secret)]
        short = [text for text in texts if len(text) < 16]
        inside = [key for key in made if key.name in key.secret or key.secret in key.name]
        good = not short and not inside and len(set(texts)) == len(texts)
        shown = f"lengths {[len(text) for text in texts]}, {len(set(texts))} of {len(texts)} differ"
        title = "names and secrets are at least 16 characters, all different"
        yield holds("keys.secrets-are-long-and-unlike", good, title, "so", shown)
    finally:
        for key in made:
            yield from delete(world, world.first, key.name)
