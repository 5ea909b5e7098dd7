"""Conversations, messages, variables and ratings through the typed API, on both releases."""

import asyncio

import pytest

from core.errors import ConversationGone, DifyRefused
from simulators.dify.conversations import add_variable
from simulators.dify.script import Answer as Script
from simulators.dify.script import File, Tool

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def started(us, *queries):
    """Conversations of a question each, in this order."""
    return [(await us.ask(query)).conversation_id for query in queries]


async def test_conversations_are_listed_in_all_four_orders_and_page_by_page(either, asker):
    us = asker(either)
    ids = await started(us, "a", "b", "c")
    await us.ask("again", conversation_id=ids[0])
    orders = {
        "created_at": ids,
        "-created_at": ids[::-1],
        "updated_at": [ids[1], ids[2], ids[0]],
        "-updated_at": [ids[0], ids[2], ids[1]],
    }
    lists = us.client.api.conversations.list
    for order, expected in orders.items():
        page = await lists(us.user, sort_by=order)
        assert ([row.id for row in page.rows], page.has_more) == (expected, False)
    first = await lists(us.user, limit=2)
    assert ([row.id for row in first.rows], first.has_more) == ([ids[0], ids[2]], True)
    rest = await lists(us.user, limit=2, last_id=ids[2])
    assert ([row.id for row in rest.rows], rest.has_more) == ([ids[1]], False)
    assert (await lists("nobody")).rows == ()
    row = first.rows[0]
    assert (row.name, row.status, row.inputs) == ("a", "normal", {})
    assert row.updated_at >= row.created_at > 1_700_000_000


async def test_a_conversation_is_named_by_us_or_by_a_model(either, asker):
    us = asker(either)
    [conversation] = await started(us, "What is up?")
    named = us.client.api.conversations
    assert (await named.rename(conversation, us.user, "Geography 🙂")).name == "Geography 🙂"
    assert (await named.auto_name(conversation, us.user)).name == "Auto named chat"
    assert (await named.list(us.user)).rows[0].name == "Auto named chat"


async def test_what_is_another_users_is_gone_for_us(either, asker):
    us = asker(either)
    [conversation] = await started(us, "mine")
    api = us.client.api.conversations
    calls = [
        lambda user: api.rename(conversation, user, "x"),
        lambda user: api.auto_name(conversation, user),
        lambda user: api.turns(conversation, user),
    ]
    for call in calls:
        await call(us.user)
        with pytest.raises(ConversationGone):
            await call("slack:T1:U9")


async def test_turns_come_oldest_first_and_page_backwards(either, asker):
    us = asker(either)
    [conversation] = await started(us, "one")
    for query in ("two", "three"):
        await us.ask(query, conversation_id=conversation)
    turns = us.client.api.conversations.turns
    page = await turns(conversation, us.user, limit=2)
    assert ([turn.query for turn in page.rows], page.has_more) == (["two", "three"], True)
    page = await turns(conversation, us.user, first_id=page.rows[0].id, limit=2)
    assert ([turn.query for turn in page.rows], page.has_more) == (["one"], False)
    assert page.rows[0].answer == "You said: one (turn 1 of this conversation)"
    with pytest.raises(DifyRefused) as caught:
        await turns(conversation, us.user, first_id=UNKNOWN)
    assert (caught.value.code, type(caught.value)) == (
        "not_found",
        DifyRefused,
    )  # the message is what is gone


async def test_a_turn_has_what_it_was_asked_with_and_what_it_rests_on(either, asker):
    us = asker(either)
    source = {"position": 1, "document_name": "a.pdf", "score": 0.9, "content": "Cats sleep."}
    either.reply(Script(["One"], sources=[source]))
    answer = await us.ask(inputs={"tone": "kind", "count": 3})
    page = await us.client.api.conversations.turns(answer.conversation_id, us.user, limit=7)
    [turn] = page.rows
    assert (turn.inputs, page.limit) == ({"tone": "kind", "count": 3}, 7)
    [found] = turn.retriever_resources
    assert (found.position, found.document_name, found.score, found.content) == tuple(source.values())
    [kept] = await us.client.messages(answer.conversation_id, us.user)
    assert kept.sources == turn.retriever_resources
    page = await us.client.api.conversations.list(us.user, limit=9)
    assert ([row.inputs for row in page.rows], page.limit) == ([turn.inputs], 9)


async def test_a_turn_of_an_agent_has_its_steps_and_the_files_that_were_made(either, asker):
    us = asker(either, "agent-chat")
    either.reply([Tool("draw", '{"what": "cat"}'), File(b"PNG", "cat.png"), "Here."])
    answer = await us.ask("draw a cat")
    page = await us.client.api.conversations.turns(answer.conversation_id, us.user)
    [turn] = page.rows
    assert turn.agent_thoughts[0].tool == "draw"
    assert turn.agent_thoughts[0].tool_labels["draw"]["en_US"] == "draw"
    [made] = turn.files
    assert (made.type, made.belongs_to) == ("image", "assistant")
    assert made.url.startswith("http://127.0.0.1")


async def test_a_rating_is_seen_in_the_turn_and_in_the_apps_list(either, asker):
    us = asker(either)
    answer = await us.ask()
    await us.client.rate(answer.message_id, us.user, "dislike", content="too short")
    [turn] = (await us.client.api.conversations.turns(answer.conversation_id, us.user)).rows
    assert turn.feedback.rating == "dislike"
    assert either.journal.named("POST /messages/{message_id}/feedbacks")[0].args["content"] == "too short"
    if either.version < "1":
        with pytest.raises(DifyRefused) as caught:
            await us.client.api.messages.feedbacks()
        assert caught.value.code == "too_old"
        assert "1.4" in caught.value.advice.hint
        assert "0.15.8" in caught.value.advice.hint
        return
    [row] = (await us.client.api.messages.feedbacks()).rows
    assert (row.message_id, row.rating, row.content) == (answer.message_id, "dislike", "too short")
    assert (row.conversation_id, row.from_source) == (answer.conversation_id, "user")


async def test_next_questions_are_the_askers_only_and_can_be_off(either, asker):
    us = asker(either, suggestions=("And then?", "Why?"))
    answer = await us.ask()
    suggested = us.client.api.messages.suggested
    assert await suggested(answer.message_id, us.user) == ("And then?", "Why?")
    with pytest.raises(DifyRefused) as caught:
        await suggested(answer.message_id, "slack:T1:U9")
    assert caught.value.status == 404
    either.apps[us.key].suggestions = None
    with pytest.raises(DifyRefused) as caught:
        await suggested(answer.message_id, us.user)
    assert caught.value.code == "bad_request"


async def test_variables_are_listed_found_and_set(dify, asker):
    us = asker(dify, "advanced-chat")
    [conversation] = await started(us, "hi")
    kept = dify.apps[us.key].conversations[conversation]
    add_variable(kept, "last_topic", "cats")
    count = add_variable(kept, "count", 1, "number")
    api = us.client.api.conversations
    page = await api.variables(conversation, us.user, limit=1)
    assert ([row.name for row in page.rows], page.has_more) == (["last_topic"], True)
    rest = await api.variables(conversation, us.user, last_id=page.rows[0].id)
    assert [(row.name, row.value, row.value_type) for row in rest.rows] == [("count", 1, "number")]
    [found] = (await api.variables(conversation, us.user, name="COUNT")).rows
    assert found.id == count["id"]
    assert (await api.set_variable(conversation, found.id, us.user, 7)).value == 7
    assert kept.variables[found.id]["value"] == 7
    with pytest.raises(DifyRefused) as caught:
        await api.set_variable(conversation, found.id, us.user, "seven")
    assert caught.value.code == "bad_request"
    with pytest.raises(ConversationGone):
        await api.variables(conversation, "slack:T1:U9")


async def test_an_old_server_has_no_variables(either, asker):
    us = asker(either, "advanced-chat")
    [conversation] = await started(us, "hi")
    if either.version > "1":
        assert (await us.client.api.conversations.variables(conversation, us.user)).rows == ()
        return
    for call in (
        us.client.api.conversations.variables(conversation, us.user),
        us.client.api.conversations.set_variable(conversation, UNKNOWN, us.user, 1),
    ):
        with pytest.raises(DifyRefused) as caught:
            await call
        assert (caught.value.code, caught.value.advice.sentence) == ("too_old", "dify_too_old")


async def test_a_conversation_is_deleted_with_either_reply_and_only_once(either, asker):
    us = asker(either)
    [conversation] = await started(us, "bye")
    await us.client.delete_conversation(conversation, us.user)
    await us.client.delete_conversation(conversation, us.user)  # gone is done
    statuses = [call.status for call in either.journal.named("DELETE /conversations/{conversation_id}")]
    assert statuses == [200 if either.version < "1" else 204, 404]
    with pytest.raises(ConversationGone):
        await us.client.api.conversations.turns(conversation, us.user)


async def test_side_calls_wait_for_each_other(dify, asker):
    us = asker(dify)
    dify.limit_connections(1)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(us.client.api.conversations.list(us.user))
    assert len(dify.journal.named("GET /conversations")) == 5
    assert dify.waiting == 0
