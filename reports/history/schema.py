"""The tables of the index, as the newest migration leaves them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    column,
    table,
)

from reports.text import visible

HEAD: Final = "0002"  # the newest of migrations/versions, known without Alembic
# Rows that an older rule read out of a document are read again where the document is at hand.
RULE: Final = 3

METADATA: Final = MetaData()

# Where Alembic keeps the version of the tables: read here, written by it.
VERSION: Final = table("history_version", column("version_num", String))


class Text(TypeDecorator[str]):
    """Text that any database holds: what has no encoding is spelled, in rows and in questions alike."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """As it is kept."""
        return None if value is None else visible(value)


RUNS: Final = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("machine", Text, nullable=False, server_default=""),
    Column("started", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("exit_code", Integer, nullable=False),
    Column("trend", Text),
    Column("valid", Boolean, nullable=False),
    Column("spec_sha256", Text, nullable=False),
    Column("suite_version", Text, nullable=False),
    Column("rule", Integer, nullable=False, server_default="1"),
    Index("runs_of_a_target", "target", "started"),
)


def _of_a_run() -> Column[str]:
    return Column("run", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)


MEASURES: Final = Table(
    "measures",
    METADATA,
    _of_a_run(),
    Column("series", Text, primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("target_us", Double, nullable=False),
    Column("control_us", Double),
    sqlite_with_rowid=False,
)

RESULTS: Final = Table(
    "results",
    METADATA,
    _of_a_run(),
    Column("requirement", Text, primary_key=True),
    Column("verdict", Text, nullable=False),
    sqlite_with_rowid=False,
)
