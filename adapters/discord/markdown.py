"""A draft as Discord's dialect of Markdown: what it can't show is rewritten, nothing in it pings."""

import re
from functools import lru_cache

from adapters.discord import steps, tables
from core.messages import Draft

LONGEST = 2000  # characters of a message's content (Discord: resources/message#create-message)
EMPTY = "…"  # Discord refuses a message without content
SHORTEST_NOTICE = 20  # characters; what is left of a shorter one says nothing
GAP = "\u200b"  # zero width: breaks a pattern without being seen

# A growing text is rewritten at every step, and nearly all of its lines are those of the step before.
_LINES, _TABLES = 8192, 256  # that are remembered: some 200 answers at once

_FENCE = re.compile(r"^(?P<indent>\s*)(?P<mark>`{3,}|~{3,})(?P<info>[^`]*)$")
_LANGUAGE = re.compile(r"[\w+#.-]+")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_HEADING = re.compile(r"\s{0,3}#{4,6}\s+(?P<text>.*)")
_CLOSING_HASHES = re.compile(r"(?<!\S)#+$")
_LINK = re.compile(
    r"(?P<image>!?)\[(?P<text>[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]\(\s*<?(?P<url>[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
)
_PINGS = re.compile(r"https?://[^\s<>]+|@(?=everyone|here)|<(?=@[!&]?\d|#\d)")
_PINGING = ("@everyone", "@here", "<@", "<#")  # without any of these nothing pings


def render(draft: Draft) -> str:
    """The message's content: never empty, never above Discord's 2,000 characters.

    The text goes first. Steps and notices stand below it as subtext and give way where the room is short,
    the steps first.
    """
    text = _cut(rewrite(draft.markdown), LONGEST)
    text += _trace(draft, LONGEST - len(text), alone=not text)
    for notice in draft.notices:
        text += _notice(notice, LONGEST - len(text) - 1, first=not text)
    return text or EMPTY


def _trace(draft: Draft, room: int, *, alone: bool) -> str:
    line = defused(steps.line(draft.steps, final=draft.final, alone=alone))
    room -= sum(len(_notice(notice, LONGEST, first=False)) for notice in draft.notices)
    if not line or len(line) + 1 > room:
        return ""
    return line if alone else f"\n{line}"


def _notice(notice: str, room: int, *, first: bool) -> str:
    line = defused(_unfenced(f"-# {' '.join(notice.split())}"))
    if len(line) > room:
        line = f"{line[: room - 1]}…" if room > SHORTEST_NOTICE else ""
    return line if first or not line else f"\n{line}"


def measure(markdown: str) -> int:
    """The length in characters that `render` gives this text, were there no upper limit."""
    return len(rewrite(markdown)) or len(EMPTY)


def rewrite(markdown: str) -> str:
    """The text in Discord's dialect; an open code fence is closed.

    Links are written out as `text (<url>)`: everyone sees where a link of the model leads before clicking,
    and the angle brackets keep Discord from previewing it.
    """
    lines = markdown.replace("\r\n", "\n").split("\n")
    shown: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if ("```" in line or "~~~" in line) and (fence := _FENCE.match(line)):
            at = _code(lines, at, fence, shown)
        elif "|" in line and tables.begins(lines, at):
            end = tables.ends(lines, at)
            shown += _table(tuple(lines[at:end]))
            at = end
        else:
            shown.append(_line(line))
            at += 1
    return "\n".join(shown).strip("\n").rstrip()


def _code(lines: list[str], at: int, fence: re.Match[str], shown: list[str]) -> int:
    """Write a fenced block down, always with three backticks: Discord knows no other fence."""
    indent, mark = fence["indent"], fence["mark"]
    language = _LANGUAGE.match(fence["info"].strip())
    shown.append(f"{indent}```{language[0] if language else ''}")
    for end in range(at + 1, len(lines)):
        if mark in lines[end] and not lines[end].strip().strip(mark[0]):
            shown.append(f"{indent}```")
            return end + 1
        shown.append(_code_line(lines[end]))
    shown.append(f"{indent}```")
    return len(lines)


def _code_line(line: str) -> str:
    return defused(_unfenced(line))


def _unfenced(text: str) -> str:
    """The text without three backticks in a row, which would open or close a block at Discord."""
    return re.sub(r"(?<=`)`(?=`)", f"{GAP}`{GAP}", text) if "```" in text else text


@lru_cache(maxsize=_TABLES)
def _table(lines: tuple[str, ...]) -> list[str]:
    shown = tables.show([_LINK.sub(r"\g<text> (\g<url>)", line) for line in lines])
    return [defused(line) for line in shown] if shown[0] == "```" else [_line(line) for line in shown]


@lru_cache(maxsize=_LINES)
def _line(line: str) -> str:
    """A line outside of code."""
    return defused(_rewritten(line))


def _rewritten(line: str) -> str:
    if "####" in line and (heading := _HEADING.fullmatch(line)):
        line = _heading(heading["text"])
    if "`" not in line:
        return _prose(line)
    shown = []
    end = 0
    for span in _CODE_SPAN.finditer(line):
        shown += [_prose(line[end : span.start()]), _code_span(span)]
        end = span.end()
    return "".join((*shown, _prose(line[end:])))


def _heading(text: str) -> str:
    """Discord knows three levels of headings; a deeper one is written in bold type."""
    bare = _CLOSING_HASHES.sub("", text.rstrip()).rstrip()
    return tables.strong(tables.unmarked(bare)) if bare else ""


def _code_span(span: re.Match[str]) -> str:
    whole_block = span[1] == "```" and "```" not in span[2]  # on one line, as Discord allows it
    return span[0] if whole_block else _unfenced(span[0])


def _prose(text: str) -> str:
    for _ in range(2):  # an image may be a link's text
        text = _LINK.sub(_link, text) if "](" in text else text
    return _unfenced(text)


def _link(link: re.Match[str]) -> str:
    text, url = link["text"].strip(), link["url"]
    shown = f"<{url}>" if re.match(r"https?://", url) else url
    if not text or text == url:
        return shown
    return f"{text} ({shown})" if url else text


def defused(text: str) -> str:
    """The text with a zero-width gap in everything that could ping or link a person, role or channel."""
    return _PINGS.sub(_defused, text) if any(mark in text for mark in _PINGING) else text


def _defused(found: re.Match[str]) -> str:
    if found[0].startswith("http"):  # a gap would break the address
        return re.sub("@(?=everyone|here)", "%40", found[0])
    return found[0] + GAP


def _cut(text: str, longest: int) -> str:
    """The text, or its beginning with the code fence closed: the core's pages never get that long."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 5].rstrip("`")
    return f"{kept}…" if kept.count("```") % 2 == 0 else f"{kept}\n```"
