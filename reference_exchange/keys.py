"""API keys: what each may do and from where, and what was done with it. A secret is told once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from random import Random
from typing import Final

MOST_KEYS: Final = 5
USAGE_KEPT: Final = 100
SCOPES: Final = ("read", "trade", "withdraw")
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Usage:
    """One call that was made with a key."""

    time_ms: int
    address: str
    operation: str
    accepted: bool


@dataclass(slots=True)
class ApiKey:
    """A key as the exchange keeps it."""

    name: str
    secret: str
    account: int
    remark: str
    scopes: tuple[str, ...]
    addresses: tuple[str, ...]
    created_ms: int
    is_enabled: bool = True
    usage: deque[Usage] = field(default_factory=lambda: deque(maxlen=USAGE_KEPT))


class Keys:
    """All keys, by name. `random` makes names and secrets, `now_ms` dates them."""

    def __init__(self, random: Random, now_ms: Callable[[], int]) -> None:
        self._random = random
        self._now_ms = now_ms
        self._by_name: dict[str, ApiKey] = {}

    def create(
        self, account: int, remark: str, scopes: tuple[str, ...], addresses: tuple[str, ...]
    ) -> ApiKey | None:
        """A new key, or None when the account has as many as it may."""
        if len(self.of(account)) >= MOST_KEYS:
            return None
        name = "ft-" + "".join(self._random.choices(ALPHABET, k=20))
        secret = "".join(self._random.choices("0123456789abcdef", k=48))
        key = ApiKey(name, secret, account, remark, scopes, addresses, self._now_ms())
        self._by_name[name] = key
        return key

    def find(self, name: str) -> ApiKey | None:
        """The key of that name, whoever owns it."""
        return self._by_name.get(name)

    def owned(self, account: int, name: str) -> ApiKey | None:
        """The key of that name if this account owns it."""
        key = self._by_name.get(name)
        return key if key is not None and key.account == account else None

    def of(self, account: int) -> list[ApiKey]:
        """The keys of an account, oldest first."""
        return [key for key in self._by_name.values() if key.account == account]

    def delete(self, key: ApiKey) -> None:
        """Forget a key; it is refused from now on."""
        self._by_name.pop(key.name, None)

    def note(self, key: ApiKey, address: str, operation: str, accepted: bool) -> None:
        """Write a call into the key's usage log."""
        key.usage.append(Usage(self._now_ms(), address, operation, accepted))


def split_scopes(text: str) -> tuple[str, ...] | None:
    """The permissions of a comma list, each once, or None when it is not one."""
    scopes = tuple(text.split(","))
    return scopes if len(set(scopes)) == len(scopes) and set(scopes) <= set(SCOPES) else None


def split_addresses(text: str) -> tuple[str, ...] | None:
    """The addresses and networks of a comma list, or None when one of them is neither."""
    found = tuple(part for part in text.split(",") if part)
    try:
        for part in found:
            ip_network(part, strict=False)
    except ValueError:
        return None
    return found


def allows(addresses: tuple[str, ...], client: str) -> bool:
    """True when a client's address is on the list; an empty list allows everybody."""
    if not addresses:
        return True
    try:
        address = ip_address(client)
    except ValueError:
        return False
    return any(address in ip_network(each, strict=False) for each in addresses)
