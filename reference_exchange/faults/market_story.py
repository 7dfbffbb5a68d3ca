"""Faults by which market data contradict each other."""

from __future__ import annotations
