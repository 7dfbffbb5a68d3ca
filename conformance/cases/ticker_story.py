"""Checks that tickers, sparklines, conversions, trades and candles tell one story."""

from __future__ import annotations
