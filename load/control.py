"""Talks to a target's control address, where it has one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.errors import ConfigurationError, TargetUnreachable
from conformance.target import Target

TIMEOUT_S: Final = 5


def tell(
    target: Target, command: str, setting: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """What the target answers to a setting, or to a question without one; None without an address.

    Raises TargetUnreachable, or ConfigurationError for a refusal. What is no JSON object says nothing.
    """
    if not target.control:
        return None
    status, body = _exchange(target, command, setting)
    if status >= 300:
        raise ConfigurationError(f"{target.control}/{command} refused {setting} with {status}")
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _exchange(target: Target, command: str, setting: Mapping[str, Any] | None) -> tuple[int, bytes]:
    parts = urlsplit(target.control)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S)
    path = f"{parts.path.rstrip('/')}/{command}"
    try:
        if setting is None:
            connection.request("GET", path)
        else:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(setting), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException) as error:
        raise TargetUnreachable(
            f"the control address {target.control} does not answer ({error})"
        ) from None
    finally:
        connection.close()
