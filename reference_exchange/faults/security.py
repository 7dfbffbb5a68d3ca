"""Faults of signatures, keys, addresses and tokens that only a close look sees."""

from __future__ import annotations
