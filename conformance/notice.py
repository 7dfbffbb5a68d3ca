"""A placeholder until the branch with the webhook is merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def notify(summary: Mapping[str, Any], trend: Mapping[str, Any], address: str) -> str:
    """Not here yet."""
    return ""
