"""How to see a stream finding again by hand: what its check said and did, as a script for the suite's own Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.cases.script import Connect, Hang, Listen, Record, Say
from conformance.target import Target

MOST_STEPS: Final = 60
SHORT: Final = 2000
JWT: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
BASE, STREAM = "http://127.0.0.1:8080", "ws://127.0.0.1:8081/"
HEAD: Final = """\
.venv/bin/python - <<'END'
from contextlib import ExitStack
import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

rest, stream = {rest!r}, {stream!r}
lines, made, opened = {{}}, {{}}, ExitStack()

def show(name):
    try:
        for _ in range(200):
            print(name, lines[name].recv(timeout=1))
    except (TimeoutError, ConnectionClosed) as end:
        print(name, repr(end))

def token(login, password):
    form = {{{parameter!r}: login, "password": password}}
    return httpx.post(rest + {path!r}, data=form).json()["data"]["Authorization"]

def ask(method, target, who, body, known=""):
    for old, new in made.items():
        body, target = body.replace(old, new), target.replace(old, new)
    headers = {{"Authorization": who, "Content-Type": "application/x-www-form-urlencoded"}}
    answer = httpx.request(method, rest + target, headers=headers, content=body)
    print(method, target, body, answer.text[:200])
    if known:
        data = answer.json()["data"]
        made[known] = data["orderId"] if isinstance(data, dict) else data
"""


def stream_script(
    spoken: Sequence[tuple[str, Any]],
    target: Target,
    served: str = "",
    tokens: Mapping[str, str] | None = None,
) -> str:
    """The connections, frames and orders of a check in their order; each Listen prints what has come.

    `tokens` maps the JWTs that stand in frames to the accounts that they are of.
    """
    kept = list(_steps(spoken, tokens or {}))
    left_out = max(0, len(kept) - MOST_STEPS)
    accounts = sorted({word for line in kept for word in target.accounts if f"as_{word}" in line})
    head = HEAD.format(
        rest=BASE if target.embedded else target.rest,
        stream=STREAM if target.embedded else target.stream,
        parameter=target.conventions.login_parameter,
        path="/uc/v2/login",
    )
    lines = [f"# on: {served}"] if served else []
    lines.append(head)
    for name in accounts:
        account = target.accounts[name]
        lines.append(f"as_{name} = token({account.login!r}, {account.password!r})")
    if left_out:
        lines.append(f"# {left_out} steps between these are left out")
    return "\n".join(
        [*lines, *_shortened(kept), "for name in list(lines):", "    show(name)", "END"]
    )


def _shortened(kept: list[str]) -> list[str]:
    """The connections with their subscriptions, and the last steps."""
    if len(kept) <= MOST_STEPS:
        return kept
    head = [line for line in kept[:-MOST_STEPS] if line.startswith("lines[")]
    return [*head[:MOST_STEPS], *kept[-MOST_STEPS:]]


def _steps(spoken: Sequence[tuple[str, Any]], tokens: Mapping[str, str]) -> Iterator[str]:
    for _, step in spoken:
        if isinstance(step, Connect):
            more = ", max_queue=1" if step.is_slow else ""
            yield f"lines[{step.connection!r}] = opened.enter_context(connect(stream, max_size=None{more}))"
        elif isinstance(step, Say):
            yield f"lines[{step.connection!r}].send({_frame(step.frame, tokens)})"
        elif isinstance(step, Hang):
            yield f"lines.pop({step.connection!r}).close()"
        elif isinstance(step, Listen):
            yield f"show({step.connection!r})"
        elif isinstance(step, Record) and step.request.method == "POST" and step.by:
            yield _asked(step)


def _frame(frame: str | bytes, tokens: Mapping[str, str]) -> str:
    if isinstance(frame, bytes):
        return repr(frame[:SHORT])
    for found in JWT.findall(frame):
        if found in tokens:
            before, _, after = frame.partition(found)
            return f"{before!r} + as_{tokens[found]} + {after!r}"
    return repr(frame[:SHORT])


def _asked(record: Record) -> str:
    request, data = record.request, record.data
    known = data.get("orderId", "") if isinstance(data, dict) else data
    body = request.body.decode("utf-8", "replace")[:SHORT]
    named = f", {known!r}" if record.is_accepted and isinstance(known, str) and known else ""
    return f"ask({request.method!r}, {request.target!r}, as_{record.by}, {body!r}{named})"
