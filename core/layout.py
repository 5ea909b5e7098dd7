"""How an answer's messages ought to look: its newest text, cut into pages, against what stands; no I/O."""

from collections.abc import Callable
from dataclasses import replace

from core.continuation import Written
from core.contract import Limits
from core.messages import Button, Draft, Step
from core.pages import Measure, Page, Pages

Change = tuple[int, Draft | None]


class Layout:
    """The text of an answer, and the messages that show it. `clock` gives seconds."""

    def __init__(self, limits: Limits, measure: Measure, clock: Callable[[], float]) -> None:
        self._pages = Pages(limits.page_length, measure)
        self._page_seconds = limits.page_seconds
        self._clock = clock
        self._settled = 0  # messages before this one are closed and need no look any more
        self.messages: list[Written] = []
        self.text = ""
        self.steps: tuple[Step, ...] = ()
        self._told: dict[int, tuple[Step, ...]] = {}  # the steps that closed pages show
        self.notices: tuple[str, ...] = ()
        self.buttons: tuple[Button, ...] = ()  # under the whole text
        self.growing: tuple[Button, ...] = ()  # under the newest page until then
        self.final = False  # the text is whole

    def next_step(self) -> Change | None:
        """Which message is to be made to look how; None for the draft: it is surplus."""
        pages = self._updated_pages()
        first = max(0, min(self._settled, len(pages) - 1))  # the last page may still get its notices
        for index in range(first, len(pages)):
            draft = self._draft(index, pages[index], last=index == len(pages) - 1)
            if self._is_news(index, draft):
                return index, self._with_redraw(index, draft)
            if draft.final:
                self._settled = max(self._settled, index + 1)
        return (len(self.messages) - 1, None) if self._has_surplus(len(pages)) else None

    def seconds_to_roll_over(self, pages: int) -> float:
        """How long the newest of so many messages may still grow."""
        if self.final or not 0 < pages <= len(self.messages):
            return float("inf")
        message = self.messages[pages - 1]
        if message.shown is None or message.shown.final or not message.shown.markdown.strip():
            return float("inf")
        return message.posted_at + self._page_seconds - self._clock()

    def _draft(self, index: int, page: Page, *, last: bool) -> Draft:
        ends = last and self.final
        growing = self.growing if last and not page.closed else ()
        return Draft(
            page.markdown,
            final=page.closed,
            steps=self._steps_of(index, page),
            notices=self.notices if ends else (),
            buttons=self.buttons if ends else growing,
        )

    def _steps_of(self, index: int, page: Page) -> tuple[Step, ...]:
        """Each step stands on the page that was the newest when it came; a closed page keeps what it has."""
        if not self.steps or index in self._told:
            return self._told.get(index, ())
        told = {step.key for steps in self._told.values() for step in steps}
        new = tuple(step for step in self.steps if step.key not in told)
        if page.closed:
            self._told[index] = new
        return new

    def _has_surplus(self, pages: int) -> bool:
        """A page of a process before us may be needed again: it came further, and the text still grows."""
        surplus = self.messages[pages:]
        return any(self.final or message.shown is not None for message in surplus)

    def _is_news(self, index: int, draft: Draft) -> bool:
        if index >= len(self.messages) and not _is_worth_a_post(draft):
            return False
        shown = self.messages[index].shown if index < len(self.messages) else None
        return shown is None or replace(shown, redraw=False) != draft

    def _with_redraw(self, index: int, draft: Draft) -> Draft:
        shown = self.messages[index].shown if index < len(self.messages) else None
        grows = shown is None or (not shown.final and draft.markdown.startswith(shown.markdown))
        return draft if grows else replace(draft, redraw=True)

    def _updated_pages(self) -> list[Page]:
        pages = self._pages.update(self.text, final=self.final)
        redrawn = self._pages.redrawn
        if self.seconds_to_roll_over(len(pages)) <= 0:
            self._pages.roll()
            pages = self._pages.update(self.text, final=self.final)
        if redrawn:
            self._settled = 0
            self._told.clear()
        return pages


def _is_worth_a_post(draft: Draft) -> bool:
    if draft.final:
        return bool(draft.markdown.strip() or draft.notices or draft.buttons)
    return bool(draft.steps) or any(character.isalnum() for character in draft.markdown)  # not "##" alone
