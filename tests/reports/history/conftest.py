"""Both kinds of index: SQLite always, a real PostgreSQL server where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests import postgresql

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@pytest.fixture(scope="package", autouse=True)
def _no_power_cuts() -> Iterator[None]:
    """Nothing waits for a disk; that documents are synced, and when, has a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """A PostgreSQL server of our own."""
    binaries = postgresql.programs()
    if binaries is None:
        pytest.skip("no PostgreSQL server on this machine: apt-get install postgresql")
    with postgresql.serving(binaries, *FAST) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def index(request: pytest.FixtureRequest) -> str:
    """The address of an empty index; the one beside the documents has none."""
    if request.param == "sqlite":
        return ""
    return str(request.getfixturevalue("server").emptied())
