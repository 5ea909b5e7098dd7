"""Model Markdown made safe for Slack: mentions defused, undecided ends held back, fences closed; pure."""

import re
from functools import lru_cache

# Slack reads <!channel>, <!subteam^S…>, <@U…> and <#C…> also inside markdown blocks and code, but not once
# the `<` is an entity. `&` must stay (it is part of link URLs) and `>` too (it starts quotes).
_LINK = re.compile(r"<((?:https?|mailto|tel):[^\s<>|]*)\|([^<>|\n]*)>")
_SPECIAL = re.compile(r"<(?=[!@#]|subteam)")
_UNDECIDED = re.compile(
    r"<(?:"
    r"s(?:u(?:b(?:t(?:ea?)?)?)?)?"
    r"|h(?:t(?:tps?|t)?)?|m(?:a(?:i(?:l(?:to?)?)?)?)?|t(?:el?)?"
    r"|(?:https?|mailto|tel):[^\s<>|]*(?:\|[^<>|\n]*)?"
    r")?\Z"
)
_LONGEST_LINK = 300  # characters of `<url|label>`; a longer one is left as it is rather than waited for

# Patterns for lines begin with the break before them: that is searched for many times faster than `^`.
_FENCE = re.compile(r"\n[ \t]*(`{3,}|~{3,})(.*)")  # any indentation: it may stand in a list item
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\(([^()\s]*)\)")
_MARKS = re.compile(r"\*\*|__|~~")
_LINE_MARKS = re.compile(r"(\n)(?:#{1,6} | {0,3}(?:`{3,}|~{3,})[^`\n]*(?=\n|\Z))")

PLAIN_LENGTH = 3_000
GLIMPSE_LENGTH = 300


def defuse(markdown: str) -> str:
    """The text without anything that Slack would read as a mention; Slack's own links as Markdown links."""
    return _SPECIAL.sub("&lt;", _LINK.sub(_as_link, markdown))


def settled(markdown: str) -> str:
    """The part of a growing text whose reading no later character can change.

    Held back is a `<` at the end that may yet become a mention or a link.
    """
    start = markdown.rfind("<", max(0, len(markdown) - _LONGEST_LINK))
    undecided = start >= 0 and _UNDECIDED.match(markdown, start)
    return markdown[:start] if undecided else markdown


def render(markdown: str, *, final: bool) -> str:
    """What Slack is given for a text; while not final, later renderings only grow at the end."""
    return defuse(markdown if final else settled(markdown))


def measure(markdown: str) -> int:
    """The length of the rendered text in bytes of UTF-8: Slack's cap on a streamed message counts those."""
    return len(defuse(markdown).encode(errors="surrogatepass"))


def close_fence(markdown: str) -> str:
    """The text with its open code fence closed, if there is one (CommonMark 4.5)."""
    if "```" not in markdown and "~~~" not in markdown:
        return markdown
    marker = ""
    for found in _FENCE.finditer(f"\n{markdown}"):
        fence, rest = found[1], found[2].strip()
        if not marker:
            marker = "" if fence[0] == "`" and "`" in rest else fence
        elif fence[0] == marker[0] and len(fence) >= len(marker) and not rest:
            marker = ""
    if not marker:
        return markdown
    return f"{markdown}{'' if markdown.endswith(chr(10)) else chr(10)}{marker}"


def plain(markdown: str) -> str:
    """A short reading without marks, for the notification (the `text` beside blocks); escaped for mrkdwn."""
    return _plain(markdown[: PLAIN_LENGTH * 2], PLAIN_LENGTH)


def glimpse(markdown: str) -> str:
    """The beginning of `plain`, for a growing answer: nobody is told of an edit."""
    return _glimpse(markdown[: GLIMPSE_LENGTH * 2])


@lru_cache(maxsize=512)  # the same at each step of an answer, once it is that long
def _glimpse(head: str) -> str:
    return _plain(head, GLIMPSE_LENGTH)


def _plain(head: str, limit: int) -> str:
    words = _IMAGE_OR_LINK.sub(r"\1", head) if "](" in head else head
    lines = _LINE_MARKS.sub(r"\1", f"\n{words}")
    return escape(_MARKS.sub("", lines).strip(), limit)


def escape(text: str, limit: int) -> str:
    """Plain text for a mrkdwn field: nothing in it is a link or a mention; at most `limit` characters."""
    escaped = text[:limit].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(escaped) < limit:
        return escaped
    kept = escaped[: limit - 1]
    start = kept.rfind("&")
    return (kept if start < 0 or ";" in kept[start:] else kept[:start]) + "…"


def _as_link(match: re.Match[str]) -> str:
    if len(match[0]) > _LONGEST_LINK:
        return match[0]
    url, label = match[1], match[2]
    if not label or label == url:
        return f"<{url}>"
    escaped = re.sub(r"([\\\[\]])", r"\\\1", label)
    return f"[{escaped}]({url.replace('(', '%28').replace(')', '%29')})"
