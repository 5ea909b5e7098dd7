"""Memory: what belongs to one conversation, over restarts, resets and deletions."""

import pytest
from shared import asked, shows


async def test_it_remembers_over_a_restart(world, chat, dify):
    async with world.bot():
        question = chat.mention(chat.alice, "first")
        await shows(chat, lambda: chat.in_thread(question), "turn 1")
    async with world.bot():
        chat.follow(question, chat.bob, "second")
        await shows(chat, lambda: chat.in_thread(question), "turn 2", count=2)
    first, second = asked(dify)
    assert first.args["user"] == second.args["user"] == chat.identity(question)
    assert second.args["conversation_id"]
    assert len(dify.apps["app-support"].conversations) == 1


@pytest.mark.parametrize("word", ["New topic", "新话题"])
async def test_new_begins_afresh(world, chat, dify, word):
    async with world.bot():
        question = chat.mention(chat.alice, "first")
        await shows(chat, lambda: chat.in_thread(question), "turn 1")
        chat.follow(question, chat.alice, word)
        await chat.journal.wait(lambda: len(chat.in_thread(question)) == 2)
        chat.follow(question, chat.alice, "second")
        await shows(chat, lambda: chat.in_thread(question), "turn 1", count=3)
    assert [call.args["conversation_id"] for call in asked(dify)] == ["", ""]


async def test_a_conversation_deleted_at_dify_is_begun_anew_and_said_so(world, chat, dify):
    async with world.bot():
        chat.whisper("first")
        await shows(chat, chat.in_dm, "turn 1")
        dify.apps["app-support"].conversations.clear()
        chat.whisper("second")
        answer = await shows(chat, chat.in_dm, "starts afresh", count=2)
    assert "turn 1" in chat.text(answer)
    assert [bool(call.args["conversation_id"]) for call in asked(dify)] == [False, True, False]


async def test_places_do_not_share_a_conversation(world, chat, dify):
    async with world.bot():
        one, two = chat.mention(chat.alice, "one"), chat.mention(chat.bob, "two")
        chat.whisper("three")
        await shows(chat, lambda: chat.in_thread(one), "turn 1")
        await shows(chat, lambda: chat.in_thread(two), "turn 1")
        await shows(chat, chat.in_dm, "turn 1")
    users = {call.args["query"]: call.args["user"] for call in asked(dify)}
    assert users == {"one": chat.identity(one), "two": chat.identity(two), "three": chat.personal()}
