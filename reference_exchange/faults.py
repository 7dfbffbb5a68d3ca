"""Deliberate faults of the reference exchange (placeholder until the catalogue lands)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def apply(exchange: Any, names: Iterable[str]) -> None:
    """Put faults into an exchange."""
