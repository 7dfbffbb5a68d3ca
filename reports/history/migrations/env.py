"""Run by Alembic: moves the tables over the connection that the index hands it, inside its transaction."""

from alembic import context

from reports.history.schema import VERSION

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION.name,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
