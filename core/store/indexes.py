"""The partial indexes, with which the tables are whole: for who makes or compares a schema.

They are apart from the tables because to state a condition loads both databases' dialects, a tenth of the
start, and no query needs to know of them.
"""

from sqlalchemy import Index

from core.store.tables import DUE, OPEN, metadata, turns

__all__ = ["metadata"]

# Of millions of turns a handful is open or due: partial indexes stay small, and cost a closed turn nothing.
Index("ix_turns_open", turns.c.conversation, turns.c.id, sqlite_where=OPEN, postgresql_where=OPEN)
Index("ix_turns_due", turns.c.id, sqlite_where=DUE, postgresql_where=DUE)
