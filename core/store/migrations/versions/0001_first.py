"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _place() -> list[sa.Column[str]]:
    return [
        sa.Column("platform", sa.String, nullable=False),
        sa.Column("workspace", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
    ]


def _turn(name: str) -> sa.Column[int]:
    key = sa.ForeignKey("turns.id", name=name, ondelete="CASCADE")
    return sa.Column("turn", sa.Integer, key, nullable=False)


def upgrade() -> None:
    """Make every table."""
    _conversations()
    _turns()
    op.create_table(
        "posts",
        *_place(),
        sa.Column("message", sa.String, nullable=False),
        sa.Column(
            "turn",
            sa.Integer,
            sa.ForeignKey("turns.id", name="fk_posts_turn", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("page", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", "channel", "message", name="pk_posts"),
    )
    op.create_index("ix_posts_turn", "posts", ["turn"])
    op.create_table(
        "votes",
        sa.Column(
            "turn",
            sa.Integer,
            sa.ForeignKey("turns.id", name="fk_votes_turn", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("message", sa.String, nullable=False),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("emoji", sa.String, nullable=False),
        sa.Column("rating", sa.String, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("turn", "message", "person", "emoji", name="pk_votes"),
    )
    op.create_table(
        "notes",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_notes"),
    )


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Integer, nullable=False),
        *_place(),
        sa.Column("thread", sa.String, nullable=False),
        sa.Column("direct", sa.Boolean, nullable=False),
        sa.Column("app", sa.String, nullable=False),
        sa.Column("identity", sa.String, nullable=False),
        sa.Column("dify_id", sa.String, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.UniqueConstraint(
            "platform",
            "workspace",
            "channel",
            "thread",
            "app",
            name="uq_conversations_platform_workspace_channel_thread_app",
        ),
    )


def _turns() -> None:
    conversation = sa.ForeignKey("conversations.id", name="fk_turns_conversation", ondelete="CASCADE")
    op.create_table(
        "turns",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("conversation", sa.Integer, conversation, nullable=False),
        *_place(),
        sa.Column("message", sa.String, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("identity", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("question", sa.JSON, nullable=True),
        sa.Column("task_id", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("rating_due", sa.Boolean, nullable=False),
        sa.Column("rating", sa.String, nullable=False),
        sa.Column("queued_at", sa.Float, nullable=False),
        sa.Column("asked_at", sa.Float, nullable=True),
        sa.Column("closed_at", sa.Float, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        sa.UniqueConstraint(
            "platform", "workspace", "channel", "message", name="uq_turns_platform_workspace_channel_message"
        ),
    )
    op.create_index("ix_turns_conversation", "turns", ["conversation"])
    op.create_index("ix_turns_state", "turns", ["state"])
    op.create_index("ix_turns_rating_due", "turns", ["rating_due"])
