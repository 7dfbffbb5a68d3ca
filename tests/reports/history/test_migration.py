"""An index of an older suite is brought to the newest tables without loss; one of a newer suite is one line."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from reports.history import address, migration
from reports.history.address import IndexUnusable
from reports.history.document import Document, document_of, write
from reports.history.index import Index, engine_of
from reports.history.measures import measures_of, results_of, run_of
from reports.history.schema import HEAD, METADATA, VERSION
from reports.history.store import History
from tests.reports.builders import small
from tests.reports.history.summaries import drawn

MACHINE = {**small()["environment"], "machine": "0badcafe"}


def url_of(folder: Path, index: str) -> str:
    return index or f"sqlite:///{folder / 'index.sqlite3'}"


def older(folder: Path, index: str, nights: int) -> list[str]:
    """An index as revision 0001 left it, over documents that are beside it."""
    url = address.parsed(url_of(folder, index))
    engine = engine_of(url)
    documents = [
        document_of(drawn(night, environment=MACHINE), f"nightly-{night}")
        for night in range(nights)
    ]
    with engine.execution_options(writes=True).begin() as connection:
        migration.upgrade(connection, url, "0001")
        for each in documents:
            write(folder / "documents", each)
            _insert(connection, each)
    engine.dispose()
    return [each.id for each in documents]


def _insert(connection: Connection, document: Document) -> None:
    row = {name: value for name, value in asdict(run_of(document)).items() if name != "machine"}
    rows = {
        "runs": [row],
        "measures": [{"run": row["id"], **asdict(x)} for x in measures_of(document.summary)],
        "results": [
            {"run": row["id"], "requirement": name, "verdict": verdict}
            for name, verdict in results_of(document.summary).items()
        ],
    }
    for name, some in rows.items():
        names = ", ".join(some[0])
        values = ", ".join(f":{each}" for each in some[0])
        connection.execute(text(f"INSERT INTO {name} ({names}) VALUES ({values})"), some)


def test_the_tables_are_what_the_migrations_make_of_nothing(tmp_path: Path, index: str) -> None:
    opened = Index(address.parsed(url_of(tmp_path, index)))
    with opened._reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION.name})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == HEAD
    opened.close()


def test_the_newest_revision_is_the_one_that_opening_looks_for() -> None:
    config = Config()
    config.set_main_option("script_location", migration.SCRIPTS)
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [HEAD]
    assert len(list(script.walk_revisions())) >= 2


def test_an_older_index_is_brought_to_the_newest_without_loss(tmp_path: Path, index: str) -> None:
    ids = older(tmp_path, index, 3)
    with History.open(tmp_path, index) as history:
        assert [each.id for each in history.runs()] == ids
        assert {each.machine for each in history.runs()} == {"0badcafe"}
        assert history.check() == []
        assert len(history.nights("reference", "nightly")["mixed wire p50"]) == 3


def test_rows_whose_documents_are_elsewhere_keep_all_they_had(tmp_path: Path, index: str) -> None:
    ids = older(tmp_path, index, 2)
    before = Index(address.parsed(url_of(tmp_path, index)))
    found = before.content()
    before.close()
    assert sorted(found) == sorted(ids)
    for rows in found.values():
        assert rows[0][5:6] == ("",)  # the machine: not known to revision 0001
        assert rows[0][-1] == 1
        assert len(rows) == 1 + 2 * 8 * 8 + 12


def test_an_index_of_a_newer_suite_is_one_line_and_left_alone(tmp_path: Path, index: str) -> None:
    url = address.parsed(url_of(tmp_path, index))
    opened = Index(url)
    with opened._writing() as connection:
        connection.execute(text(f"UPDATE {VERSION.name} SET version_num = '0999'"))
    with pytest.raises(IndexUnusable, match="is of a newer suite: use that one") as error:
        Index(url)
    assert "\n" not in str(error.value)
    with opened._reading() as connection:
        found = connection.execute(text(f"SELECT version_num FROM {VERSION.name}")).scalar()
    opened.close()
    assert found == "0999"
