"""How long a server says that it took, where its answer has a header for that."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from conformance.wire.http import Response

SERVER_TIMING: Final = "Server-Timing"
PREFERRED: Final = ("total", "app")  # of several metrics; else the first that has a duration
NUMBER: Final = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
TOKEN: Final = re.compile(r"[A-Za-z0-9_.!#$%&'*+^`|~-]{1,40}", re.ASCII)  # shown to people
OTHERS: Final = (("X-Response-Time", "ms", 1.0), ("X-Runtime", "", 1000.0))  # unit, ms of one
MOST: Final = 1000


class ServerTime(NamedTuple):
    """A duration, and the header that gave it."""

    ns: int
    said_by: str


def server_time(response: Response) -> ServerTime | None:
    """What an answer says of the time that it took, or None."""
    metrics = _metrics((response.header(SERVER_TIMING) or "")[:MOST])
    for name in (*PREFERRED, *metrics):
        if name in metrics:
            return ServerTime(metrics[name], f"{SERVER_TIMING}: {name}")
    for header, unit, factor in OTHERS:
        text = (response.header(header) or "")[:MOST].strip()
        if text.endswith(unit) and (ns := _ns(text.removesuffix(unit), factor)) is not None:
            return ServerTime(ns, header)
    return None


def _metrics(text: str) -> dict[str, int]:
    """`db;dur=1.5, app;desc="x";dur=2` in ns; a metric without a duration is left out."""
    found: dict[str, int] = {}
    for entry in text.split(","):
        name, *parameters = (each.strip() for each in entry.split(";"))
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            ns = _ns(value.strip(' "'), 1.0) if key.strip().lower() == "dur" else None
            if ns is not None and TOKEN.fullmatch(name):
                found.setdefault(name.lower(), ns)
    return found


def _ns(text: str, factor: float) -> int | None:
    text = text.strip()
    return round(float(text) * factor * 1e6) if NUMBER.fullmatch(text) else None
