"""Prism plays the exchange from openapi.yaml alone: it serves legal requests and refuses illegal ones."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from conformance.errors import ConfigurationError
from conformance.spec.contract import SPECS, Contract, Operation
from tests.judges import tools

TOKEN = {"Authorization": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMDAxIn0.c2lnbmF0dXJl"}
START_SECONDS = 60
ILLEGAL: tuple[tuple[str, str, object], ...] = (
    ("placeSpotOrder", "direction", 7),
    ("placeSpotOrder", "type", "limit"),
    ("listSpotOrders", "status", "LOST"),
    ("getCoinTicker", "coin", "b/t/c"),
)


def legal_requests(logs: Path) -> int:
    """How many of the legal requests Prism answers with 200."""
    with _mock(logs) as client:
        answers = [(each.id, _ask(client, each, each.example)) for each in asked()]
    _note(logs / "prism-legal.log", answers)
    return sum(status == 200 for _, status in answers)


def illegal_requests(logs: Path) -> int:
    """How many of the illegal requests Prism refuses."""
    operations = Contract.load().operations
    with _mock(logs) as client:
        answers = [
            (f"{name} {field}={value}", _ask(client, operations[name], {**example, field: value}))
            for name, field, value in ILLEGAL
            for example in [operations[name].example]
        ]
    _note(logs / "prism-illegal.log", answers)
    return sum(400 <= status < 500 for _, status in answers)


def asked() -> list[Operation]:
    """Every GET, and the order."""
    operations = Contract.load().operations.values()
    return [each for each in operations if each.method == "GET" or each.id == "placeSpotOrder"]


def _ask(client: httpx.Client, operation: Operation, values: dict[str, object]) -> int:
    params = {key: str(value) for key, value in values.items()}
    headers = {} if operation.access == "public" else TOKEN
    if operation.form is None:
        return client.get(operation.path, headers=headers, params=params).status_code
    return client.post(operation.path, headers=headers, data=params).status_code


def _note(log: Path, answers: list[tuple[str, int]]) -> None:
    log.write_text("\n".join(f"{status} {what}" for what, status in answers), encoding="utf-8")


@contextmanager
def _mock(logs: Path) -> Iterator[httpx.Client]:
    log = logs / "prism.log"
    program, port = tools.node("prism", log), _free_port()
    words = (program, "mock", "--host", "127.0.0.1", "--port", str(port), SPECS / "openapi.yaml")
    with log.open("a", encoding="utf-8") as out:
        # A group of its own, so that Prism's children end with it.
        process = subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, port, log)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                yield client
        finally:
            _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise ConfigurationError(f"Prism did not start, see {log}")


def _end(process: subprocess.Popen[bytes]) -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, kind)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                continue
