"""What stands beside turns: questions to press, forms filled in, runs that wait for a person."""

import asyncio
from dataclasses import replace

import pytest

from core.messages import Place
from core.store.asides import Asides
from core.store.rows import FILES_FROM, State, Wish
from tests.core.store.conftest import asked, enlist, message, post, row_of

PAUSE = {"token": "form-1", "inputs": [], "actions": [["yes", "Yes"]], "defaults": {}, "until": 0.0}
CHANNEL = Place("chat", "w", "c", "")


@pytest.fixture
def asides(database):
    return Asides(database)


async def taken(store, ledger, name="q1", **more):
    return await ledger.claim((await asked(store, name, **more)).turn)


async def test_an_answer_is_found_by_its_message_however_old(store, ledger, asides):
    turn = await taken(store, ledger)
    await ledger.note_sending(turn)
    ids = {"task_id": "t", "message_id": "m", "run_id": "r", "conversation_id": "c9", "asked_at": 1.0}
    await ledger.note_ids(turn, **ids)
    await ledger.add_post(turn, 0, post())
    await asides.offer(turn, ["And then?", "Why?"])
    await ledger.close(turn, "complete")

    stood = await asides.at(post())

    assert (stood.turn, stood.author, stood.state) == (turn.id, "ann", State.CLOSED)
    assert (stood.message_id, stood.run_id, stood.offers) == ("m", "r", ("And then?", "Why?"))
    assert stood.conversation.place == message().place
    assert await asides.at(post("another")) is None


async def test_what_was_filled_in_goes_with_every_question_of_the_place(store, ledger, asides):
    await asides.keep_inputs(message().place, "helpdesk", "who", {"name": "Ann", "size": 3})
    await asides.keep_inputs(message().place, "helpdesk", "who", {"size": 4})

    turn = await taken(store, ledger)

    assert turn.conversation.inputs == {"name": "Ann", "size": 4}
    assert (await taken(store, ledger, "q2", thread="t2")).conversation.inputs == {}
    assert (await taken(store, ledger, "q3", app="sales")).conversation.inputs == {}


async def test_what_was_filled_in_for_a_channel_counts_in_its_threads_until_they_say_otherwise(
    store, ledger, asides
):
    await asides.keep_inputs(CHANNEL, "helpdesk", "who", {"name": "all", "size": 1})
    await asides.keep_inputs(message().place, "helpdesk", "who", {"name": "thread"})

    assert (await taken(store, ledger)).conversation.inputs == {"name": "thread", "size": 1}
    assert (await taken(store, ledger, "q2", thread="t2")).conversation.inputs == {"name": "all", "size": 1}
    assert await asides.inputs(message().place, "helpdesk") == {"name": "thread", "size": 1}
    assert await asides.inputs(message(thread="t9").place, "helpdesk") == {"name": "all", "size": 1}
    assert await asides.inputs(message(channel="other").place, "helpdesk") == {}


async def test_a_run_that_waits_for_a_person_goes_on_once(store, ledger, asides):
    turn = await taken(store, ledger)
    await ledger.note_sending(turn)
    await ledger.add_post(turn, 0, post())
    await ledger.park(turn, "paused", "So far.", PAUSE)
    assert [(found, app, pause["token"]) for found, app, pause in await asides.paused()] == [
        (turn.id, "helpdesk", "form-1")
    ]

    assert (await asides.go_on(turn.id, enlist, wanted=True)).turn == turn.id
    assert await asides.go_on(turn.id, enlist, wanted=True) is None
    assert await asides.paused() == []

    again = await ledger.claim(turn.id)
    assert (again.state, again.pause["token"], again.posts) == (State.RUNNING, "form-1", (post(),))
    await ledger.close(again, "complete")
    assert (await asides.at(post())).pause == {}


async def test_a_stop_that_was_wanted_before_a_decision_does_not_stop_what_comes_after_it(
    store, ledger, asides
):
    turn = await taken(store, ledger)
    await ledger.park(turn, "paused", "So far.", PAUSE)
    await store.wish_stop(turn.id, Wish.STOP)
    await asides.go_on(turn.id, enlist, wanted=True)
    assert (await ledger.claim(turn.id)).stop is Wish.NONE


async def test_an_answer_that_only_broke_off_does_not_go_on_by_a_decision(store, ledger, asides):
    turn = await taken(store, ledger)
    await ledger.add_post(turn, 0, post())
    await ledger.park(turn, "lost", "So far.")
    assert await asides.go_on(turn.id, enlist, wanted=True) is None
    assert await asides.paused() == []


async def test_a_decision_keeps_its_question_as_long_as_it_can_be_made(store, ledger, database):
    turn = await taken(store, ledger)
    await ledger.park(turn, "paused", "", PAUSE | {"until": 4_000_000_000.0})
    assert (await row_of(database, turn.id))["closed_at"] == 4_000_000_000.0


async def test_files_are_no_pages_of_the_answer(store, ledger):
    turn = await taken(store, ledger)
    await ledger.add_post(turn, 0, post("text"))
    await ledger.add_post(turn, FILES_FROM + 1, post("file"))
    again = await ledger.claim(turn.id)
    assert (again.posts, dict(again.files)) == ((post("text"),), {1: post("file")})


async def test_a_place_can_go_on_with_another_conversation(store, ledger, asides):
    await taken(store, ledger)
    await asides.switch(message().place, "helpdesk", "c7")
    assert (await taken(store, ledger, "q2")).conversation.dify_id == "c7"


async def test_a_place_is_forgotten_but_for_what_is_being_answered(store, ledger, asides):
    old, running = await taken(store, ledger), await taken(store, ledger, "q2")
    await ledger.park(waiting := await taken(store, ledger, "q3"), "lost", "half of it")
    await ledger.add_post(waiting, 1, post("half"))
    await ledger.add_post(old, 0, post())
    await ledger.close(old, "complete")
    await asides.keep_inputs(message().place, "helpdesk", "who", {"name": "Ann"})
    await asides.switch(message().place, "helpdesk", "c7")

    await asides.erase_turns(message().place, "helpdesk")

    assert await asides.at(post()) is None
    assert await ledger.claim(running.id) is not None
    assert await ledger.claim(waiting.id) is None
    assert await store.ask_again(post("half"), enlist) is None
    left = await asides.conversation(message().place, "helpdesk")
    assert (left.dify_id, left.inputs) == ("", {})


async def test_who_asked_alone_in_a_conversation_is_known(store, ledger, asides):
    turn = await taken(store, ledger)
    assert await asides.is_alone(turn.conversation.id, "ann")
    await taken(store, ledger, "q2", author="bob")
    assert not await asides.is_alone(turn.conversation.id, "ann")


DM = Place("chat", "w", "d", "", direct=True)


def direct(name, thread):
    """A question in a thread of direct messages."""
    return replace(message(name, channel="d"), place=replace(DM, thread=thread), identity="chat:ann")


async def talked(store, ledger, name, thread, dify_id):
    """A conversation in a thread of direct messages."""
    accepted = await store.accept(direct(name, thread), "helpdesk", enlist)
    turn = await ledger.claim(accepted.turn)
    ids = {"task_id": "t", "message_id": "m", "run_id": "", "asked_at": 1.0}
    await ledger.note_ids(turn, **ids, conversation_id=dify_id)
    await ledger.close(turn, "complete")


async def test_an_answer_that_is_shown_just_now_is_waited_for(store, ledger, asides):
    turn = await taken(store, ledger)
    await ledger.note_sending(turn)
    pressed = asyncio.create_task(asides.at(post()))
    await asyncio.sleep(0)
    await ledger.add_post(turn, 0, post())
    await ledger.park(turn, "paused", "So far.", PAUSE)
    stood = await pressed
    assert (stood.turn, stood.state, stood.pause["token"]) == (turn.id, State.PARKED, "form-1")


async def test_in_direct_messages_the_conversation_that_was_used_last_is_meant(store, ledger, asides):
    assert await asides.meant(DM, "helpdesk") is None
    await talked(store, ledger, "q1", "t1", "c1")
    await talked(store, ledger, "q2", "t2", "c2")
    await asides.keep_inputs(DM, "helpdesk", "chat:ann", {"name": "Ann"})  # nobody talked there
    found = await asides.meant(DM, "helpdesk")
    assert (found.place.thread, found.dify_id, found.inputs) == ("t2", "c2", {"name": "Ann"})
    await asides.switch(found.place, "helpdesk", "")
    assert (await asides.meant(DM, "helpdesk")).place.thread == "t2"
    assert (await asides.meant(replace(DM, thread="t1"), "helpdesk")).dify_id == "c1"
    assert await asides.meant(DM, "sales") is None


async def test_in_a_channel_only_its_own_conversation_is_meant(store, ledger, asides):
    await taken(store, ledger)
    assert await asides.meant(CHANNEL, "helpdesk") is None
    assert (await asides.meant(message().place, "helpdesk")).place == message().place


async def test_what_was_chosen_in_direct_messages_goes_on_in_one_new_thread(store, ledger, asides):
    await talked(store, ledger, "q1", "t1", "c1")
    await asides.keep_inputs(DM, "helpdesk", "chat:ann", {})
    await asides.switch(DM, "helpdesk", "c9")
    threads = [
        await ledger.claim((await store.accept(direct(name, thread), "helpdesk", enlist)).turn)
        for name, thread in (("q2", "t1"), ("q3", "t2"), ("q4", "t3"))
    ]
    assert [turn.conversation.dify_id for turn in threads] == ["c1", "c9", ""]
