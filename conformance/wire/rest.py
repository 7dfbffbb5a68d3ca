"""Operations as HTTP requests and answers as outcomes, without sending anything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus

from conformance.wire.http import Headers, Request, Response

FORM = "application/x-www-form-urlencoded"
Pairs = Iterable[tuple[str, str]]


def encode_pairs(pairs: Pairs) -> str:
    """`a=1&b=%2F`: names and values percent-encoded, a space as `+`, order kept."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)


def as_text(value: Any) -> str:
    """A parameter's value as it stands in a query or a form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def build(
    method: str,
    path: str,
    query: Mapping[str, Any] | None = None,
    form: Mapping[str, Any] | None = None,
    headers: Headers = (),
) -> Request:
    """A request from parameters. `form` None sends no body and no content type."""
    text = encode_pairs((name, as_text(value)) for name, value in (query or {}).items())
    target = f"{path}?{text}" if text else path
    if form is None:
        return Request(method, target, headers)
    body = encode_pairs((name, as_text(value)) for name, value in form.items())
    return Request(method, target, (*headers, ("Content-Type", FORM)), body.encode())


class OutcomeKind(StrEnum):
    """What became of an operation; unknown means that it may have happened."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer means. `data` is the payload without its envelope, decimals as Decimal.

    `code` is the refusal's code, `enveloped` tells whether the payload came in `{code, message, data}`.
    """

    kind: OutcomeKind
    status: int = 0
    data: Any = None
    code: int | None = None
    message: str = ""
    enveloped: bool = False

    @property
    def is_accepted(self) -> bool:
        """True when the exchange said yes."""
        return self.kind is OutcomeKind.ACCEPTED

    @property
    def is_rejected(self) -> bool:
        """True when the exchange refused in a way that can be read."""
        return self.kind is OutcomeKind.REJECTED


def parse_json(body: bytes) -> Any:
    """JSON with every number that has a fraction or an exponent kept exactly. Raises ValueError."""
    return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)


def json_or_none(text: str) -> Any:
    """The same for a text that need not be JSON at all."""
    try:
        return parse_json(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return None


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def outcome_of(response: Response | None) -> Outcome:
    """Read an answer in any of the accepted styles: 4xx, 200 with a code, enveloped or bare.

    No response, a 5xx or a body that is not JSON where data is due is *unknown*, never a yes.
    """
    if response is None or response.status >= 500 or response.status < 200:
        return Outcome(OutcomeKind.UNKNOWN, response.status if response else 0)
    try:
        body = parse_json(response.body)
    except ValueError:
        kind = OutcomeKind.REJECTED if response.status >= 400 else OutcomeKind.UNKNOWN
        return Outcome(kind, response.status)
    return _read(response.status, body)


def _read(status: int, body: Any) -> Outcome:
    code = body.get("code") if isinstance(body, dict) else None
    is_envelope = isinstance(code, int) and not isinstance(code, bool)
    message = str(body.get("message", "")) if is_envelope else ""
    if status >= 400 or (is_envelope and code != 0):
        return Outcome(OutcomeKind.REJECTED, status, None, code, message, is_envelope)
    if status >= 300:
        return Outcome(OutcomeKind.UNKNOWN, status)
    if is_envelope:
        return Outcome(OutcomeKind.ACCEPTED, status, body.get("data"), 0, message, True)
    return Outcome(OutcomeKind.ACCEPTED, status, body)
