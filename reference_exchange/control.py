"""The control port: what a test wants of a reference exchange and no client may have.

POST /reset   {"seed": n}                       begin anew
POST /clock   {"advance_ms": n}                 move the exchange's clock ahead
POST /faults  {"names": [...]}                  begin anew with these faults
GET  /faults                                    every fault that there is, and those in force
POST /limiter {"limit", "window_s", "kind", "reset"}   count by other rules, or from nothing
GET  /state, GET /health                        what is going on
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from reference_exchange import faults
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.limiter import KINDS

Answer = tuple[int, dict[str, Any]]


class OffsetClock:
    """A clock that can be moved ahead of the one it reads."""

    def __init__(self, read_ms: Callable[[], int]) -> None:
        self._read_ms = read_ms
        self._offset_ms = 0

    def __call__(self) -> int:
        """Epoch milliseconds."""
        return self._read_ms() + self._offset_ms

    def advance(self, ms: int) -> None:
        """Move ahead."""
        self._offset_ms += ms


class Control:
    """The commands of the control port, as functions from a JSON object to an answer."""

    def __init__(self, exchange: ReferenceExchange, clock: OffsetClock, names: list[str]) -> None:
        self._exchange = exchange
        self._clock = clock
        self._faults = names
        self.commands: Final[dict[tuple[str, str], Callable[[dict[str, Any]], Answer]]] = {
            ("POST", "/reset"): self._reset,
            ("POST", "/clock"): self._move_clock,
            ("POST", "/faults"): self._set_faults,
            ("GET", "/faults"): self._list_faults,
            ("POST", "/limiter"): self._set_limiter,
            ("GET", "/state"): self._state,
            ("GET", "/health"): lambda _: (200, {"ok": True}),
        }

    def handle(self, method: str, path: str, body: bytes) -> Answer:
        """Answer one command; what cannot be used is a 400 with a reason."""
        command = self.commands.get((method, path))
        if command is None:
            return 404, {
                "error": f"no such command; there are {sorted(map(' '.join, self.commands))}"
            }
        try:
            given = json.loads(body or b"{}")
            if not isinstance(given, dict):
                return 400, {"error": "the body has to be a JSON object"}
            return command(given)
        except (ValueError, TypeError, KeyError) as problem:
            return 400, {"error": str(problem)}

    def _reset(self, given: dict[str, Any]) -> Answer:
        seed = int(given.get("seed", self._exchange.config.seed))
        self._exchange.configure(replace(self._exchange.config, seed=seed))
        faults.apply(self._exchange, self._faults)
        return 200, {"seed": seed}

    def _move_clock(self, given: dict[str, Any]) -> Answer:
        ms = int(given["advance_ms"])
        if ms < 0:
            return 400, {"error": "the clock only goes ahead"}
        self._clock.advance(ms)
        self._exchange.advance()
        return 200, {"now_ms": self._clock()}

    def _set_faults(self, given: dict[str, Any]) -> Answer:
        names = [str(name) for name in given["names"]]
        faults.check_names(names)
        self._faults[:] = names
        return self._reset({})

    def _list_faults(self, given: dict[str, Any]) -> Answer:
        return 200, {"in_force": self._faults, "all": sorted(faults.CATALOGUE)}

    def _set_limiter(self, given: dict[str, Any]) -> Answer:
        limiter = self._exchange.limiter
        config = limiter.config
        kind = str(given.get("kind", config.kind))
        if kind not in KINDS:
            return 400, {"error": f"kind is one of {sorted(KINDS)}"}
        window_ms = int(given["window_s"] * 1000) if "window_s" in given else config.window_ms
        limit = int(given.get("limit", config.limit))
        changed = replace(config, limit=limit, window_ms=window_ms, kind=kind)  # type: ignore[arg-type]
        limiter.configure(changed)
        return 200, {"limit": changed.limit, "window_ms": changed.window_ms, "kind": kind}

    def _state(self, given: dict[str, Any]) -> Answer:
        exchange = self._exchange
        return 200, {
            "seed": exchange.config.seed,
            "now_ms": self._clock(),
            "connections": len(exchange.hub.sessions),
            "published": exchange.hub.published,
            "faults": self._faults,
        }
