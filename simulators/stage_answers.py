"""What the demo's app says: Markdown in the language of the question, with memory; pure but for the clock."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulators.dify.script import Answer, pieces
from simulators.dify.state import Run
from simulators.stage_extras import pictures, received, sources, steps_before, then_suggest
from simulators.stage_texts import LONG_CODE, MEMORY, SECTIONS, TOPICS, WORDS

_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_WIDE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_LONG = re.compile(r"\blong|detail|長|长|詳|详", re.IGNORECASE)
_SHORTEST_LONG = 2_600  # characters: above one Discord message (2,000)
_WIDE_PIECE = 3  # characters of Japanese or Chinese that count as a word


@dataclass(frozen=True)
class Topic:
    """Something the app knows about, in one language."""

    heading: str
    lead: str
    steps: Sequence[str]
    code: str
    table: Sequence[Sequence[str]]
    close: str

    @property
    def numbered(self) -> str:
        """The steps as an ordered list."""
        return "\n".join(f"{number}. {step}" for number, step in enumerate(self.steps, 1))

    @property
    def rows(self) -> str:
        """The table in Markdown."""
        head, *body = (f"| {' | '.join(row)} |" for row in self.table)
        return "\n".join([head, "|" + " --- |" * len(self.table[0]), *body])


def language(text: str) -> str:
    """The language that a text is written in, by its script: ja, zh or en."""
    if _KANA.search(text):
        return "ja"
    return "zh" if _HAN.search(text) else "en"


def about(texts: Sequence[str]) -> str:
    """What the first of the texts is about that holds a known word; else the demo itself."""
    known = (name for text in texts for name, hint in WORDS.items() if re.search(hint, text, re.IGNORECASE))
    return next(known, "demo")


def topic(texts: Sequence[str], lang: str) -> Topic:
    """What is known about it."""
    return Topic(**TOPICS[about(texts)][lang])


def words(text: str) -> list[str]:
    """The text as a model would stream it: word by word, three characters at a time where none are spaced."""
    return [part for word in pieces(text) for part in _parts(word)]


def _parts(word: str) -> list[str]:
    if not _WIDE.search(word):
        return [word]
    return [word[at : at + _WIDE_PIECE] for at in range(0, len(word), _WIDE_PIECE)]


def compose(question: str, turn: int, first: str) -> str:
    """The answer to the turn-th question (from 1) of a conversation that began with `first`."""
    lang = language(question)
    known = topic((question, first), lang)
    memory = MEMORY[lang].format(turn=turn, first=_short(first)) if turn > 1 else ""
    if _LONG.search(question):
        parts = _long(known, lang)
    elif turn == 1:
        parts = [f"## {known.heading}", known.lead, known.numbered, known.code, known.rows]
    elif turn % 2 == 0:
        parts = [known.lead, known.rows]
    else:
        parts = [f"### {known.heading}", known.numbered, known.code]
    return "\n\n".join(part for part in (memory, *parts, known.close) if part)


def _long(about: Topic, lang: str) -> list[str]:
    parts = [f"## {about.heading}", about.lead, about.numbered, LONG_CODE, about.rows]
    for heading, text in _endless(SECTIONS[lang]):
        if sum(map(len, parts)) > _SHORTEST_LONG:
            return parts
        parts += [f"### {heading}", text]
    return parts


def _endless(sections: Mapping[str, str]) -> list[tuple[str, str]]:
    return [*sections.items()] * 20


def _short(text: str, length: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def answer(run: Run) -> Answer:
    """The script of every run of the demo's app."""
    earlier = run.conversation.messages if run.conversation else []
    first = earlier[0].query if earlier else run.query
    lang, question = language(run.query), run.query
    text = words("".join(received(run)) + compose(question, run.turn, first))
    steps = [*steps_before(question, lang), *text, *pictures(question)]
    known = about((question, first))
    return Answer(then_suggest(run, steps, known, lang), sources=sources(question))
