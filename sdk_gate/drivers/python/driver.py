"""The driver of the SDK gate for the Python client: steps come in and answers go out, one JSON object a line.

Calls run in threads of their own, so that they may overlap; all else is done in the order in which it comes.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import exchange_client
from exchange_client import ApiKey, Client, ExchangeError, Login, Recipe, Timing
from exchange_client.errors import Invalid, Unsupported
from exchange_client.requests import Request, encode
from exchange_client.signing import canonical, signature

PROTOCOL = "1.0"
FEATURES = ["token", "key", "concurrency", "sign", "streams", "private", "book"]
DECIMALS = ("price", "amount", "entrustPrice")
Step = dict[str, Any]


class Driver:
    """The client that is open, and what its topics have handed out."""

    def __init__(self) -> None:
        self._client: Client | None = None
        self._recipe = Recipe()
        self._events: dict[str, list[Any]] = {}
        self.steps: dict[str, Callable[[Step], Any]] = {
            "hello": self.hello,
            "open": self.open,
            "call": self.call,
            "sign": self.sign,
            "subscribe": self.subscribe,
            "unsubscribe": lambda step: self.client.unsubscribe(step["topic"]),
            "events": self.events,
            "book": self.book,
            "close": self.close,
            "bye": self.close,
        }

    @property
    def client(self) -> Client:
        """The client; there is none before `open`."""
        if self._client is None:
            raise Invalid("no client is open")
        return self._client

    def hello(self, step: Step) -> Any:
        sdk = {"name": "exchange_client", "version": exchange_client.__version__}
        return {
            "protocol": PROTOCOL,
            "sdk": {**sdk, "language": "Python"},
            "features": FEATURES,
        }

    def open(self, step: Step) -> None:
        self.close(step)
        config, timing = step["config"], step["config"]["timing"]
        login, key, signing = config.get("login"), config.get("key"), config.get("signing")
        self._recipe = Recipe(**{**signing, "parts": tuple(signing["parts"])}) if signing else Recipe()
        self._client = Client(
            config["rest"],
            config["stream"],
            login=Login(login["name"], login["password"], login["parameter"]) if login else None,
            key=ApiKey(key["name"], key["secret"]) if key else None,
            recipe=self._recipe,
            timing=Timing(
                timeout_ms=timing["timeoutMs"],
                retry_ms=timing["retryMs"],
                ping_ms=timing["pingMs"],
                silence_ms=timing["silenceMs"],
            ),
        )

    def call(self, step: Step) -> Any:
        return self.client.call(step["operation"], step["native"])

    def sign(self, step: Step) -> Any:
        query, body = encode(step["query"]), encode(step["form"] or {})
        request = Request(step["method"], step["path"], query, body)
        text = canonical(self._recipe, request, step["timestamp"], step["window"], step["key"])
        stages = {"query": query, "body": body, "canonical": text}
        return {**stages, "signature": signature(self._recipe, step["secret"], text)}

    def subscribe(self, step: Step) -> None:
        events = self._events[step["topic"]] = []
        self.client.subscribe(step["topic"], events.append)

    def events(self, step: Step) -> Any:
        events = self._events.get(step["topic"], [])
        return {"events": [events.pop(0) for _ in range(len(events))]}

    def book(self, step: Step) -> Any:
        book = self.client.book(step["symbol"])
        return {"synced": book.is_synced, "bids": book.bids(), "asks": book.asks()}

    def close(self, step: Step) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
        self._events.clear()


def answer(driver: Driver, step: Step) -> dict[str, Any]:
    """Do a step; whatever comes of it is an answer."""
    if "params" in step:
        step["native"] = {name: native(name, value) for name, value in step["params"].items()}
    before = dict(step.get("native", {}))
    try:
        do = driver.steps.get(step["do"])
        if do is None:
            raise Unsupported(f"this driver has no step {step['do']}")
        said: dict[str, Any] = {"ok": True, "result": do(step)}
    except ExchangeError as error:
        said = {"ok": False, "error": told(error)}
    except Exception as error:  # ours, and the gate has to know
        logging.exception("the driver failed")
        said = {"ok": False, "error": {"kind": "internal", "message": f"{type(error).__name__}: {error}"}}
    if "params" in step:
        said["given"] = given(step["params"], before, step["native"])
    return {"id": step["id"], **said}


def native(name: str, value: Any) -> Any:
    """A parameter as a user of the client would give it."""
    if name not in DECIMALS or not isinstance(value, str):
        return value
    try:
        return Decimal(value)
    except InvalidOperation:
        return value


def given(params: Step, before: Mapping[str, Any], after: Mapping[str, Any]) -> Step:
    """The parameters after the call; what is still the same object goes back as it came."""
    kept = {name for name in before if name in after and after[name] is before[name]}
    return {name: params[name] if name in kept else value for name, value in after.items()}


def told(error: ExchangeError) -> dict[str, Any]:
    """An error in the protocol's words."""
    known = {"code": error.code, "status": error.status, "retryAfterMs": error.retry_after_ms}
    facts = {name: value for name, value in known.items() if value is not None}
    return {"kind": error.kind, "message": error.message, **facts}


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
