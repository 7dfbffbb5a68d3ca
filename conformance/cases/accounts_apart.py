"""Checks that accounts stay apart: canaries, enumeration, forged tokens, and nothing secret echoed."""

from __future__ import annotations
