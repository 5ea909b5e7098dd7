"""What must outlive the process: conversations, turns, the messages we posted, votes, adapters' notes."""

from core.store.lean import load

load()  # before any module here imports SQLAlchemy
