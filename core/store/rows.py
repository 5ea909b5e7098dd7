"""What the store gives back: rows as frozen values."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter

from core.messages import IncomingMessage, MessageRef, Place

QUESTION: TypeAdapter[IncomingMessage] = TypeAdapter(IncomingMessage)


class State(StrEnum):
    """How far a turn is."""

    QUEUED = "queued"
    RUNNING = "running"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A place's conversation with one app."""

    id: int
    place: Place
    app: str  # "" where no route matched
    identity: str
    dify_id: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One question that is not closed yet."""

    id: int
    conversation: Conversation
    message: IncomingMessage
    state: State
    task_id: str
    message_id: str
    run_id: str
    queued_at: float
    posts: tuple[MessageRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that became a turn just now."""

    turn: int
    conversation: int


@dataclass(frozen=True, slots=True)
class OpenTurn:
    """A turn that is not closed, as somebody points at it."""

    turn: int
    author: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What must be known of an answer to rate or stop it, however old it is."""

    turn: int
    app: str
    identity: str  # the `user` that asked; every later call about the answer must name it
    message_id: str  # Dify's
    author: str
    rating: str


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's reaction that still stands."""

    person: str
    rating: str  # "like" or "dislike"
    at: float
