"""Whole HTTP/1.1 answers from bytes as they come.

Nearly every answer of an exchange is a 200 with a Content-Length that comes in one piece; it is taken apart
by three searches. Everything else goes to httptools.
"""

from __future__ import annotations

from typing import NamedTuple

import httptools

from conformance.wire.http import Headers, Response

MAX_BODY_BYTES = 64 * 1024 * 1024
_SEEN_AS = (b"\ncontent-length: ", b"\nContent-Length: ")
_LENGTH_AT = len(_SEEN_AS[0])


class Whole(NamedTuple):
    """A complete answer; `head` is everything before the body, unparsed, or empty."""

    status: int
    head: bytes
    body: bytes
    keeps_alive: bool
    headers: Headers = ()

    @property
    def response(self) -> Response:
        """With its headers taken apart."""
        return Response(self.status, self.headers or _headers(self.head), self.body)


class AnswerReader:
    """One connection's answers, one at a time. Raises ConnectionError for what is not HTTP."""

    __slots__ = ("_reading",)

    def __init__(self) -> None:
        self._reading: _Reading | None = None

    @property
    def is_between(self) -> bool:
        """True when the next bytes begin an answer."""
        return self._reading is None

    def take(self, data: bytes) -> Whole | None:
        """The answer that these bytes complete, or None."""
        if self._reading is None:
            whole = _in_one_piece(data)
            if whole is not None:
                return whole
            self._reading = _Reading()
        whole = self._reading.take(data)
        if whole is not None:
            self._reading = None
        return whole


def body_at(data: bytes) -> int:
    """Where the body begins, when this is one whole 200 on a connection that is kept; else -1."""
    end = data.find(b"\r\n\r\n")
    at = data.find(_SEEN_AS[0], 0, end)
    if at < 0:
        at = data.find(_SEEN_AS[1], 0, end)
        if at < 0:
            return -1
    begin = at + _LENGTH_AT
    length = data[begin : data.find(b"\r", begin)]
    if not (length.isdigit() and data.startswith(b"HTTP/1.1 200")):
        return -1
    if end + 4 + int(length) != len(data) or data.find(b"onnection: close", 0, end) >= 0:
        return -1
    return end + 4


def _in_one_piece(data: bytes) -> Whole | None:
    at = body_at(data)
    return None if at < 0 else Whole(200, data[: at - 4], data[at:], True)


def _headers(head: bytes) -> Headers:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return tuple((name, value.strip()) for name, _, value in pairs)


class _Reading:
    """What the parser has told about one answer so far."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._size = 0
        self._starts = 0
        self._is_complete = False
        self._keeps_alive = False

    def take(self, data: bytes) -> Whole | None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise ConnectionError(f"the answer is not HTTP: {error}") from None
        if self._size > MAX_BODY_BYTES:
            raise ConnectionError(f"the answer is longer than {MAX_BODY_BYTES} bytes")
        if self._starts > 1:
            raise ConnectionError("more came than one answer")
        if not self._is_complete:
            return None
        status, headers = self._parser.get_status_code(), tuple(self._headers)
        return Whole(status, b"", b"".join(self._body), self._keeps_alive, headers)

    def on_message_begin(self) -> None:
        self._starts += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._is_complete = True
        self._keeps_alive = self._parser.should_keep_alive()  # it has forgotten once this returns
