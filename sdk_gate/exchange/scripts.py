"""What the exchange does instead of answering as usual: each script is one thing that clients have to survive."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Final

from conformance.wire.http import Headers, Response
from conformance.wire.rest import parse_json

JSON_HEADER: Final = ("Content-Type", "application/json")
WHOLE: Final = -1


@dataclass(frozen=True, slots=True)
class Script:
    """One departure. `name` is for people.

    `performs`: the rules do what was asked. `change` makes the answer out of what the rules said (None where they
    were not asked). `delay_ms` passes before the answer, `stall_ms` before the second half of its body. Of the body,
    `body_bytes` are written before the connection is cut, all of them when that is WHOLE; `answers` False cuts it
    before the status line, or closes it in good order where it `is_closed`. `is_chunked` writes it in chunks, whose
    lengths stand before each.
    """

    name: str
    performs: bool = True
    change: Callable[[Response | None], Response] | None = None
    delay_ms: int = 0
    stall_ms: int = 0
    body_bytes: int = WHOLE
    answers: bool = True
    is_closed: bool = False
    is_chunked: bool = False


def hang_up(performs: bool = True) -> Script:
    """The connection breaks before an answer; what was asked may have happened."""
    return Script("performs it and hangs up" if performs else "hangs up", performs, answers=False)


def close(performs: bool = True) -> Script:
    """The connection is closed in good order before an answer, as by a balancer that is restarted."""
    name = "performs it and closes" if performs else "closes"
    return Script(f"{name} the connection", performs, answers=False, is_closed=True)


def late(delay_ms: int) -> Script:
    """What was asked happens at once, and is answered much later."""
    return Script(f"performs it and answers after {delay_ms} ms", delay_ms=delay_ms)


def stalls(stall_ms: int) -> Script:
    """The answer begins at once, and its end comes much later."""
    return Script(f"performs it and ends its answer after {stall_ms} ms", stall_ms=stall_ms)


def half_a_body() -> Script:
    """The answer breaks off within its body."""
    return Script("performs it and writes half of the answer", body_bytes=20)


def broken(status: int, performs: bool = False) -> Script:
    """A gateway's error page; what was asked may have happened."""
    page = Response(status, (("Content-Type", "text/html"),), b"<html>bad gateway</html>")
    name = f"{'performs it and answers' if performs else 'answers'} {status}"
    return Script(name, performs, lambda _: page)


def refusal(status: int, code: int, message: str, headers: Headers = ()) -> Script:
    """A refusal; nothing happened."""
    return says(f"refuses with {status}", {"code": code, "message": message}, status, headers)


def too_many(retry_after: str) -> Script:
    """A 429 that says when to come again: seconds, or an HTTP-date."""
    headers = (("Retry-After", retry_after),)
    return refusal(429, 3005, f"too many requests, Retry-After: {retry_after}", headers)


def redirect(address: str, status: int) -> Script:
    """Leads elsewhere."""
    page = Response(status, (("Location", address),), b"")
    return Script(f"redirects to {address}", False, lambda _: page)


def text(name: str, body: str, status: int = 200) -> Script:
    """A body as it stands, whatever it is; nothing happened."""
    answer = Response(status, (JSON_HEADER,), body.encode())
    return Script(name, False, lambda _: answer)


def instead(name: str, body: str, status: int = 200) -> Script:
    """What was asked happens, and a body of something else is the answer."""
    answer = Response(status, (JSON_HEADER,), body.encode())
    return Script(f"performs it and answers {name}", True, lambda _: answer)


def says(name: str, body: Any, status: int = 200, headers: Headers = ()) -> Script:
    """A JSON body."""
    # Letters beyond ASCII go out as they are, not as escapes: whoever reads JSON reads UTF-8.
    written = json.dumps(body, ensure_ascii=False).encode()
    answer = Response(status, (JSON_HEADER, *headers), written)
    return Script(name, False, lambda _: answer)


def data(name: str, payload: str, enveloped: bool = True) -> Script:
    """An accepted answer with a payload that is given as JSON text, so that its digits stay."""
    body = f'{{"code":0,"message":"success","data":{payload}}}' if enveloped else payload
    return text(name, body)


def altered(name: str, change: Callable[[Any], Any]) -> Script:
    """What the rules say, with its payload changed; a refusal has none and stays."""

    def rewritten(answer: Response | None) -> Response:
        assert answer is not None
        body = parse_json(answer.body)
        if "data" not in body:
            return answer
        body["data"] = change(body["data"])
        return Response(answer.status, answer.headers, json.dumps(body, default=str).encode())

    return Script(name, True, rewritten)


def http_date(epoch_s: int) -> str:
    """An HTTP-date."""
    return formatdate(epoch_s, usegmt=True)
