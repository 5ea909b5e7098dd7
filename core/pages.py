"""Cutting a growing Markdown text into pages that each fit one message; pure.

A page once left is frozen. The newest page only grows: near its end it shows whole sentences and lines only,
so that the cut, when it comes, needs to take nothing back (an append-only surface could not). Code fences cut
in two are closed and reopened; the slices together are exactly the text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Measure = Callable[[str], int]
# Any indentation: in a list item a fence stands deeper than the three blanks of CommonMark 4.5.
# Behind a line break: a pattern that begins with a character is searched for many times faster than with `^`.
_FENCE = re.compile(r"\n(?P<indent>[ \t]*)(?P<marker>`{3,}|~{3,})(?P<info>.*)")
_OPENING = re.compile(r"(?:[ \t]*(?:`{3,}|~{3,})[^`]*)|(?:#{1,6} .*)")
_SENTENCE_END = re.compile(r"[.!?…][\"')\]»”’]*\s+|[。！？．][」』）]*|\n+")
_JOINED = re.compile(
    r"[\u0300-\u036f\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\u3099\u309a]"
)  # part of what precedes
_CAREFUL_FROM = 0.8  # of a page: from here on it shows whole sentences only


@dataclass(frozen=True, slots=True)
class Fence:
    """An open code fence."""

    marker: str
    info: str
    indent: str = ""

    @property
    def opener(self) -> str:
        """The line that opens it again."""
        return f"{self.indent}{self.marker}{self.info}\n"


def open_fence(markdown: str, fence: Fence | None = None) -> Fence | None:
    """The code fence that is open at the end of the text; `fence` is open before it (CommonMark 4.5)."""
    if "```" not in markdown and "~~~" not in markdown:
        return fence
    for match in _FENCE.finditer(f"\n{markdown}"):
        marker, info = match["marker"], match["info"].strip()
        if fence is None:
            if marker[0] == "~" or "`" not in info:
                fence = Fence(marker, info, match["indent"])
        elif marker[0] == fence.marker[0] and len(marker) >= len(fence.marker) and not info:
            fence = None
    return fence


def closed(body: str) -> str:
    """The text with its open code fence closed."""
    return _shut(body, open_fence(body))


def _shut(body: str, fence: Fence | None) -> str:
    if fence is None:
        return body
    return f"{body}{'' if body.endswith(chr(10)) else chr(10)}{fence.indent}{fence.marker}"


@dataclass(frozen=True, slots=True)
class Page:
    """One message's share of the text."""

    markdown: str
    closed: bool  # nothing will be added to it
    source: str  # its slice of the text; `markdown` may open and close a fence around it


class Pages:
    """The pages of one answer as it grows. Feed it the whole text each time."""

    def __init__(self, limit: int, measure: Measure) -> None:
        self._limit = limit
        self._measure = measure
        self.redrawn = False  # whether the last update replaced what was shown before
        self._reset()

    def _reset(self) -> None:
        self._frozen: list[Page] = []
        self._text = ""  # all that was shown
        self._final = False
        self._pages: list[Page] | None = None  # of this text
        self._start = 0  # of the newest page, in the text
        self._shown = 0  # end of what is shown of it
        self._opener = ""
        self._forget_line()

    def _forget_line(self) -> None:
        self._line = self._start  # a line begins here, on the newest page
        self._fence = open_fence(self._opener)  # that is open there

    def update(self, text: str, *, final: bool) -> list[Page]:
        """All pages for the text as it is now; `final` says that it will not grow any more."""
        if self._pages is not None and (text, final) == (self._text, self._final):
            self.redrawn = False
            return self._pages
        grown = text.startswith(self._text)
        self.redrawn = not grown and not text.startswith(self._text[: self._shown])
        if self.redrawn:
            self._reset()
        elif not grown:  # what was not shown yet has changed
            self._forget_line()
        self._text, self._final = text, final
        self._pages = self._cut_to_pages()
        return self._pages

    def _cut_to_pages(self) -> list[Page]:
        text, final = self._text, self._final
        self._note_line()
        while (size := self._size(len(text))) > self._limit:
            self._freeze(self._cut())
        self._shown = len(text) if final else max(self._shown, self._presentable(size))
        if self._frozen and self._shown == self._start:
            return list(self._frozen)
        source = text[self._start : self._shown]
        body = self._closed(self._shown) if final else self._opener + source
        return [*self._frozen, Page(body, final, source)]

    def _note_line(self) -> None:
        """Remember where the last line begins and what is open there: only what follows is read again."""
        line = self._text.rfind("\n", self._line) + 1
        if line > self._line:
            self._fence = open_fence(self._text[self._line : line], self._fence)
            self._line = line

    def roll(self) -> None:
        """Close the newest page where it stands; what comes goes to a next one."""
        if self._shown > self._start:
            self._freeze(self._shown)
            self._pages = None

    def _open_fence(self, end: int) -> Fence | None:
        if end < self._line:
            return open_fence(self._opener + self._text[self._start : end])
        return open_fence(self._text[self._line : end], self._fence)

    def _closed(self, end: int) -> str:
        return _shut(self._opener + self._text[self._start : end], self._open_fence(end))

    def _size(self, end: int) -> int:
        return self._measure(self._closed(end))

    def _fits(self, end: int) -> bool:
        return self._size(end) <= self._limit

    def _freeze(self, end: int) -> None:
        fence = self._open_fence(end)
        self._frozen.append(Page(self._closed(end), closed=True, source=self._text[self._start : end]))
        self._start = end
        self._shown = max(self._shown, end)
        self._opener = "" if fence is None else self._affordable(fence)
        self._forget_line()

    def _affordable(self, fence: Fence) -> str:
        for opener in (fence.opener, f"{fence.indent}{fence.marker}\n", f"{fence.marker}\n"):
            if self._measure(closed(opener + "x")) <= self._limit // 2:
                return opener
        return ""  # a limit so small that no fence fits beside its text

    def _presentable(self, size: int) -> int:
        """How much of a text of this size, which fits, is shown while it grows."""
        text = self._text
        if size < self._limit * _CAREFUL_FROM:
            return len(text)
        begin = max(self._start, self._shown)
        ends = [match.end() for match in _SENTENCE_END.finditer(text, begin)]
        # the whole may fit where a part does not: in a fence that is closed at its end only
        return next((end for end in reversed(ends) if self._fits(end)), begin)

    def _cut(self) -> int:
        """Where the newest page ends, now that the text is too long for it: at least one character on."""
        last = self._last_fitting()
        floor = max(self._shown, self._start + 1)
        if last <= floor:
            return floor
        first = max(floor, self._start + (last - self._start) // 2)
        for end in self._natural(first, last):
            if self._fits(end):
                return end
        return floor if floor >= first and floor == self._shown else _whole_character(self._text, last, floor)

    def _last_fitting(self) -> int:
        low, high = self._start + 1, len(self._text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._fits(middle) else (low, middle - 1)
        while low > self._start + 1 and not self._fits(low):  # a measure need not be monotonous
            low -= 1
        return low

    def _natural(self, first: int, last: int) -> list[int]:
        text = self._text
        found = [
            _after_last(text, "\n\n", first, last),
            _after_last(text, "\n", first, last),
            max((m.end() for m in _SENTENCE_END.finditer(text, first, last)), default=-1),
            _after_last(text, " ", first, last),
        ]
        return [self._before_opening(end, first) for end in found if end > self._start]

    def _before_opening(self, end: int, first: int) -> int:
        """Not right behind a heading, or the line that opens a fence: it belongs to what follows."""
        before = self._text[self._start : end].rstrip("\n")
        line = self._start + before.rfind("\n") + 1
        if (
            _OPENING.fullmatch(self._text[line : self._start + len(before)])
            and line > first
            and self._open_fence(line) is None
        ):
            return line
        return end


def _after_last(text: str, mark: str, first: int, last: int) -> int:
    found = text.rfind(mark, max(0, first - len(mark)), last)
    return found + len(mark) if found >= 0 and found + len(mark) >= first else -1


def _whole_character(text: str, end: int, floor: int) -> int:
    """The last place up to `end` that does not cut a character from its accents or its joined emoji."""
    at = end
    while at > floor and at < len(text) and (_JOINED.match(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    return at if at > floor else end


def split(text: str, limit: int, measure: Measure = len) -> list[str]:
    """The pages of a finished text."""
    return [page.markdown for page in Pages(limit, measure).update(text, final=True)]
