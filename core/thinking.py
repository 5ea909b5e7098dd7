"""What a model thinks aloud inside its answer is not shown. Pure.

Source: Dify 0.15 to 1.16: `<think>…</think>` in the text ("tagged", the default), and 0.15's rewriting of it
to `<details …> <summary> Thinking... </summary>…</details>`. Tags come cut, and a stop leaves them open.
"""

import re

from core.pages import open_fence

_OPENING = re.compile(
    r"<(?P<tag>think)(?:\s[^<>]*)?>|<(?P<html>details)\b[^<>]*>\s*<summary>\s*Thinking[.…]*\s*</summary>",
    re.IGNORECASE,
)
_CLOSING = {
    "think": re.compile(r"</think\s*>", re.IGNORECASE),
    "details": re.compile(r"</details\s*>", re.IGNORECASE),
}
# the end of a text that may become an opening with what comes next
_BEGUN = re.compile(
    r"<(?:t(?:h(?:i(?:n(?:k(?:\s[^<>]*)?)?)?)?)?|d(?:e(?:t(?:a(?:i(?:l(?:s)?)?)?)?)?)?"
    r"|details\b[^<>]*(?:>\s*(?:<[^<>]{0,9}(?:>\s*[^<>]{0,16}(?:<[^<>]{0,9})?)?)?)?)?\Z",
    re.IGNORECASE,
)


def visible(text: str, *, final: bool) -> str:
    """The text without its thinking. Until it is final, what may be the beginning of a tag is held back."""
    if "<" not in text:
        return text
    shown, at = "", 0
    while (opening := _next(text, at)) is not None:
        shown += _after(shown, at, text[at : opening.start()])
        closing = _CLOSING[(opening["tag"] or opening["html"]).lower()].search(text, opening.end())
        if closing is None:
            return shown
        at = closing.end()
    return shown + _after(shown, at, text[at : len(text) if final else _begun(text, at)])


def _after(shown: str, at: int, piece: str) -> str:
    """An answer that begins with thinking does not begin with the blank lines behind it."""
    return piece.lstrip() if at and not shown.strip() else piece


def _next(text: str, at: int) -> re.Match[str] | None:
    found = _OPENING.finditer(text, at)
    return next((opening for opening in found if not _in_code(text, opening.start())), None)


def _begun(text: str, at: int) -> int:
    """Where the end of the text may be the beginning of a tag; its length where it is none."""
    while (begun := _BEGUN.search(text, at)) is not None:
        if not _in_code(text, begun.start()):
            return begun.start()
        at = begun.start() + 1  # inside of what is written about, another may begin
    return len(text)


def _in_code(text: str, at: int) -> bool:
    """Somebody writes about such a tag."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line.count("`") % 2 == 1 or open_fence(text[:at]) is not None
