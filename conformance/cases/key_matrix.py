"""Checks of every operation against every kind of key, and of the addresses that keys are bound to."""

from __future__ import annotations
