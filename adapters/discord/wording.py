"""What a person wrote, readable without Discord: mentions as names, emoji by name, our mention taken out."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

TITLE_LENGTH = 80  # of the 100 characters that a thread's name may have

_MARKUP = re.compile(  # as listed in Discord's reference, "message formatting"
    r"<(?:@!?(?P<user>\d+)|@&(?P<role>\d+)|#(?P<channel>\d+)|a?:(?P<emoji>\w+):\d+"
    r"|/(?P<command>[^:<>]+):\d+|t:(?P<time>\d{1,11})(?::[a-zA-Z])?)>(?: ?)"
)
_FIRST_MENTION = re.compile(r"\s*<@[!&]?(?P<id>\d+)>")


@dataclass(frozen=True, slots=True)
class Directory:
    """The names behind the ids in a message; `us` are our user id and our own role's."""

    us: frozenset[str]
    users: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    channel: Callable[[str], str | None] = lambda _id: None


def readable(content: str, names: Directory) -> str:
    """The content for somebody who knows no ids; what mentions us is left out."""
    return _MARKUP.sub(lambda found: _shown(found, names), content).strip()


def _shown(found: re.Match[str], names: Directory) -> str:
    name = _name(found, names)
    return name + " " if name and found[0].endswith(" ") else name


def _name(found: re.Match[str], names: Directory) -> str:
    kind, value = found.lastgroup or "", found[found.lastgroup or 0]
    if kind in ("user", "role"):
        known = names.users if kind == "user" else names.roles
        return "" if value in names.us else f"@{known.get(value, value)}"
    if kind == "channel":
        return f"#{names.channel(value) or value}"
    if kind == "time":
        return datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f":{value}:" if kind == "emoji" else f"/{value}"


def turns_to_another(content: str, us: frozenset[str]) -> bool:
    """Whether a message begins by mentioning somebody who is not us."""
    first = _FIRST_MENTION.match(content)
    return first is not None and first["id"] not in us


def title(text: str, otherwise: str) -> str:
    """A thread's name: the first line of the question, cut at a word."""
    lines = (" ".join(line.strip("#>*`_~ \t").split()) for line in (*text.splitlines(), otherwise))
    line = next((line for line in lines if line), "…")
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[: TITLE_LENGTH - 1]
    head, space, _ = cut.rpartition(" ")
    return f"{head if space and len(head) > TITLE_LENGTH // 2 else cut}…"


_MARKS = re.compile(r"([\\`*_~|#>\[\]()])")


def escaped(text: str) -> str:
    """Plain text in which nothing is a mark of Markdown's, in one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
