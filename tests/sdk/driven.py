"""A driver in a process of its own, led by hand: steps in, answers out, each line held to the protocol's schema."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sdk_gate.gate import JAVA, surroundings
from sdk_gate.protocol import check_result, check_step, read_answer

ANSWER_S = 20
END_S = 5
TIMING = {"timeoutMs": 5000, "retryMs": 10, "pingMs": 500, "silenceMs": 5000}
NOWHERE = "http://127.0.0.1:1"
NO_STREAM = "ws://127.0.0.1:1"
# Numbers have commas there, and an I in lower case is no i.
TURKISH = {"LC_ALL": "tr_TR.UTF-8", JAVA: "-Duser.language=tr -Duser.country=TR"}


class Driven:
    """A running driver."""

    def __init__(self, process: subprocess.Popen[bytes], logged: Path) -> None:
        self._process = process
        self._logged = logged
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._id = 0
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Its answer to one step."""
        return self.ask_at_once((do, fields))[0]

    def ask_at_once(self, *steps: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """Its answers to steps that overlap, in the order of the steps."""
        sent: dict[int, str] = {}
        for do, fields in steps:
            self._id += 1
            step = {"id": self._id, "do": do, **fields}
            check_step(step)
            sent[self._id] = do
            self._write(step)
        answers: dict[int, dict[str, Any]] = {}
        while len(answers) < len(sent):
            answer = self._answer()
            assert answer["id"] in sent.keys() - answers.keys(), f"an answer to nothing: {answer}"
            if answer["ok"]:
                check_result(sent[answer["id"]], answer.get("result"))
            answers[answer["id"]] = answer
        return [answers[each] for each in sent]

    def result(self, do: str, **fields: Any) -> Any:
        """What a step that has to succeed gave."""
        answer = self.ask(do, **fields)
        assert answer["ok"], answer
        return answer.get("result")

    def error(self, do: str, **fields: Any) -> dict[str, Any]:
        """What a step that has to fail said."""
        answer = self.ask(do, **fields)
        assert not answer["ok"], answer
        error: dict[str, Any] = answer["error"]
        return error

    def open(self, rest: str = NOWHERE, stream: str = NO_STREAM, **more: Any) -> None:
        """Make a client; `timing` says what of it is not as usual."""
        timing = {**TIMING, **more.pop("timing", {})}
        self.result("open", config={"rest": rest, "stream": stream, "timing": timing, **more})

    def call(self, operation: str, **params: Any) -> Any:
        """What an operation that has to succeed gave. It has to leave its parameters alone."""
        answer = self.ask("call", operation=operation, params=params)
        assert answer["ok"], answer
        assert answer["given"] == params
        return answer["result"]

    def refusal(self, operation: str, **params: Any) -> dict[str, Any]:
        """What an operation that has to fail said."""
        return self.error("call", operation=operation, params=params)

    def until(self, is_so: Callable[[Any], bool], do: str, **fields: Any) -> Any:
        """The first result of a repeated step that is so."""
        return eventually(lambda: self.result(do, **fields), is_so)

    def events(self, topic: str, count: int = 1) -> list[Any]:
        """The first so many events of a topic, and whatever came with the last."""
        events: list[Any] = []
        while len(events) < count:
            came = self.until(lambda said: said["events"], "events", topic=topic)
            events += came["events"]
        return events

    def log(self) -> str:
        """What it wrote to its standard error so far."""
        return self._logged.read_text(encoding="utf-8")

    def end(self) -> int:
        """Say bye; its exit code."""
        self.result("bye")
        return self._process.wait(END_S)

    def leave(self) -> int:
        """End its input; its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(END_S)

    def _write(self, step: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(step, ensure_ascii=False).encode() + b"\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _answer(self) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=ANSWER_S)
        except queue.Empty:
            self._process.kill()  # the next step is not to wait as long again
            raise AssertionError(f"no answer within {ANSWER_S} s: {self.log()}") from None
        assert line is not None, f"the driver ended: {self.log()}"
        return read_answer(line)


def eventually(look: Callable[[], Any], is_so: Callable[[Any], bool]) -> Any:
    """What is seen as soon as it is so."""
    deadline_s = time.monotonic() + ANSWER_S
    while not is_so(seen := look()):
        assert time.monotonic() < deadline_s, f"it stays so: {seen}"
        time.sleep(0.02)
    return seen


@contextmanager
def driven(command: Sequence[str], folder: Path) -> Iterator[Driven]:
    """A driver that lives as long as the block, in Turkish, and debugs to a file in a folder."""
    logged, pipe = folder / "driver.log", subprocess.PIPE
    env = {**os.environ, **surroundings({}), **TURKISH}
    with (
        logged.open("w", encoding="utf-8") as log,
        subprocess.Popen(list(command), stdin=pipe, stdout=pipe, stderr=log, env=env) as process,
    ):
        try:
            yield Driven(process, logged)
        finally:
            process.kill()
