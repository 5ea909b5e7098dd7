"""How much of the platforms' budgets is used at a moment, as their servers count; pure."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.bridge.places import CHANNEL, DISCORD
from bench.bridge.trial import Call

FREE = 0.5  # of a bucket's calls are used, at most, where it counts as free
ENDS_WITHIN = 10.0  # seconds from the last piece of an answer to its whole text, at most: of the issue
_EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
_EVERYTHING = "discord"
_UNCOUNTED = ("/interactions/", "/webhooks/")  # are not in Discord's limit for everything


@dataclass(frozen=True)
class Bucket:
    """So many calls in so many seconds."""

    name: str
    calls: int
    seconds: float
    fixed: bool = False  # a window that begins with its first call; else each call comes back by itself


UPDATES = Bucket("chat.update", 50, 60.0)
APPENDS = Bucket("chat.appendStream", 100, 60.0)
STARTS = Bucket("chat.startStream", 20, 60.0)
STOPS = Bucket("chat.stopStream", 20, 60.0)
# Counted over the last second: at the beginning of each window a bucket that is always used up would be free.
EVERYTHING = Bucket(_EVERYTHING, 50, 1.0)


def edits(channel: str) -> Bucket:
    """Discord's, for the messages of a channel or thread."""
    return Bucket(f"{_EDIT} {channel}", 5, 5.0, fixed=True)


def asked_of(kind: str, channel: str, *, first: bool) -> Sequence[Bucket]:
    """The buckets that stand between a piece of an answer and its call.

    A first message at Slack takes from its own channel alone, where there is one answer at a time. But it has
    to grow, too.
    """
    if kind == DISCORD:
        return (EVERYTHING,) if first else (EVERYTHING, edits(channel))
    if kind == CHANNEL:
        return (UPDATES,)
    return (STARTS, APPENDS) if first else (APPENDS,)


class Usage:
    """The calls of a leg, by bucket."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self._taken: dict[str, list[float]] = defaultdict(list)
        for call in calls:
            if not call.limited:
                for name in _names(call):
                    self._taken[name].append(call.at)
        self._windows: dict[Bucket, list[float]] = {}

    def is_free(self, buckets: Iterable[Bucket], at: float) -> bool:
        """Whether of each at most half is used at this moment."""
        return all(self.used(bucket, at) <= bucket.calls * FREE for bucket in buckets)

    def has_room(self, kind: str, begun: int, at: float) -> bool:
        """Whether one more answer can be begun where so many are, each of which needs a call for its end.

        Edits are for ends and for all else: so many answers as could be ended in time. Stops are for ends.
        """
        if kind == CHANNEL:
            return begun <= UPDATES.calls / UPDATES.seconds * ENDS_WITHIN
        return kind == DISCORD or self.used(STOPS, at) + begun <= STOPS.calls * FREE

    def used(self, bucket: Bucket, at: float) -> int:
        """How many calls are taken from it."""
        taken = self._taken.get(bucket.name, [])
        until = bisect_left(taken, at)
        if not bucket.fixed:
            return until - bisect_right(taken, at - bucket.seconds)
        starts = self._starts(bucket, taken)
        window = bisect_right(starts, at) - 1
        if window < 0 or starts[window] + bucket.seconds <= at:
            return 0
        return until - bisect_left(taken, starts[window])

    def _starts(self, bucket: Bucket, taken: Iterable[float]) -> list[float]:
        """When each window of a fixed bucket began."""
        if bucket not in self._windows:
            starts = self._windows[bucket] = []
            for at in taken:
                if not starts or at >= starts[-1] + bucket.seconds:
                    starts.append(at)
        return self._windows[bucket]


def _names(call: Call) -> Iterator[str]:
    _, _, path = call.method.partition(" ")
    if not path:
        yield call.method
        return
    yield f"{call.method} {call.channel}"
    if not path.startswith(_UNCOUNTED):
        yield _EVERYTHING
