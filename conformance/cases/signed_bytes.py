"""Checks that a signature covers every byte, every time, at every edge of its window."""

from __future__ import annotations
