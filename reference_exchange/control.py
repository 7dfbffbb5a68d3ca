"""The control port: what a test wants of a reference exchange and no client may have.

POST /reset   {"seed": n}                             begin anew, with the faults in force
POST /clock   {"advance_ms": n}                       move the exchange's clock ahead
              {"offset_ms": n}                        the same, up to so much before the machine's
              {"freeze": true}                        stop it, or let it go on
POST /faults  {"names": [...]}                        begin anew with these faults
GET  /faults                                          those in force, and all that there are
POST /limiter {"limit", "window_s", "kind", "scope", "weights", "counts_refused", "burst", "step_s"}
              {"reset": true}                         count by other rules, from nothing
GET  /state, GET /health                              what is going on; `requests` has how many were answered
                                                      since the beginning, by operation and HTTP status

Refused with 400 and a reason: what is misspelt, of the wrong type, or would turn time back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final, get_args

from conformance.errors import ConfigurationError
from conformance.wire.http import Response
from reference_exchange import faults
from reference_exchange.app import Message, Receive, Send, answer, read_body
from reference_exchange.config import LimiterConfig, Scope
from reference_exchange.exchange import FIRST_TRADE, ReferenceExchange
from reference_exchange.windows import KINDS

Given = dict[str, Any]
Answer = tuple[int, dict[str, Any]]
Command = Callable[[Given], dict[str, Any]]
JSON_HEADER: Final = ("Content-Type", "application/json")
FARTHEST_MS: Final = 10 * 366 * 86_400_000
LONGEST_WINDOW_S: Final = 86_400
LIMITER_WORDS: Final = {
    *("limit", "window_s", "kind", "scope", "weights", "counts_refused", "burst", "step_s"),
    "reset",
}


class MovableClock:
    """A clock that can be moved ahead of the one it reads, and stopped; it never goes back."""

    def __init__(self, read_ms: Callable[[], int]) -> None:
        self._read_ms = read_ms
        self._offset_ms = 0
        self._frozen_at_ms: int | None = None

    def __call__(self) -> int:
        """Epoch milliseconds."""
        read_ms = self._read_ms() if self._frozen_at_ms is None else self._frozen_at_ms
        return read_ms + self._offset_ms

    @property
    def offset_ms(self) -> int:
        """How far ahead it is."""
        return self._offset_ms

    def advance(self, ms: int) -> None:
        """Move ahead. Raises ValueError for a step back, or beyond the farthest."""
        if ms < 0:
            raise ValueError("the clock only goes ahead")
        if self._offset_ms + ms > FARTHEST_MS:
            raise ValueError(f"the clock goes at most {FARTHEST_MS} ms ahead")
        self._offset_ms += ms

    def freeze(self, is_frozen: bool) -> None:
        """Stop, or go on from the time that it is by then."""
        self._frozen_at_ms = self._read_ms() if is_frozen else None


class Control:
    """The commands of the control port, as functions from a JSON object to an answer."""

    def __init__(
        self, exchange: ReferenceExchange, clock: MovableClock, names: Sequence[str]
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._started_ms = clock() - clock.offset_ms
        self._names = list(names)
        faults.apply(exchange, self._names)
        self._commands: dict[tuple[str, str], tuple[Command, set[str]]] = {
            ("POST", "/reset"): (self._reset, {"seed"}),
            ("POST", "/clock"): (self._move_clock, {"advance_ms", "offset_ms", "freeze"}),
            ("POST", "/faults"): (self._set_faults, {"names"}),
            ("GET", "/faults"): (self._list_faults, set()),
            ("POST", "/limiter"): (self._set_limiter, LIMITER_WORDS),
            ("GET", "/state"): (self._state, set()),
            ("GET", "/health"): (lambda _: {"ok": True}, set()),
        }

    def handle(self, method: str, path: str, body: bytes) -> Answer:
        """Answer one command; what cannot be used is a 400 with a reason, and changes nothing."""
        if (method, path) not in self._commands:
            known = sorted(map(" ".join, self._commands))
            return 404, {"error": f"no such command; there are {', '.join(known)}"}
        command, known_names = self._commands[method, path]
        try:
            given = json.loads(body or b"{}")
            if not isinstance(given, dict):
                raise ValueError("the body has to be a JSON object")
            if unknown := sorted(given.keys() - known_names):
                raise ValueError(f"unknown: {', '.join(unknown)}; known: {sorted(known_names)}")
            return 200, command(given)
        except (ValueError, ConfigurationError, RecursionError) as problem:
            return 400, {"error": str(problem)}

    def _reset(self, given: Given) -> dict[str, Any]:
        seed = _integer(given, "seed", self._exchange.config.seed)
        self._exchange.configure(replace(self._exchange.config, seed=seed))
        faults.apply(self._exchange, self._names)
        return {"seed": seed}

    def _move_clock(self, given: Given) -> dict[str, Any]:
        if not given:
            raise ValueError("say advance_ms, offset_ms or freeze")
        offset_ms = _integer(given, "offset_ms", self._clock.offset_ms)
        step_ms = offset_ms - self._clock.offset_ms + _integer(given, "advance_ms", 0)
        freeze = given.get("freeze")
        if freeze is not None and not isinstance(freeze, bool):
            raise ValueError("freeze is true or false")
        self._clock.advance(step_ms)
        if freeze is not None:
            self._clock.freeze(freeze)
        self._exchange.advance()
        return {"now_ms": self._clock(), "offset_ms": self._clock.offset_ms}

    def _set_faults(self, given: Given) -> dict[str, Any]:
        names = given.get("names")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("names is a list of fault names; GET /faults has them all")
        faults.check_names(names)
        self._names = names
        self._reset({})
        return {"in_force": names}

    def _list_faults(self, given: Given) -> dict[str, Any]:
        known = {name: fault.sentence for name, fault in sorted(faults.CATALOGUE.items())}
        return {"in_force": self._names, "all": known}

    def _set_limiter(self, given: Given) -> dict[str, Any]:
        changed = _limiter(given, self._exchange.limiter.config)
        self._exchange.limiter.configure(changed)
        return asdict(changed)

    def _state(self, given: Given) -> dict[str, Any]:
        x = self._exchange
        last = [trade.id for tape in x.tapes.values() for trade in tape.trades(1)]
        return {
            "seed": x.config.seed,
            "now_ms": self._clock(),
            "uptime_ms": self._clock() - self._clock.offset_ms - self._started_ms,
            "orders": sum(len(x.spot.orders_of(each.id)) for each in x.config.residents),
            "trades": max(0, max(last, default=0) - FIRST_TRADE),
            "connections": len(x.hub.sessions),
            "published": x.hub.published,
            "requests": _by_operation(x.requests),
            "faults": self._names,
        }


def _by_operation(counted: Mapping[tuple[str, int], int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (operation, status), count in sorted(counted.items()):
        found.setdefault(operation, {})[str(status)] = count
    return found


def _limiter(given: Given, config: LimiterConfig) -> LimiterConfig:
    scope = given.get("scope", list(config.scope))
    known = get_args(Scope)
    if not isinstance(scope, list) or not scope or not all(each in known for each in scope):
        raise ValueError(f"scope is a list of {', '.join(get_args(Scope))}")
    counts = given.get("counts_refused", config.counts_refused)
    if not isinstance(counts, bool):
        raise ValueError("counts_refused is true or false")
    weights = given.get("weights", dict(config.weights))
    if not isinstance(weights, dict) or not all(_is_count(each) for each in weights.values()):
        raise ValueError("weights has a whole number for each operation that it names")
    changed = LimiterConfig(
        limit=_integer(given, "limit", config.limit),
        window_ms=_milliseconds(given, "window_s", config.window_ms),
        kind=given.get("kind", config.kind),
        scope=tuple(scope),
        weights=weights,
        counts_refused=counts,
        burst=_integer(given, "burst", config.burst),
        step_ms=0 if given.get("step_s") == 0 else _milliseconds(given, "step_s", config.step_ms),
    )
    if changed.kind not in list(KINDS):
        raise ValueError(f"kind is one of {', '.join(KINDS)}")
    if changed.limit < 0 or changed.burst < 0:
        raise ValueError("limit and burst are at least 0: none, and the limit")
    return changed


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _integer(given: Given, name: str, default: int) -> int:
    value = given.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} is a whole number")
    return value


def _milliseconds(given: Given, name: str, default: int) -> int:
    if name not in given:
        return default
    value = given[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is a number")
    if not 0.001 <= value <= LONGEST_WINDOW_S:
        raise ValueError(f"{name} is between 0.001 and {LONGEST_WINDOW_S}")
    return round(value * 1000)


class ControlApp:
    """The control port as an ASGI callable."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one command."""
        if scope["type"] != "http":
            return
        body = await read_body(receive, None)
        if body is None:
            return
        status, told = self._control.handle(scope["method"], scope["path"], body)
        await answer(send, Response(status, (JSON_HEADER,), json.dumps(told).encode()))
