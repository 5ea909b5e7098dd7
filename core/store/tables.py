"""The tables, the same on every database. Times are seconds since the epoch, UTC."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("platform", String(32), nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("thread", String(64), nullable=False),
    Column("direct", Boolean, nullable=False),
    Column("app", String(128), nullable=False),  # our name of the app; "" where no route matched
    Column("identity", String(255), nullable=False),  # the `user` that Dify is told
    Column(
        "dify_id", String(64), nullable=False, default=""
    ),  # Dify's conversation_id; "" before the first answer
    Column("created_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    UniqueConstraint("platform", "workspace", "channel", "thread", "app"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("message", String(64), nullable=False),  # the question's id on the platform
    Column("author", String(64), nullable=False),
    Column("identity", String(255), nullable=False),
    Column("state", String(16), nullable=False),  # queued, running, closed
    Column("outcome", String(16), nullable=False, default=""),
    Column("question", JSON, nullable=True),  # the message as facts; erased when the turn closes
    Column("task_id", String(64), nullable=False, default=""),
    Column("message_id", String(64), nullable=False, default=""),  # Dify's id of the answer
    Column("run_id", String(64), nullable=False, default=""),
    Column("rating_due", Boolean, nullable=False, default=False),  # votes changed since `rating` was sent
    Column("rating", String(16), nullable=False, default=""),  # what Dify was told last
    Column("queued_at", Float, nullable=False),
    Column("asked_at", Float, nullable=True),  # when Dify's 200 came
    Column("closed_at", Float, nullable=True),
    UniqueConstraint("platform", "workspace", "channel", "message"),
    Index("ix_turns_conversation", "conversation"),
    Index("ix_turns_state", "state"),
    Index("ix_turns_rating_due", "rating_due"),
)

posts = Table(
    "posts",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("workspace", String(64), primary_key=True),
    Column("channel", String(64), primary_key=True),
    Column("message", String(64), primary_key=True),
    Column("turn", ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("page", Integer, nullable=False),
    Index("ix_posts_turn", "turn"),
)

votes = Table(
    "votes",
    metadata,
    Column("turn", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("message", String(64), primary_key=True),  # which of the answer's messages carries the reaction
    Column("person", String(64), primary_key=True),
    Column("emoji", String(64), primary_key=True),
    Column("rating", String(16), nullable=False),
    Column("at", Float, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("value", Text, nullable=False),
)
