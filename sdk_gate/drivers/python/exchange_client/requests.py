"""What a caller gives, as the text that travels: written once, then signed and sent as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from exchange_client.errors import Invalid
from exchange_client.operations import Operation

WORDS = {
    "direction": {"BUY": 0, "SELL": 1},
    "type": {"LIMIT": 0, "MARKET": 1},
}


@dataclass(frozen=True)
class Request:
    """A request before it is signed; query and body are encoded already."""

    method: str
    path: str
    query: str = ""
    body: str = ""

    @property
    def target(self) -> str:
        """Path and query, as in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path


def request(operation: Operation, params: Mapping[str, Any]) -> Request:
    """The request of an operation: a GET carries its parameters in the query, a POST as a form."""
    encoded = encode({name: _as_documented(name, value) for name, value in params.items()})
    if operation.method == "GET":
        return Request("GET", operation.path, query=encoded)
    return Request(operation.method, operation.path, body=encoded)


def encode(params: Mapping[str, Any]) -> str:
    """Parameters, percent-encoded once, in the caller's order; what is None is left out."""
    pairs = [(name, plain(value)) for name, value in params.items() if value is not None]
    try:
        return urlencode(pairs, quote_via=quote, safe="")
    except UnicodeEncodeError:
        raise Invalid("a parameter is not valid Unicode") from None


def plain(value: Any) -> str:
    """A value as text: booleans in lower case, decimals with the digits that they have and no exponent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    if isinstance(value, (str, int)):
        return str(value)
    raise Invalid(f"a parameter is text, int, bool or a finite Decimal, not {type(value).__name__}")


def _as_documented(name: str, value: Any) -> Any:
    words = WORDS.get(name, {})
    return words.get(value, value) if isinstance(value, str) else value
