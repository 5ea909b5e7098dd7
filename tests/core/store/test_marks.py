"""Marks: how far each is, that they are no votes, and what Dify still has to be told."""

import asyncio

import pytest

from core.messages import MessageRef
from core.store.database import Database
from core.store.marks import Mark, Marked, Marks, Stage
from core.store.ratings import Ratings
from tests.core.store.conftest import asked, fetch, post
from tests.core.store.test_ratings import IDS, Interrupted

PIN = "📌"


@pytest.fixture
async def turn(store, ledger):
    """An answered turn; its answer stands in the message `post()`."""
    return await answered(store, ledger)


async def answered(store, ledger, name="q1", at="a1", **more):
    turn = await ledger.claim((await asked(store, name, **more)).turn)
    await ledger.add_post(turn, 0, post(at))
    await ledger.note_ids(turn, **IDS | {"message_id": f"m-{name}"})
    await ledger.close(turn, "complete")
    return turn.id


@pytest.fixture
def marks(database):
    return Marks(database)


async def stages(marks, turn):
    return [(mark.person, str(mark.stage)) for mark in (await marks.of(turn)).marks]


async def told(marks, turn, *, kept=True):
    return await marks.settle(turn, (await marks.of(turn)).marks, kept=kept)


async def test_what_is_known_of_a_mark(marks, turn):
    assert await marks.of(turn) == Marked("conv", ())
    await marks.mark(turn, post(), "boss", PIN)
    [mark] = (await marks.of(turn)).marks
    assert mark == Mark(post(), "boss", PIN, Stage.NEW, mark.at)


async def test_a_mark_is_due_until_dify_was_told_of_it(marks, ratings, turn):
    await marks.mark(turn, post(), "boss", PIN)
    assert await ratings.due() == [turn]
    await ratings.told(turn, "", [])  # of its votes only: the mark is still to be told
    assert await ratings.due() == [turn]
    assert [mark.person for mark in await told(marks, turn)] == ["boss"]
    await ratings.told(turn, "", [])
    assert await ratings.due() == []
    assert await stages(marks, turn) == [("boss", "annotated")]


async def test_a_mark_taken_away_is_due_and_then_gone(marks, ratings, turn):
    await marks.mark(turn, post(), "boss", PIN)
    await told(marks, turn)
    await ratings.told(turn, "", [])
    await marks.withdraw(turn, post(), "ann", PIN)  # there is none of hers
    await marks.withdraw(turn, post("a2"), "boss", PIN)
    assert await ratings.due() == []
    await marks.withdraw(turn, post(), "boss", PIN)
    assert await ratings.due() == [turn]
    assert await stages(marks, turn) == [("boss", "withdrawn")]
    assert len(await told(marks, turn, kept=False)) == 1
    assert await stages(marks, turn) == []


async def test_what_the_platform_tells_twice_is_one_mark(marks, turn):
    await marks.mark(turn, post(), "boss", PIN)
    [first] = (await marks.of(turn)).marks
    await marks.mark(turn, post(), "boss", PIN)
    assert (await marks.of(turn)).marks == (first,)
    await told(marks, turn)
    await marks.mark(turn, post(), "boss", PIN)
    assert await stages(marks, turn) == [("boss", "annotated")]
    await marks.withdraw(turn, post(), "boss", PIN)
    [taken] = (await marks.of(turn)).marks
    await marks.withdraw(turn, post(), "boss", PIN)
    assert (await marks.of(turn)).marks == (taken,)


async def test_set_again_before_dify_was_told_it_stands(marks, turn):
    await marks.mark(turn, post(), "boss", PIN)
    await marks.withdraw(turn, post(), "boss", PIN)
    await marks.mark(turn, post(), "boss", PIN)
    assert await stages(marks, turn) == [("boss", "annotate")]


async def test_what_changes_while_dify_is_told_stays_due(marks, ratings, turn):
    await marks.mark(turn, post(), "boss", PIN)
    seen = (await marks.of(turn)).marks
    await marks.withdraw(turn, post(), "boss", PIN)
    await marks.mark(turn, post(), "ann", PIN)
    assert await marks.settle(turn, seen, kept=True) == []
    await ratings.told(turn, "", [])
    assert await ratings.due() == [turn]
    assert await stages(marks, turn) == [("boss", "withdrawn"), ("ann", "annotate")]


async def test_only_the_first_of_two_processes_settles_a_mark(marks, turn):
    await marks.mark(turn, post(), "boss", PIN)
    seen = (await marks.of(turn)).marks
    assert len(await marks.settle(turn, seen, kept=True)) == 1
    assert await marks.settle(turn, seen, kept=True) == []


async def test_a_mark_that_could_not_be_kept_goes_and_can_be_set_again(marks, turn):
    await marks.mark(turn, post(), "boss", PIN)
    assert len(await told(marks, turn, kept=False)) == 1
    assert await stages(marks, turn) == []
    await marks.mark(turn, post(), "boss", PIN)
    assert await stages(marks, turn) == [("boss", "annotate")]


async def test_marks_are_no_votes_and_votes_are_no_marks(marks, ratings, turn, database):
    await marks.mark(turn, post(), "boss", PIN)
    await ratings.vote(turn, post(), "boss", "👍", "like")
    assert [vote.rating for vote in (await ratings.standing(turn))[1]] == ["like"]
    assert await stages(marks, turn) == [("boss", "annotate")]
    assert len(await fetch(database, "SELECT * FROM votes")) == 2


async def test_an_emoji_that_was_a_vote_before_becomes_a_mark(marks, ratings, turn):
    await ratings.vote(turn, post(), "boss", PIN, "like")
    await marks.mark(turn, post(), "boss", PIN)
    assert await stages(marks, turn) == [("boss", "annotate")]
    assert (await ratings.standing(turn))[1] == []


async def test_where_a_message_is_known_no_more_the_mark_still_is(marks, turn, database):
    await marks.mark(turn, post(), "boss", PIN)
    await database.write(lambda connection: connection.exec_driver_sql("DELETE FROM posts"))
    [mark] = (await marks.of(turn)).marks
    assert mark.ref == MessageRef("chat", "w", "c", "a1")


async def test_the_marked_answers_of_a_conversation(marks, store, ledger, turn, database):
    other = await answered(store, ledger, "q2", "a2", author="bob")
    await answered(store, ledger, "q3", "a3")  # without a mark
    elsewhere = await answered(store, ledger, "q4", "a4", thread="t2")
    for each, at in ((turn, "a1"), (other, "a2"), (elsewhere, "a4")):
        await marks.mark(each, post(at), "boss", PIN)
        await marks.mark(each, post(at), "ann", PIN)
    [(here,)] = set(await fetch(database, f"SELECT conversation FROM turns WHERE id = {turn}"))
    assert sorted(await marks.marked(here)) == ["m-q1", "m-q2"]
    assert await marks.marked(here, "bob") == ["m-q2"]
    assert await marks.marked(here, "nobody") == []


async def test_marks_go_with_their_turn(marks, turn, database):
    await marks.mark(turn, post(), "boss", PIN)
    await database.write(lambda connection: connection.exec_driver_sql("DELETE FROM turns"))
    assert await marks.of(turn) == Marked("", ())
    assert await fetch(database, "SELECT * FROM votes") == []


async def test_a_mark_that_another_process_takes_while_dify_was_told_stays_due(postgres):
    from core.store.ledger import Ledger  # noqa: PLC0415
    from core.store.store import Store  # noqa: PLC0415

    ours, theirs = await Database.open(postgres), await Database.open(postgres)
    try:
        turn = await answered(Store(ours), Ledger(ours))
        await Ratings(ours).vote(turn, post(), "bob", "👍", "like")
        counted = (await Ratings(ours).standing(turn))[1]
        marking = []

        async def mark():
            marking.append(asyncio.create_task(Marks(theirs).mark(turn, post(), "boss", PIN)))
            # it either waits for us or is done: half a second tells which on any machine
            await asyncio.wait(marking, timeout=0.5)

        await Ratings(Interrupted(ours, mark)).told(turn, "like", counted)
        await asyncio.gather(*marking)
        assert await Ratings(ours).due() == [turn]
    finally:
        await ours.aclose()
        await theirs.aclose()
