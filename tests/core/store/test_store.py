"""Turns and conversations: what is kept, what is erased, and what a restart finds."""

import sqlite3

import pytest

from core.messages import MessageRef, Place
from core.store.database import Database
from core.store.rows import OpenTurn, State
from core.store.store import Store
from tests.core.store.conftest import WORDS, message


async def accepted(store, name="q1", app="helpdesk", **more):
    return await store.accept(message(name, **more), app)


async def test_an_accepted_message_comes_back_as_it_was(store):
    asked = message()
    new = await store.accept(asked, "helpdesk")
    turn = await store.turn(new.turn)
    assert turn.message == asked
    assert (turn.state, turn.posts, turn.task_id) == (State.QUEUED, (), "")
    conversation = turn.conversation
    assert (conversation.id, conversation.app) == (new.conversation, "helpdesk")
    assert (conversation.place, conversation.identity, conversation.dify_id) == (
        asked.place,
        asked.identity,
        "",
    )


async def test_the_same_message_twice_is_one_turn(store):
    assert await accepted(store) is not None
    assert await accepted(store) is None
    assert await accepted(store, app="another") is None
    assert len(await store.open_turns()) == 1


async def test_the_same_message_is_still_the_same_after_it_was_answered(store):
    new = await accepted(store)
    await store.close_turn(new.turn, "complete")
    assert await accepted(store) is None


async def test_a_place_is_one_conversation_per_app(store):
    first, second = await accepted(store, "q1"), await accepted(store, "q2")
    other_app, other_thread = await accepted(store, "q3", "sales"), await accepted(store, "q4", thread="t2")
    assert first.conversation == second.conversation
    assert len({first.conversation, other_app.conversation, other_thread.conversation}) == 3


async def test_only_a_place_with_an_app_is_known(store):
    assert not await store.knows(message().place)
    await accepted(store, app="")
    assert not await store.knows(message().place)
    await accepted(store, "q2")
    assert await store.knows(message().place)
    assert not await store.knows(Place("chat", "w", "c", "elsewhere"))


async def test_closing_erases_the_question_and_keeps_the_ids(store, database, tmp_path):
    new = await accepted(store)
    turn = await store.turn(new.turn)
    await store.note_ids(
        turn, task_id="task", message_id="msg", run_id="run", conversation_id="conv", asked_at=5.0
    )
    await store.add_post(new.turn, 0, MessageRef("chat", "w", "c", "a1"))
    await store.close_turn(new.turn, "complete")
    assert await store.open_turns() == []
    rows = dump(tmp_path / "parley.db")
    assert WORDS not in rows
    assert "Ann Example" not in rows
    assert "plan.pdf" not in rows
    for kept in ("task", "msg", "run", "conv", "a1", "complete", "closed"):
        assert f"'{kept}'" in rows
    assert (await store.conversation(new.turn)).dify_id == "conv"


def dump(file):
    connection = sqlite3.connect(file)
    text = "\n".join(connection.iterdump())
    connection.close()
    return text


async def test_ids_that_come_late_do_not_erase_what_is_known(store):
    new = await accepted(store)
    turn = await store.turn(new.turn)
    await store.note_ids(turn, task_id="task", message_id="", run_id="", conversation_id="conv", asked_at=5.0)
    again = await store.turn(new.turn)
    await store.note_ids(again, task_id="task", message_id="msg", run_id="", conversation_id="", asked_at=5.0)
    turn = await store.turn(new.turn)
    assert (turn.message_id, turn.conversation.dify_id) == ("msg", "conv")


async def test_forgetting_the_memory_drops_only_the_mapping(store):
    new = await accepted(store)
    ids = {"task_id": "t", "message_id": "m", "run_id": "r"}
    await store.note_ids(await store.turn(new.turn), **ids, conversation_id="conv", asked_at=5.0)
    await store.forget_memory(new.conversation)
    turn = await store.turn(new.turn)
    assert (turn.conversation.dify_id, turn.message_id) == ("", "m")


async def test_a_message_of_ours_leads_to_its_conversation_and_open_turn(store):
    new = await accepted(store)
    posts = [MessageRef("chat", "w", "c", name) for name in ("a1", "a2")]
    for page, post in enumerate(posts):
        await store.add_post(new.turn, page, post)
        await store.add_post(new.turn, page, post)  # told twice is kept once
    assert (await store.turn(new.turn)).posts == tuple(posts)
    assert (await store.conversation_of(posts[1])).id == new.conversation
    for ref in (*posts, message().ref):
        assert await store.open_turn_at(ref) == OpenTurn(new.turn, "ann")
    stranger = MessageRef("chat", "w", "c", "a3")
    assert await store.conversation_of(stranger) is None
    assert await store.open_turn_at(stranger) is None
    await store.close_turn(new.turn, "complete")
    assert await store.open_turn_at(posts[0]) is None
    assert (await store.conversation_of(posts[0])).id == new.conversation


@pytest.mark.parametrize("other", [{"platform": "x"}, {"workspace": "x"}, {"channel": "x"}])
async def test_ids_of_messages_count_only_with_their_channel(store, other):
    new = await accepted(store)
    parts = {"platform": "chat", "workspace": "w", "channel": "c", "id": "a1"}
    await store.add_post(new.turn, 0, MessageRef(**parts))
    assert await store.open_turn_at(MessageRef(**(parts | other))) is None


async def test_a_restart_finds_every_open_turn_oldest_first(url):
    database = await Database.open(url)
    store = Store(database)
    news = [await accepted(store, f"q{number}") for number in range(4)]
    await store.set_turn(news[1].turn, state=State.RUNNING)
    await store.close_turn(news[2].turn, "failed")
    await store.add_post(news[1].turn, 1, MessageRef("chat", "w", "c", "a2"))
    await store.add_post(news[1].turn, 0, MessageRef("chat", "w", "c", "a1"))
    before = await store.open_turns()
    await database.aclose()
    database = await Database.open(url)
    found = await Store(database).open_turns()
    await database.aclose()
    assert found == before
    assert [(turn.id, turn.state) for turn in found] == [
        (news[0].turn, State.QUEUED),
        (news[1].turn, State.RUNNING),
        (news[3].turn, State.QUEUED),
    ]
    assert [post.id for post in found[1].posts] == ["a1", "a2"]


async def test_notes_are_kept_and_replaced(store):
    assert await store.get("commands") is None
    await store.put("commands", "one")
    await store.put("commands", "two")
    assert await store.get("commands") == "two"


async def test_a_conversation_is_deleted_with_its_turns_and_their_messages(store, database):
    new = await accepted(store)
    await store.add_post(new.turn, 0, MessageRef("chat", "w", "c", "a1"))
    async with database.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM conversations")
        left = await connection.exec_driver_sql(
            "SELECT (SELECT count(*) FROM turns) + (SELECT count(*) FROM posts)"
        )
        assert left.scalar() == 0
