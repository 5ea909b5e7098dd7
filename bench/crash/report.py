"""What a crash test says in the end: one line per set-up, and every violation with its circumstances."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.crash.moments import Moment
from bench.crash.posts import Post
from bench.crash.questions import Hit, Question
from bench.crash.referee import Verdict, Wrong
from bench.report import aligned

COLUMNS = ("set-up", "turns", "kills", *Wrong, "again", "buttons", "flicker", "recovery p50/p95", "wall")
_SHOWN = 40  # questions with violations that the report spells out
_EACH = 3 * len(Moment)  # kills, from which on every moment has to come
_TEXT = 60  # characters of a message


@dataclass(frozen=True, repr=False)  # asyncio.run shows what its task gave back, when nobody asked
class Result:
    """One set-up's run. Times in seconds."""

    setup: str
    planned: tuple[int, int] = (0, 0)  # turns and kills that were asked for
    questions: Sequence[Question] = ()
    blows: Sequence[Hit] = ()
    posts: Sequence[Post] = ()
    verdict: Verdict = field(default_factory=lambda: Verdict((), 0, 0, 0))
    repeated: int = 0  # events that were delivered again
    starts: Sequence[float] = ()  # how long each start took
    wall: float = 0.0
    calls: Mapping[str, int] = field(default_factory=dict)  # that each simulator got
    killing: float = 0.0  # of the wall time: from the first start to the last kill
    cpu: float = 0.0  # of this process: what the simulators and the referee took
    skipped: str = ""  # why it was not run
    broken: str = ""  # why it did not come to its end
    logs: Path | None = None  # kept where something failed

    @property
    def ok(self) -> bool:
        """Nothing went wrong, and everything that was planned was done."""
        if self.skipped:
            return True
        done = len(self.questions) >= self.planned[0] and len(self.blows) >= self.planned[1]
        return done and not self.broken and not self.missed and not self.verdict.violations

    @property
    def missed(self) -> list[Moment]:
        """The moments that never came, although there were kills enough for each."""
        struck = {hit.moment for hit in self.blows}
        return [each for each in Moment if each not in struck] if self.planned[1] >= _EACH else []

    @property
    def recoveries(self) -> list[float]:
        """From the last hit to the whole answer, of every question that was hit and then answered."""
        return sorted(
            question.done_at - question.hits[-1].at
            for question in self.questions
            if question.hits and question.done_at is not None and question.done_at > question.hits[-1].at
        )

    def row(self) -> list[str]:
        """The line of the table."""
        times = self.recoveries
        recovery = f"{_share(times, 0.5):.1f}/{_share(times, 0.95):.1f} s" if times else "-"
        verdict = self.verdict
        counts = [verdict.count(wrong) for wrong in Wrong]
        figures = [len(self.questions), len(self.blows), *counts]
        figures += [verdict.asked_again, verdict.retries, verdict.flickers]
        return [self.setup, *map(str, figures), recovery, f"{self.wall:.0f} s"]

    def details(self) -> str:
        """The kills by moment, the redeliveries, and what went wrong."""
        moments = Counter(hit.moment for hit in self.blows)
        ways = Counter(hit.how for hit in self.blows)
        hits = max((len(question.hits) for question in self.questions), default=0)
        lines = [
            f"{self.setup}: {_counts({each: moments[each] for each in Moment})}; {_counts(ways)}",
            f"  {self.repeated} events delivered again; hit at most {hits} times each; {self._starts()}",
            f"  calls: {_counts(self.calls)}; last kill at {self.killing:.0f} s; {self.cpu:.0f} s of CPU",
        ]
        if not self.ok:
            turns, kills = self.planned
            lines.append(f"  {len(self.questions)} of {turns} turns, {len(self.blows)} of {kills} kills")
        if self.broken:
            lines.append(f"  BROKEN: {self.broken}")
        if self.missed:
            lines.append(f"  never struck at {', '.join(self.missed)}")
        lines += [f"  {line}" for line in self._violations()]
        if self.logs is not None:
            lines.append(f"  logs: {self.logs}")
        return "\n".join(lines)

    def _starts(self) -> str:
        starts = sorted(self.starts)
        return f"{len(starts)} starts, ready in {_share(starts, 0.5):.1f} s" if starts else "no start"

    def _violations(self) -> list[str]:
        """What is wrong with each question, or process, and its story."""
        known = {question.name: question for question in self.questions}
        wrongs: dict[str, list[str]] = {}
        for violation in self.verdict.violations:
            wrongs.setdefault(violation.about, []).append(f"{violation.wrong}: {violation.text}")
        shown: list[str] = []
        for about, texts in list(wrongs.items())[:_SHOWN]:
            shown.append(f"{about}: {'; '.join(texts)}")
            if about in known:
                shown += [f"    {line}" for line in self._story(known[about])]
        left = len(wrongs) - _SHOWN
        return [*shown, f"… and {left} more"] if left > 0 else shown

    def _story(self, question: Question) -> list[str]:
        """What happened to a question, in seconds since it was written."""
        start, talk = question.posted_at, question.conversation
        when = [(question.taken_at, "taken"), (question.done_at, "whole answer")]
        when += [(ask.at, f"asked, run {ask.ordinal} ({ask.status})") for ask in question.asks]
        when += [(ask.ended_at, f"run {ask.ordinal} ended") for ask in question.asks]
        when += [(hit.at, f"{hit.how} at {_moment(hit)} to {hit.bot}") for hit in question.hits]
        events = sorted((at - start, text) for at, text in when if at is not None)
        app = question.asks[0].run.mode if question.asks else "?"
        clock = datetime.fromtimestamp(question.clock).astimezone().strftime("%H:%M:%S.%f")[:-3]
        number = talk.questions.index(question) + 1
        lines = [f"{talk.kind} {talk.place}, {app}, question {number} there, written at {clock}"]
        lines.append("; ".join(f"{at:.2f} {text}" for at, text in events))
        mine = [post for post in self.posts if post.tokens and post.tokens[0].startswith(question.name)]
        noted = [post for post in self.posts if post.place == talk.place and not post.tokens]
        return lines + [_line(post, start) for post in (*mine, *noted)]


def _moment(hit: Hit) -> str:
    return f"{hit.moment} of {hit.about}" if hit.about else hit.moment


def _line(post: Post, start: float) -> str:
    tokens = post.tokens
    words = f"{tokens[0]}…{tokens[-1]} ({len(tokens)} words)" if tokens else "no words"
    extra = f", and says {post.remark[:_TEXT]!r}" if post.remark else ""
    extra += ", a stream still open" if post.streaming else ""
    extra += ", with buttons" if post.buttons else ""
    states = ", ".join(f"{at - start:.2f}: {len(text)}" for at, text in post.history[-6:])
    return f"{post.key}: {words}{extra}; last states (characters): {states}"


def _counts(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "none"


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, repr=False)
class Report:
    """All set-ups of a crash test."""

    results: Sequence[Result]

    @property
    def ok(self) -> bool:
        """Every set-up that could be run has no violation."""
        return all(result.ok for result in self.results)

    def table(self) -> str:
        """The figures, one line per set-up, then what is behind them."""
        ran = [result for result in self.results if not result.skipped]
        lines = aligned([list(COLUMNS), *(result.row() for result in ran)]) if ran else []
        lines += [f"{result.setup}: skipped: {result.skipped}" for result in self.results if result.skipped]
        return "\n".join([*lines, *(result.details() for result in ran)])
