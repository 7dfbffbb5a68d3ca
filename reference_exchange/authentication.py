"""Who is asking: a JWT sent raw, or a signature over the bytes that arrived."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import jwt

from conformance.wire.http import Request
from conformance.wire.signing import Recipe, signature, signed_bytes
from reference_exchange.answers import Refusal
from reference_exchange.keys import ApiKey, Keys, allows
from reference_exchange.members import Members

ALGORITHM: Final = "HS256"
MOST_TOKENS: Final = 10_000
AHEAD_MS: Final = 1000
WINDOW_MS: Final = 5000
LONGEST_WINDOW_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from; `key` when it was signed."""

    account: int
    key: ApiKey | None = None


class Tokens:
    """Issues and checks JWTs; a token that was good is remembered until it expires."""

    def __init__(
        self, secret: str, lifetime_s: int, members: Members, now_ms: Callable[[], int]
    ) -> None:
        self._secret = secret
        self._lifetime_s = lifetime_s
        self._members = members
        self._now_ms = now_ms
        self._known: dict[str, tuple[int, int]] = {}

    def issue(self, account: int) -> str:
        """A token for an account."""
        now_s = self._now_ms() // 1000
        claims = {"sub": str(account), "iat": now_s, "exp": now_s + self._lifetime_s}
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def account_of(self, token: str) -> int | None:
        """Whose token it is, or None when it is nobody's or has expired."""
        known = self._known.get(token)
        if known is None:
            known = self._verify(token)
            if known is None:
                return None
            if len(self._known) >= MOST_TOKENS:
                self._known.clear()
            self._known[token] = known
        account, expires_ms = known
        return account if self._now_ms() < expires_ms else None

    def _verify(self, token: str) -> tuple[int, int] | None:
        options = {"require": ["sub", "exp"], "verify_exp": False, "verify_iat": False}
        try:
            claims = jwt.decode(token, self._secret, algorithms=[ALGORITHM], options=options)  # type: ignore[arg-type]
            account, expires_s = int(claims["sub"]), int(claims["exp"])
        except (jwt.InvalidTokenError, ValueError, TypeError):
            return None
        return (account, expires_s * 1000) if account in self._members.by_id else None


class Signatures:
    """Checks signed requests against their keys."""

    def __init__(self, recipe: Recipe, keys: Keys, now_ms: Callable[[], int]) -> None:
        self._recipe = recipe
        self._keys = keys
        self._now_ms = now_ms

    def is_signed(self, request: Request) -> bool:
        """True when the request names a key."""
        return request.header(self._recipe.key_header) is not None

    def check(self, request: Request, client: str) -> ApiKey:
        """The key that signed a request. Raises Refusal: signature, then key status, then address."""
        recipe = self._recipe
        key = self._keys.find(request.header(recipe.key_header) or "")
        if key is None:
            raise Refusal(401, 3001, "there is no such key")
        stamp = request.header(recipe.timestamp_header) or ""
        window = request.header(recipe.window_header) or ""
        self.check_signature(request, key, stamp, window)
        self.check_freshness(stamp, window)
        if not key.is_enabled:
            raise Refusal(401, 3006, "the key is disabled")
        if not allows(key.addresses, client):
            raise Refusal(403, 3004, "the key is not for this address")
        return key

    def check_signature(self, request: Request, key: ApiKey, stamp: str, window: str) -> None:
        """Raise Refusal when the signature is not over these bytes with this secret."""
        text = signed_bytes(self._recipe, request, stamp, window, key.name)
        wanted = signature(self._recipe, key.secret, text)
        given = request.header(self._recipe.signature_header) or ""
        if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogatepass")):
            raise Refusal(401, 3002, "the signature does not match")

    def check_freshness(self, stamp: str, window: str) -> None:
        """Raise Refusal when the timestamp is malformed, too old or too far ahead."""
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 15):
            raise Refusal(401, 3003, "the timestamp is no number of milliseconds")
        if window and not (window.isascii() and window.isdigit() and len(window) <= 6):
            raise Refusal(401, 3003, "the window is no number of milliseconds")
        allowed_ms = int(window) if window else WINDOW_MS
        age_ms = self._now_ms() - int(stamp)
        if allowed_ms > LONGEST_WINDOW_MS or not -AHEAD_MS < age_ms <= allowed_ms:
            raise Refusal(401, 3003, "the timestamp is outside its window")
