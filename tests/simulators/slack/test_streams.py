"""Native streams: their life, what a reader sees meanwhile, and every refusal."""

import pytest
from slack_sdk.errors import SlackApiError

from simulators.slack import SlackSimulator


@pytest.fixture
async def question(unlimited):
    return unlimited.post("general", "ada", f"{unlimited.mention} what?")


@pytest.fixture
def recipient(slack):
    return {"recipient_user_id": slack.user("ada").id, "recipient_team_id": slack.world.team_id}


async def _error(call):
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


async def _start(client, question, recipient, text="Hello"):
    reply = await client.chat_startStream(
        channel=question.channel, thread_ts=question.ts, markdown_text=text, **recipient
    )
    return {"channel": question.channel, "ts": reply["ts"]}


async def test_a_stream_grows_and_ends_with_its_buttons(slack, client, question, recipient):
    place = await _start(client, question, recipient)
    message = slack.at(**place)
    assert message.streaming
    await client.chat_appendStream(**place, markdown_text=" wor")
    button = {
        "type": "button",
        "action_id": "more",
        "text": {"type": "plain_text", "text": "More"},
        "value": "1",
    }
    reply = await client.chat_stopStream(
        **place,
        markdown_text="ld",
        blocks=[{"type": "actions", "elements": [button]}],
        metadata={"event_type": "answer", "event_payload": {"id": "7"}},
        session_status="suspended",
    )
    assert [(state.text, state.streaming) for state in message.history] == [
        ("Hello", True),
        ("Hello wor", True),
        ("Hello world", False),
    ]
    assert reply["message"]["text"] == "Hello world"
    assert [element["action_id"] for element in message.buttons] == ["more"]
    assert message.metadata["event_payload"] == {"id": "7"}
    assert slack.session("general", question.ts).history == ["processing", "suspended"]


async def test_task_cards_plans_and_blocks_in_chunks(slack, client, question, recipient):
    place = await _start(client, question, recipient)
    task = {"type": "task_update", "id": "1", "title": "Search", "status": "in_progress"}
    await client.chat_appendStream(**place, chunks=[{"type": "plan_update", "title": "Plan"}, task])
    done = {**task, "status": "complete", "output": "3 hits"}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "below"}}
    chunks = [{"type": "markdown_text", "text": "!"}, done, {"type": "blocks", "blocks": [section]}]
    await client.chat_appendStream(**place, chunks=chunks)
    message = slack.at(**place)
    assert message.shown == "Hello!\nbelow"
    assert message.tasks == [{"id": "1", "title": "Search", "status": "complete", "output": "3 hits"}]
    assert message.stream.plan_title == "Plan"
    wrong = client.chat_appendStream(**place, chunks=[{**task, "status": "done"}])
    assert await _error(wrong) == "invalid_chunks"


async def test_in_a_channel_only_the_recipient_sees_the_text_flow(slack, client, question, recipient):
    place = await _start(client, question, recipient)
    await client.chat_appendStream(**place, markdown_text=" world")
    message = slack.at(**place)
    assert message.shown_to(slack.user("ada").id) == "Hello world"
    assert message.shown_to(slack.user("ben").id) == "Hello"
    await client.chat_stopStream(**place)
    assert message.shown_to(slack.user("ben").id) == "Hello world"


async def test_a_channel_needs_the_recipient_a_dm_does_not(slack, client, question, recipient):
    for name in recipient:
        rest = {key: value for key, value in recipient.items() if key != name}
        assert await _error(_start(client, question, rest)) == f"missing_{name}"
    private = slack.post(slack.dm("ada"), "ada", "hi")
    await _start(client, private, {})


async def test_a_stream_needs_a_thread(slack, client, question, recipient):
    call = client.chat_startStream(channel=question.channel, thread_ts=None, markdown_text="x", **recipient)
    assert await _error(call) == "invalid_arguments"
    call = client.chat_startStream(channel=question.channel, thread_ts="1.000001", **recipient)
    assert await _error(call) == "thread_not_found"


async def test_the_cumulative_cap_counts_bytes_and_takes_nothing_of_what_is_too_much(
    slack, client, question, recipient
):
    place = await _start(client, question, recipient, "ä" * 5_000)
    assert await _error(client.chat_appendStream(**place, markdown_text="ä" * 301)) == "msg_too_long"
    card = {"type": "task_update", "id": "1", "title": "t" * 601, "status": "pending"}
    assert await _error(client.chat_appendStream(**place, chunks=[card])) == "msg_too_long"
    await client.chat_appendStream(**place, markdown_text="ä" * 300)
    assert await _error(client.chat_stopStream(**place, markdown_text="!")) == "msg_too_long"
    assert slack.at(**place).streaming
    await client.chat_stopStream(**place)
    assert slack.at(**place).shown == "ä" * 5_300


async def test_one_call_takes_12000_characters(client, question, recipient):
    assert await _error(_start(client, question, recipient, "x" * 12_001)) == "msg_too_long"


async def test_a_stream_dies_of_age_and_can_be_updated_then(slack, clock, client, question, recipient):
    place = await _start(client, question, recipient)
    clock.now += 299.9
    await client.chat_appendStream(**place, markdown_text="!")
    assert await _error(client.chat_update(**place, markdown_text="x")) == "streaming_state_conflict"
    clock.now += 0.1
    assert not slack.at(**place).streaming
    assert (
        await _error(client.chat_appendStream(**place, markdown_text="!")) == "message_not_in_streaming_state"
    )
    assert await _error(client.chat_stopStream(**place)) == "message_not_in_streaming_state"
    await client.chat_update(**place, markdown_text="all of it")
    assert slack.at(**place).shown == "all of it"


async def test_a_live_stream_cannot_be_deleted(slack, client, question, recipient):
    place = await _start(client, question, recipient)
    assert await _error(client.chat_delete(**place)) == "cant_delete_message"
    await client.chat_stopStream(**place)
    await client.chat_delete(**place)
    assert [message.ts for message in slack.world.thread("general", question.ts)] == [question.ts]


async def test_a_stream_is_read_with_its_state_and_its_mark_once_it_has_one(client, question, recipient):
    place = await _start(client, question, recipient)
    reading = {"channel": question.channel, "ts": question.ts, "include_all_metadata": True}
    [_, growing] = (await client.conversations_replies(**reading))["messages"]
    assert (growing["streaming_state"], growing.get("metadata")) == ("in_progress", None)
    mark = {"event_type": "answer", "event_payload": {"id": "7"}}
    await client.chat_stopStream(**place, metadata=mark)
    [_, ended] = (await client.conversations_replies(**reading))["messages"]
    assert (ended["streaming_state"], ended["metadata"]) == ("completed", mark)


async def test_a_person_presses_stop(slack, client, bot, question, recipient):
    place = await _start(client, question, recipient)
    slack.press_stop("general", question.ts, "ada")
    event = (await slack.journal.wait(lambda: bot.of("agent_session_stopped")))[0]["event"]
    assert event["streaming_message_ts"] == [place["ts"]]
    assert (event["channel"], event["thread_ts"]) == (question.channel, question.ts)
    assert await _error(client.chat_appendStream(**place, markdown_text="!")) == "stopped_by_user"
    assert slack.session("general", question.ts).status == "processing"  # the app has to leave it
    await client.chat_stopStream(**place)
    assert slack.session("general", question.ts).status == "active"
    assert await _error(client.chat_stopStream(**place)) == "message_not_in_streaming_state"


async def test_a_stop_without_a_stream_names_none(slack, bot, question):
    slack.press_stop("general", question.ts, "ada")
    event = (await slack.journal.wait(lambda: bot.of("agent_session_stopped")))[0]["event"]
    assert event["streaming_message_ts"] == []


async def test_streaming_can_be_refused_for_a_while_or_once(slack, client, question, recipient):
    slack.refuse("chat.startStream", "feature_not_enabled")
    for _ in range(2):
        assert await _error(_start(client, question, recipient)) == "feature_not_enabled"
    slack.allow("chat.startStream")
    slack.refuse("chat.startStream", "channel_type_not_supported", times=1)
    assert await _error(_start(client, question, recipient)) == "channel_type_not_supported"
    await _start(client, question, recipient)


async def test_only_own_and_live_streams(slack, client, question):
    place = {"channel": question.channel, "ts": question.ts}
    assert await _error(client.chat_appendStream(**place, markdown_text="x")) == "message_not_owned_by_app"
    posted = await client.chat_postMessage(channel=question.channel, text="whole")
    place["ts"] = posted["ts"]
    assert (
        await _error(client.chat_appendStream(**place, markdown_text="x")) == "message_not_in_streaming_state"
    )
    place["ts"] = "1.000001"
    assert await _error(client.chat_appendStream(**place, markdown_text="x")) == "message_not_found"


async def test_the_sdks_own_stream_object_works_against_it(slack, client, question, recipient):
    stream = await client.chat_stream(
        channel=question.channel, thread_ts=question.ts, buffer_size=4, **recipient
    )
    for word in ("one ", "two ", "three"):
        await stream.append(markdown_text=word)
    await stream.stop()
    names = [call.method.removeprefix("chat.") for call in slack.journal.calls if "Stream" in call.method]
    assert names[0] == "startStream"
    assert names[-1] == "stopStream"
    assert slack.world.thread("general", question.ts)[-1].shown == "one two three"


async def test_the_session_methods(slack, client, question):
    place = {"channel_id": question.channel, "thread_ts": question.ts}
    reply = await client.agents_sessions_setStatus(**place, status="processing", title="Plans")
    assert (reply["status"], reply["title"]) == ("processing", "Plans")
    assert "warning" not in reply.data
    await client.agents_sessions_rename(**place, title="Other plans")
    assert slack.session("general", question.ts).title == "Other plans"
    assert await _error(client.agents_sessions_setStatus(**place, status="busy")) == "invalid_status"
    no_thread = client.agents_sessions_setStatus(channel_id=question.channel, status="active")
    assert await _error(no_thread) == "thread_ts_required"
    slack.settings.scopes.discard("assistant:write")
    assert await _error(client.agents_sessions_setStatus(**place, status="active")) == "not_authorized"


async def test_without_the_subscription_slack_warns_of_the_missing_stop_button(session):
    async with SlackSimulator(events={"message.channels"}) as slack:
        question = slack.post("general", "ada", "?")
        body = {"channel_id": question.channel, "thread_ts": question.ts, "status": "processing"}
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        url = f"{slack.api_url}agents.sessions.setStatus"
        async with session.post(url, json=body, headers=headers) as response:
            assert (await response.json())["warning"] == "missing_agent_session_stopped_event_subscription"


async def test_a_thread_status_is_shown_until_the_next_message(slack, client, question):
    place = {"channel_id": question.channel, "thread_ts": question.ts}
    await client.assistant_threads_setStatus(**place, status="is thinking…", loading_messages=["hm"])
    assert list(slack.world.statuses.values()) == ["is thinking…"]
    await client.chat_postMessage(channel=question.channel, thread_ts=question.ts, text="done")
    assert not slack.world.statuses
    long = client.assistant_threads_setStatus(**place, status="x", loading_messages=["x" * 51])
    assert await _error(long) == "invalid_arguments"
    await client.assistant_threads_setTitle(**place, title="T")
    await client.assistant_threads_setSuggestedPrompts(
        channel_id=question.channel, prompts=[{"title": "Ask", "message": "What?"}]
    )
    assert slack.world.titles[question.channel, question.ts] == "T"
    assert slack.world.prompts[question.channel, None] == [{"title": "Ask", "message": "What?"}]
