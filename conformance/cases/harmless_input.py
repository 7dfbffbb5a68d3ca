"""Checks that refused input leaves nothing behind: no order, no position, no key, no changed balance."""

from __future__ import annotations
