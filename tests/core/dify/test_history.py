"""Looking up what Dify has kept, over real sockets: of answers that ended, go on, or were lost."""

import asyncio

import pytest

from core.dify.history import StoredConversation, StoredRun
from core.errors import ConversationGone, DifyLost, DifyRefused
from simulators.dify.cut import Cut
from simulators.dify.script import Answer as Script
from simulators.dify.script import Fail, Gate, Pause

CHATS = ("chat", "agent-chat", "advanced-chat")
NOWHERE = "00000000-0000-4000-8000-000000000000"


async def broken_off(dify, us, **more):
    """A question whose stream was cut after the first events."""
    dify.cut_next = Cut(5)
    with pytest.raises(DifyLost):
        await us.ask(**more)
    return dify.runs[-1]


@pytest.mark.parametrize("kind", CHATS)
async def test_messages_are_given_newest_last(either, asker, kind):
    us = asker(either, kind)
    first = await us.ask("one")
    for query in ("two", "three"):
        await us.ask(query, conversation_id=first.conversation_id)
    found = await us.client.messages(first.conversation_id, us.user, limit=2)
    assert [message.query for message in found] == ["two", "three"]
    last, kept = found[-1], either.runs[-1].message
    assert (last.id, last.answer) == (kept.id, "You said: three (turn 3 of this conversation)")
    assert (last.conversation_id, last.created_at) == (first.conversation_id, kept.created_at)
    assert (last.status, last.error) == ("normal", False)
    [call] = either.journal.named("GET /messages")
    assert call.args == {"conversation_id": first.conversation_id, "user": us.user, "limit": "2"}


async def test_a_failed_message_says_that_it_failed_but_not_why(either, asker):
    us = asker(either)
    either.reply(["One ", Fail("secret-host:9001")])
    answer = await us.ask()
    [message] = await us.client.messages(answer.conversation_id, us.user)
    assert (message.status, message.error, message.answer) == ("error", True, "")
    assert "secret-host" not in repr(message)


async def test_a_paused_message_says_so(dify, asker):
    us = asker(dify, "advanced-chat")
    dify.reply(["Draft. ", Pause()])
    answer = await us.ask()
    [message] = await us.client.messages(answer.conversation_id, us.user)
    assert (message.status, message.answer) == ("paused", "Draft. ")
    assert message.run_id == answer.run_id
    state = await us.client.run_state(answer.run_id)
    assert (state.status, state.finished) == ("paused", False)


@pytest.mark.parametrize("kind", CHATS)
async def test_the_answer_of_a_stream_that_was_cut_is_kept_by_late_chatflows_only(either, asker, kind):
    us = asker(either, kind)
    run = await broken_off(either, us)
    await either.ended()
    [message] = await us.client.messages(run.conversation.id, us.user)
    kept = kind == "advanced-chat" and either.version > "1"
    assert message.answer == ("You said: hello (turn 1 of this conversation)" if kept else "")
    assert (message.query, message.status) == ("hello", "normal")


async def test_a_conversation_that_is_not_ours_or_not_there_is_gone(either, asker):
    us = asker(either)
    answer = await us.ask()
    for conversation, user in [(answer.conversation_id, "bob"), (NOWHERE, us.user)]:
        with pytest.raises(ConversationGone):
            await us.client.messages(conversation, user)


async def test_conversations_are_given_newest_first(either, asker):
    us = asker(either)
    answers = [await us.ask(query) for query in ("one", "two", "three")]
    await us.ask("again", conversation_id=answers[0].conversation_id)  # its update does not count
    found = await us.client.conversations(us.user, limit=2)
    made = [either.apps[us.key].conversations[answer.conversation_id] for answer in answers]
    assert found == [StoredConversation(each.id, each.created_at) for each in (made[2], made[1])]
    assert await us.client.conversations("bob") == []


async def test_a_deleted_conversation_is_gone_and_deleting_it_again_is_fine(either, asker):
    us = asker(either)
    answer = await us.ask()
    await us.client.delete_conversation(answer.conversation_id, us.user)
    assert either.apps[us.key].conversations == {}
    await us.client.delete_conversation(answer.conversation_id, us.user)
    statuses = [call.status for call in either.journal.named("DELETE /conversations/{conversation_id}")]
    assert statuses == [204 if either.version > "1" else 200, 404]
    with pytest.raises(ConversationGone):
        await us.client.messages(answer.conversation_id, us.user)


async def test_deleting_with_a_wrong_key_is_an_error(either, asker):
    us = asker(either, key="app-wrong")
    with pytest.raises(DifyRefused):
        await us.client.delete_conversation(NOWHERE, us.user)


@pytest.mark.parametrize("kind", ["advanced-chat", "workflow"])
async def test_a_run_is_followed_from_its_start_to_its_end(either, asker, kind):
    us, gate = asker(either, kind), Gate()
    either.reply(Script(["One ", "two"], gate=gate))
    asking = asyncio.create_task(us.ask())
    run = await either.started()
    going = await us.client.run_state(run.id)
    assert (going.id, going.status, going.finished, going.text) == (run.id, "running", False, "")
    gate.finish()
    await asking
    ended = await us.client.run_state(run.id)
    assert (ended.status, ended.finished, ended.text) == ("succeeded", True, "One two")
    assert ended.created_at == run.created_at


async def test_a_workflows_outputs_are_one_text(either, asker):
    us = asker(either, "workflow")
    either.reply(Script(["One"], outputs={"result": "One", "count": 2, "nothing": None}))
    answer = await us.ask()
    assert (await us.client.run_state(answer.run_id)).text == "One\n2"


async def test_a_run_that_failed_has_no_text(either, asker):
    us = asker(either, "workflow")
    either.reply(["One ", Fail("secret-host:9001")])
    answer = await us.ask()
    state = await us.client.run_state(answer.run_id)
    assert (state.status, state.finished, state.text) == ("failed", True, "")
    assert "secret-host" not in repr(state)


async def test_a_run_that_nobody_knows_is_none(either, asker):
    us = asker(either, "workflow")
    assert await us.client.run_state(NOWHERE) is None


async def test_an_app_without_runs_refuses_to_tell_of_one(either, asker):
    with pytest.raises(DifyRefused) as caught:
        await asker(either).client.run_state(NOWHERE)
    assert caught.value.code == "not_workflow_app"


@pytest.mark.parametrize("kind", ["advanced-chat", "workflow"])
async def test_a_run_whose_stream_was_cut_goes_on_since_1_13_and_hangs_for_ever_before(either, asker, kind):
    us = asker(either, kind)
    run = await broken_off(either, us)
    await either.ended()
    state = await us.client.run_state(run.id)
    assert (state.finished, bool(state.text)) == ((True, True) if either.version > "1" else (False, False))


async def test_a_users_runs_are_listed_newest_first(either, asker):
    us = asker(either, "workflow")
    for user in (us.user, "bob", us.user):
        await us.ask(user=user)
    mine = [run for run in reversed(either.runs) if run.user == us.user]
    found = await us.client.workflow_runs(us.user)
    assert found == [StoredRun(run.id, "succeeded", run.created_at) for run in mine]
    [call] = either.journal.named("GET /workflows/logs")
    assert call.args == {"created_by_end_user_session_id": us.user, "limit": "5"}


async def test_a_run_that_goes_on_is_listed_since_1_0(either, asker):
    us, gate = asker(either, "workflow"), Gate()
    either.reply(Script(["One"], gate=gate))
    asking = asyncio.create_task(us.ask())
    run = await either.started()
    found = [(each.id, each.status) for each in await us.client.workflow_runs(us.user)]
    assert found == ([(run.id, "running")] if either.version > "1" else [])
    gate.finish()
    await asking


async def test_apps_without_a_log_have_no_runs(either, asker):
    assert await asker(either).client.workflow_runs("ann") == []
    chatflow = asker(either, "advanced-chat")
    await chatflow.ask()
    assert await chatflow.client.workflow_runs(chatflow.user) == []


async def test_a_look_into_the_past_tells_a_wrong_key(either, asker):
    client = asker(either, key="app-wrong").client
    calls = (
        client.messages(NOWHERE, "u"),
        client.conversations("u"),
        client.run_state(NOWHERE),
        client.workflow_runs("u"),
        client.info(),
    )
    for call in calls:
        with pytest.raises(DifyRefused) as caught:
            await call
        assert caught.value.status == 401


async def test_looks_share_one_connection(dify, asker):
    us = asker(dify, "advanced-chat")
    answer = await us.ask()
    async with us.server.side_slot():
        looks = [
            asyncio.create_task(look)
            for look in (
                us.client.messages(answer.conversation_id, us.user),
                us.client.conversations(us.user),
                us.client.run_state(answer.run_id),
                us.client.workflow_runs(us.user),
                us.client.delete_conversation(answer.conversation_id, us.user),
            )
        ]
        before = len(dify.journal.calls)
        await us.client.stop(answer.task_id, us.user)  # has a way of its own
        assert [call.method for call in dify.journal.calls[before:]] == ["POST /chat-messages/{task_id}/stop"]
        assert not any(look.done() for look in looks)
    await asyncio.gather(*looks)
