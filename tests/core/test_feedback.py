"""Reactions become one rating: the rule, and what Dify is told of it."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dify.apps import DifyApp
from core.dify.client import DifyClient, Question
from core.dify.server import DifyServer, StreamLimits
from core.dispatch.local import LocalQueues
from core.emojis import meanings
from core.feedback import Feedback, verdict
from core.messages import Addressed, IncomingMessage, IncomingReaction, MessageRef, Person, Place
from core.metrics import Metrics
from core.store.database import Database
from core.store.ledger import Ledger
from core.store.ratings import Ratings
from core.store.rows import Vote
from core.store.store import Store
from simulators.dify import DifySimulator

VOTES = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(["like", "dislike"])), max_size=12
).flatmap(
    lambda cast: st.permutations(range(len(cast))).map(
        lambda times: [
            Vote(person, rating, float(at)) for (person, rating), at in zip(cast, times, strict=True)
        ]
    )
)


def in_words(votes):
    """The rule as the design says it, played event by event."""
    said = {}
    for vote in sorted(votes, key=lambda vote: vote.at):
        said.pop(vote.person, None)
        said[vote.person] = vote.rating  # a dict keeps the order of what was put in last
    count = Counter(said.values())
    if not said:
        return ""
    if count["like"] != count["dislike"]:
        return count.most_common(1)[0][0]
    return list(said.values())[-1]


@given(VOTES)
def test_the_verdict_is_the_rule_in_words(votes):
    assert verdict(votes) == in_words(votes)


@given(VOTES)
def test_the_verdict_does_not_depend_on_the_order_of_the_rows(votes):
    assert verdict(list(reversed(votes))) == verdict(votes)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([], ""),
        ([("a", "like")], "like"),
        ([("a", "dislike")], "dislike"),
        ([("a", "like"), ("b", "dislike")], "dislike"),
        ([("a", "dislike"), ("b", "like")], "like"),
        ([("a", "like"), ("a", "dislike")], "dislike"),
        ([("a", "like"), ("b", "like"), ("c", "dislike")], "like"),
        ([("a", "like"), ("b", "like"), ("c", "dislike"), ("a", "dislike")], "dislike"),
        ([("a", "dislike")] * 5 + [("b", "like"), ("c", "like")], "like"),
    ],
)
def test_each_person_has_one_vote(votes, expected):
    cast = [Vote(person, rating, float(at)) for at, (person, rating) in enumerate(votes)]
    assert verdict(cast) == expected


class Rated:
    """One answer that stands on the platform, and the Dify behind it."""

    def __init__(self, dify, store, feedback, turn, post):
        self.dify, self.store, self.feedback, self.turn, self.post = dify, store, feedback, turn, post

    async def react(self, person, emoji, *, added=True, bot=False, ref=None):
        reaction = IncomingReaction(ref or self.post, Person(person, bot=bot), emoji, added)
        await self.feedback.reaction(reaction)

    @property
    def told(self):
        calls = self.dify.journal.named("POST /messages/{message_id}/feedbacks")
        return [call.args["rating"] for call in calls]

    async def heard(self, count):
        await self.dify.journal.wait(lambda: len(self.told) >= count)
        return self.told

    async def settled(self):
        """Everything that is due has been told."""
        ratings = Ratings(self.store.database)
        async with asyncio.timeout(5):
            while await ratings.due():  # each look is a transaction: others run meanwhile
                pass


@pytest.fixture
async def rated(tmp_path):
    async with DifySimulator() as dify:
        dify.add_app("app-k")
        server = DifyServer(dify.base_url, StreamLimits())
        client = DifyClient(server, "app-k")
        message_id = ""
        async with client.ask(Question("hi", "who-asked"), run=False) as events:
            async for event in events:
                message_id = event.message_id or message_id
        database = await Database.open(f"sqlite:///{tmp_path}/s.db")
        store, ref = Store(database), MessageRef("chat", "w", "c", "q")
        place = Place("chat", "w", "c", "t")
        asked = IncomingMessage(ref, place, Person("asker"), "hi", Addressed.MENTION, "who-asked")
        queues, ledger = LocalQueues(None, store), Ledger(database)
        accepted = await store.accept(asked, "helpdesk", queues.enlist)
        post = MessageRef("chat", "w", "c", "a")
        turn = await ledger.claim(accepted.turn)
        await ledger.add_post(turn, 0, post)
        await ledger.note_ids(
            turn, task_id="t", message_id=message_id, run_id="", conversation_id="c", asked_at=5.0
        )
        feedback = Feedback(
            Ratings(database),
            {"helpdesk": DifyApp("helpdesk", client, server)},
            meanings({"like": ["+1", "heart"], "dislike": ["-1"]}),
            Metrics(),
            retry_seconds=0.01,
        )
        task = asyncio.create_task(feedback.run())
        yield Rated(dify, store, feedback, turn, post)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await server.aclose()
        await database.aclose()


async def close(rated):
    await Ledger(rated.store.database).close(rated.turn, "complete")
    rated.feedback.closed()


async def test_reactions_are_told_with_the_user_that_asked(rated):
    await close(rated)
    await rated.react("ann", "👍🏽")
    assert await rated.heard(1) == ["like"]
    await rated.react("bob", "-1")
    assert await rated.heard(2) == ["like", "dislike"]  # a tie: the latest
    await rated.react("bob", "-1", added=False)
    assert await rated.heard(3) == ["like", "dislike", "like"]
    await rated.react("ann", "+1", added=False)
    assert await rated.heard(4) == ["like", "dislike", "like", None]
    calls = rated.dify.journal.named("POST /messages/{message_id}/feedbacks")
    assert {call.args["user"] for call in calls} == {"who-asked"}
    assert {call.status for call in calls} == {200}
    assert rated.dify.runs[0].message.feedback is None


async def test_votes_on_an_answer_that_still_grows_are_told_when_it_is_closed(rated):
    await rated.react("ann", "+1")
    assert await Ratings(rated.store.database).due() == []
    assert rated.told == []
    await close(rated)
    assert await rated.heard(1) == ["like"]


async def test_what_is_not_a_vote_is_nothing(rated):
    await close(rated)
    await rated.react("robot", "+1", bot=True)
    await rated.react("ann", "eyes")
    await rated.react("ann", "+1", added=False)
    await rated.react("ann", "+1", ref=MessageRef("chat", "w", "c", "somebody else's"))
    assert await Ratings(rated.store.database).due() == []
    await rated.react("ann", "+1")
    assert await rated.heard(1) == ["like"]


async def test_a_second_emoji_of_the_same_person_is_the_same_vote(rated):
    await close(rated)
    await rated.react("ann", "+1")
    await rated.heard(1)
    await rated.react("ann", "heart")
    await rated.react("ann", "+1", added=False)
    await rated.settled()
    assert rated.told == ["like"]
    await rated.react("ann", "❤️", added=False)
    assert await rated.heard(2) == ["like", None]


async def test_dify_is_told_again_until_it_has_heard(rated):
    await close(rated)
    port = int(rated.dify.origin.rpartition(":")[2])
    await rated.dify.stop()
    await rated.react("ann", "+1")
    assert await Ratings(rated.store.database).due() == [rated.turn.id]
    await rated.dify.start(port)
    assert await rated.heard(1) == ["like"]
    await rated.settled()


async def test_a_rating_that_dify_refuses_for_good_is_not_repeated(rated):
    await close(rated)
    rated.dify.apps["app-k"].messages.clear()
    await rated.react("ann", "+1")
    await rated.heard(1)
    await rated.settled()
    assert len(rated.told) == 1
