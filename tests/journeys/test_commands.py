"""The platform's commands: their answers are seen by who gave them alone, and they do what they say."""

import pytest
from chats import CHATS
from shared import OTHER, asked, kept, serve, shows, stops, told, whispered

from core.commands import COMMANDS
from simulators.dify.conversations import add_variable
from simulators.dify.script import Answer, Gate


@pytest.fixture
def gate():
    return Gate()


async def answered(world, chat, find, text, count=1):
    """Wait until an answer is whole, and all that Dify said of it is kept; gives its message."""
    answer = await shows(chat, find, text, count)
    await kept(world, chat, "state = 'closed'")
    return answer


def conversations(dify):
    """Which conversation each question went into, oldest first; "" for a new one."""
    return [call.args["conversation_id"] for call in asked(dify)]


async def test_help_tells_all_commands_to_one_person_alone(world, chat, spot):
    async with world.bot():
        await spot.command("help")
        text = await told(chat, chat.alice, "Support")
    assert all(f"`{spec.name}`" in text for spec in COMMANDS)
    assert chat.whispers(chat.bob) == []
    assert spot.answers() == []


async def test_new_begins_afresh_in_direct_messages(world, chat, dm, dify):
    serve(world, "chat")
    dify.add_app(OTHER, mode="chat", name="Other", opening_statement="Hello, I am new.")
    async with world.bot():
        dm.ask("first")
        await answered(world, chat, dm.answers, "turn 1")
        await dm.command("new")
        assert "Hello, I am new." in await told(chat, chat.alice, "A new topic")
        dm.ask("second")
        await shows(chat, dm.answers, "turn 1", count=2)
    assert conversations(dify) == ["", ""]


async def test_new_while_an_answer_grows_counts_for_the_next_question(world, chat, dm, dify, gate):
    dify.reply(Answer(["one ", "two"], gate=gate))
    async with world.bot():
        dm.ask("count")
        gate.allow()
        await shows(chat, dm.answers, "one")
        await kept(world, chat, "message_id")
        await dm.command("new")
        await told(chat, chat.alice, "A new topic")
        gate.finish()
        await answered(world, chat, dm.answers, "one two")
        dm.ask("second")
        await shows(chat, dm.answers, "turn 1", count=2)
    assert conversations(dify) == ["", ""]


async def test_new_where_nobody_talked_says_how_topics_begin(world, chat, dm):
    async with world.bot():
        await dm.command("new")
        await told(chat, chat.alice, "There is no conversation here")


async def test_stop_stops_the_persons_answer(world, chat, spot, dify, gate):
    dify.reply(Answer(["one ", "two ", "three"], gate=gate))
    async with world.bot():
        spot.ask("count")
        gate.allow()
        await shows(chat, spot.answers, "one")
        await spot.command("stop")
        await told(chat, chat.alice, "stopping the answer")
        await shows(chat, spot.answers, "Stopped.")
        await spot.command("stop")
        await told(chat, chat.alice, "nothing to stop")
    assert len(stops(dify)) == 1


async def test_stop_leaves_other_peoples_answers_alone(world, chat, dify, gate):
    dify.reply(Answer(["one ", "two"], gate=gate))
    async with world.bot():
        question = chat.mention(chat.alice, "count")
        gate.allow()
        await shows(chat, lambda: chat.in_thread(question), "one")
        await chat.command(chat.bob, "stop", question=question)
        await told(chat, chat.bob, "nothing to stop")
        gate.finish()
        await shows(chat, lambda: chat.in_thread(question), "one two")
    assert stops(dify) == []


async def test_history_lists_and_the_next_question_goes_where_it_is_switched_to(world, chat, dify):
    async with world.bot():
        chat.begin("about cats")
        await answered(world, chat, chat.in_dm, "about cats")
        await chat.command(chat.alice, "new", direct=True)
        await told(chat, chat.alice, "A new topic")
        chat.begin("about dogs")
        await answered(world, chat, chat.in_dm, "about dogs", count=2)
        await chat.command(chat.alice, "history", direct=True)
        listed = (await told(chat, chat.alice, "- `1` ")).splitlines()
        assert listed[0].startswith("- `1` **")  # the one that goes on now
        assert listed[1].startswith("- `2` ")
        await chat.command(chat.alice, "history", "switch 2", direct=True)
        await told(chat, chat.alice, "We go on with")
        chat.begin("cats again")
        await shows(chat, chat.in_dm, "turn 2", count=3)
        chat.begin("once more", same=True)
        await shows(chat, chat.in_dm, "turn 3", count=4)
    cats = dify.runs[0].conversation.id
    assert conversations(dify)[2:] == [cats, cats]


async def test_history_renames_and_deletes(world, chat, dm, dify):
    async with world.bot():
        dm.ask("about cats")
        await answered(world, chat, dm.answers, "turn 1")
        await dm.command("history", "rename 1 All the cats")
        await told(chat, chat.alice, "All the cats")
        assert dify.runs[0].conversation.name == "All the cats"
        await dm.command("history", "delete 1")
        sure = await whispered(chat, chat.alice, "Delete “All the cats”?")
        chat.press(sure, chat.alice, "Delete")
        await told(chat, chat.alice, "is deleted")
        assert dify.apps["app-support"].conversations == {}
        dm.ask("second")
        answer = await shows(chat, dm.answers, "turn 1", count=2)
    assert "starts afresh" not in chat.text(answer)


async def test_forget_deletes_here_and_at_dify(world, chat, dm, dify):
    async with world.bot():
        dm.ask("a secret")
        answer = await answered(world, chat, dm.answers, "turn 1")
        await dm.command("forget")
        await told(chat, chat.alice, "This conversation is deleted")
        assert dify.apps["app-support"].conversations == {}
        chat.react(answer, chat.alice, chat.thumbs_up)
        dm.ask("second")
        answer = await shows(chat, dm.answers, "turn 1", count=2)
    assert conversations(dify) == ["", ""]
    assert "starts afresh" not in chat.text(answer)


@pytest.mark.parametrize("name", ["variables", "runs"])
async def test_some_are_for_admins_only(world, chat, dm, dify, name):
    async with world.bot():
        await dm.command(name)
        await told(chat, chat.alice, "Only those whom the configuration names")


async def test_admins_see_and_set_the_variables_of_their_conversation(world, chat, dm, dify):
    serve(world, "advanced-chat")
    world.settings["admins"] = [f"{chat.name}:{chat.alice.id}"]
    async with world.bot():
        dm.ask("hi")
        await answered(world, chat, dm.answers, "turn 1")
        add_variable(dify.runs[0].conversation, "level", 3, "number")
        await dm.command("variables")
        await told(chat, chat.alice, "`level` (number) = 3")
        await dm.command("variables", "level=4")
        await told(chat, chat.alice, "`level` (number) = 4")


async def test_ask_stands_in_the_channel_and_is_answered_below(world, chat, dify):
    async with world.bot():
        await chat.command(chat.alice, "ask", "What is new?")
        [question] = await chat.journal.wait(chat.asked_aloud)
        assert "What is new?" in chat.text(question)
        answers = lambda: [m for m in chat.in_thread(question) if m is not question]  # noqa: E731
        await shows(chat, answers, "You said: What is new?")
        chat.follow(question, chat.alice, "And then?")
        await shows(chat, answers, "turn 2", count=2)
    assert len(chat.asked_aloud()) == 1
    assert len(asked(dify)) == 2


async def test_ask_that_is_told_twice_is_asked_once(world, chat, dify):
    if chat.name == "slack":
        pytest.skip("Slack tells of a command once")
    async with world.bot():
        given = await chat.command(chat.alice, "ask", "What is new?")
        [question] = await chat.journal.wait(chat.asked_aloud)
        chat.repeat_command(given)
        answers = lambda: [m for m in chat.in_thread(question) if m is not question]  # noqa: E731
        await shows(chat, answers, "You said: What is new?")
        await chat.taken()
    assert len(chat.asked_aloud()) == 1
    assert len(asked(dify)) == 1


async def test_ask_in_direct_messages(world, chat, dify):
    async with world.bot():
        await chat.command(chat.alice, "ask", "What is new?", direct=True)
        await shows(chat, lambda: [m for m in chat.in_dm() if "You said" in chat.text(m)], "What is new?")
    assert [call.args["user"] for call in asked(dify)] == [chat.personal()]


async def test_in_a_thread_that_others_share_new_works_and_forget_does_not(discord_world, dify):
    """Only one of the platforms takes commands in threads."""
    world, chat = discord_world, CHATS["discord"](discord_world.discord)
    async with world.bot():
        question = chat.mention(chat.alice, "first")
        await answered(world, chat, lambda: chat.in_thread(question), "turn 1")
        chat.follow(question, chat.bob, "second")
        await answered(world, chat, lambda: chat.in_thread(question), "turn 2", count=2)
        await chat.command(chat.alice, "forget", question=question)
        await told(chat, chat.alice, "Others talked here too")
        await chat.command(chat.alice, "new", question=question)
        await told(chat, chat.alice, "A new topic")
        chat.follow(question, chat.alice, "third")
        await shows(chat, lambda: chat.in_thread(question), "turn 1", count=3)
    first, second, third = conversations(dify)
    assert (first, bool(second), third) == ("", True, "")


async def test_where_direct_messages_are_one_conversation_new_begins_it_afresh(slack_world, dify):
    world, chat = slack_world, CHATS["slack"](slack_world.slack)
    world.settings["slack__dm_scope"] = "channel"
    async with world.bot():
        chat.begin("first")
        await answered(world, chat, chat.in_dm, "turn 1")
        chat.begin("second")
        await answered(world, chat, chat.in_dm, "turn 2", count=2)
        await chat.command(chat.alice, "new", direct=True)
        await told(chat, chat.alice, "A new topic")
        chat.begin("third")
        await shows(chat, chat.in_dm, "turn 1", count=3)
    assert [bool(each) for each in conversations(dify)] == [False, True, False]
