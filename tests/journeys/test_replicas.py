"""Several replicas on one PostgreSQL: one answer per question, whoever heard it and whoever dies."""

from contextlib import AsyncExitStack

import pytest
from chats import DiscordChat, SlackChat, Spot
from shared import ATTACH, asked, kept, parked, says_only, serve, shows, stops
from test_human_input import DECIDE, PLAIN, decisions, goes_on, run_with, waiting

from simulators.dify.script import Answer, Drop, Gate
from tests.postgres import eventually, value

pytestmark = pytest.mark.faults


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def world(world, postgres):
    world.settings["store__url"] = postgres
    return world


async def test_a_question_that_both_hear_is_answered_once(world, chat, spot, dify):
    async with world.bot(), world.bot():  # Discord tells each of everything
        question = spot.ask("one")
        await shows(chat, spot.answers, "turn 1")
        chat.repeat(question)
        await chat.taken()
        spot.ask("two")
        await shows(chat, spot.answers, "turn 2", count=2)
    assert len(spot.answers()) == 2
    assert [call.args["query"] for call in asked(dify)] == ["one", "two"]


async def test_the_turns_of_a_conversation_keep_their_order(world, chat, dm, dify):
    gates = [Gate() for _ in range(4)]
    dify.reply(*(Answer([f"answer {n}"], gate=gate) for n, gate in enumerate(gates)))
    async with world.bot(), world.bot():
        for number in range(4):
            dm.ask(f"question {number}")
            await chat.taken()
        for number, gate in enumerate(gates):
            await dify.started(number + 1)
            assert [call.args["query"][-1] for call in asked(dify)] == list("0123")[: number + 1]
            gate.finish()
            await says_only(chat, dm.answers, f"answer {number}", count=number + 1)
    assert len({call.args["conversation_id"] for call in asked(dify)} - {""}) == 1


async def test_a_run_that_one_leaves_is_followed_by_the_other(world, chat, spot, dify, gate):
    serve(world, "advanced-chat")
    dify.reply(Answer(["one ", "two ", "three"], gate=gate))
    leaving = AsyncExitStack()
    await leaving.enter_async_context(world.bot(server__grace=0))
    spot.ask("count")
    gate.allow()
    answer = await shows(chat, spot.answers, "one")
    async with world.bot():
        await leaving.aclose()
        gate.allow()
        await dify.journal.wait(lambda: dify.journal.named(ATTACH))
        gate.finish()
        assert await says_only(chat, spot.answers, "one two three") is answer
    assert len(spot.answers()) == 1
    assert len(asked(dify)) == 1


def heard_by_the_newest_only(chat):
    """What Slack tells from now on, it tells the replica that connected last."""
    if chat.name == "slack":
        for connection in chat.server.socket.open[:-1]:
            connection.retired = True


async def test_a_stop_reaches_the_replica_that_answers(world, chat, dm, dify, gate):
    dify.reply(Answer([f"piece{n} " for n in range(20)], gate=gate))
    async with world.bot():
        question = dm.ask("go on")
        gate.allow()
        await shows(chat, dm.answers, "piece0")
        async with world.bot():
            heard_by_the_newest_only(chat)
            chat.react(question, chat.alice, chat.stop_sign)
            await dify.journal.wait(lambda: stops(dify))
            await shows(chat, dm.answers, "Stopped.")
    assert dify.runs[0].status == "stopped"


async def test_the_button_works_at_every_replica(world, chat, dm, dify):
    dify.reply(Answer(["The first half. ", Drop()]), "All of it.")
    async with world.bot():
        dm.ask("hi")
        answer = await shows(chat, dm.answers, "broke off")
        await parked(world, chat, answer)
        async with world.bot():
            heard_by_the_newest_only(chat)
            chat.press(answer, chat.alice)
            assert await says_only(chat, dm.answers, "All of it.") is answer
    assert len(asked(dify)) == 2


async def test_together_they_keep_to_what_discord_allows_the_bot(discord_world, postgres):
    world, discord = discord_world, discord_world.discord
    world.settings |= {"store__url": postgres, "discord__calls_per_second": 12}
    chat = DiscordChat(discord)
    channels = [discord.add_channel(chat.guild, f"channel-{number}") for number in range(12)]
    beaten = "SELECT count(*) = 2 FROM procrastinate_workers WHERE last_heartbeat > %s + interval '2.5 s'"
    async with world.bot(), world.bot():
        both = await value(postgres, "SELECT now()")
        await eventually(
            lambda: value(postgres, beaten, both)
        )  # each has counted the other by its beat before
        discord.limits.global_per_second = 12
        asked_in = [discord.post(each, chat.alice, f"{discord.bot.mention} hi") for each in channels]
        for question in asked_in:
            await shows(chat, lambda question=question: chat.in_thread(question), "You said: hi", within=20)
    assert [call.method for call in discord.journal.calls if call.status == 429] == []


async def test_a_killed_replica_is_relieved(slack_world, postgres, dify, gate):
    world, chat = slack_world, SlackChat(slack_world.slack)
    world.settings["store__url"], dm = postgres, Spot(chat, direct=True)
    dify.reply(Answer(["first ", "half"], gate=gate), "All of it.")
    async with world.process() as killed:
        dm.ask("one")
        gate.allow()
        answer = await shows(chat, dm.answers, "first")
        await kept(world, chat, "message_id")
        async with world.bot():
            killed.kill()
            await killed.wait()
            assert await says_only(chat, dm.answers, "All of it.", within=20) is answer
    assert len(dm.answers()) == 1
    assert [call.args["query"] for call in asked(dify)] == ["one", "one"]


async def test_a_decision_is_taken_up_by_the_replica_that_is_left(world, chat, spot, dify):
    serve(world, "advanced-chat")
    dify.reply(run_with(PLAIN))
    async with world.process() as killed:
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        async with world.bot():
            killed.kill()
            await killed.wait()
            spot.press(answer, "Approve")
            await goes_on(chat, spot.answers, answer, "Before.", "After 1.")
    assert decisions(dify) == [("approve", {})]
    assert len(asked(dify)) == 1


async def test_a_replica_that_dies_of_a_decision_is_relieved(world, chat, spot, dify, gate):
    serve(world, "advanced-chat")
    dify.reply(run_with(PLAIN, gate=gate))
    gate.allow(3)
    async with world.process() as killed:
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        spot.press(answer, "Approve")
        await dify.journal.wait(lambda: dify.journal.named(ATTACH))
        async with world.bot():
            killed.kill()
            await killed.wait()
            gate.finish()
            await chat.journal.wait(lambda: "After 1." in chat.text(answer), within=20)
            await goes_on(chat, spot.answers, answer, "Before.", "After 1.")
    assert decisions(dify) == [("approve", {})]
    assert len(asked(dify)) == 1


@pytest.mark.parametrize("presses", [["Approve"], ["Approve", "Reject"]])
async def test_a_decision_is_taken_once_whoever_hears_it(world, chat, spot, dify, presses):
    serve(world, "advanced-chat")
    dify.reply(run_with(PLAIN))
    async with world.bot(), world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        for label in presses:
            spot.press(answer, label)
        await goes_on(chat, spot.answers, answer, "Before.", "After 1.")
        await chat.taken()
    assert len([call for call in dify.journal.named(DECIDE) if call.status == 200]) == 1
    assert len(asked(dify)) == 1
    assert len(chat.whispers(chat.alice)) < len(presses)


async def test_a_stop_of_a_run_that_waits_is_heard_by_any_replica(world, chat, dm, dify):
    serve(world, "advanced-chat")
    dify.reply(run_with(PLAIN))
    async with world.bot():
        dm.ask("do it")
        answer = await waiting(world, chat, dm.answers)
        async with world.bot():
            heard_by_the_newest_only(chat)
            chat.react(answer, chat.alice, chat.stop_sign)
            await shows(chat, dm.answers, "Stopped.")
            await chat.journal.wait(lambda: not chat.buttons(answer))
    assert decisions(dify) == []
    assert len(stops(dify)) == 1
