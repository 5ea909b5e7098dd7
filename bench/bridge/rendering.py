"""How much of the bot's CPU goes into rendering: answers of the same lengths, shown in as many calls."""

from collections.abc import Sequence
from statistics import mean

from bench.bridge.courses import Course
from bench.bridge.places import CHANNEL, DISCORD, DM
from bench.render import cpu_seconds

_SURFACES = {CHANNEL: "Slack, edited", DISCORD: "Discord"}


def rendering(courses: Sequence[Course]) -> float:
    """CPU seconds that rendering these answers takes, measured in this process."""
    by_surface: dict[str, list[Course]] = {}
    for course in courses:
        by_surface.setdefault(_surface(course), []).append(course)
    return sum(_of_one(name, some) * len(some) for name, some in by_surface.items())


def _surface(course: Course) -> str:
    streamed = "Slack, streamed" if course.streamed else "Slack, edited"
    return streamed if course.kind == DM else _SURFACES[course.kind]


def _of_one(surface: str, some: Sequence[Course]) -> float:
    """One answer of their mean length, in the mean number of calls."""
    characters = round(mean(course.characters for course in some))
    return cpu_seconds(characters, round(mean(len(set(course.shown)) for course in some)))[surface]
