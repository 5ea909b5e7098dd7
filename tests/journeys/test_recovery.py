"""A process dies while Dify answers in the connection itself: chat, agents, completion, everything of old.

Such an answer is lost with the connection, unless it was complete: then it is found, and asked for no more.
"""

import pytest
from shared import Absent, another, asked, kept, ratings, saved_but_untold, says_only, serve, shows

from simulators.dify.script import Answer, Gate

pytestmark = pytest.mark.faults

CHAT_KINDS = ["chat", "agent-chat", "agent"]


@pytest.fixture
def gate():
    return Gate()


@pytest.mark.parametrize("mode", CHAT_KINDS)
async def test_an_answer_complete_at_dify_is_found_and_not_asked_for_again(world, chat, dm, dify, gate, mode):
    serve(world, mode)
    dify.reply(Answer(["first ", "half"], gate=gate), "Asked again!")
    async with world.doomed():
        dm.ask("one")
        gate.allow()
        await shows(chat, dm.answers, "first")
        held = chat.hold({*chat.edits, *chat.ends}, before=True)
        gate.finish()
        await dify.ended()
    held.cut()
    async with world.bot():
        await says_only(chat, dm.answers, "first half")
        dm.ask("two")  # and its conversation goes on
        await shows(chat, dm.answers, "Asked again!", count=2)
    assert [call.args["query"] for call in asked(dify)] == ["one", "two"]
    assert asked(dify)[1].args["conversation_id"] == dify.runs[0].conversation.id


@pytest.mark.parametrize("mode", CHAT_KINDS)
async def test_an_answer_lost_half_way_is_asked_for_once_more(world, chat, dm, dify, gate, mode):
    serve(world, mode)
    dify.reply(Answer(["first ", "half"], gate=gate), "All of it, from the start.")
    async with world.doomed():
        dm.ask("one")
        gate.allow()
        begun = await shows(chat, dm.answers, "first")
        await kept(world, chat, "message_id")
    async with world.bot():
        finished = await says_only(chat, dm.answers, "All of it, from the start.")
    assert begun is finished
    assert len(dm.answers()) == 1
    assert [call.args["query"] for call in asked(dify)] == ["one", "one"]


async def test_an_answer_of_which_nothing_was_heard_is_found_in_its_new_conversation(world, chat, dm, dify):
    dify.reply(saved_but_untold("All was said."))
    async with world.doomed():
        dm.ask("one")
        await dify.started()
    async with world.bot():
        await says_only(chat, dm.answers, "All was said.")
        dm.ask("two")
        await shows(chat, dm.answers, "turn 2", count=2)  # its conversation is known now
    assert [call.args["query"] for call in asked(dify)] == ["one", "two"]


async def test_an_answer_of_which_nothing_was_heard_is_found_in_its_old_conversation(world, chat, dm, dify):
    dify.reply("Hello.", saved_but_untold("All was said."))
    async with world.doomed():
        dm.ask("hello")
        await says_only(chat, dm.answers, "Hello.")
        dm.ask("hello")  # the same words: the answer before is another's
        await dify.started(2)
    async with world.bot():
        await says_only(chat, dm.answers, "All was said.", count=2)
    assert len(asked(dify)) == 2


async def unreached(dify, chat, dm):
    """A question that the bot has sent, and that Dify has not read."""
    await dify._slots.acquire()
    dm.ask("hello")
    await dify.journal.wait(lambda: dify.waiting)


async def test_a_question_that_dify_never_read_is_asked_once(world, chat, dm, dify):
    dify.limit_connections(1)
    dify.reply("Hello.", "Hello again.")
    async with world.doomed():
        dm.ask("hello")
        await says_only(chat, dm.answers, "Hello.")
        await unreached(dify, chat, dm)
    dify.limit_connections(None)
    async with world.bot():
        await says_only(chat, dm.answers, "Hello again.", count=2)
    assert len(asked(dify)) == 2


async def test_the_conversation_of_another_thread_is_not_taken_for_the_lost_one(slack_world, dify):
    """In direct messages all threads of a person have the same `user` at Dify."""
    slack = slack_world.slack
    alice = slack.add_user("alice")
    here = slack.dm(alice)

    def answer_to(question):
        texts = [m.shown for m in slack.world.thread(here, question.ts) if m.bot_id]
        return texts and texts[0]

    dify.limit_connections(1)
    dify.reply("In the first thread.", "In the second.")
    async with slack_world.doomed():
        first = slack.post(here, alice, "hello")
        await slack.journal.wait(lambda: answer_to(first) == "In the first thread.")
        await dify._slots.acquire()
        second = slack.post(here, alice, "hello")
        await dify.journal.wait(lambda: dify.waiting)
    dify.limit_connections(None)
    async with slack_world.bot():
        await slack.journal.wait(lambda: answer_to(second) == "In the second.")
    assert len(dify.apps["app-support"].conversations) == 2


async def test_the_answer_before_a_new_topic_is_not_taken_for_the_lost_one(world, chat, dm, dify):
    dify.limit_connections(1)
    dify.reply("Hello.", "Hello again.")
    async with world.doomed():
        dm.ask("hello")
        await says_only(chat, dm.answers, "Hello.")
        dm.ask("new")
        await shows(chat, dm.answers, "afresh", count=2)
        await unreached(dify, chat, dm)
    dify.limit_connections(None)
    async with world.bot():
        await says_only(chat, dm.answers, "Hello again.", count=3)
    assert len(asked(dify)) == 2


async def test_a_conversation_deleted_while_we_were_away_is_begun_anew(world, chat, dm, dify, gate):
    dify.reply("Hello.", Answer(["first ", "half"], gate=gate))
    async with world.doomed():
        dm.ask("hello")
        await says_only(chat, dm.answers, "Hello.")
        dm.ask("one")
        gate.allow()
        await shows(chat, dm.answers, "first", count=2)
        await kept(world, chat, "message_id")
    dify.apps["app-support"].conversations.clear()
    async with world.bot():
        answer = await shows(chat, dm.answers, "You said: one (turn 1 of this", count=2)
    assert "starts afresh" in chat.text(answer)
    assert len(dm.answers()) == 2
    assert len(dify.journal.named("GET /messages")) < 20  # Dify was there all the time, and said no


async def test_a_completion_lost_half_way_is_asked_for_once_more(world, chat, dm, dify, gate):
    serve(world, "completion")
    dify.reply(Answer(["first ", "half"], gate=gate), "All of it.")
    async with world.doomed():
        dm.ask("one")
        gate.allow()
        await shows(chat, dm.answers, "first")
    async with world.bot():
        await says_only(chat, dm.answers, "All of it.")
    assert len(dm.answers()) == 1
    assert [call.method for call in asked(dify)] == ["POST /completion-messages"] * 2


async def test_a_chatflow_of_an_old_dify_is_asked_once_more(world, chat, dm, gate):
    async with another("0.15.8") as old:
        serve(world, "advanced-chat", old)
        old.reply(Answer(["first ", "half"], gate=gate), "All of it.")
        async with world.doomed():
            dm.ask("one")
            gate.allow()
            await shows(chat, dm.answers, "first")
            await kept(world, chat, "run_id")
        async with world.bot():
            await says_only(chat, dm.answers, "All of it.")
        assert len(asked(old)) == 2


async def test_a_question_in_line_behind_a_lost_answer_keeps_its_place(world, chat, dm, dify, gate):
    dify.reply(Answer(["first ", "half"], gate=gate))
    async with world.doomed():
        dm.ask("one")
        gate.allow()
        await shows(chat, dm.answers, "first")
        dm.ask("two")
        await chat.taken()
    async with world.bot():
        dm.ask("three")
        await shows(chat, dm.answers, "You said: three (turn 4 of this conversation)", count=3)
    assert [chat.text(each).split()[2] for each in dm.answers()] == ["one", "two", "three"]
    assert [call.args["query"] for call in asked(dify)] == ["one", "one", "two", "three"]


async def test_a_question_taken_while_dify_was_away_is_asked_by_the_next_process(world, chat, dm, dify):
    port = int(dify.base_url.split(":")[2].split("/")[0])
    config = world.settings | {"dify__base_url": dify.base_url}
    await dify.stop()
    async with world.doomed(**config):
        dm.ask("one")
        await chat.taken()
    await dify.start(port)
    async with world.bot():
        await shows(chat, dm.answers, "You said: one")
    assert len(asked(dify)) == 1


async def test_an_answer_complete_at_a_dify_that_is_away_is_found_later(world, chat, dm, dify, gate):
    dify.reply(Answer(["first ", "half"], gate=gate), "Asked again!")
    async with world.doomed():
        dm.ask("one")
        gate.allow()
        await shows(chat, dm.answers, "first")
        held = chat.hold({*chat.edits, *chat.ends}, before=True)
        gate.finish()
        await dify.ended()
    held.cut()
    async with Absent(dify) as absent, world.bot():
        await chat.journal.wait(lambda: absent.tries > 12)  # for longer than one looks for an answer
        await absent.end()
        await says_only(chat, dm.answers, "first half")
    assert len(asked(dify)) == 1


async def test_a_recovered_answer_can_be_rated(world, chat, dm, dify):
    dify.reply(saved_but_untold("All was said."))
    async with world.doomed():
        dm.ask("one")
        run = await dify.started()
    async with world.bot():
        answer = await says_only(chat, dm.answers, "All was said.")
        chat.react(answer, chat.alice, chat.thumbs_up)
        await dify.journal.wait(lambda: ratings(dify))
    assert ratings(dify) == [(run.message.id, chat.personal(), "like")]


async def test_a_command_is_obeyed_and_answered_once(world, chat, spot, dify):
    async with world.doomed():
        spot.ask("one")
        await shows(chat, spot.answers, "turn 1")
        held = chat.hold(chat.posts)
        spot.ask("new")
        await held.reached()
    held.let_go()
    async with world.bot():
        await shows(chat, spot.answers, "start afresh", count=2)
        spot.ask("two")
        await shows(chat, spot.answers, "turn 1", count=3)
    assert len(spot.answers()) == 3
