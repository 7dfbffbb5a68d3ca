"""Checks of lists: pages, filters, order and ids."""

from __future__ import annotations
