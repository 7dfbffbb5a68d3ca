"""The driver protocol: its version, its schema, and every line held to it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

VERSION: Final = "1.0"
SCHEMA: Final = Path(__file__).with_name("driver-1.0.schema.json")
FEATURES: Final = ("token", "key", "concurrency", "sign", "streams", "private", "book")
# What is told about an order that may have happened.
NUMBER: Final = "number "  # before a decimal that came as a number of JSON
MAY_HAVE_HAPPENED: Final = ("timeout", "transport", "server", "unreadable")


class DriverError(Exception):
    """The driver itself is wrong: it broke the protocol, or said that it failed."""


def check_step(step: dict[str, Any]) -> None:
    """Hold one of our own lines to the schema. Raises DriverError, for it would be our fault."""
    problem = _problem("step", step)
    if problem:
        raise DriverError(f"the gate's own step breaks the protocol: {problem}")


def read_answer(line: bytes) -> dict[str, Any]:
    """One line of a driver. Raises DriverError."""
    try:
        answer = json.loads(line, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError):
        raise DriverError(f"not a line of JSON: {_shown(line)}") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        raise DriverError(f"an answer is an object with id and ok: {_shown(line)}")
    problem = _problem(f"answer/oneOf/{0 if answer['ok'] else 1}", answer)
    if problem:
        raise DriverError(f"{problem}: {_shown(line)}")
    return answer


def check_result(step: str, result: Any) -> None:
    """Hold the result of a step to its form. Raises DriverError."""
    problem = _problem(f"results/{step}", result) if step in _schema()["$defs"]["results"] else ""
    if problem:
        raise DriverError(f"the result of {step}: {problem}")


def _no_float(text: str) -> str:
    # Decimals travel as text. One that comes as a number, NaN and Infinity among them, is shown as what it is.
    return f"{NUMBER}{text}"


def _problem(part: str, value: Any) -> str:
    error = next(iter(_validator(part).iter_errors(value)), None)
    if error is None:
        return ""
    place = ".".join(str(x) for x in error.instance_path)
    return f"{place + ': ' if place else ''}{error.message[:200]}"


@cache
def _schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return loaded


@cache
def _validator(part: str) -> Any:
    return jsonschema_rs.validator_for({"$ref": f"#/$defs/{part}", "$defs": _schema()["$defs"]})


def _shown(line: bytes) -> str:
    return line[:200].decode("utf-8", "replace").strip()
