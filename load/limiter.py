"""Lift the rate limit of a target that can be told to, and set it back; stay below it otherwise."""

from __future__ import annotations

from typing import Any

from conformance.target import Target
from load import control


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
    return control.tell(target, "limiter", setting) is not None
