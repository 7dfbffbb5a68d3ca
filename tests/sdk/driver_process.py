"""A driver as a process: steps in, answers out, each held to the protocol's schema."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from sdk_gate.toolchains.tools import ROOT

PROTOCOL = json.loads((ROOT / "sdk_gate/protocol/driver-1.0.schema.json").read_text("utf-8"))
TIMING = {"timeoutMs": 1000, "retryMs": 20, "pingMs": 100, "silenceMs": 700}
DEADLINE_S = 15


class Driver:
    """A driver's process: steps in, answers out, each held to the schema."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self.stderr = folder / "stderr.txt"
        pipe = subprocess.PIPE
        with self.stderr.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=pipe,
                stdout=pipe,
                stderr=errors,
                encoding="utf-8",
                env={"SDK_GATE_LOG": "debug"},
            )
        self._lines: queue.Queue[str] = queue.Queue()
        self._last = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)

    def send(self, do: str, **fields: Any) -> int:
        self._last += 1
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"id": self._last, "do": do, **fields}) + "\n")
        self._process.stdin.flush()
        return self._last

    def receive(self) -> dict[str, Any]:
        answer = json.loads(self._lines.get(timeout=DEADLINE_S))
        hold("answer", answer)
        return answer

    def step(self, do: str, **fields: Any) -> dict[str, Any]:
        number = self.send(do, **fields)
        answer = self.receive()
        assert answer["id"] == number
        if answer["ok"] and do in PROTOCOL["$defs"]["results"]:
            hold(f"results/{do}", answer["result"])
        return answer

    def result(self, do: str, **fields: Any) -> Any:
        answer = self.step(do, **fields)
        assert answer["ok"], answer
        return answer["result"]

    def call(self, operation: str, **params: Any) -> Any:
        return self.result("call", operation=operation, params=params)

    def error(self, operation: str, **params: Any) -> dict[str, Any]:
        answer = self.step("call", operation=operation, params=params)
        assert not answer["ok"], answer
        return answer["error"]

    def open(self, rest: str, stream: str = "ws://127.0.0.1:9", **credentials: Any) -> None:
        self.result(
            "open", config={"rest": rest, "stream": stream, "timing": TIMING, **credentials}
        )

    def await_events(self, topic: str, count: int) -> list[Any]:
        """The first so many events of a topic, and whatever came with the last."""
        events: list[Any] = []
        while len(events) < count:
            events += eventually(lambda: self.result("events", topic=topic)["events"], bool)
        return events

    def end(self) -> int:
        self.send("bye")
        return self._process.wait(DEADLINE_S)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


def hold(what: str, value: Any) -> None:
    Draft202012Validator({"$ref": f"#/$defs/{what}", "$defs": PROTOCOL["$defs"]}).validate(value)


def eventually(ask: Callable[[], Any], is_right: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not is_right(found := ask()):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found
