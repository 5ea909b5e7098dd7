"""An answer that grows step by step, rendered as the product does it, and everything anew at each step."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

from bench.render.answers import answer
from bench.render.surfaces import Surface
from core.messages import Draft
from core.pages import Pages

LOOKS = 4  # at the pages, for each call that core.reply makes


@dataclass(frozen=True)
class Step:
    """One more piece of the text has come."""

    cpu: float  # seconds
    page: int  # the one that grows; those before it are frozen


def grow(surface: Surface, characters: int, steps: int) -> list[Step]:
    """Each step's price: the pages brought up to date, and what is new on them rendered once."""
    pages, closed, taken = Pages(surface.page_length, surface.measure), 0, list[Step]()
    for text, final in _growing(characters, steps):
        began = time.process_time()
        for _ in range(LOOKS):
            now = pages.update(text, final=final)
        for page in now[closed:]:
            surface.render(Draft(page.markdown, final=page.closed))
        taken.append(Step(time.process_time() - began, len(now) - 1))
        closed = sum(page.closed for page in now)
    return taken


def anew(surface: Surface, characters: int, steps: int) -> list[Step]:
    """The reference: nothing is kept from step to step, all pages are cut and rendered each time."""
    taken = list[Step]()
    for text, final in _growing(characters, steps):
        began = time.process_time()
        now = Pages(surface.page_length, surface.measure).update(text, final=final)
        for page in now:
            surface.render(Draft(page.markdown, final=page.closed))
        taken.append(Step(time.process_time() - began, len(now) - 1))
    return taken


def total(taken: Sequence[Step]) -> float:
    """CPU seconds of the whole answer."""
    return sum(step.cpu for step in taken)


def early_and_late(taken: Sequence[Step]) -> tuple[float, float] | None:
    """A step's CPU seconds on the first and on the last third of the pages, the first and last page left out.

    None where there are not two such pages. Whole pages are compared, for a step costs more on a fuller page.
    """
    pages = range(1, taken[-1].page)
    third = len(pages) // 3 or 1
    if len(pages) < 2 * third:
        return None
    return _per_step(taken, pages[:third]), _per_step(taken, pages[-third:])


def _per_step(taken: Sequence[Step], pages: range) -> float:
    return mean(step.cpu for step in taken if step.page in pages)


def _growing(characters: int, steps: int) -> Iterator[tuple[str, bool]]:
    text = answer(characters)
    for step in range(1, steps + 1):
        yield text[: characters * step // steps], step == steps
