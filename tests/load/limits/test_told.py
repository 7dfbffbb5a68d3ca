"""What an answer says of the limit is read in every form that exchanges use."""

from __future__ import annotations

import pytest

from conformance.wire.http import Response
from load.limits.told import Told, told

DATE = "Wed, 25 Nov 2026 12:00:00 GMT"
LATER = "Wed, 25 Nov 2026 12:00:30 GMT"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), Told()),
        ((("Retry-After", "7"),), Told(7.0, "seconds")),
        ((("retry-after", "0.25"),), Told(0.25, "seconds with a fraction")),
        ((("Retry-After", LATER), ("Date", DATE)), Told(30.0, "date")),
        ((("Retry-After", "soon"),), Told(None, "unreadable: soon")),
        ((("Retry-After", "nan"),), Told(None, "unreadable: nan")),
        ((("Retry-After", "-1"),), Told(None, "unreadable: -1")),
        (
            (
                ("X-RateLimit-Limit", "100"),
                ("X-RateLimit-Remaining", "3"),
                ("X-RateLimit-Reset", "9"),
            ),
            Told(limit=100, remaining=3, reset_s=9),
        ),
        (
            (("RateLimit-Policy", '"default";q=100;w=60'), ("RateLimit", '"default";r=50;t=30')),
            Told(limit=100, remaining=50, reset_s=30, window_s=60),
        ),
        ((("X-RateLimit-Limit", "many"),), Told()),
    ],
)
def test_headers_are_read(headers, expected):
    assert told(Response(429, headers), 1_795_000_000.0) == expected


def test_a_date_without_the_exchange_s_own_is_held_against_our_clock():
    at_s = 1_795_608_000.0  # 25 November 2026, 12:00
    found = told(Response(429, (("Retry-After", LATER),)), at_s)
    assert found.retry_after_s == pytest.approx(30.0)
