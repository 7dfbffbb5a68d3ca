"""Checks of one long story of trading by what it must keep, never by matching it again."""

from __future__ import annotations
