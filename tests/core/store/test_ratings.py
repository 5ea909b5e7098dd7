"""Votes: what stands on an answer, and what Dify still has to be told."""

import asyncio

import pytest

from core.messages import MessageRef
from core.store.database import Database
from core.store.ratings import Ratings
from core.store.rows import Answered
from tests.core.store.conftest import asked, fetch, post

IDS = {"task_id": "t", "message_id": "m", "run_id": "", "conversation_id": "conv", "asked_at": 5.0}


@pytest.fixture
async def turn(store, ledger):
    """An answered turn; its answer stands in the message `post()`."""
    turn = await ledger.claim((await asked(store)).turn)
    await ledger.add_post(turn, 0, post())
    await ledger.note_ids(turn, **IDS)
    await ledger.close(turn, "complete")
    return turn.id


async def cast(ratings, turn):
    return [(vote.person, vote.rating) for vote in (await ratings.standing(turn))[1]]


async def test_an_answer_is_found_by_its_message(ratings, turn):
    assert await ratings.answer_at(post()) == turn
    assert await ratings.answer_at(post("a2")) is None


async def test_votes_stand_in_the_order_in_which_they_came(ratings, turn):
    await ratings.vote(turn, post(), "bob", "👎", "dislike")
    await ratings.vote(turn, post(), "ann", "👍", "like")
    await ratings.vote(turn, post(), "bob", "👍", "like")
    assert await cast(ratings, turn) == [("bob", "dislike"), ("ann", "like"), ("bob", "like")]
    await ratings.vote(turn, post(), "bob", "👎", "dislike")  # again: the latest now
    assert await cast(ratings, turn) == [("ann", "like"), ("bob", "like"), ("bob", "dislike")]


async def test_what_is_known_of_an_answer(ratings, turn):
    answered, votes = await ratings.standing(turn)
    assert answered == Answered(turn, "helpdesk", "chat:w:c:t", "m", "ann", "")
    assert votes == []


async def test_nothing_is_known_of_an_answer_that_is_gone(ratings, turn, database):
    await ratings.vote(turn, post(), "bob", "👍", "like")
    await database.write(lambda connection: connection.exec_driver_sql("DELETE FROM turns"))
    assert await ratings.standing(turn) is None
    assert await ratings.due() == []


async def test_a_vote_is_due_until_dify_was_told_of_it(ratings, turn):
    assert await ratings.due() == []
    await ratings.vote(turn, post(), "bob", "👍", "like")
    assert await ratings.due() == [turn]
    answered, votes = await ratings.standing(turn)
    assert answered.rating == ""
    await ratings.told(turn, "like", votes)
    assert await ratings.due() == []
    assert (await ratings.standing(turn))[0].rating == "like"


async def test_a_vote_that_is_taken_back_is_due_too(ratings, turn):
    await ratings.vote(turn, post(), "bob", "👍", "like")
    await ratings.told(turn, "like", (await ratings.standing(turn))[1])
    await ratings.unvote(turn, post(), "bob", "👎")  # there is none
    assert await ratings.due() == []
    await ratings.unvote(turn, post(), "bob", "👍")
    assert await ratings.due() == [turn]
    assert await cast(ratings, turn) == []


async def test_a_vote_that_comes_while_dify_is_told_stays_due(ratings, turn):
    await ratings.vote(turn, post(), "bob", "👍", "like")
    counted = (await ratings.standing(turn))[1]
    await ratings.vote(turn, post(), "ann", "👎", "dislike")
    await ratings.told(turn, "like", counted)
    assert await ratings.due() == [turn]
    assert (await ratings.standing(turn))[0].rating == "like"


async def test_an_answer_that_still_grows_is_not_rated_yet(store, ledger, ratings):
    turn = await ledger.claim((await asked(store)).turn)
    await ratings.vote(turn.id, post(), "bob", "👍", "like")
    assert await ratings.due() == []
    await ledger.park(turn, "lost", "half")
    assert await ratings.due() == [turn.id]


async def test_the_names_of_people_and_emoji_may_be_long(ratings, turn, database):
    name, emoji = "p" * 300, "shortcode_" * 30
    ref = MessageRef("chat", "w", "c", "m" * 300)
    await ratings.vote(turn, ref, name, emoji, "like")
    await ratings.vote(turn, ref, name, "👩🏽‍❤️‍💋‍👨🏿" * 40, "dislike")
    assert await cast(ratings, turn) == [(name, "like"), (name, "dislike")]
    await ratings.unvote(turn, ref, name, emoji)
    assert await cast(ratings, turn) == [(name, "dislike")]
    assert len(await fetch(database, "SELECT * FROM votes")) == 1


class Interrupted:
    """A database where something else happens between the first two statements of a change."""

    def __init__(self, database, meanwhile):
        self._database, self._meanwhile = database, meanwhile
        self.begin = database.begin

    async def write(self, change, **how):
        async def apply(connection):
            return await change(Halting(connection, self._meanwhile))

        return await self._database.write(apply, **how)


class Halting:
    def __init__(self, connection, meanwhile):
        self._connection, self._meanwhile, self._count = connection, meanwhile, 0

    async def execute(self, statement):
        self._count += 1
        if self._count == 2:
            await self._meanwhile()
        return await self._connection.execute(statement)


async def test_a_vote_that_another_process_takes_while_the_rating_is_kept_stays_due(postgres):
    ours, theirs = await Database.open(postgres), await Database.open(postgres)
    try:
        turn = await answered(ours)
        await Ratings(ours).vote(turn, post(), "bob", "👍", "like")
        counted = (await Ratings(ours).standing(turn))[1]
        voting = []

        async def vote():
            voting.append(asyncio.create_task(Ratings(theirs).vote(turn, post(), "ann", "👎", "dislike")))
            # it either waits for us or is done: half a second tells which on any machine
            await asyncio.wait(voting, timeout=0.5)

        await Ratings(Interrupted(ours, vote)).told(turn, "like", counted)
        await asyncio.gather(*voting)
        assert await Ratings(ours).due() == [turn]
    finally:
        await ours.aclose()
        await theirs.aclose()


async def answered(database):
    from core.store.ledger import Ledger  # noqa: PLC0415
    from core.store.store import Store  # noqa: PLC0415

    ledger = Ledger(database)
    turn = await ledger.claim((await asked(Store(database))).turn)
    await ledger.close(turn, "complete")
    return turn.id
