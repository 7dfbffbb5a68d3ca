"""How the exchange writes its answers: envelopes, refusals and decimals."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from conformance.model.values import decimal_text
from conformance.wire.http import Headers, Response

JSON_HEADER: Final = ("Content-Type", "application/json")
# json writes numbers by way of float; a marked text becomes a number after encoding instead.
MARK: Final = "\0"
MARKED: Final = re.compile(r'"\\u0000(-?[0-9.]+)"')
OK: Final = b'{"code":0,"message":"success"'


class Refusal(Exception):
    """A request is refused: HTTP status, code and one sentence; headers such as Allow may go with it."""

    def __init__(self, status: int, code: int, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


class Writer:
    """Encodes bodies; `decimals` is "string" or "number", and either way every digit is kept."""

    def __init__(self, decimals: str) -> None:
        self._is_number = decimals == "number"
        self._encoder = json.JSONEncoder(separators=(",", ":"), default=self._decimal)

    def text(self, value: Any) -> str:
        """JSON with decimals written exactly."""
        text = self._encoder.encode(value)
        return MARKED.sub(r"\1", text) if self._is_number else text

    def _decimal(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return (MARK if self._is_number else "") + decimal_text(value)
        raise TypeError(f"{type(value).__name__} has no JSON form here")


class Answers:
    """Makes responses in the exchange's style."""

    def __init__(self, writer: Writer, refusals: str, market_bodies: str) -> None:
        self._writer = writer
        self._is_http = refusals == "http"
        self._is_bare = market_bodies == "bare"

    def accepted(self, data: Any, is_market: bool = False) -> Response:
        """Yes, with data; market data may come without its envelope."""
        if is_market and self._is_bare:
            return Response(200, (JSON_HEADER,), self._writer.text(data).encode())
        return self.enveloped(data)

    def enveloped(self, data: Any) -> Response:
        """Yes, with data in its envelope."""
        body = OK + b',"data":' + self._writer.text(data).encode() + b"}"
        return Response(200, (JSON_HEADER,), body)

    def done(self) -> Response:
        """Yes, and nothing more to say."""
        return Response(200, (JSON_HEADER,), OK + b"}")

    def refused(self, refusal: Refusal) -> Response:
        """No, in the style of this exchange."""
        body: Mapping[str, Any] = {"code": refusal.code, "message": refusal.message}
        # What broke is no refusal: that it did shows in the status, whatever the style.
        status = refusal.status if self._is_http or refusal.status >= 500 else 200
        text = self._writer.text(body).encode()
        return Response(status, (JSON_HEADER, *refusal.headers), text)
