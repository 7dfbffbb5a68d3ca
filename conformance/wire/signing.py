"""What an exchange's key holders sign, and with what: recipes as data, bytes exactly as they are sent.

A recipe names the parts of the signed text in order. The client signs what it is about to send and the
exchange what it received, both through `signed_bytes`, so neither may decode or reorder anything first.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.wire.http import Request


@dataclass(frozen=True, slots=True)
class Recipe:
    """How requests are signed. `parts` draws on: timestamp, recvWindow, key, METHOD, path, query, ?query, body."""

    key_header: str = "X-FT-APIKEY"
    timestamp_header: str = "X-FT-TIMESTAMP"
    window_header: str = "X-FT-RECV-WINDOW"
    signature_header: str = "X-FT-SIGN"
    parts: tuple[str, ...] = ("timestamp", "recvWindow", "METHOD", "path", "?query", "body")
    algorithm: str = "sha256"
    encoding: str = "hex"


@dataclass(frozen=True, slots=True)
class Key:
    """An API key and its secret."""

    name: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.name!r}, secret hidden)"


def signed_bytes(recipe: Recipe, request: Request, timestamp: str, window: str, key: str) -> bytes:
    """The canonical text of a request under a recipe, before it is keyed."""
    query = request.query
    available: Mapping[str, bytes] = {
        "timestamp": timestamp.encode(),
        "recvWindow": window.encode(),
        "key": key.encode(),
        "METHOD": request.method.encode(),
        "path": request.path.encode(),
        "query": query.encode(),
        "?query": b"?" + query.encode() if query else b"",
        "body": request.body,
    }
    return b"".join(available[part] for part in recipe.parts)


def signature(recipe: Recipe, secret: str, text: bytes) -> str:
    """The keyed digest of a canonical text, in the recipe's encoding (lower-case hex or base64)."""
    digest = hmac.new(secret.encode(), text, getattr(hashlib, recipe.algorithm)).digest()
    return digest.hex() if recipe.encoding == "hex" else base64.b64encode(digest).decode()


def sign(
    recipe: Recipe, request: Request, key: Key, timestamp_ms: int, window: str = ""
) -> Request:
    """The same request with the recipe's headers added. `window` is sent only when given."""
    stamp = str(timestamp_ms)
    text = signed_bytes(recipe, request, stamp, window, key.name)
    added = [(recipe.key_header, key.name), (recipe.timestamp_header, stamp)]
    if window:
        added.append((recipe.window_header, window))
    added.append((recipe.signature_header, signature(recipe, key.secret, text)))
    return Request(request.method, request.target, (*request.headers, *added), request.body)
