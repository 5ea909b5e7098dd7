"""What was said in a conversation, and which conversations there are, as a short text to look at. Pure."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from core.dify.conversations import Conversation, Turn
from core.pictures import FILE, IsOurs, pictured
from core.sentences import say
from core.thinking import visible

QUESTION = 150  # characters of a question
TITLE = 60  # characters of a title in the list: twenty of them fit into one message everywhere
_LINE_MARKS = re.compile(r"^[ \t]*(?:#{1,6}[ \t]|>[ \t]?|(?:`{3,}|~{3,}).*$)", re.MULTILINE)
_MARKS = re.compile(r"\*\*|~~|`+")


def listing(found: Sequence[Conversation], first: int, current: str) -> str:
    """A line for each; the number of the first is given, the one with the id `current` stands out.

    The number is no list marker: what shows Markdown may count those anew on every page.
    """
    lines = []
    for number, one in enumerate(found, first):
        title = excerpt(one.name, TITLE) or one.id[:8]
        shown = f"**{title}**" if one.id == current else title
        lines.append(f"- `{number}` {shown} · {_moment(one.created_at, '%Y-%m-%d')}")
    return "\n".join(lines)


def transcript(turns: Sequence[Turn], room: int, is_ours: IsOurs, lang: str) -> str:
    """The turns as they come, each cut to an equal share of so many characters."""
    share = room // max(1, len(turns)) - len("\n\n")
    return "\n\n".join(_told(turn, share, is_ours, lang) for turn in turns)


def _told(turn: Turn, share: int, is_ours: IsOurs, lang: str) -> str:
    question = excerpt(turn.query, min(QUESTION, share * 2 // 5)) or "…"
    head = f"**{question}** · {_moment(turn.created_at, '%Y-%m-%d %H:%M')}\n"
    return head + (_answer(turn, share - len(head), is_ours) or say("history_no_answer", lang))


def _answer(turn: Turn, longest: int, is_ours: IsOurs) -> str:
    text, _ = pictured(visible(turn.answer, final=True), is_ours, final=True)
    return excerpt(text, longest) or (FILE if turn.files else "")


def excerpt(markdown: str, longest: int) -> str:
    """The beginning of a text in one line, at most so long, without marks that a cut would leave open."""
    bare = _MARKS.sub("", _LINE_MARKS.sub("", markdown))
    return _cut(" ".join(bare.split()), longest).replace("*", "\\*")


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    kept = text[: max(0, longest - 1)]
    head, space, _ = kept.rpartition(" ")
    return f"{head if space and len(head) > longest // 2 else kept}…"


def _moment(at: float, how: str) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(how) if at else ""
