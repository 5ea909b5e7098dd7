"""How Alembic reaches our database: over the connection that core.store.schema hands it."""

from alembic import context

from core.store.indexes import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can't alter most of a table
)
with context.begin_transaction():
    context.run_migrations()
