"""Faults in what futures do with money."""

from __future__ import annotations
