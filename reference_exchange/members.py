"""Who has an account: profiles and passwords, the latter never kept as they are."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reference_exchange.config import Resident

ROUNDS: Final = 1000
SALT: Final = b"reference exchange"


@dataclass(frozen=True, slots=True)
class Member:
    """An account's profile; `digest` stands for the password."""

    id: int
    name: str
    email: str
    digest: bytes
    created_ms: int

    @property
    def masked_email(self) -> str:
        """The address as a profile shows it: a***@example.com."""
        local, _, domain = self.email.partition("@")
        return f"{local[:1]}***@{domain}"


class Members:
    """All accounts, found by id or by what they log in with."""

    def __init__(self, residents: Iterable[Resident], created_ms: int) -> None:
        self._by_login: dict[str, Member] = {}
        self.by_id: dict[int, Member] = {}
        for each in residents:
            digest = _digest(each.password)
            member = Member(each.id, each.name, each.email, digest, created_ms)
            self._by_login[each.email] = member
            self.by_id[each.id] = member

    def log_in(self, login: str, password: str) -> Member | None:
        """The member, or None; an unknown account costs as much time as a wrong password."""
        member = self._by_login.get(login)
        given = _digest(password)
        known = member.digest if member else b"\0" * len(given)
        return member if hmac.compare_digest(given, known) else None


def _digest(password: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "surrogatepass"), SALT, ROUNDS)
