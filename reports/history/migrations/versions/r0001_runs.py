"""Runs, what was measured in them, what became of each requirement."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runs",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("profile", sa.String, nullable=False),
        sa.Column("started", sa.String, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("exit_code", sa.Integer, nullable=False),
        sa.Column("trend", sa.String),
        sa.Column("valid", sa.Boolean, nullable=False),
        sa.Column("spec_sha256", sa.String, nullable=False),
        sa.Column("suite_version", sa.String, nullable=False),
    )
    op.create_table(
        "measures",
        _of_a_run(),
        sa.Column("series", sa.String, primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True),
        sa.Column("target_us", sa.Double, nullable=False),
        sa.Column("control_us", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "results",
        _of_a_run(),
        sa.Column("requirement", sa.String, primary_key=True),
        sa.Column("verdict", sa.String, nullable=False),
        sqlite_with_rowid=False,
    )


def _of_a_run() -> sa.Column[str]:
    of = sa.ForeignKey("runs.id", ondelete="CASCADE")
    return sa.Column("run", sa.String, of, primary_key=True)
