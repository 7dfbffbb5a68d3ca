"""Faults of lists, input and limits."""

from __future__ import annotations
