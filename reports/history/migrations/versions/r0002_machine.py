"""The machine of a run, by which rule a row was read out of its document, and the order of a target's runs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; rows from before are of rule 1, so they are read again where their document is at hand."""
    op.add_column("runs", sa.Column("machine", sa.String, nullable=False, server_default=""))
    op.add_column("runs", sa.Column("rule", sa.Integer, nullable=False, server_default="1"))
    op.create_index("runs_of_a_target", "runs", ["target", "started"])
