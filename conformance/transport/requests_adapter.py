"""Let a tool that speaks `requests` send through our performer: paced, signed at the wire, recorded.

Schemathesis builds and serialises its cases by itself; what leaves here are exactly the bytes that it
prepared, and the signature is made over these bytes, after the last change to them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from conformance.cases.script import Record
from conformance.wire.http import Headers, Request, Response

# What a connection adds by itself, or what credentials replace: not part of the request that is tried.
DROPPED = {"connection", "accept-encoding", "user-agent", "content-length", "host", "accept"}


class PerformerAdapter(BaseAdapter):
    """A `requests` adapter whose wire is a function from request value to record."""

    def __init__(self, perform: Callable[[Request], Record], dropped: frozenset[str]) -> None:
        super().__init__()
        self._perform = perform
        self._dropped = DROPPED | {name.lower() for name in dropped}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one prepared request. Raises requests.ConnectionError when no answer came."""
        started = time.perf_counter()
        record = self._perform(self._value(request))
        if record.response is None:
            raise requests.ConnectionError(record.failure, request=request)
        elapsed = timedelta(seconds=time.perf_counter() - started)
        return _answer(request, record.response, elapsed)

    def close(self) -> None:
        """Nothing is held here."""

    def _value(self, request: requests.PreparedRequest) -> Request:
        parts = urlsplit(str(request.url))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers: Headers = tuple(
            (name, _text(value))
            for name, value in request.headers.items()
            if name.lower() not in self._dropped
        )
        body: Any = request.body or b""
        return Request(
            str(request.method), target, headers, body.encode() if isinstance(body, str) else body
        )


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _answer(
    request: requests.PreparedRequest, response: Response, elapsed: timedelta
) -> requests.Response:
    answer = requests.Response()
    answer.status_code = response.status
    answer.headers.update(dict(response.headers))
    answer.url = str(request.url)
    answer.request = request
    answer.elapsed = elapsed
    answer._content = response.body
    answer.raw = HTTPResponse(
        body=BytesIO(response.body), headers=dict(response.headers), status=response.status
    )
    answer.encoding = "utf-8"
    return answer
