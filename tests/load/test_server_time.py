"""What an answer says of its own time is read where it is said in a known way, and from nothing else."""

from __future__ import annotations

import pytest

from conformance.wire.http import Response
from load.server_time import server_time


@pytest.mark.parametrize(
    ("name", "value", "ns", "said_by"),
    [
        ("Server-Timing", "app;dur=0.213", 213_000, "Server-Timing: app"),
        ("server-timing", 'db;dur=1, App; desc="a;b"; dur="2.5"', 2_500_000, "Server-Timing: app"),
        ("Server-Timing", "app;dur=1, total;dur=3", 3_000_000, "Server-Timing: total"),
        ("Server-Timing", "cache;desc=hit, edge;dur=7, origin;dur=5", 7_000_000, "Server-Timing: edge"),
        ("X-Response-Time", "12.5ms", 12_500_000, "X-Response-Time"),
        ("X-Runtime", "0.0042", 4_200_000, "X-Runtime"),
    ],
)  # fmt: skip
def test_a_duration_is_read_and_its_header_named(name, value, ns, said_by):
    assert server_time(Response(200, ((name, value),))) == (ns, said_by)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Server-Timing", "miss, app"),
        ("Server-Timing", "app;dur="),
        ("Server-Timing", "app;dur=-1"),
        ("Server-Timing", "app;dur=nan"),
        ("Server-Timing", "app;dur=1e400"),
        ("Server-Timing", ";dur=1"),
        ("Server-Timing", "<b>;dur=1"),
        ("Server-Timing", "x" * 5000 + ";dur=1"),
        ("X-Response-Time", "12.5"),
        ("X-Runtime", "soon"),
        ("Date", "app;dur=1"),
    ],
)
def test_anything_else_is_no_duration(name, value):
    assert server_time(Response(200, ((name, value),))) is None
