"""Where an index is. Its address may hold a password, so neither it nor what a driver says of it is ever shown."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from conformance.errors import ConfigurationError, RunError, SuiteError

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
DRIVERS: Final = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
FORM: Final = "postgresql://user:password@host/database"
FULL: Final = "the disk is full"
# What a driver says -> what we say. First match wins; a text of the driver's own may quote the address.
SAID: Final = (
    ("authentication failed", "user or password is wrong"),
    ("no password supplied", "a password is needed"),
    ("no pg_hba.conf entry", "the server does not let this user in from here"),
    ("does not exist", "there is no such database, role or table"),
    ("connection refused", "nobody listens there: is the server up?"),
    ("no such file or directory", "nobody listens there: is the server up?"),
    ("translate host name", "its host is not known"),
    ("resolve host", "its host is not known"),
    ("name or service not known", "its host is not known"),
    ("timeout expired", "the server does not answer"),
    ("shutting down", "the server is shutting down"),
    ("starting up", "the server is starting up"),
    ("terminating connection", "the server ended the connection"),
    ("server closed the connection", "the server ended the connection"),
    ("connection is lost", "the server ended the connection"),
    ("already exists", "it holds tables of something else: give it a database of its own"),
    ("permission denied", "this user may not write there"),
    ("no space left", FULL),
    ("disk is full", FULL),
    ("disk i/o error", "its disk cannot be read or written"),
    ("unable to open database file", "its folder does not exist or cannot be written"),
    ("readonly database", "it cannot be written"),
    ("database is locked", "another process has held it for too long"),
)
DAMAGED: Final = ("malformed", "not a database", "disk image")


class IndexUnusable(RunError):
    """The file of an index is damaged, or of a newer suite; it can be made again from the documents."""


def parsed(address: str) -> URL:
    """An address that can be used. Raises ConfigurationError without quoting it."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"the index's address is none: write {FORM}, or leave it out"
        ) from None
    driver = DRIVERS.get(url.drivername)
    if driver is None:
        raise ConfigurationError(f"an index is kept in SQLite or PostgreSQL: write {FORM}")
    if driver == SQLITE and url.database in (None, "", ":memory:"):
        raise ConfigurationError("an index in SQLite needs a file: write sqlite:///path")
    if driver != SQLITE and address.count("@") > 1:  # else a part of a password is taken for a host
        raise ConfigurationError("the index's address: @ in a user or a password is written %40")
    return url.set(drivername=driver)


def beside(folder: Path) -> URL:
    """The index of a history that has no other."""
    return URL.create(SQLITE, database=str(folder / "index.sqlite3"))


def shown(url: URL) -> str:
    """Where the index is, fit for a message."""
    if url.drivername == SQLITE:
        return str(url.database)
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL at {url.host or 'its socket'}{port}/{url.database or ''}"


def error_of(url: URL, error: DBAPIError) -> SuiteError:
    """What a driver raised, in our words."""
    said = str(error.orig).lower()
    if url.drivername == SQLITE and any(each in said for each in DAMAGED):
        return IndexUnusable(
            f"the index {shown(url)} is damaged: `python -m reports.history rebuild` makes it again"
        )
    reason = next((ours for theirs, ours in SAID if theirs in said), "")
    code = getattr(error.orig, "sqlstate", None) or type(error.orig).__name__
    return RunError(f"the index cannot be used ({shown(url)}): {reason or code}")
