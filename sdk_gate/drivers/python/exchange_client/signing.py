"""Signatures, over exactly the text that is sent."""

from __future__ import annotations

import base64
import hmac

from exchange_client.requests import Request
from exchange_client.settings import Recipe


def canonical(recipe: Recipe, request: Request, timestamp: str, window: str, key: str) -> str:
    """The text that is signed: the recipe's parts, one after the other."""
    available = {
        "timestamp": timestamp,
        "recvWindow": window,
        "key": key,
        "METHOD": request.method,
        "path": request.path,
        "query": request.query,
        "?query": f"?{request.query}" if request.query else "",
        "body": request.body,
    }
    return "".join(available[part] for part in recipe.parts)


def signature(recipe: Recipe, secret: str, text: str) -> str:
    """The keyed digest of a canonical text, in lower-case hex or base64."""
    digest = hmac.digest(secret.encode(), text.encode(), recipe.algorithm)
    return digest.hex() if recipe.encoding == "hex" else base64.b64encode(digest).decode()
