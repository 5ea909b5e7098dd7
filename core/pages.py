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
_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<marker>`{3,}|~{3,})(?P<info>.*)")
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


def open_fence(markdown: str) -> Fence | None:
    """The code fence that is still open at the end of the text (CommonMark 4.5)."""
    fence: Fence | None = None
    for line in markdown.split("\n"):
        match = _FENCE.fullmatch(line.rstrip("\r"))
        if match is None:
            continue
        marker, info = match["marker"], match["info"].strip()
        if fence is None:
            if marker[0] == "~" or "`" not in info:
                fence = Fence(marker, info, match["indent"])
        elif marker[0] == fence.marker[0] and len(marker) >= len(fence.marker) and not info:
            fence = None
    return fence


def closed(body: str) -> str:
    """The text with its open code fence closed."""
    fence = open_fence(body)
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
        self._start = 0  # of the newest page, in the text
        self._shown = 0  # end of what is shown of it
        self._opener = ""

    def update(self, text: str, *, final: bool) -> list[Page]:
        """All pages for the text as it is now; `final` says that it will not grow any more."""
        self.redrawn = not text.startswith(self._text[: self._shown])
        if self.redrawn:
            self._reset()
        self._text = text
        while not self._fits(len(text)):
            self._freeze(self._cut())
        self._shown = len(text) if final else max(self._shown, self._presentable())
        if self._frozen and self._shown == self._start:
            return list(self._frozen)
        source = text[self._start : self._shown]
        body = self._opener + source
        return [*self._frozen, Page(closed(body) if final else body, final, source)]

    def roll(self) -> None:
        """Close the newest page where it stands; what comes goes to a next one."""
        if self._shown > self._start:
            self._freeze(self._shown)

    def _body(self, end: int) -> str:
        return closed(self._opener + self._text[self._start : end])

    def _fits(self, end: int) -> bool:
        return self._measure(self._body(end)) <= self._limit

    def _freeze(self, end: int) -> None:
        source = self._text[self._start : end]
        body = self._opener + source
        self._frozen.append(Page(closed(body), closed=True, source=source))
        fence = open_fence(body)
        self._start = end
        self._shown = max(self._shown, end)
        self._opener = "" if fence is None else self._affordable(fence)

    def _affordable(self, fence: Fence) -> str:
        for opener in (fence.opener, f"{fence.indent}{fence.marker}\n", f"{fence.marker}\n"):
            if self._measure(closed(opener + "x")) <= self._limit // 2:
                return opener
        return ""  # a limit so small that no fence fits beside its text

    def _presentable(self) -> int:
        text, start = self._text, self._start
        if self._measure(self._body(len(text))) < self._limit * _CAREFUL_FROM:
            return len(text)
        begin = max(start, self._shown)
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
            and open_fence(self._opener + self._text[self._start : line]) is None
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
