"""Faults of trading that show in a long story only: now and then, in a race, for one account."""

from __future__ import annotations
