"""What a client is told once: who its user is, how requests are signed, how long to wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Login:
    """Name and password. `parameter` is what the login's first field is called."""

    name: str
    password: str = field(repr=False)
    parameter: str = "email"


@dataclass(frozen=True)
class ApiKey:
    """An API key and its secret."""

    name: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Recipe:
    """How requests are signed. `parts` draws on timestamp, recvWindow, key, METHOD, path, query, ?query, body."""

    key_header: str = "X-FT-APIKEY"
    timestamp_header: str = "X-FT-TIMESTAMP"
    window_header: str = "X-FT-RECV-WINDOW"
    signature_header: str = "X-FT-SIGN"
    parts: Sequence[str] = ("timestamp", "recvWindow", "METHOD", "path", "?query", "body")
    algorithm: str = "sha256"
    encoding: str = "hex"


@dataclass(frozen=True)
class Timing:
    """How long an attempt may take, how long to pause before the next, and what is silence on the stream."""

    timeout_ms: int = 10_000
    retry_ms: int = 500
    ping_ms: int = 20_000
    silence_ms: int = 30_000
