"""What the store gives back: rows as frozen values."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from pydantic import TypeAdapter

from core.messages import IncomingMessage, MessageRef, Place

QUESTION: TypeAdapter[IncomingMessage] = TypeAdapter(IncomingMessage)


class State(StrEnum):
    """How far a turn is."""

    QUEUED = "queued"  # Dify has nothing of it
    RUNNING = "running"  # the question went to Dify
    PARKED = "parked"  # has no whole answer, and a button to ask again
    CLOSED = "closed"


class Wish(IntEnum):
    """Whether somebody wants a turn stopped."""

    NONE = 0
    CUT = 1  # nobody: a process that ended is stopping it at Dify
    STOP = 2
    QUIET = 3  # and nothing more said about it: the question is gone


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
    fence: int = 1  # of the process that took it up; a later one makes every save fail
    asks: int = 0  # how often the question went to Dify
    stop: Wish = Wish.NONE
    sent_at: float | None = None  # when it went to Dify, the last time
    asked_at: float | None = None  # when Dify's 200 came
    text: str = ""  # of the answer, as shown last
    posts: tuple[MessageRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that became a turn just now."""

    turn: int
    line: int  # turns of one line run one after the other


@dataclass(frozen=True, slots=True)
class Waiting:
    """A turn that is not closed, and the line that it belongs to."""

    turn: int
    line: int
    platform: str


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
