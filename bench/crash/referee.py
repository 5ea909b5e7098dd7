"""What went wrong: pure, over what was asked and what stands in the chats at the end."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from bench.crash.options import GRACE_SECONDS
from bench.crash.places import Conversation
from bench.crash.posts import Pages, Post, is_whole, sets_of
from bench.crash.questions import Ask, Hit, Question, question_of, tokens_in

CUT_SECONDS = 5.0  # that a process has to stop what is left when its time is over
CROSSING_SECONDS = 0.5  # between the end of that time and an answer whose own end crosses the stop
ID_SECONDS = 0.15  # between Dify's first id and a kill: before that nobody can have kept it


class Wrong(StrEnum):
    """Kinds of violations; each has to be zero."""

    LOST = "lost"  # no message, or set of pages, with the whole answer
    TWICE = "twice"  # the answer twice, or something else beside it
    ORDER = "order"  # asked or answered out of the order of the questions
    OVERLAP = "overlap"  # two runs of one conversation at the same time
    HALF = "half"  # a message that stays incomplete, or an open stream
    REVERTED = "reverted"  # the whole answer stood and does not any more
    NEEDLESS = "needless"  # asked again although Dify still had the answer
    RETRY = "retry"  # a Retry button where the answer could have been had
    BOT = "bot"  # a process ended by itself, or not as it should


@dataclass(frozen=True)
class Violation:
    """One thing that must not happen, and where."""

    wrong: Wrong
    about: str  # the question's name, or the process
    text: str


@dataclass(frozen=True)
class Verdict:
    """The violations and the figures of one run."""

    violations: tuple[Violation, ...]
    asked_again: int  # runs at Dify beside the first of each question
    retries: int  # questions that ended with a Retry button, rightly or not
    flickers: int  # states after the whole answer that showed something else, and were mended

    def count(self, wrong: Wrong) -> int:
        """How many of a kind."""
        return sum(violation.wrong is wrong for violation in self.violations)


@dataclass(frozen=True)
class Case:
    """One question with what stands of its answer."""

    question: Question
    sets: tuple[Pages, ...]
    others: tuple[Post, ...]  # messages without a word of an answer that came while it was open

    @property
    def answers(self) -> list[tuple[str, ...]]:
        """What may stand: the words of any of its runs."""
        return [ask.tokens for ask in self.question.asks]

    @property
    def whole(self) -> list[Pages]:
        """The sets that are a whole answer."""
        return [pages for pages in self.sets if is_whole(pages, self.answers)]

    @property
    def retry(self) -> bool:
        """It ended with a button instead of an answer."""
        posts = [*self.others, *(post for pages in self.sets for post in pages.posts)]
        return not self.whole and any(post.buttons for post in posts)


def judge(conversations: Iterable[Conversation], posts: Sequence[Post], blows: Iterable[Hit] = ()) -> Verdict:
    """Everything that can be said about a run from outside; `blows` is all that was done to the bots."""
    ends = [hit.at + GRACE_SECONDS for hit in blows if hit.how == "SIGTERM"]
    talks = list(conversations)
    cases = cases_of(talks, posts)
    violations: list[Violation] = []
    for case in cases:
        violations += [Violation(wrong, case.question.name, text) for wrong, text in _wrongs(case, ends)]
    for conversation in talks:
        violations += [*_disorder(conversation, cases), *_overlaps(conversation)]
    again = sum(max(0, len(case.question.asks) - 1) for case in cases)
    flickers = sum(_flickers(case) for case in cases)
    return Verdict(tuple(violations), again, sum(case.retry for case in cases), flickers)


def cases_of(conversations: Iterable[Conversation], posts: Sequence[Post]) -> list[Case]:
    """Every question with its messages; those that name none go to the question that was open then."""
    about: defaultdict[int, list[Post]] = defaultdict(list)
    nameless: defaultdict[str, list[Post]] = defaultdict(list)
    for post in posts:
        if post.tokens:
            about[question_of(post.tokens[0])].append(post)
        else:
            nameless[post.place].append(post)
    cases = []
    for conversation in conversations:
        others: defaultdict[int, list[Post]] = defaultdict(list)
        for post in nameless[conversation.place]:
            others[_open_at(conversation, post.at).number].append(post)
        for question in conversation.questions:
            sets = tuple(sets_of(about[question.number]))
            cases.append(Case(question, sets, tuple(others[question.number])))
    return cases


def _open_at(conversation: Conversation, at: float) -> Question:
    """Whose turn it was when a message came that names no question; a guess, but for the count it is enough.

    The last one that was being answered when it was hit; else the first one without an answer.
    """
    asked = [question for question in conversation.questions if question.posted_at <= at]
    hit = [each for each in asked if each.asks and each.asks[0].at < at and _hit_before(each, at)]
    waiting = [question for question in asked if question.done_at is None or question.done_at > at]
    return (hit[-1:] or waiting[:1] or asked[-1:] or conversation.questions)[0]


def _hit_before(question: Question, at: float) -> bool:
    return any(hit.at < at for hit in question.hits)


def _wrongs(case: Case, ends: Sequence[float]) -> Iterable[tuple[Wrong, str]]:
    question = case.question
    half = [pages for pages in case.sets if not is_whole(pages, case.answers)]
    excused = case.retry and (_orphaned(question) or _cut_short(question, ends))
    if case.retry:
        if not excused:
            yield Wrong.RETRY, "a Retry button, although the answer could have been had"
    elif not case.whole:
        yield Wrong.LOST, "its whole answer stands nowhere"
    if case.whole and len(case.whole) + len(half) + len(case.others) > 1:
        count = f"{len(case.whole)} whole answers, {len(half)} other texts, {len(case.others)} notes"
        yield Wrong.TWICE, count
    if half and not case.retry:
        yield Wrong.HALF, f"{len(half)} of {len(case.sets)} texts are not whole"
    elif any(post.streaming for pages in case.sets for post in pages.posts):
        yield Wrong.HALF, "a native stream is still open"
    if question.done_at is not None and not case.whole and not excused:
        yield Wrong.REVERTED, "the whole answer stood once"
    asks = question.asks
    needless = sum(any(_had(old, ask) for old in asks[:at]) for at, ask in enumerate(asks))
    if needless:
        yield Wrong.NEEDLESS, f"asked {len(asks)} times, {needless} of them needlessly"


def _had(old: Ask, new: Ask) -> bool:
    """When the question was asked anew, Dify still worked on it, or had the answer."""
    return old.status == "succeeded" or old.ended_at is None or old.ended_at > new.at


def _cut_short(question: Question, ends: Sequence[float]) -> bool:
    """A run that dies with its client, stopped by a process whose time after SIGTERM was over (`ends`).

    Where it ended by itself in that very second, its end and the stop cross: nobody can tell which was first.
    """
    patience = {"stopped": CUT_SECONDS, "succeeded": CROSSING_SECONDS}
    chats = [ask for ask in question.asks if ask.run.mode == "chat" and ask.status in patience]
    return any(
        ask.ended_at is not None and 0 <= ask.ended_at - end <= patience[ask.status]
        for ask in chats
        for end in ends
    )


def _orphaned(question: Question) -> bool:
    """A chatflow's run that goes on, of which the bot was killed before it can have kept an id."""
    flows = [ask for ask in question.asks if ask.run.mode == "advanced-chat"]
    hits = [hit.at for hit in question.hits]
    return any(ask.at <= at <= (ask.began_at or at) + ID_SECONDS for ask in flows for at in hits)


def _disorder(conversation: Conversation, cases: Iterable[Case]) -> Iterable[Violation]:
    """Whoever was asked, or answered first, before an earlier question."""
    asked = {question.number: question.asks for question in conversation.questions if question.asks}
    latest = 0.0
    for number, asks in asked.items():
        if asks[0].at < latest:
            yield Violation(Wrong.ORDER, f"q{number:04d}", "asked at Dify before the question in front of it")
        latest = max(latest, asks[-1].at)
    latest = 0.0
    for case in cases:
        if case.question.conversation is conversation and case.sets:
            first = case.sets[0].posts[0].at
            if first < latest:
                yield Violation(
                    Wrong.ORDER, case.question.name, "answered before the question in front of it"
                )
            latest = max(latest, first)


def _overlaps(conversation: Conversation) -> Iterable[Violation]:
    """Two runs of the conversation that Dify had at the same time."""
    runs = [(ask, question) for question in conversation.questions for ask in question.asks]
    runs.sort(key=lambda pair: pair[0].at)
    for (before, one), (after, other) in pairwise(runs):
        if before.ended_at is None or before.ended_at > after.at:
            text = f"run {after.ordinal} began while run {before.ordinal} of {one.name} went on"
            yield Violation(Wrong.OVERLAP, other.name, text)


def _flickers(case: Case) -> int:
    """States of messages that showed something else after the words that stand at the end."""
    count = 0
    for post in (post for pages in case.whole for post in pages.posts):
        states = [tokens_in(text) for _, text in post.history]
        count += sum(state != post.tokens for state in states[states.index(post.tokens) :])
    return count
