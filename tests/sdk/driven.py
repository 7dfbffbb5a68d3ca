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

from jsonschema import Draft202012Validator

from conformance.embedded import embedded
from conformance.target import Target, load

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "sdk_gate/protocol/driver-1.0.schema.json").read_text(encoding="utf-8"))
ANSWER_S = 20
END_S = 5
TIMING = {"timeoutMs": 3000, "retryMs": 50, "pingMs": 1000, "silenceMs": 3000}
ALICE = {"parameter": "email", "name": "alice@example.com", "password": "secret"}


class Driven:
    """A running driver."""

    def __init__(self, process: subprocess.Popen[str], logged: Path) -> None:
        self._process = process
        self._logged = logged
        self._lines: queue.Queue[str | None] = queue.Queue()
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
            holds("step", step)
            sent[self._id] = do
            self._write(step)
        answers: dict[int, dict[str, Any]] = {}
        while len(answers) < len(sent):
            answer = self._answer()
            assert answer["id"] in sent.keys() - answers.keys(), f"an answer to nothing: {answer}"
            if answer["ok"] and sent[answer["id"]] in SCHEMA["$defs"]["results"]:
                holds(f"results/{sent[answer['id']]}", answer.get("result"))
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

    def until(self, is_so: Callable[[Any], bool], do: str, **fields: Any) -> Any:
        """The first result of a repeated step that is so; the last one when the time is over."""
        deadline_s = time.monotonic() + ANSWER_S
        while not is_so(result := self.result(do, **fields)) and time.monotonic() < deadline_s:
            time.sleep(0.02)
        return result

    def log(self) -> str:
        """What it wrote to its standard error so far."""
        return self._logged.read_text(encoding="utf-8")

    def end(self) -> int:
        """Say bye; its exit code."""
        self.result("bye")
        return self._process.wait(END_S)

    def _write(self, step: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(step) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _answer(self) -> dict[str, Any]:
        line = self._lines.get(timeout=ANSWER_S)
        assert line is not None, f"the driver ended: {self.log()}"
        answer: dict[str, Any] = json.loads(line)
        holds("answer", answer)
        return answer


def holds(definition: str, value: Any) -> None:
    """Raise when a value is not what the protocol's schema calls so."""
    document = {"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{definition}"}
    Draft202012Validator(document).validate(value)


@contextmanager
def driven(command: Sequence[str], folder: Path) -> Iterator[Driven]:
    """A driver that lives as long as the block, and debugs to a file in a folder."""
    logged, pipe = folder / "driver.log", subprocess.PIPE
    env = {**os.environ, "SDK_GATE_LOG": "debug"}
    with (
        logged.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            list(command), stdin=pipe, stdout=pipe, stderr=log, env=env, text=True
        ) as process,
    ):
        try:
            yield Driven(process, logged)
        finally:
            process.kill()


@contextmanager
def exchange(*settings: str) -> Iterator[Target]:
    """The reference exchange on sockets, as long as the block."""
    with embedded(load("reference"), seed=1, settings=settings) as target:
        yield target


def config(target: Target, **credentials: Any) -> dict[str, Any]:
    """What a client is opened with."""
    return {
        "rest": target.rest,
        "stream": target.stream,
        "timing": TIMING,
        **credentials,
    }
