"""Lift the rate limit of a target that can be told to, and set it back; stay below it otherwise."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from conformance.errors import ConfigurationError, TargetUnreachable
from conformance.target import Target

TIMEOUT_S = 5


def lift(target: Target) -> bool:
    """Switch the limiter off. False when the target cannot be told."""
    return _tell(target, {"limit": 0})


def restore(target: Target) -> bool:
    """Switch the limiter back to its limit, with nothing used up. False when it cannot be told."""
    limit = target.limits.requests_per_minute
    return _tell(target, {"limit": limit}) and reset(target)


def reset(target: Target) -> bool:
    """Have the limiter forget what was used up, whatever its limit is. False when it cannot be told."""
    return _tell(target, {"reset": True})


def cap_per_s(target: Target, requests_per_slot: int) -> float:
    """How many slots per second stay within the share of the limit that a run may use."""
    limits = target.limits
    return limits.requests_per_minute * limits.share / 60 / requests_per_slot


def _tell(target: Target, setting: dict[str, Any]) -> bool:
    if not target.control:
        return False
    parts = urlsplit(target.control)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S)
    try:
        connection.request(
            "POST",
            parts.path.rstrip("/") + "/limiter",
            json.dumps(setting),
            {"Content-Type": "application/json"},
        )
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise TargetUnreachable(
            f"the control address {target.control} does not answer ({error})"
        ) from None
    finally:
        connection.close()
    if status >= 300:
        raise ConfigurationError(f"{target.control}/limiter refused {setting} with {status}")
    return True
