"""How long text is on its way from Dify to a platform where no budget is in its way; pure.

What counts, and why, is said in the package.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.bridge.courses import Course, courses
from bench.bridge.places import DISCORD, DM
from bench.bridge.trial import Leg, Played
from bench.bridge.usage import Usage, asked_of

QUIET = 2.0  # seconds without a call: longer than any sensible pace where the bucket is free


@dataclass(frozen=True)
class Lag:
    """From the sending of a piece to the arrival of the first call that shows it."""

    seconds: float
    opens: bool  # Discord's thread had to be opened first: two calls, one after the other


def lags(leg: Leg, played: Played, *, limited: bool) -> list[Lag]:
    """Of every moment of a leg that counts; for who is not `limited` every budget is free."""
    usage, kinds, everything = Usage(leg.calls), list(leg.kinds.values()), courses(leg, played)
    found = []
    for course in everything:
        alone = course.kind == DISCORD or kinds.count(course.kind) == 1
        for at in _moments(course, alone=alone):
            buckets = asked_of(course.kind, course.channel, first=not at)
            sent, begun = course.sent[at], _begun(course.kind, everything, course.sent[at])
            room = usage.has_room(course.kind, begun, sent)
            if not limited or (room and usage.is_free(buckets, sent)):
                opens = course.opens and course.kind == DISCORD and not at
                found.append(Lag(course.shown[at] - sent, opens))
    return found


def _begun(kind: str, everything: Iterable[Course], at: float) -> int:
    """How many answers at Slack have begun at Dify, and do not stand whole, in the way of this kind."""
    mine = (course for course in everything if course.kind != DISCORD and course.streamed == (kind == DM))
    return sum(course.sent[0] < at < course.shown[-1] for course in mine)


def _moments(course: Course, *, alone: bool) -> Iterator[int]:
    """The first piece; where the budget is nobody else's, each before which all stood, and nothing moved."""
    yield 0
    if alone:
        pairs = zip(course.shown, course.sent[1:], strict=False)
        yield from (at for at, (shown, sent) in enumerate(pairs, 1) if sent - shown >= QUIET)
