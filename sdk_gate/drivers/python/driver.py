"""The driver of the SDK gate for the Python client: steps come in and answers go out, one JSON object a line.

Calls run in threads of their own, so that they may overlap; all else is done in the order in which it comes.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

import exchange_client
from exchange_client import ApiKey, Client, ExchangeError, Login, Recipe, Timing
from exchange_client.errors import Unsupported
from exchange_client.requests import Request, encode
from exchange_client.signing import canonical, signature

PROTOCOL = "1.0"
SDK = {"name": "exchange_client", "version": exchange_client.__version__, "language": "Python"}
FEATURES = ["token", "key", "concurrency", "sign", "streams", "private", "book"]
DECIMALS = ("price", "amount", "entrustPrice")
TIMES = ("timeoutMs", "retryMs", "pingMs", "silenceMs")  # in the order of Timing
DECIMAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
Step = dict[str, Any]


class Driver:
    """The client that is open, and what its topics have handed out. A step is the method of its name."""

    def __init__(self) -> None:
        self._client: Any = None  # a Client, from `open` on
        self._events: dict[str, deque[Any]] = {}

    def hello(self, step: Step) -> Any:
        return {"protocol": PROTOCOL, "sdk": SDK, "features": FEATURES}

    def open(self, step: Step) -> None:
        self.close(step)
        config = step["config"]
        self._client = Client(
            config["rest"],
            config["stream"],
            login=picked(Login, config.get("login")),
            key=picked(ApiKey, config.get("key")),
            recipe=picked(Recipe, config.get("signing")),
            timing=Timing(*(config["timing"][name] for name in TIMES)),
        )

    def call(self, step: Step) -> Any:
        params = {name: native(name, value) for name, value in step["params"].items()}
        before = repr(params)
        try:
            return self._client.call(step["operation"], params)
        finally:
            step["given"] = step["params"] if repr(params) == before else params

    def sign(self, step: Step) -> Any:
        """The documented recipe, whatever an exchange was opened with."""
        recipe, query, body = Recipe(), encode(step["query"]), encode(step["form"] or {})
        request = Request(step["method"], step["path"], query, body)
        text = canonical(recipe, request, step["timestamp"], step["window"], step["key"])
        stages = {"query": query, "body": body, "canonical": text}
        return {**stages, "signature": signature(recipe, step["secret"], text)}

    def subscribe(self, step: Step) -> None:
        events = self._events[step["topic"]] = deque()
        self._client.subscribe(step["topic"], events.append)

    def unsubscribe(self, step: Step) -> None:
        self._client.unsubscribe(step["topic"])

    def events(self, step: Step) -> Any:
        events = self._events.get(step["topic"], deque())
        return {"events": [events.popleft() for _ in range(len(events))]}

    def book(self, step: Step) -> Any:
        book = self._client.book(step["symbol"])
        return {"synced": book.is_synced, "bids": book.bids(), "asks": book.asks()}

    def close(self, step: Step) -> None:
        if self._client is not None:
            self._client.close()

    bye = close


STEPS = {name: do for name, do in vars(Driver).items() if not name.startswith("_")}


def answer(driver: Driver, step: Step) -> Step:
    """Do a step; whatever comes of it is an answer."""
    try:
        if step["do"] not in STEPS:
            raise Unsupported(f"this driver has no step {step['do']}")
        said: Step = {"ok": True, "result": STEPS[step["do"]](driver, step)}
    except ExchangeError as error:
        known = {"code": error.code, "status": error.status, "retryAfterMs": error.retry_after_ms}
        said = {"ok": False, "error": {"kind": error.kind, "message": error.message, **known}}
    except Exception as error:  # ours: the gate has to know
        logging.exception("the driver failed")
        said = {"ok": False, "error": {"kind": "internal", "message": repr(error)}}
    return {"id": step["id"], **said, **({"given": step["given"]} if "given" in step else {})}


def picked(kind: type[Any], said: Mapping[str, Any] | None) -> Any:
    """A setting of the client out of the config; fields that the client does not know are left there."""
    names = [each.name for each in fields(kind) if each.name in (said or {})]
    return kind(**{name: said[name] for name in names}) if said else None


def native(name: str, value: Any) -> Any:
    """A parameter as a user of the client would give it."""
    is_decimal = name in DECIMALS and isinstance(value, str) and DECIMAL.fullmatch(value)
    return Decimal(value) if is_decimal else value


def main() -> None:
    """Answer every step, until `bye` or the end of the input."""
    is_debug = os.environ.get("SDK_GATE_LOG") == "debug"
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG if is_debug else logging.WARNING)
    driver, writing = Driver(), threading.Lock()

    def do(step: Step) -> None:
        line = json.dumps(answer(driver, step), default=lambda decimal: f"{decimal:f}")
        with writing:
            print(line, flush=True)

    for line in sys.stdin.buffer:
        step = json.loads(line)
        if step["do"] == "call":
            threading.Thread(target=do, args=(step,), daemon=True).start()
        else:
            do(step)
        if step["do"] == "bye":
            return
    driver.close({})


if __name__ == "__main__":
    main()
