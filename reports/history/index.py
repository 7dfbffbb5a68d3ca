"""The index over a history's documents: tables in SQLite or PostgreSQL, made again at any time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from typing import Any, Final

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Row,
    create_engine,
    delete,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from conformance.errors import ConfigurationError, RunError
from reports.change.nights import Night
from reports.history import migration
from reports.history.address import POSTGRESQL, SQLITE, error_of, shown
from reports.history.document import Document
from reports.history.measures import Measure, Run, measures_of, nights, results_of, run_of
from reports.history.schema import HEAD, MEASURES, RESULTS, RULE, RUNS

BUSY_S: Final = 60
AGAIN_S: Final = 0.01
CONNECT_S: Final = 10
LOCK: Final = 0x68697374  # "hist": the name of our lock in a server that others may use too
CHUNK: Final = 500  # ids in one statement; SQLite bears 999 in old builds

RUN_COLUMNS: Final = [RUNS.c[each.name] for each in fields(Run)]


class Index:
    """One index, open; every method is a transaction of its own."""

    def __init__(self, url: URL) -> None:
        """Open it, and bring its tables to the newest form."""
        self.url = url
        self._engine = engine_of(url)
        self._writes = self._engine.execution_options(writes=True)
        try:
            self._ready()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End its connections."""
        self._engine.dispose()

    def known(self) -> dict[str, int]:
        """Every run's id and the rule by which its rows were read out."""
        with self._reading() as connection:
            return {row.id: row.rule for row in connection.execute(select(RUNS.c.id, RUNS.c.rule))}

    def put(self, documents: Iterable[Document]) -> None:
        """Add runs that it does not know by the newest rule, all or none."""
        rows = [
            (run_of(each), measures_of(each.summary), results_of(each.summary))
            for each in documents
        ]
        with self._writing() as connection:
            for run, measures, results in rows:
                _put(connection, run, measures, results)

    def drop(self, ids: Iterable[str]) -> None:
        """Forget runs."""
        with self._writing() as connection:
            for some in _chunks(ids):
                connection.execute(delete(RUNS).where(RUNS.c.id.in_(some)))

    def runs(self, **equal: str) -> list[Run]:
        """The runs whose columns have these values, oldest first."""
        wanted = select(*RUN_COLUMNS).order_by(RUNS.c.started, RUNS.c.id)
        for name, value in equal.items():
            wanted = wanted.where(RUNS.c[name] == value)
        with self._reading() as connection:
            return [Run(*row) for row in connection.execute(wanted)]

    def nights(self, runs: Iterable[Run]) -> dict[str, list[Night]]:
        """What was measured in some runs, by series, in their order."""
        runs = list(runs)
        found: dict[str, list[Measure]] = {each.id: [] for each in runs}
        with self._reading() as connection:
            for row in _of(connection, MEASURES, found, MEASURES.c.series, MEASURES.c.round):
                found[row.run].append(Measure(row.series, row.round, row.target_us, row.control_us))
        series: dict[str, list[Night]] = {}
        for run in runs:
            for name, night in nights(run, found[run.id]).items():
                series.setdefault(name, []).append(night)
        return dict(sorted(series.items()))

    def results(self, run: str) -> dict[str, str]:
        """The verdict of every requirement in a run."""
        with self._reading() as connection:
            found = _of(connection, RESULTS, [run], RESULTS.c.requirement)
            return {row.requirement: row.verdict for row in found}

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every run, in an order of its own: two indexes of the same runs have the same."""
        runs = select(*RUN_COLUMNS, RUNS.c.rule)
        with self._reading() as connection:
            found = {row.id: [tuple(row)] for row in connection.execute(runs)}
            for where in (MEASURES, RESULTS):
                for row in connection.execute(select(where)):
                    found[row.run].append(tuple(row))
        return {name: [rows[0], *sorted(rows[1:], key=repr)] for name, rows in found.items()}

    def _ready(self) -> None:
        with self._reading() as connection:
            version = migration.version(connection)
        if version != HEAD:
            with self._writing() as connection:
                if migration.version(connection) != HEAD:  # nobody else did it meanwhile
                    migration.upgrade(connection, self.url)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _said(self.url), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that no other of ours runs beside."""
        with _said(self.url), self._writes.begin() as connection:
            if self.url.get_backend_name() == POSTGRESQL:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            yield connection


def engine_of(url: URL) -> Engine:
    """How connections to an index are made."""
    settings: dict[str, Any] = {"timeout": BUSY_S}
    if url.get_backend_name() == POSTGRESQL:
        settings = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_S}
    try:
        engine = create_engine(url, connect_args=settings, poolclass=NullPool)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise ConfigurationError(
            "an index in PostgreSQL needs psycopg: pip install 'psycopg[binary]'"
        ) from None
    if url.get_backend_name() == SQLITE:
        event.listen(engine, "connect", _settle)
        event.listen(engine, "begin", _begin)
    return engine


def _settle(connection: Any, record: Any) -> None:
    # Transactions begin where we say, not where the driver guesses.
    connection.isolation_level = None
    _log_ahead(connection)
    # The documents are synced; what a power cut takes from the index is repaired by the next opening.
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _log_ahead(connection: Any) -> None:
    """Writers and readers side by side. SQLite does not wait by itself for the moment in which it can change this."""
    until_s = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                raise
            time.sleep(AGAIN_S)


def _begin(connection: Connection) -> None:
    # A reader that turns writer while another writes is refused at once; a writer from the start waits.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _said(url: URL) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise error_of(url, error) from None
    except SQLAlchemyError as error:
        raise RunError(f"the index cannot be used ({shown(url)}): {type(error).__name__}") from None


def _put(
    connection: Connection, run: Run, measures: Iterable[Measure], results: dict[str, str]
) -> None:
    rule = connection.execute(select(RUNS.c.rule).where(RUNS.c.id == run.id)).scalar()
    if rule is not None and rule >= RULE:
        return
    connection.execute(delete(RUNS).where(RUNS.c.id == run.id))
    connection.execute(insert(RUNS), {**asdict(run), "rule": RULE})
    rows: dict[Any, list[dict[str, Any]]] = {
        MEASURES: [{"run": run.id, **asdict(each)} for each in measures],
        RESULTS: [
            {"run": run.id, "requirement": name, "verdict": verdict}
            for name, verdict in results.items()
        ],
    }
    for where, some in rows.items():
        if some:
            connection.execute(insert(where), some)


def _of(connection: Connection, where: Any, ids: Iterable[str], *order: Any) -> Iterator[Row[Any]]:
    for some in _chunks(ids):
        wanted = select(where).where(where.c.run.in_(some)).order_by(where.c.run, *order)
        yield from connection.execute(wanted)


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    every = sorted(ids)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
