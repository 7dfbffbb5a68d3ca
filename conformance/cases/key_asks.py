"""Make, use and unmake API keys; whatever a script creates it also deletes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from conformance.cases.asks import eventually
from conformance.cases.claim import CannotTell
from conformance.cases.script import Ask, Record, Steps, World
from conformance.wire.signing import Key

# Keys of earlier runs that were cut short are known by this, and removed first: an account has few.
REMARK: Final = "conformance-"
READ: Final = "getSpotWallets"


def create_record(world: World, account: str, scopes: str, **more: Any) -> Steps[Record]:
    """Ask for a key, whatever comes of it."""
    form = {"remark": f"{REMARK}{world.random.getrandbits(32):x}", "scopes": scopes, **more}
    record: Record = yield Ask("createApiKey", form, by=account)
    return record


def create(
    world: World, account: str, scopes: str, beside: Key | None = None, **more: Any
) -> Steps[Key]:
    """A new key, `beside` another of the same script. Raises CannotTell when it is refused."""
    yield from sweep(world, account, beside)
    record = yield from create_record(world, account, scopes, **more)
    key = key_of(record)
    if key is None:
        raise CannotTell(f"createApiKey gives no key: {record.said}")
    return key


def key_of(record: Record) -> Key | None:
    """The key in the answer to its creation."""
    data = record.data if isinstance(record.data, dict) else {}
    name, secret = data.get("apiKey"), data.get("secret")
    if not (isinstance(name, str) and isinstance(secret, str) and name and secret):
        return None
    return Key(name, secret)


def delete(world: World, account: str, name: str) -> Steps[Record]:
    """Delete a key, whatever comes of it."""
    record: Record = yield Ask("deleteApiKey", {"apiKey": name}, by=account)
    return record


def listed(world: World, account: str) -> Steps[tuple[list[dict[str, Any]], Record]]:
    """The keys of an account, with the record that shows them."""
    record = yield Ask("listApiKeys", by=account)
    return rows_of(record), record


def rows_of(record: Record) -> list[dict[str, Any]]:
    """The objects of an answer that is a list of them; empty for any other."""
    found = record.data if record.is_accepted and isinstance(record.data, list) else []
    return [row for row in found if isinstance(row, dict)]


def sweep(world: World, account: str, beside: Key | None = None) -> Steps[None]:
    """Remove every key of ours that another run left."""
    found, _ = yield from listed(world, account)
    for row in found:
        name = str(row.get("apiKey"))
        is_ours = str(row.get("remark", "")).startswith(REMARK)
        if is_ours and (beside is None or name != beside.name):
            yield from delete(world, account, name)


def use(key: Key, **more: Any) -> Ask:
    """A private read, signed with a key."""
    return Ask(READ, key=key, **more)


def soon(world: World, ask: Ask, good: Callable[[Record], bool]) -> Steps[Record]:
    """Ask until the answer is good or the target's settle time is over; the last answer."""

    def look() -> Steps[Record]:
        record: Record = yield ask
        return record

    record: Record = yield from eventually(world, look, good)
    return record


def works(world: World, key: Key) -> Steps[Record]:
    """A read that a right signature gets. Raises CannotTell when it is refused."""
    record = yield from soon(world, use(key), lambda answer: answer.is_accepted)
    if not (record.is_accepted and record.data):
        raise CannotTell(f"a rightly signed request is not served: {record.said}")
    return record
