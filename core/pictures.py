"""Files of the app's own inside an answer's Markdown: shown by name, and handed out to be posted. Pure.

Source: Dify writes a file into a text as `![name](url)` or, of other types, `[name](url)`; the address is
signed, lives minutes and is often relative, so that nobody could open it from a chat.
"""

import re
from collections.abc import Callable

from core.dify.metadata import AppFile
from core.file_names import identity_of, name_of
from core.pages import Fence, open_fence

LONGEST = 2_000  # characters of an image or a link; longer ones stay as they are
IMAGE, FILE = "🖼", "📎"
IsOurs = Callable[[str], bool]
_SIGNS = ("/files/", "data:image/")  # without one of them no address can be ours (core.dify.downloads)

_NESTED = r"\[[^\[\]\n]{0,200}"
_LABEL = rf"(?:[^\[\]\\\n]|\\.|{_NESTED}\]){{0,300}}"
_BARE = r"[^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*"
_TITLE = r"(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\))"
_BEGUN_TITLE = r"(?:\"[^\"\n]*|'[^'\n]*|\([^()\n]*)"
_OPENING = re.compile(r"!?\[")
_WHOLE = re.compile(
    rf"(?P<mark>!?)\[(?P<label>{_LABEL})\]\([ \t]*(?:<(?P<angle>[^<>\n]*)>|(?P<bare>{_BARE}))"
    rf"(?:[ \t]+{_TITLE})?[ \t]*\)"
)
_BEGUN = re.compile(
    rf"!?\[{_LABEL}(?:\\|{_NESTED})?"
    rf"|!?\[{_LABEL}\](?:\([ \t]*(?:<[^<>\n]*|{_BARE}(?:\([^\s()]*)?"
    rf"|(?:<[^<>\n]*>|{_BARE})(?:[ \t]+(?:{_BEGUN_TITLE}|{_TITLE}[ \t]*)?)?)?)?"
)
_DATA = re.compile(rf"!\[{_LABEL}\]\([ \t]*<?data:image/")  # the picture itself: of any length
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def pictured(text: str, is_ours: IsOurs, *, final: bool) -> tuple[str, tuple[AppFile, ...]]:
    """The text with each file of the app's own as its name, and these files, each once.

    Until it is final, what may be the beginning of one is held back: what is shown only grows. Code stays as
    it is, and so does what is not the app's own.
    """
    any_ours = any(sign in text for sign in _SIGNS)
    at = 0 if any_ours else text.rfind("\n") + 1  # what is only begun stands in the last line
    if (final and not any_ours) or (text.find("[", at) < 0 and (final or not text.endswith("!"))):
        return text, ()
    shown: list[str] = []
    files: list[AppFile] = []
    code = _Code(text)
    done = 0  # shown up to here
    while (start := _next(text, at, code)) is not None:
        found = _whole(text, start)
        if found is None and not final and _is_begun(text, start):
            return "".join([*shown, text[done:start]]), _once(files)
        at = start + (2 if text[start] == "!" else 1)
        if found is not None and _ours(found, is_ours):
            words, made = _replaced(found, is_ours)
            shown += [text[done:start], words]
            files += made
            at = done = found.end()
    rest = text[done:]
    held = not final and rest.endswith("!")  # an image may begin with it
    return "".join([*shown, rest[:-1] if held else rest]), _once(files)


class _Code:
    """Tells what is code by what stands before it alone, so that more text changes nothing."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line = 0  # a line begins here
        self._fence: Fence | None = None  # that is open there

    def at(self, place: int) -> bool:
        """Whether a place is inside code; asked from the front to the back."""
        text, line = self._text, self._text.rfind("\n", 0, place) + 1
        if line > self._line:
            self._fence = open_fence(text[self._line : line], self._fence)
            self._line = line
        before = text[line:place]
        return open_fence(before, self._fence) is not None or before.count("`") % 2 == 1


def _next(text: str, at: int, code: _Code) -> int | None:
    for opening in _OPENING.finditer(text, at):
        start = opening.start()
        if _is_escaped(text, start):
            if opening[0] == "[":
                continue
            start += 1  # the mark is none, but a link may follow it
        if not code.at(start):
            return start
    return None


def _is_escaped(text: str, at: int) -> bool:
    before = text[max(0, at - 50) : at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _whole(text: str, start: int) -> re.Match[str] | None:
    return _WHOLE.match(text, start, len(text) if _holds_data(text, start) else start + LONGEST)


def _is_begun(text: str, start: int) -> bool:
    if len(text) - start > LONGEST and not _holds_data(text, start):
        return False
    return _BEGUN.fullmatch(text, start) is not None


def _holds_data(text: str, start: int) -> bool:
    return text.startswith("!", start) and _DATA.match(text, start, start + LONGEST) is not None


def _url(found: re.Match[str]) -> str:
    return str(found["bare"] if found["angle"] is None else found["angle"])


def _ours(found: re.Match[str], is_ours: IsOurs) -> bool:
    url = _url(found)
    return bool(found["mark"]) if url.startswith("data:image/") else is_ours(url)


def _replaced(found: re.Match[str], is_ours: IsOurs) -> tuple[str, list[AppFile]]:
    label, inner = pictured(found["label"], is_ours, final=True)
    name = " ".join(_ESCAPED.sub(r"\1", label).split())
    image = bool(found["mark"])
    file = AppFile(type="image" if image else "", url=_url(found), name=name)
    words = " ".join(label.split()) or name_of(file)
    return f"{IMAGE if image else FILE} {words}", [*inner, file]


def _once(files: list[AppFile]) -> tuple[AppFile, ...]:
    found: dict[str, AppFile] = {}
    for file in files:
        found.setdefault(identity_of(file), file)
    return tuple(found.values())
