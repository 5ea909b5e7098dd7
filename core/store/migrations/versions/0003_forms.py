"""What people filled into forms, questions that an app suggests, and runs that wait for a person."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; not as a batch, see 0002."""
    op.add_column("conversations", sa.Column("inputs", sa.JSON, nullable=True))
    op.add_column("turns", sa.Column("offers", sa.JSON, nullable=True))
    op.add_column("turns", sa.Column("pause", sa.JSON, nullable=True))
