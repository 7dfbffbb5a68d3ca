"""A driver's process: steps go in, answers come out, by their ids; whatever else it does is told apart.

A driver that breaks the protocol is a DriverError. One that ends or hangs in the middle of a step, or tells of
something thrown that is no error of the protocol, is Gone: after the smoke that is taken for the SDK's doing.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conformance.errors import ConfigurationError, RunError
from sdk_gate import command
from sdk_gate.protocol import DriverError, check_result, check_step, read_answer

STEP_S: Final = 20.0
END_S: Final = 3.0
ENDED_S: Final = 1.0  # between the end of its output and that of its process
MOST_ANSWERS: Final = 100_000
MOST_LINE: Final = 8_388_608  # bytes of one answer
MOST_LOG: Final = 67_108_864  # bytes of the log, of all processes of a run
LOOK_S: Final = 0.2  # between two looks at the log's size
Waiting = dict[int, queue.SimpleQueue[dict[str, Any] | Exception]]


class Gone(Exception):
    """The driver's process ended, a step was not answered in time, or something was thrown that has no name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step came to. `given` is the caller's object after the call, where the driver tells."""

    ok: bool
    result: Any = None
    kind: str = ""
    message: str = ""
    code: int | None = None
    status: int | None = None
    retry_after_ms: int | None = None
    given: Mapping[str, Any] | None = None

    @property
    def said(self) -> str:
        """In a few words."""
        if self.ok:
            return f"ok: {json.dumps(self.result, ensure_ascii=False)[:300]}"
        code = f" {self.code}" if self.code is not None else ""
        return f"error {self.kind}{code}: {self.message[:200]}"


@dataclass(slots=True)
class Exchanged:
    """One step and its answer as lines, for the page of a case."""

    step: dict[str, Any]
    answer: dict[str, Any] | None = None


@dataclass(slots=True)
class Driver:
    """A running driver. `log` gets its standard error."""

    command: Sequence[str]
    folder: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    exchanged: list[Exchanged] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _waiting: Waiting = field(default_factory=dict)
    _id: int = 0
    _excess: str = ""

    def start(self) -> None:
        """Start the process. Raises ConfigurationError when there is no such program."""
        env = {**command.environment(), **self.environment}
        try:
            said = self.log.open("ab")
        except OSError as error:
            raise RunError(f"cannot write {self.log}: {error.strerror}") from None
        try:
            # A group of its own: what an `npm` or a shell starts is ended with it.
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                cwd=self.folder,
                env=env,
                start_new_session=True,
            )
        except OSError as error:
            raise ConfigurationError(
                f"the driver does not start: {self.command[0]}: {error.strerror}"
            ) from None
        finally:
            said.close()
        self._waiting, self._excess = {}, ""
        # Each thread keeps to its own process and steps: it may outlive them by a moment.
        for task in (self._read, self._look):
            words = (self._process, self._waiting)
            threading.Thread(target=task, args=words, daemon=True).start()

    @property
    def is_running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    def send(self, do: str, **fields: Any) -> int:
        """Send a step and return its id. Raises Gone, DriverError."""
        if self._excess:
            raise DriverError(self._excess)
        if not self.is_running:
            raise Gone(_ended(self._process))
        self._id += 1
        step = {"id": self._id, "do": do, **fields}
        check_step(step)
        self._waiting[self._id] = queue.SimpleQueue()
        self.exchanged.append(Exchanged(step))
        try:
            assert self._process is not None
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(step).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise Gone(_ended(self._process)) from None
        return self._id

    def has_answered(self, number: int) -> bool:
        """True when the answer to a step has come and was not received yet."""
        return not self._waiting[number].empty()

    def receive(self, number: int, seconds: float = STEP_S) -> Answer:
        """Wait for the answer to a step. Raises Gone, DriverError."""
        do = next(x.step["do"] for x in reversed(self.exchanged) if x.step["id"] == number)
        try:
            came = self._waiting[number].get(timeout=seconds)
        except queue.Empty:
            raise Gone(f"{do} was not answered within {seconds:g} s") from None
        finally:
            del self._waiting[number]
        if isinstance(came, Exception):
            raise came
        next(x for x in reversed(self.exchanged) if x.step["id"] == number).answer = came
        return _answer(do, came)

    def step(self, do: str, seconds: float = STEP_S, **fields: Any) -> Answer:
        """Send a step and wait for its answer. Raises Gone, DriverError."""
        return self.receive(self.send(do, **fields), seconds)

    def stop(self) -> None:
        """End the process by asking, by closing its input, by a signal; and whatever it started."""
        process = self._process
        if process is None:
            return
        with suppress(Gone, DriverError):
            self.step("bye", END_S)
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        for number in (None, signal.SIGTERM):
            if number is not None:
                _signal(process, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_S)
                break
        _signal(process, signal.SIGKILL)  # also when it has ended: its children may not have
        process.wait()
        self._process = None

    def _read(self, process: subprocess.Popen[bytes], waiting: Waiting) -> None:
        """Hand answers to whoever waits for them, until the output ends."""
        assert process.stdout is not None
        count = 0
        while line := process.stdout.readline(MOST_LINE):
            count += 1
            if count > MOST_ANSWERS or (len(line) == MOST_LINE and not line.endswith(b"\n")):
                said = f"over {MOST_LINE >> 20} MB in a line, or {MOST_ANSWERS} lines"
                self._end(process, waiting, f"it never stops talking: {said}")
                return
            try:
                answer = read_answer(line)
                if answer["id"] not in waiting:
                    raise DriverError(f"an answer to no step: {answer['id']}")
                waiting[answer["id"]].put(answer)
            except DriverError as error:
                _fail(waiting, error)
        _fail(waiting, Gone(_ended(process)))

    def _look(self, process: subprocess.Popen[bytes], waiting: Waiting) -> None:
        """End a process that would fill the disk with its log, and tell of one that has ended."""
        while process.poll() is None:
            if self.logged() > MOST_LOG:
                self._end(process, waiting, f"it logs more than {MOST_LOG >> 20} MB")
                return
            time.sleep(LOOK_S)
        # What it said last is read by then; its children may hold its output open for ever.
        time.sleep(ENDED_S)
        _fail(waiting, Gone(_ended(process)))

    def logged(self) -> int:
        """How many bytes its log has by now."""
        with suppress(OSError):
            return self.log.stat().st_size
        return 0

    def said_since(self, byte: int) -> str:
        """Its log from a byte on. Raises RunError."""
        try:
            with self.log.open("rb") as log:
                log.seek(byte)
                return log.read().decode("utf-8", "replace")
        except OSError as error:
            raise RunError(f"cannot read {self.log}: {error.strerror}") from None

    def _end(self, process: subprocess.Popen[bytes], waiting: Waiting, why: str) -> None:
        if process is self._process:
            self._excess = why
        _signal(process, signal.SIGKILL)
        _fail(waiting, DriverError(why))


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a process and all that it started."""
    with suppress(
        ProcessLookupError, PermissionError
    ):  # the latter of one that is a zombie, on macOS
        os.killpg(process.pid, number)


def _fail(waiting: Waiting, problem: Exception) -> None:
    for each in list(waiting.values()):
        each.put(problem)


def _ended(process: subprocess.Popen[bytes] | None) -> str:
    code = None
    if process is not None:
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(ENDED_S)
    return f"its process ended{'' if code is None else f' with {code}'}"


def _answer(do: str, came: dict[str, Any]) -> Answer:
    if came["ok"]:
        check_result(do, came.get("result"))
        return Answer(True, came.get("result"), given=came.get("given"))
    error = came["error"]
    if error["kind"] == "internal":
        raise Gone(f"{do} throws: {error['message']}")
    return Answer(
        False,
        None,
        error["kind"],
        error["message"],
        error.get("code"),
        error.get("status"),
        error.get("retryAfterMs"),
        came.get("given"),
    )
