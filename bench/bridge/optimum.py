"""How stale answers would be at the least, if all was known beforehand; pure.

As in `pace`: as many calls as the budget has in all the time, evenly spaced over the time in which answers
grew, each message's first call beside them. With less than one call per answer, answers come whole at their
ends: they are stale for half of their length, as they would be with one call. No call takes any time.
"""

from collections import defaultdict
from collections.abc import Sequence

from bench.bridge.courses import Course
from bench.bridge.places import CHANNEL, DISCORD, DM
from bench.bridge.usage import APPENDS, EVERYTHING, STARTS, UPDATES, Bucket, edits


def least(courses: Sequence[Course]) -> dict[str, list[float]]:
    """By kind of conversation: for each answer of a leg its mean staleness in seconds."""
    of = {kind: [course for course in courses if course.kind == kind] for kind in (DM, CHANNEL, DISCORD)}
    return {**_slack(of[DM], of[CHANNEL]), DISCORD: _discord(of[DISCORD])}


def _slack(direct: Sequence[Course], public: Sequence[Course]) -> dict[str, list[float]]:
    """Direct messages are streamed, as far as there are starts; all others are edited."""
    streamed = min(1.0, calls(STARTS, _elapsed(direct)) / len(direct)) if direct else 0.0
    append = _growing(direct) * streamed / calls(APPENDS, _elapsed(direct))
    edited = _growing(public) + _growing(direct) * (1 - streamed)
    update = edited / calls(UPDATES, _elapsed([*direct, *public]))
    return {
        DM: [streamed * _stale(each, append) + (1 - streamed) * _stale(each, update) for each in direct],
        CHANNEL: [_stale(each, update) for each in public],
    }


def _discord(courses: Sequence[Course]) -> list[float]:
    """Every conversation has a channel of its own, but all share what the bot may do in all."""
    together = _growing(courses) / calls(EVERYTHING, _elapsed(courses))
    channels: dict[str, list[Course]] = defaultdict(list)
    for course in courses:
        channels[course.channel].append(course)
    found = []
    for channel, answers in channels.items():
        own = _growing(answers) / calls(edits(channel), _elapsed(answers))
        found += [_stale(course, max(own, together)) for course in answers]
    return found


def _stale(course: Course, gap: float) -> float:
    """With a call every so many seconds, but at least one."""
    return min(gap, course.length) / 2


def _growing(courses: Sequence[Course]) -> float:
    """Seconds that they grew, all together."""
    return sum(course.length for course in courses)


def _elapsed(courses: Sequence[Course]) -> float:
    """Seconds from the first piece of any to the last."""
    if not courses:
        return 0.0
    return max(course.sent[-1] for course in courses) - min(course.sent[0] for course in courses)


def calls(bucket: Bucket, seconds: float) -> float:
    """How many a bucket has in so many seconds."""
    return bucket.calls * max(1.0, seconds / bucket.seconds)
