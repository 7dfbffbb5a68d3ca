"""Checks of candles against the trades that they are made of, and against each other."""

from __future__ import annotations
