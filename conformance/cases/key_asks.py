"""Make and unmake API keys; whatever a script creates it also deletes."""

from __future__ import annotations

from typing import Any, Final

from conformance.cases.claim import CannotTell
from conformance.cases.script import Ask, Record, Steps, World
from conformance.wire.signing import Key

# Keys of earlier runs that were cut short are known by this, and removed first.
REMARK: Final = "conformance-"
READ: Final = "getSpotWallets"
MANY: Final = 3


def create_record(world: World, account: str, scopes: str, **more: Any) -> Steps[Record]:
    """Ask for a key, whatever comes of it."""
    form = {"remark": f"{REMARK}{world.random.getrandbits(32):x}", "scopes": scopes, **more}
    record: Record = yield Ask("createApiKey", form, by=account)
    return record


def create(world: World, account: str, scopes: str, **more: Any) -> Steps[Key]:
    """A new key. Raises CannotTell when it is refused."""
    yield from sweep(world, account)
    record = yield from create_record(world, account, scopes, **more)
    key = key_of(record)
    if key is None:
        raise CannotTell(f"createApiKey gives no key: {record.said}")
    return key


def key_of(record: Record) -> Key | None:
    """The key in the answer to its creation."""
    data = record.data if isinstance(record.data, dict) else {}
    name, secret = data.get("apiKey"), data.get("secret")
    return Key(name, secret) if isinstance(name, str) and isinstance(secret, str) else None


def delete(world: World, account: str, name: str) -> Steps[Record]:
    """Delete a key, whatever comes of it."""
    record: Record = yield Ask("deleteApiKey", {"apiKey": name}, by=account)
    return record


def listed(world: World, account: str) -> Steps[tuple[list[dict[str, Any]], Record]]:
    """The keys of an account, with the record that shows them."""
    record = yield Ask("listApiKeys", by=account)
    found = record.data if record.is_accepted and isinstance(record.data, list) else []
    return [row for row in found if isinstance(row, dict)], record


def sweep(world: World, account: str) -> Steps[None]:
    """Remove what earlier runs left when there is little room: an account has few keys."""
    found, _ = yield from listed(world, account)
    ours = [row for row in found if str(row.get("remark", "")).startswith(REMARK)]
    if len(ours) >= MANY:
        for row in ours:
            yield from delete(world, account, str(row.get("apiKey")))


def use(key: Key, **more: Any) -> Ask:
    """A private read, signed with a key."""
    return Ask(READ, key=key, **more)
