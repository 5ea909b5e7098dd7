"""What the store gives back: rows as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from core.messages import IncomingMessage, MessageRef, Place

FILES_FROM = 10_000  # `page` of the messages that hold an answer's files; below are its text's


@cache
def question() -> TypeAdapter[IncomingMessage]:
    """How a question is kept as facts; made with the first of them: not in what starting takes."""
    return TypeAdapter(IncomingMessage)


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
    inputs: Mapping[str, Any] = field(default_factory=dict)  # filled in here, or for the whole channel


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
    files: Mapping[int, MessageRef] = field(default_factory=dict)  # the answer's files that stand, by number
    pause: Mapping[str, Any] = field(default_factory=dict)  # what its run waits for a person to decide


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


@dataclass(frozen=True, slots=True)
class Stood:
    """An answer of ours, as somebody presses a button under it."""

    turn: int
    conversation: Conversation
    author: str
    state: State
    message_id: str  # Dify's
    run_id: str
    offers: tuple[str, ...]
    pause: Mapping[str, Any]
    stop: Wish
