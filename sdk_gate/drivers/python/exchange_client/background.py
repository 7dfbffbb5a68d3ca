"""An event loop in a thread of its own, for callers that have none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any

from exchange_client.errors import Invalid, TransportFailed

JOIN_S = 5.0


class Background:
    """Keeps one coroutine running from the first work on, until it is closed."""

    def __init__(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._main = main
        self._lock = threading.Lock()
        self._runner: asyncio.Runner | None = None
        self._is_closed = False

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Have a coroutine done over there, and wait for it."""
        with self._lock:
            if self._is_closed:
                work.close()
                raise Invalid("the client is closed")
            runner = self._runner or self._start()
        try:
            asyncio.run_coroutine_threadsafe(work, runner.get_loop()).result()
        except CancelledError:
            raise TransportFailed("the client was closed") from None

    def close(self) -> None:
        """Cancel everything and end the thread."""
        with self._lock:
            if self._runner is not None and not self._is_closed:
                self._runner.get_loop().call_soon_threadsafe(_cancel_everything)
                self._thread.join(JOIN_S)
            self._is_closed = True

    def _start(self) -> asyncio.Runner:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._runner.get_loop()  # made here, so that work can be given to it at once
        self._thread = threading.Thread(target=self._run, args=(self._runner,), daemon=True)
        self._thread.start()
        return self._runner

    def _run(self, runner: asyncio.Runner) -> None:
        with runner, suppress(asyncio.CancelledError):
            runner.run(self._main())


def _cancel_everything() -> None:
    for task in asyncio.all_tasks():
        task.cancel()
