"""Where an index is: what cannot be used is one line, and no line ever has a password in it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from conformance.errors import ConfigurationError, RunError
from reports.history import address, index
from reports.history.index import Index
from reports.history.store import History
from tests.postgresql import Server

SECRET = "s3cret-w0rd"


def said_of(where: str, folder: Path) -> str:
    with pytest.raises((RunError, ConfigurationError)) as error:
        History.open(folder, where).close()
    line = str(error.value)
    assert "\n" not in line
    assert error.value.__cause__ is None
    return line


@pytest.mark.parametrize(
    "where",
    [
        SECRET,
        f"postgresql://user:{SECRET}",
        f"postgresql://user:{SECRET}@host:port/database",
        f"postgresql://user:p@{SECRET}@host/database",
        f"postgresql://user:p@{SECRET}/x@host/database",
        f"mysql://user:{SECRET}@host/database",
        f"oracle+{SECRET}://user@host/database",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_an_address_that_is_none(where: str, tmp_path: Path) -> None:
    line = said_of(where, tmp_path)
    assert SECRET not in line
    assert line.startswith(("the index", "an index"))


def test_nobody_listens_there(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        line = said_of(f"postgresql://user:{SECRET}@127.0.0.1:{port}/database", tmp_path)
    assert line == (
        f"the index cannot be used (PostgreSQL at 127.0.0.1:{port}/database): "
        "nobody listens there: is the server up?"
    )


def test_a_wrong_password_is_not_shown(tmp_path: Path, server: Server) -> None:
    line = said_of(server.address(password=SECRET), tmp_path)
    assert line.endswith(": user or password is wrong")
    assert SECRET not in line


def test_a_database_that_is_not_there(tmp_path: Path, server: Server) -> None:
    line = said_of(server.address("nowhere"), tmp_path)
    assert line.endswith("/nowhere): there is no such database, role or table")
    assert server.password not in line


def test_tables_of_something_else(tmp_path: Path, server: Server) -> None:
    where = server.emptied()
    opened = Index(address.parsed(where))
    with opened._writing() as connection:
        connection.exec_driver_sql("DROP TABLE history_version")
    opened.close()
    assert said_of(where, tmp_path).endswith("give it a database of its own")


def test_without_psycopg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    line = said_of(f"postgresql://user:{SECRET}@127.0.0.1/database", tmp_path)
    assert line == "an index in PostgreSQL needs psycopg: pip install 'psycopg[binary]'"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert said_of("", tmp_path / "file" / "history").endswith(": Not a directory")
    assert said_of(f"sqlite:///{tmp_path}/file/index", tmp_path).endswith(
        "its folder does not exist or cannot be written"
    )


def test_a_file_that_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite3").write_text("junk " * 1000)
    assert said_of("", tmp_path).endswith("`python -m reports.history rebuild` makes it again")


def test_an_index_whose_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = index._settle

    def small(connection: Any, record: Any) -> None:
        settle(connection, record)
        connection.execute("PRAGMA max_page_count=4")

    monkeypatch.setattr(index, "_settle", small)
    line = said_of("", tmp_path)
    assert line == f"the index cannot be used ({tmp_path}/index.sqlite3): the disk is full"


def test_opening_an_index_of_the_newest_form_does_without_alembic(tmp_path: Path) -> None:
    with History.open(tmp_path) as history:
        assert history.runs() == []
    words = "import sys; from pathlib import Path; from reports.history.store import History\n"
    words += "History.open(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", words, tmp_path], capture_output=True, text=True, check=True
    )
    assert said.stdout == "False\n"


def test_an_error_that_nobody_foresaw_quotes_nothing(tmp_path: Path) -> None:
    url = address.parsed(f"postgresql://user:{SECRET}@host/database?password={SECRET}")
    odd = OperationalError("SELECT", {}, ValueError(f"odd {SECRET}"))
    assert str(address.error_of(url, odd)) == (
        "the index cannot be used (PostgreSQL at host/database): ValueError"
    )


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_one_driver_whatever_the_scheme(scheme: str) -> None:
    url = address.parsed(f"{scheme}://user:a%40b@host/database")
    assert (url.drivername, url.password) == ("postgresql+psycopg", "a@b")
