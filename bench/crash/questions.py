"""A question of the crash test and the answers that Dify gives to it; every word names both; pure."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.crash.places import Conversation

TOKEN = re.compile(r"q(\d{4,})r(\d+)(w\d{4}|end)")
_NUMBER = re.compile(r"q(\d{4,})\b")
_SENTENCE = 8  # words
_PARAGRAPH = 40


@dataclass(frozen=True)
class Hit:
    """Something that was done to the process that worked on a question."""

    at: float  # time.monotonic
    moment: str
    how: str  # SIGKILL, SIGTERM, …
    bot: str  # the process, by the name of its log
    about: str = ""  # the question whose moment it was


@dataclass(eq=False, repr=False)
class Ask:
    """One run of a question at Dify."""

    ordinal: int  # 1 for the first time that the question was asked
    run: Any
    tokens: tuple[str, ...]
    at: float = field(default_factory=time.monotonic)
    began_at: float | None = None  # when the first event with ids was published
    ended_at: float | None = None
    status: str = "running"

    @property
    def kept(self) -> bool:
        """Dify has, or will have, this answer: it runs, or ended well."""
        return self.status in {"running", "paused", "succeeded"}


@dataclass(eq=False, repr=False)
class Question:
    """One thing that a person asked."""

    number: int
    conversation: "Conversation"
    words: int
    posted_at: float = 0.0  # this and the times below: time.monotonic
    clock: float = field(default_factory=time.time)  # the same moment, as the bots' logs have it
    taken_at: float | None = None  # Slack: everything acknowledged; Discord: asked at Dify
    done_at: float | None = None  # first time that the whole answer stood
    bot: str = ""  # which process was seen to work on it last
    asks: list[Ask] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    posts: dict[str, Any] = field(default_factory=dict)  # by place and id: the platform's own message objects
    deliveries: list[Any] = field(default_factory=list)  # Slack only
    message: Any = None  # what the person wrote

    @property
    def name(self) -> str:
        """How the question is called in its text and in reports."""
        return f"q{self.number:04d}"

    @property
    def text(self) -> str:
        """What the person writes."""
        return f"{self.name} what does it say?"

    @property
    def opens(self) -> bool:
        """It is the first of its conversation."""
        return self.conversation.questions[0] is self


def number_in(text: str) -> int | None:
    """The question that a text is about."""
    found = _NUMBER.search(text)
    return int(found[1]) if found else None


def tokens_for(number: int, ordinal: int, words: int) -> tuple[str, ...]:
    """Every word of an answer, in order."""
    name = f"q{number:04d}r{ordinal}"
    return (*(f"{name}w{at:04d}" for at in range(words)), f"{name}end")


def pieces_of(tokens: Sequence[str], count: int) -> list[str]:
    """The answer's text as so many pieces of a stream: sentences and paragraphs of the tokens."""
    size = -(-len(tokens) // count)
    spaced = [token + _behind(at) for at, token in enumerate(tokens[:-1], 1)] + [tokens[-1] + "."]
    return ["".join(spaced[at : at + size]) for at in range(0, len(spaced), size)]


def _behind(at: int) -> str:
    if at % _PARAGRAPH == 0:
        return ".\n\n"
    return ". " if at % _SENTENCE == 0 else " "


def tokens_in(text: str) -> tuple[str, ...]:
    """The words of answers in a text, in order."""
    return tuple(match[0] for match in TOKEN.finditer(text))


def question_of(token: str) -> int:
    """The number of the question that a word answers."""
    found = TOKEN.fullmatch(token)
    assert found is not None, token
    return int(found[1])


def remainder(text: str) -> str:
    """What else a text says, beside words of answers and their punctuation."""
    return " ".join(TOKEN.sub(" ", text).replace(".", " ").split())
