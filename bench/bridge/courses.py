"""How each answer came, and how it was shown; pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean

from bench.bridge.answers import SILENCE, answer
from bench.bridge.trial import Call, Leg, Played


@dataclass(frozen=True)
class Course:
    """One answer that was shown to its end. Times are of time.monotonic."""

    number: int
    kind: str
    opens: bool  # the first of its conversation
    channel: str  # where it was shown
    streamed: bool  # as Slack's native stream
    characters: int
    sent: Sequence[float]  # by piece: when it left Dify
    shown: Sequence[float]  # by piece: when the first call came that held it

    @property
    def length(self) -> float:
        """Seconds that it grew, silences apart."""
        steps = (after - before for before, after in pairwise(self.sent))
        return sum(step for step in steps if step < SILENCE)

    @property
    def stale(self) -> float:
        """Mean seconds from sending a piece to the call that shows it."""
        return mean(shown - sent for sent, shown in zip(self.sent, self.shown, strict=True))

    @property
    def last(self) -> float:
        """Seconds from sending the last piece to the call that shows it."""
        return self.shown[-1] - self.sent[-1]


def courses(leg: Leg, played: Played) -> list[Course]:
    """Of the answers that people asked for in a leg."""
    by_answer = defaultdict(list)
    for call in leg.calls:
        if call.number and not call.error:
            by_answer[call.number].append(call)
    begun: set[int] = set()
    found = []
    for number, conversation in sorted(leg.asked.items()):
        sent, calls = played.sent.get(number, []), by_answer[number]
        shown = _shown(calls)
        if sent and len(shown) == len(sent):
            kind, opens = leg.kinds[conversation], conversation not in begun
            streamed = calls[0].method == "chat.startStream"
            characters = len(answer(number, played.answer).text)
            found.append(Course(number, kind, opens, calls[0].channel, streamed, characters, sent, shown))
        begun.add(conversation)
    return found


def _shown(calls: Iterable[Call]) -> list[float]:
    shown: list[float] = []
    for call in calls:
        shown += [call.at] * (call.pieces - len(shown))
    return shown


def behind(played: Played, seconds: float) -> list[float]:
    """By how many seconds Dify sent each piece later after the one before than it should."""
    late: list[float] = []
    for number, sent in played.sent.items():
        planned = answer(number, seconds)
        late += [
            max(0.0, after - before - 1 / planned.rate)
            for at, (before, after) in enumerate(pairwise(sent), 1)
            if at not in planned.silences
        ]
    return late
