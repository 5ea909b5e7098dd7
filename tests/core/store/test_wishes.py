"""What people want of a turn that is not closed: that it stops, or that it is asked again."""

import asyncio

import pytest

from core.messages import Place
from core.store.rows import Accepted, State, Wish
from tests.core.store.conftest import asked, enlist, message, post, row_of

HERE = message().place


async def taken(store, ledger, name="q1", **more):
    """A question that a process has taken up."""
    return await ledger.claim((await asked(store, name, **more)).turn)


async def test_a_wish_is_seen_by_those_who_run_the_turn_and_by_the_next(store, ledger):
    turn, other = await taken(store, ledger), await taken(store, ledger, "q2")
    assert await store.wishes([turn.id, other.id]) == []
    await store.wish_stop(turn.id, Wish.STOP)
    assert await store.wishes([turn.id, other.id]) == [(turn.id, Wish.STOP)]
    assert await store.wishes([other.id]) == []
    assert await store.wishes([]) == []
    assert (await ledger.claim(turn.id)).stop is Wish.STOP


@pytest.mark.parametrize("wishes", [(Wish.STOP, Wish.QUIET), (Wish.QUIET, Wish.STOP), (Wish.QUIET,)])
async def test_a_quiet_wish_is_not_weakened(store, wishes):
    new = await asked(store)
    for wish in wishes:
        await store.wish_stop(new.turn, wish)
    assert await store.wishes([new.turn]) == [(new.turn, Wish.QUIET)]


async def test_a_turn_that_is_closed_can_not_be_stopped(store, ledger, database):
    turn = await taken(store, ledger)
    await ledger.close(turn, "complete")
    await store.wish_stop(turn.id, Wish.QUIET)
    assert await store.wishes([turn.id]) == []
    assert (await row_of(database, turn.id))["stop"] == 0


async def test_the_question_of_a_person_that_runs_is_found_at_its_place(store, ledger):
    assert await store.running_at(HERE, "ann") is None
    await taken(store, ledger)
    newest = await taken(store, ledger, "q2")
    await taken(store, ledger, "q3", thread="t2")
    assert await store.running_at(HERE, "ann") == newest.id


async def test_or_else_in_its_channel(store, ledger):
    await taken(store, ledger, "q1", thread="t1")
    newest = await taken(store, ledger, "q2", thread="t2")
    assert await store.running_at(HERE, "ann") == newest.id
    await taken(store, ledger, "q3", channel="c2")
    assert await store.running_at(HERE, "ann") == newest.id


@pytest.mark.parametrize("other", [{"author": "bob"}, {"channel": "c2"}, {"platform": "other"}])
async def test_not_anothers_and_not_elsewhere(store, ledger, other):
    await taken(store, ledger, **other)
    assert await store.running_at(HERE, "ann") is None
    assert await store.running_at(Place("chat", "w2", "c", "t"), "ann") is None


async def test_not_a_command(store, ledger):
    new = await store.accept(message(), "helpdesk", enlist, command=True)
    await ledger.claim(new.turn)
    assert await store.running_at(HERE, "ann") is None


async def test_not_what_nobody_took_up_yet(store, ledger):
    new = await asked(store)
    assert await store.running_at(HERE, "ann") is None
    turn = await ledger.claim(new.turn)
    assert await store.running_at(HERE, "ann") == new.turn
    await ledger.note_sending(turn)
    assert await store.running_at(HERE, "ann") == new.turn


@pytest.mark.parametrize("end", ["park", "close"])
async def test_not_what_is_over(store, ledger, end):
    turn = await taken(store, ledger)
    await (ledger.park(turn, "lost", "half") if end == "park" else ledger.close(turn, "complete"))
    assert await store.running_at(HERE, "ann") is None


async def parked(store, ledger, name="q1", **more):
    turn = await taken(store, ledger, name, **more)
    await ledger.add_post(turn, 0, post(f"a-{name}"))
    await ledger.note_sending(turn)
    await store.wish_stop(turn.id, Wish.STOP)
    await ledger.park(turn, "lost", "half of it")
    return turn


async def test_a_parked_turn_is_asked_again(store, ledger, database):
    turn = await parked(store, ledger)
    enlisted = []

    async def note(_, *what):
        enlisted.append(what)

    again = await store.ask_again(post("a-q1"), note)
    assert again == Accepted(turn.id, turn.conversation.id)
    assert enlisted == [(again.turn, again.line)]
    assert (await row_of(database, turn.id))["closed_at"] is None
    assert [waiting.turn for waiting in await store.open_turns()] == [turn.id]
    anew = await ledger.claim(turn.id)
    assert (anew.state, anew.asks, anew.stop) == (State.QUEUED, 0, Wish.NONE)
    assert anew.message == turn.message
    assert (anew.text, anew.posts) == ("half of it", (post("a-q1"),))  # it is written where it stands


async def test_of_many_presses_one_asks_again(store, ledger):
    await parked(store, ledger)
    pressed = await asyncio.gather(*(store.ask_again(post("a-q1"), enlist) for _ in range(10)))
    assert sum(accepted is not None for accepted in pressed) == 1


async def test_only_what_is_parked_is_asked_again(store, ledger):
    turn = await taken(store, ledger)
    await ledger.add_post(turn, 0, post())
    assert await store.ask_again(post(), enlist) is None
    await ledger.close(turn, "complete")
    assert await store.ask_again(post(), enlist) is None
    assert await store.ask_again(post("nobody's"), enlist) is None


async def test_what_can_not_be_enlisted_stays_parked(store, ledger):
    turn = await parked(store, ledger)

    async def refuse(*_):
        raise RuntimeError("no queue")

    with pytest.raises(RuntimeError, match="no queue"):
        await store.ask_again(post("a-q1"), refuse)
    assert await store.open_turns() == []
    assert (await store.ask_again(post("a-q1"), enlist)).turn == turn.id


async def test_where_somebody_talked_to_us_lately(store, ledger, database):
    for name, ago in (("old", 5000), ("newest", 1), ("newer", 100)):
        new = await asked(store, name, thread=name)
        await database.write(
            lambda connection, new=new, ago=ago: connection.exec_driver_sql(
                f"UPDATE conversations SET last_at = last_at - {ago} WHERE id = {new.line}"
            )
        )
    await asked(store, "elsewhere", platform="other")
    assert [place.thread for place in await store.active("chat", 1000)] == ["newest", "newer"]
    assert [place.platform for place in await store.active("other", 1000)] == ["other"]
    turn = await taken(store, ledger, "again", thread="old")
    await ledger.note_ids(turn, task_id="", message_id="", run_id="", conversation_id="", asked_at=None)
    assert [place.thread for place in await store.active("chat", 1000)] == ["old", "newest", "newer"]


async def test_who_wants_what_is_over_stopped_hears_that_it_is(store, ledger):
    turn = await ledger.claim((await asked(store)).turn)
    assert await store.wish_stop(turn.id, Wish.STOP)
    await ledger.close(turn, "stopped")
    assert not await store.wish_stop(turn.id, Wish.STOP)
