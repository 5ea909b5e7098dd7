"""How stale answers would be at the least, if all was known beforehand; pure.

As in `pace`: as many calls as the budget has in all the time, evenly spaced over the time in which answers
grew. Each message's first call stands beside them where it has a bucket of its own. With less than one call
per answer, answers come whole at their ends: they are stale for half of their length, as they would be with
one call. No call takes any time.

What a bot may call at Discord in all is a bucket of one second, and nothing of it can be saved for another:
so it is divided each second among who grew in it, but for first calls and threads, which are spread over all.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil

from bench.bridge.answers import SILENCE
from bench.bridge.courses import Course
from bench.bridge.places import CHANNEL, DISCORD, DM
from bench.bridge.usage import APPENDS, EVERYTHING, STARTS, UPDATES, Bucket, edits

_MESSAGE = 2000  # characters


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
    together = _together(courses)
    channels: dict[str, list[Course]] = defaultdict(list)
    for course in courses:
        channels[course.channel].append(course)
    found = []
    for channel, answers in channels.items():
        own = _growing(answers) / calls(edits(channel), _elapsed(answers))
        found += [_stale(course, _mean_gap(course, own, together)) for course in answers]
    return found


def _together(courses: Sequence[Course]) -> dict[int, float]:
    """By second: the time from one call to the next for each that grew in it, were all calls for them."""
    grew: dict[int, float] = defaultdict(float)
    for course in courses:
        for at, part in _seconds(course).items():
            grew[at] += part
    left = EVERYTHING.calls - sum(_first_calls(course) for course in courses) / max(1, len(grew))
    return {at: part / max(1.0, left) for at, part in grew.items()}


def _mean_gap(course: Course, own: float, together: Mapping[int, float]) -> float:
    """Over the time in which an answer grew: its own channel's, or that of all."""
    seconds = _seconds(course)
    gaps = sum(max(own, together[at]) * part for at, part in seconds.items())
    return gaps / sum(seconds.values()) if seconds else own


def _seconds(course: Course) -> Mapping[int, float]:
    """How much of each second an answer grew."""
    found: dict[int, float] = defaultdict(float)
    for before, after in pairwise(course.sent):
        if after - before < SILENCE:
            found[int(before)] += after - before
    return found


def _first_calls(course: Course) -> int:
    """The messages, and the thread, without which an answer can't be shown at Discord."""
    return ceil(course.characters / _MESSAGE) + course.opens


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
