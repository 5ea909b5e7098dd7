"""Durable turns: who has taken a turn up, what it shows, whether it is to be stopped; the replicas' queue."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_OPEN = sa.text("state != 'closed'")
_DUE = sa.text("rating_due = true")


def upgrade() -> None:
    """Add the columns, and make the indexes small."""
    # Not as a batch: that drops the table of turns, and with it every post and vote.
    op.add_column("turns", sa.Column("sent_at", sa.Float, nullable=True))
    op.add_column("turns", sa.Column("command", sa.Boolean, nullable=False, server_default=sa.false()))
    for name in ("fence", "asks", "stop"):
        op.add_column("turns", sa.Column(name, sa.Integer, nullable=False, server_default="0"))
    op.add_column("turns", sa.Column("text", sa.Text, nullable=True))
    op.drop_index("ix_turns_state", "turns")
    op.drop_index("ix_turns_rating_due", "turns")
    op.create_index(
        "ix_turns_open", "turns", ["conversation", "id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_turns_due", "turns", ["id"], sqlite_where=_DUE, postgresql_where=_DUE)
    op.create_index("ix_conversations_last_at", "conversations", ["last_at"])
    if op.get_bind().dialect.name == "postgresql":
        _make_queue()


def _make_queue() -> None:
    """The schema of procrastinate, as the version that we pin brings it."""
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 (only where it is used)

    driver: Any = op.get_bind().connection.dbapi_connection
    cursor = driver.cursor()
    try:
        cursor.execute(SchemaManager.get_schema())  # many statements: only without parameters
    finally:
        cursor.close()
