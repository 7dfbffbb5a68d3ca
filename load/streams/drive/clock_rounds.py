"""Ask the exchange what time it is: by the document's own ping, or by the `Date` of an answer."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from time import time_ns
from typing import Any, Final

import orjson

from conformance.errors import SuiteError
from conformance.wire.rest import build
from load.session import Session
from load.stream_client import StreamClient
from load.streams.clocks import MS_NS, Round
from load.streams.events import TIME

PINGS: Final = 64
DATES: Final = 8
SECOND_NS: Final = 1_000_000_000
PATIENCE_NS: Final = 3_000_000_000
ASKED: Final = "listSymbolThumbs"
PING, DATE = "ping", "Date"


def rounds(session: Session) -> tuple[str, list[Round]]:
    """How the clock was asked, and the rounds; none where the exchange tells no time."""
    try:
        found = _pings(session)
    except OSError:
        found = []
    if found:
        return PING, found
    try:
        return DATE, _dates(session)
    except (SuiteError, ValueError):
        return DATE, []


def _pings(session: Session) -> list[Round]:
    liveness = _liveness(session.contract.asyncapi)
    if liveness is None:
        return []
    client = StreamClient(session.target.stream, session.target.timing.frame_ms / 1000)
    try:
        found = [_ping(client, liveness, f"clock-{number}") for number in range(PINGS)]
    finally:
        client.close()
    return [each for each in found if each is not None]


def _liveness(document: Any) -> Any:
    """The document's ping and pong, or None where it has none."""
    channels = document.get("channels", {}).values()
    return next((each["x-liveness"] for each in channels if "x-liveness" in each), None)


def _ping(client: StreamClient, liveness: Any, identity: str) -> Round | None:
    asked_ns = time_ns()
    client.say(json.dumps(liveness["ping"]).replace("{id}", identity))
    pong = json.loads(json.dumps(liveness["pong"]).replace("{id}", identity))
    until_ns = asked_ns + PATIENCE_NS
    while time_ns() < until_ns:
        texts, kernel_ns, received_ns = client.read()
        for answer in map(_read, texts):
            if isinstance(answer, dict) and pong.items() <= answer.items():
                shown_ms = answer.get(TIME)
                if type(shown_ms) is not int:
                    return None
                return Round(asked_ns, kernel_ns or received_ns, shown_ms * MS_NS, MS_NS)
    raise TimeoutError("a ping is not answered")


def _read(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _dates(session: Session) -> list[Round]:
    asked = session.contract.operations.get(ASKED)
    if asked is None:
        return []
    client, found = session.client(), []
    try:
        for _ in range(DATES):
            answer = session.once(client, build(asked.method, asked.path))
            shown = answer.response.header(DATE)
            if shown is None:
                return []
            shown_ns = round(parsedate_to_datetime(shown).timestamp()) * SECOND_NS
            answered_ns = answer.kernel_ns or answer.received_ns
            found.append(Round(answer.sent_ns, answered_ns, shown_ns, SECOND_NS))
    finally:
        client.close()
    return found
