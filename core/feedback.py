"""Reactions on answers → one rating per answer at Dify.

The rule: each person has one vote, their last reaction that still stands; bots have none. More likes than
dislikes is a like, more dislikes a dislike, a tie goes to the latest vote, none left takes the rating back.
What admins mark (core.annotating) comes and is told on the same ways, and is no vote.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from core.annotating import Annotating
from core.dify.apps import DifyApp
from core.emojis import canonical
from core.errors import DifyError, DifyRefused, StoreUnavailable
from core.messages import IncomingReaction
from core.metrics import Metrics
from core.store.ratings import Ratings
from core.store.rows import Answered, Vote

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
REVIEW_SECONDS = 60.0  # another process may have kept a vote and died before it told Dify
LIKE, DISLIKE = "like", "dislike"


def verdict(votes: Sequence[Vote]) -> str:
    """The one rating of all votes, "" for none; the votes stand in order of time."""
    last = {vote.person: vote for vote in sorted(votes, key=lambda vote: vote.at)}
    likes = sum(vote.rating == LIKE for vote in last.values())
    dislikes = len(last) - likes
    if not last or likes > dislikes:
        return LIKE if last else ""
    return DISLIKE if dislikes > likes else max(last.values(), key=lambda vote: vote.at).rating


class Feedback:
    """Keeps votes, and tells Dify until it has heard."""

    def __init__(
        self,
        ratings: Ratings,
        apps: Mapping[str, DifyApp],
        meanings: Mapping[str, str],
        metrics: Metrics,
        retry_seconds: float = RETRY_SECONDS,
        *,
        annotating: Annotating | None = None,
    ) -> None:
        self._ratings = ratings
        self._apps = apps
        self._meanings = meanings  # canonical emoji → like, dislike
        self._metrics = metrics
        self._retry_seconds = retry_seconds
        self._annotating = annotating
        self._due = asyncio.Event()
        self._unheard: set[int] = set()  # turns of which Dify could not be told yet

    async def reaction(self, reaction: IncomingReaction) -> bool:
        """Take a reaction that may rate or mark an answer. False: it would, but no answer is known there."""
        emoji = canonical(reaction.emoji)
        rating = self._meanings.get(emoji)
        marking = self._annotating if self._annotating and self._annotating.means(reaction) else None
        if (rating is None and marking is None) or reaction.author.bot:
            return True
        turn = await self._ratings.answer_at(reaction.ref)
        if turn is None:
            return False
        if marking is not None:
            await marking.reaction(turn, reaction)
        elif reaction.added and rating is not None:
            await self._ratings.vote(turn, reaction.ref, reaction.author.id, emoji, rating)
        else:
            await self._ratings.unvote(turn, reaction.ref, reaction.author.id, emoji)
        self._due.set()
        return True

    def closed(self) -> None:
        """A turn was closed: votes that came before Dify's ids were known can be told now."""
        self._due.set()

    async def run(self) -> None:
        """Tell Dify whatever is due: now, whenever something changes, and now and then; until cancelled."""
        while True:
            self._due.clear()
            heard = await self._tell_all()
            try:
                async with asyncio.timeout(REVIEW_SECONDS if heard else self._retry_seconds):
                    await self._due.wait()
            except TimeoutError:
                continue

    async def _tell_all(self) -> bool:
        try:
            due = await self._ratings.due()
            heard = await asyncio.gather(*(self._tell(turn) for turn in due))
            return all(heard)
        except StoreUnavailable:
            return False

    async def _tell(self, turn: int) -> bool:
        standing = await self._ratings.standing(turn)
        if standing is None:
            return True
        answered, votes = standing
        rating = verdict(votes)
        news = rating != answered.rating and answered.message_id and answered.app in self._apps
        heard = not news or await self._send(answered, rating)
        if self._annotating is not None:
            heard = await self._annotating.settle(answered) and heard
        if not heard:
            if turn not in self._unheard:
                log.warning("turn %d: Dify could not be told of its reactions; trying again", turn)
            self._unheard.add(turn)
            return False
        self._unheard.discard(turn)
        await self._ratings.told(turn, rating, votes)
        return True

    async def _send(self, answered: Answered, rating: str) -> bool:
        client = self._apps[answered.app].client
        try:
            await client.rate(answered.message_id, answered.identity, rating or None)
        except DifyRefused as refused:
            if refused.advice.retry:
                return False
            log.warning("Dify did not take a rating (%s)", refused.code)
        except DifyError:
            return False
        else:
            self._metrics.ratings.labels(rating or "none").inc()
        return True
