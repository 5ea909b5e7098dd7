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
    literal_column,
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
    Column("platform", String, nullable=False),
    Column("workspace", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("thread", String, nullable=False),
    Column("direct", Boolean, nullable=False),
    Column("app", String, nullable=False),  # our name of the app; "" where no route matched
    Column("identity", String, nullable=False),  # the `user` that Dify is told
    Column(
        "dify_id", String, nullable=False, default=""
    ),  # Dify's conversation_id; "" before the first answer
    Column("created_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("inputs", JSON, nullable=True),  # what people filled into the app's form here
    UniqueConstraint("platform", "workspace", "channel", "thread", "app"),
    Index("ix_conversations_last_at", "last_at"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("platform", String, nullable=False),
    Column("workspace", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("message", String, nullable=False),  # the question's id on the platform
    Column("author", String, nullable=False),
    Column("identity", String, nullable=False),
    Column("state", String, nullable=False),  # rows.State
    Column("outcome", String, nullable=False, default=""),
    Column("question", JSON, nullable=True),  # the message as facts; erased when the turn closes
    Column("task_id", String, nullable=False, default=""),
    Column("message_id", String, nullable=False, default=""),  # Dify's id of the answer
    Column("run_id", String, nullable=False, default=""),
    Column("rating_due", Boolean, nullable=False, default=False),  # votes changed since `rating` was sent
    Column("rating", String, nullable=False, default=""),  # what Dify was told last
    Column("queued_at", Float, nullable=False),
    Column("sent_at", Float, nullable=True),  # when the question went to Dify, the last time
    Column("asked_at", Float, nullable=True),  # when Dify's 200 came
    Column("closed_at", Float, nullable=True),
    Column("command", Boolean, nullable=False, default=False),  # said to us, not asked of the app
    Column("fence", Integer, nullable=False, default=0),  # how often it was taken up: the last owns it
    Column("asks", Integer, nullable=False, default=0),  # how often the question went to Dify
    Column("stop", Integer, nullable=False, default=0),  # rows.Wish: somebody wants it stopped
    Column("text", Text, nullable=True),  # of the answer, as shown last; erased when the turn closes
    Column("offers", JSON, nullable=True),  # questions that the app suggests, behind buttons
    Column("pause", JSON, nullable=True),  # what the run waits for a person to decide; erased when it goes on
    UniqueConstraint("platform", "workspace", "channel", "message"),
    Index("ix_turns_conversation", "conversation"),
)
# Of the partial indexes (core.store.indexes), and of the queries that are to find by them.
OPEN = turns.c.state != literal_column("'closed'")  # a literal: SQLite can't match an index to a parameter
DUE = turns.c.rating_due == literal_column("true")

posts = Table(
    "posts",
    metadata,
    Column("platform", String, primary_key=True),
    Column("workspace", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("message", String, primary_key=True),
    Column("turn", ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("page", Integer, nullable=False),
    Index("ix_posts_turn", "turn"),
)

votes = Table(
    "votes",
    metadata,
    Column("turn", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("message", String, primary_key=True),  # which of the answer's messages carries the reaction
    Column("person", String, primary_key=True),
    Column("emoji", String, primary_key=True),
    Column("rating", String, nullable=False),
    Column("at", Float, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)
