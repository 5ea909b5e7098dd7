"""Slack, end to end: real slack-bolt, real httpx, real store; asserted is what the simulators received."""

import asyncio

import pytest

from simulators.dify.script import Answer, Gate


@pytest.fixture
def place(slack_world):
    slack = slack_world.slack
    alice, bob = slack.add_user("alice"), slack.add_user("bob")
    return slack, alice, bob, slack.add_channel("support", alice, bob)


def answers(slack, channel, thread_ts=None):
    return [
        message
        for message in slack.world.messages(channel)
        if message.bot_id and not message.deleted and (thread_ts is None or message.thread_ts == thread_ts)
    ]


async def answered(slack, channel, text, count=1, thread_ts=None):
    """Wait until the bot's n-th message in a channel shows the text; gives the message."""

    def found():
        mine = answers(slack, channel, thread_ts)
        return len(mine) >= count and text in mine[count - 1].shown and mine[count - 1]

    return await slack.journal.wait(found)


def texts(message):
    """What could be read of a message, state after state."""
    seen = [shown.text for shown in message.history]
    return [text for index, text in enumerate(seen) if index == 0 or text != seen[index - 1]]


async def test_a_mention_is_answered_in_its_thread_which_goes_on_without_mentions(slack_world, place):
    slack, alice, bob, support = place
    slack_world.dify.reply("In your thread.", "Still here.")
    async with slack_world.bot():
        question = slack.post(support, alice, f"{slack.mention} where are you?")
        await answered(slack, support, "In your thread.", thread_ts=question.ts)
        slack.post(support, bob, "And now?", thread_ts=question.ts)
        await answered(slack, support, "Still here.", count=2, thread_ts=question.ts)
    first, second = slack_world.dify.journal.named("POST /chat-messages")
    assert first.args["query"] == "where are you?"
    identity = f"slack:{slack.world.team_id}:{support.id}:{question.ts}"
    assert first.args["user"] == second.args["user"] == identity
    assert second.args["conversation_id"] in slack_world.dify.apps["app-support"].conversations


async def test_a_channel_answer_grows_by_edits_that_everyone_sees(slack_world, place):
    slack, alice, _, support = place
    gate = Gate()
    slack_world.dify.reply(Answer(["One ", "two ", "three."], gate=gate))
    async with slack_world.bot():
        question = slack.post(support, alice, f"{slack.mention} count")
        gate.allow()
        message = await answered(slack, support, "One", thread_ts=question.ts)
        gate.allow()
        await answered(slack, support, "One two")
        gate.finish()
        await answered(slack, support, "One two three.")
    assert [text.strip() for text in texts(message)] == ["One", "One two", "One two three."]
    assert not slack.journal.named("chat.startStream")
    post = slack.journal.named("chat.postMessage")[0]
    assert post.args["unfurl_links"] is False
    assert post.args["unfurl_media"] is False


async def test_a_direct_message_is_answered_by_a_native_stream(slack_world, place):
    slack, alice, _, _ = place
    dm = slack.dm(alice)
    gate = Gate()
    slack_world.dify.reply(Answer(["One ", "two ", "three."], gate=gate))
    async with slack_world.bot():
        question = slack.post(dm, alice, "count")
        gate.allow()
        message = await answered(slack, dm, "One", thread_ts=question.ts)
        assert message.streaming
        gate.finish()
        await answered(slack, dm, "One two three.")
        await slack.journal.wait(lambda: not message.streaming)
    assert slack.journal.named("chat.startStream")
    assert slack.journal.named("chat.stopStream")
    assert not slack.journal.named("chat.update")
    assert slack_world.dify.journal.named("POST /chat-messages")[0].args["user"] == (
        f"slack:{slack.world.team_id}:{alice.id}"
    )


async def test_more_direct_messages_at_once_than_slack_has_streams_are_answered_by_edits(slack_world, place):
    """Slack: chat.startStream and chat.stopStream, 20 a minute; each stream that is begun keeps its end."""
    slack, alice, _, _ = place
    dm, gates = slack.dm(alice), {f"q{number}": Gate() for number in range(22)}
    slack_world.dify.script = lambda run: Answer([f"re: {run.query} ", "done"], gate=gates[run.query])
    async with slack_world.bot(dify__max_streams=0):
        questions = [slack.post(dm, alice, query) for query in gates]
        for gate in gates.values():
            gate.allow()
        await asyncio.gather(*(answered(slack, dm, "re: q", thread_ts=question.ts) for question in questions))
        for gate in gates.values():
            gate.finish()
        for number, question in enumerate(questions):
            await answered(slack, dm, f"re: q{number} done", thread_ts=question.ts)
        await slack.journal.wait(lambda: not any(message.streaming for message in answers(slack, dm)))
    assert len(slack.journal.named("chat.startStream")) == 20
    assert len(slack.journal.named("chat.postMessage")) == 2
    assert not [call for call in slack.journal.calls if call.status == 429]


async def test_slacks_own_stop_button_stops_the_run_at_dify(slack_world, place):
    slack, alice, _, _ = place
    dm = slack.dm(alice)
    gate = Gate()
    slack_world.dify.reply(Answer([f"piece{n} " for n in range(50)], gate=gate))
    async with slack_world.bot():
        question = slack.post(dm, alice, "go on")
        gate.allow(3)
        await answered(slack, dm, "piece1", thread_ts=question.ts)
        slack.press_stop(dm, question.ts, alice)
        await answered(slack, dm, "Stopped.", thread_ts=question.ts)
        run = await slack_world.dify.ended()
    assert run.status == "stopped"
    assert len(answers(slack, dm)) == 1


async def test_where_the_server_refuses_native_streams_it_edits(slack_world, place):
    slack, alice, _, _ = place
    dm = slack.dm(alice)
    slack.refuse("chat.startStream", "feature_not_enabled")
    gate = Gate()
    slack_world.dify.reply(Answer(["One ", "two."], gate=gate), "Again.")
    async with slack_world.bot():
        question = slack.post(dm, alice, "count")
        gate.allow()
        await answered(slack, dm, "One", thread_ts=question.ts)
        gate.finish()
        await answered(slack, dm, "One two.", thread_ts=question.ts)
        slack.post(dm, alice, "more")
        await answered(slack, dm, "Again.", count=2)
    assert len(slack.journal.named("chat.startStream")) == 1  # remembered: not asked for again


async def test_a_native_stream_rolls_over_before_slack_cuts_it(slack_world, place):
    slack, alice, _, _ = place
    dm = slack.dm(alice)
    text = "日本語の長い回答です。" * 700
    slack_world.dify.reply(Answer([text[at : at + 100] for at in range(0, len(text), 100)], pace=400))
    async with slack_world.bot():
        slack.post(dm, alice, "long")
        await slack.journal.wait(
            lambda: "".join(message.shown for message in answers(slack, dm)).replace("\n", "") == text
        )
    assert len(answers(slack, dm)) >= 2
    assert all(len(message.shown.encode()) <= 9_000 for message in answers(slack, dm))
    assert not [call for call in slack.journal.calls if call.error]


async def test_a_dm_can_be_one_conversation(slack_world, place):
    slack, alice, _, _ = place
    dm = slack.dm(alice)
    async with slack_world.bot(slack__dm_scope="channel"):
        slack.post(dm, alice, "one")
        first = await answered(slack, dm, "turn 1")
        slack.post(dm, alice, "two")
        await answered(slack, dm, "turn 2", count=2)
    assert first.thread_ts is None


async def test_threads_can_be_left_alone_without_a_mention(slack_world, place):
    slack, alice, bob, support = place
    async with slack_world.bot(slack__follow_threads="mention"):
        question = slack.post(support, alice, f"{slack.mention} hello")
        await answered(slack, support, "turn 1")
        slack.post(support, bob, "just between us", thread_ts=question.ts)
        slack.post(support, bob, f"{slack.mention} and you?", thread_ts=question.ts)
        await answered(slack, support, "turn 2", count=2)
    assert [call.args["query"] for call in slack_world.dify.journal.named("POST /chat-messages")] == [
        "hello",
        "and you?",
    ]


async def test_forty_thousand_characters_are_passed_on_whole_and_more_are_refused_aloud(slack_world, place):
    slack, alice, _, _ = place
    dm = slack.dm(alice)
    slack_world.dify.reply("Read it all.")
    whole = "x" * 39_999 + "!"
    async with slack_world.bot():
        slack.post(dm, alice, whole)
        await answered(slack, dm, "Read it all.")
        slack.post(dm, alice, whole + "!")
        await answered(slack, dm, "40001 characters, I can pass on 40000", count=2)
    assert [call.args["query"] for call in slack_world.dify.journal.named("POST /chat-messages")] == [whole]
