"""The version of an index's tables, and the way to the newest."""

from __future__ import annotations

from sqlalchemy import URL, Connection, inspect, select

from reports.history.address import IndexUnusable, shown
from reports.history.schema import VERSION

SCRIPTS = "reports.history:migrations"


def version(connection: Connection) -> str | None:
    """The version of the tables, None where there are none yet."""
    if not inspect(connection).has_table(VERSION.name):
        return None
    return connection.execute(select(VERSION.c.version_num)).scalar()


def upgrade(connection: Connection, url: URL, to: str = "head") -> None:
    """Bring the tables to a version, within the transaction of the connection. Raises IndexUnusable."""
    # Alembic takes longer to import than an index to open.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError:
        raise IndexUnusable(
            f"the index {shown(url)} is of a newer suite: use that one, or another --index"
        ) from None
