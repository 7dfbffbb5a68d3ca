"""What a scenario says of itself is flat enough to be read."""

from __future__ import annotations

import pytest

from reports.figures import facts


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3, "3"),
        ({"depth": 5, "kline": 2}, "depth 5, kline 2"),
        ({}, "none"),
        ([], "none"),
        ({"did": "kept", "us": {"p50": 1, "max": 2}, "why": {}}, "did kept, us (p50 1, max 2), why (none)"),
        ([{"connections": 1}, {"connections": 2}], "(connections 1), (connections 2)"),
    ],
)  # fmt: skip
def test_what_is_nested_stands_in_brackets(value, shown):
    assert dict(facts({"extra": {"of_it": value}}))["of it"] == shown
