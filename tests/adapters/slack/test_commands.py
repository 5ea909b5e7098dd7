import asyncio

import pytest

from core.messages import (
    Addressed,
    Button,
    Field,
    Form,
    Greeting,
    Person,
    Place,
    Whisper,
)

FORM = Form("inputs:7", "Inputs", "Send", (Field("name", "Name"),))


LATE_SECONDS = 2.6  # Slack takes the answer to a command for 3 s; it has to get there, too


@pytest.fixture
async def command(slack, run):
    """Ada gives a command."""

    async def given(text, *responses, channel="general", name="/parley", **settings):
        slack.socket.ack_timeout = 10.0  # a busy machine is no failure
        bot = await run(**settings)
        bot.inbox.responses.extend(responses)
        delivery = slack.slash_command(channel or slack.dm("ada"), "ada", name, text)
        await slack.journal.wait(lambda: delivery.done)
        return bot, delivery

    return given


def whispered(slack, channel="general"):
    return [message.shown for message in slack.ephemerals(channel, "ada")]


def written(slack, channel="general"):
    ours = slack.world.bot_id
    return [m for m in slack.world.messages(channel) if m.bot_id == ours and m.ephemeral_to is None]


async def test_a_command_says_who_wants_what_where(slack, command):
    ada, channel = slack.user("ada").id, slack.channel("general").id
    bot, delivery = await command("History  rename 2 a &lt;b&gt; title")
    (given,) = bot.inbox.actions
    assert (given.name, given.text) == ("history", "rename 2 a <b> title")
    assert given.place == Place("slack", slack.world.team_id, channel)
    assert (given.author, given.id) == (Person(ada), delivery.payload["trigger_id"])
    assert given.identity == f"slack:{slack.world.team_id}:{channel}:"
    assert given.facts == {"channels": {channel}, "users": {ada}, "teams": {slack.world.team_id}}
    assert given.locale == "en-US"  # asked for
    assert (delivery.acked, delivery.response) == (True, None)


@pytest.mark.parametrize("scope", ["thread", "channel"])
async def test_a_command_in_direct_messages(slack, command, scope):
    bot, _ = await command("new", channel=None, dm_scope=scope)
    (given,) = bot.inbox.actions
    assert given.place == Place("slack", slack.world.team_id, slack.dm("ada").id, "", direct=True)
    assert given.identity == f"slack:{slack.world.team_id}:{slack.user('ada').id}"


@pytest.mark.parametrize("text", ["", "   ", "ask", "ask  "])
async def test_nothing_said_is_a_call_for_help(command, text):
    bot, _ = await command(text)
    assert [given.name for given in bot.inbox.actions] == ["help"]


async def test_the_command_can_have_another_name(command):
    bot, _ = await command("new", name="/ask-us", command="ask-us")
    assert [given.name for given in bot.inbox.actions] == ["new"]


async def test_a_whisper_comes_with_the_acknowledgement_also_where_we_are_no_member(slack, command):
    slack.add_channel("far", "ada", bot=False)
    said = Whisper("**Gone**, <!here>.", (Button("undo:1", "Undo"),))
    bot, delivery = await command("forget", said, channel="far")
    assert delivery.refused == ""
    assert whispered(slack, "far") == ["**Gone**, &lt;!here>."]
    assert [call.method for call in slack.journal.calls if call.method.startswith("chat.")] == []
    slack.press(slack.ephemerals("far", "ada")[0], "parley:undo:1", "ada")
    await slack.journal.wait(lambda: len(bot.inbox.actions) == 2)
    assert bot.inbox.actions[1].button == "undo:1"


async def test_a_greeting_is_whispered(slack, command):
    await command("help", Greeting("Hello.", ("What is love?",)))
    assert whispered(slack) == ["Hello.\n- What is love?"]


async def test_a_form_is_opened(slack, command):
    slack.add_channel("far", "ada", bot=False)
    bot, delivery = await command("setup", FORM, channel="far")
    (view,) = await slack.journal.wait(lambda: slack.open_views)
    assert delivery.response is None
    bot.inbox.responses.append(Whisper("Kept."))
    slack.submit(view, {"name": "Ada"})
    await slack.journal.wait(lambda: whispered(slack, "far"))
    sent = bot.inbox.actions[-1]
    assert (sent.values, sent.ref, sent.place.channel) == ({"name": "Ada"}, None, slack.channel("far").id)
    assert whispered(slack, "far") == ["Kept."]


async def test_a_command_that_was_not_taken_in_fails_visibly(slack, run, caplog):
    bot = await run()
    bot.inbox.trouble = ValueError("secret words")
    delivery = slack.slash_command("general", "ada", "/parley", "new")
    await slack.journal.wait(lambda: delivery.given_up)
    assert "secret words" not in caplog.text


async def test_it_is_acknowledged_only_when_it_was_taken_in(slack, run):
    bot = await run()
    bot.inbox.hold = asyncio.Event()
    delivery = slack.slash_command("general", "ada", "/parley", "new")
    await slack.journal.wait(lambda: bot.inbox.offered)
    assert not delivery.acked
    bot.inbox.hold.set()
    await slack.journal.wait(lambda: delivery.acked)


async def test_an_answer_that_comes_late_is_whispered(slack, run):
    slack.socket.ack_timeout = 10.0
    bot = await run()
    bot.inbox.hold = asyncio.Event()
    bot.inbox.responses.append(Whisper("Gone."))
    delivery = slack.slash_command("general", "ada", "/parley", "forget")
    await slack.journal.wait(lambda: bot.inbox.offered)
    asyncio.get_running_loop().call_later(LATE_SECONDS, bot.inbox.hold.set)  # so long it takes to be done
    await slack.journal.wait(lambda: delivery.acked)
    assert delivery.response is None
    await slack.journal.wait(lambda: whispered(slack))
    assert whispered(slack) == ["Gone."]


async def test_a_question_is_asked_aloud_and_taken_like_a_mention(slack, command):
    ada = slack.user("ada").id
    bot, delivery = await command("ask What is &lt;!here&gt; love?")
    assert (delivery.acked, delivery.response) == (True, None)
    (post,) = written(slack)
    assert post.shown == f"<@{ada}>: What is &lt;!here> love?"
    assert post.pings.count("!here") == 0
    (asked,) = bot.inbox.messages
    assert asked.text == "What is <!here> love?"
    assert (asked.addressed, asked.author) == (Addressed.MENTION, Person(ada))
    assert (asked.ref.id, asked.ref.channel, asked.place.thread) == (post.ts, post.channel, post.ts)
    assert asked.identity == f"slack:{slack.world.team_id}:{post.channel}:{post.ts}"
    assert asked.facts["users"] == {ada}


@pytest.mark.parametrize("scope", ["thread", "channel"])
async def test_a_question_by_command_in_direct_messages(slack, command, scope):
    bot, _ = await command("ask me", channel=None, dm_scope=scope)
    (asked,) = bot.inbox.messages
    (post,) = written(slack, slack.dm("ada"))
    assert (asked.addressed, asked.place.direct) == (Addressed.DIRECT, True)
    assert asked.place.thread == ("" if scope == "channel" else post.ts)


async def test_where_we_can_t_write_we_want_to_be_invited(slack, command):
    slack.add_channel("far", "ada", bot=False)
    bot, _ = await command("ask me", channel="far")
    assert bot.inbox.messages == []
    assert whispered(slack, "far") == [
        "I can't write in this channel: invite me first (/invite), then ask again."
    ]


async def test_a_question_whose_reply_was_lost_stands_once(slack, command):
    slack.lose_reply_next("chat.postMessage")
    bot, _ = await command("ask me")
    (post,) = written(slack)
    assert [asked.ref.id for asked in bot.inbox.messages] == [post.ts]


async def test_a_question_that_was_not_posted_is_to_be_asked_again(slack, command):
    slack.rate_limit_next("chat.postMessage", 30)
    bot, _ = await command("ask me")
    assert (bot.inbox.messages, written(slack)) == ([], [])
    assert whispered(slack) == ["That took too long. Please try again."]


async def test_a_question_that_was_not_taken_in_does_not_stand_on(slack, run):
    bot = await run()
    bot.inbox.trouble = ValueError("no store")
    delivery = slack.slash_command("general", "ada", "/parley", "ask me")
    await slack.journal.wait(lambda: delivery.given_up)
    await slack.journal.wait(lambda: not written(slack))


async def test_no_question_is_a_page_of_an_answer(slack, command, ask):
    bot, _ = await command("ask me", channel=None, dm_scope="channel")
    assert list(await bot.adapter.find(ask(thread=False, key="turn-1"))) == []


@pytest.mark.parametrize("payload", [{}, {"channel_id": "C1"}, {"channel_id": 5, "user_id": "U1"}])
async def test_malformed_commands_are_survived(slack, run, payload):
    bot = await run()
    body = (
        '{"envelope_id": "broken", "type": "slash_commands", "accepts_response_payload": true, "payload": %s}'
    )
    fields = ", ".join(f'"{key}": {value!r}'.replace("'", '"') for key, value in payload.items())
    await slack.send_raw(body % f'{{"command": "/parley"{", " if fields else ""}{fields}}}')
    slack.post(slack.dm("ada"), "ada", "still there?")
    await slack.journal.wait(lambda: bot.inbox.messages)
    assert bot.inbox.actions == []
