"""Which answer Dify gives to which question; pure, so that every process knows it without being told.

A piece is a word that names its answer and its place in it, so that any text shows how much it holds.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

SILENCE = 3.5  # seconds, in mid-answer, as while a tool works
THINKING = 0.5  # seconds before the first piece
_RATE = (20.0, 50.0)  # pieces per second
_SPREAD = (2 / 3, 4 / 3)  # of the mean length
_SILENCE_EVERY = 5.0  # seconds of an answer
_SILENT_WITHIN = 160  # pieces: far from the end of any platform's first message, where text is held back
_SENTENCE = 9  # words
_PARAGRAPH = 36
_WORD = re.compile(r"a(\d+)w(\d+)")
_TAIL = 80  # characters that hold a whole word for certain


@dataclass(frozen=True)
class Answer:
    """An answer as it comes."""

    pieces: tuple[str, ...]
    rate: float  # pieces per second
    silences: tuple[int, ...]  # the pieces that come after a silence

    @property
    def text(self) -> str:
        """The whole."""
        return "".join(self.pieces)

    @property
    def seconds(self) -> float:
        """How long it grows, without the silences."""
        return len(self.pieces) / self.rate


def question(number: int) -> str:
    """What a person writes."""
    return f"question {number}"


def number_of(query: str) -> int:
    """The number of a question that has come to Dify."""
    return int(query.rsplit(" ", 1)[1])


@cache
def answer(number: int, seconds: float) -> Answer:
    """The answer to a question; `seconds` is how long answers are in the mean."""
    chance = random.Random(number)
    rate, length = chance.uniform(*_RATE), seconds * chance.uniform(*_SPREAD)
    count = max(2, round(rate * length))
    pauses = int(length / _SILENCE_EVERY)
    within = min(count, _SILENT_WITHIN)
    silences = tuple(within * (at + 1) // (pauses + 1) for at in range(pauses))
    return Answer(tuple(_piece(number, at) for at in range(count)), rate, silences)


def _piece(number: int, at: int) -> str:
    """A word in simple Markdown, which both platforms show as it is."""
    word = f"a{number}w{at}"
    if at % 13 == 5:
        word = f"**{word}**"
    elif at % 17 == 8:
        word = f"`{word}`"
    if at % _PARAGRAPH == _PARAGRAPH - 1:
        return f"{word}.\n\n"
    if at % _SENTENCE == _SENTENCE - 1:
        return f"{word}.\n- " if at % 4 else f"{word}. "
    return f"{word} "


def held(text: str) -> tuple[int, int] | None:
    """The answer that a text belongs to, and how many of its pieces have come by its end."""
    found = _WORD.findall(text[-_TAIL:]) or _WORD.findall(text)
    return (int(found[-1][0]), int(found[-1][1]) + 1) if found else None


def is_exact(messages: Sequence[str], whole: str) -> bool:
    """Whether the messages are the whole text, in order; blanks where one ends are nobody's loss."""
    at = 0
    for message in messages:
        shown = message.strip()
        at += len(whole[at:]) - len(whole[at:].lstrip())
        if not shown or not whole.startswith(shown, at):
            return False
        at += len(shown)
    return not whole[at:].strip()
