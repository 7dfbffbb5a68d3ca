"""Checks of what futures do with money: entry prices, margin, profit and equity, to the last digit."""

from __future__ import annotations
