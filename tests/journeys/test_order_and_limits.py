"""One turn at a time per conversation, and no more of Dify at once than it can bear."""

import asyncio

import pytest
from shared import asked, shows

from simulators.dify.script import Answer, Gate, Refuse

pytestmark = pytest.mark.faults


async def test_the_turns_of_a_conversation_go_one_after_the_other_in_order(world, chat, dify):
    gates = [Gate() for _ in range(3)]
    dify.reply(*(Answer([f"answer {n}"], gate=gate) for n, gate in enumerate(gates)))
    async with world.bot():
        chat.whisper("question 0")
        await dify.journal.wait(lambda: asked(dify))
        chat.whisper("question 1")
        await chat.taken()
        chat.whisper("question 2")
        await chat.taken()
        for number, gate in enumerate(gates):
            assert [call.args["query"][-1] for call in asked(dify)] == list("012")[: number + 1]
            gate.finish()
            await shows(chat, chat.in_dm, f"answer {number}", count=number + 1)
            if number < 2:
                await dify.journal.wait(lambda count=number + 2: len(asked(dify)) == count)
    assert len({call.args["conversation_id"] for call in asked(dify)} - {""}) == 1


async def test_conversations_go_side_by_side(world, chat, dify):
    gates = [Gate(), Gate()]
    dify.reply(*(Answer(["done"], gate=gate) for gate in gates))
    async with world.bot():
        one, two = chat.mention(chat.alice, "one"), chat.mention(chat.bob, "two")
        await dify.journal.wait(lambda: len(asked(dify)) == 2)
        for gate in gates:
            gate.finish()
        await shows(chat, lambda: chat.in_thread(one), "done")
        await shows(chat, lambda: chat.in_thread(two), "done")


@pytest.mark.parametrize(("mode", "setting"), [("chat", "max_streams"), ("advanced-chat", "max_runs")])
async def test_more_questions_than_dify_can_bear_wait_with_a_sign(world, chat, dify, mode, setting):
    dify.add_app("app-flow", mode=mode, name="Flow")
    gate = Gate()
    dify.apps["app-flow"].script = lambda run: Answer([f"re: {run.query}"], gate=gate)
    async with world.bot(**{f"dify__{setting}": 2, "apps__support__api_key": "app-flow"}):
        questions = [chat.mention(chat.alice, f"q{n}") for n in range(4)]
        await dify.journal.wait(lambda: len(asked(dify)) == 2)
        await chat.journal.wait(lambda: chat.waiting_signs() >= 2)
        assert len(asked(dify)) == 2
        gate.finish()
        for question in questions:
            await shows(chat, lambda here=question: chat.in_thread(here), "re: q")
        await chat.journal.wait(lambda: chat.waiting_signs() == 0)
    assert dify.most_streams == 2


async def test_stop_goes_through_while_every_stream_is_taken(world, chat, dify):
    gate = Gate()
    dify.reply(Answer(["one ", "two "], gate=gate))
    dify.limit_connections(2)
    async with world.bot(dify__max_streams=1):
        question = chat.mention(chat.alice, "go on")
        gate.allow()
        await shows(chat, lambda: chat.in_thread(question), "one")
        chat.react(question, chat.alice, chat.stop_sign)
        await shows(chat, lambda: chat.in_thread(question), "Stopped.")


async def test_too_many_requests_at_dify_are_retried(world, chat, dify):
    dify.reply(Refuse.too_many(), Refuse(429, "too_many_requests", "Too many requests."), "At last.")
    async with world.bot():
        chat.whisper("hello")
        await shows(chat, chat.in_dm, "At last.")
    assert len(asked(dify)) == 3
    assert len(chat.in_dm()) == 1


async def test_many_conversations_at_once_all_get_their_whole_answer(world, chat, dify):
    dify.script = lambda run: Answer([f"word{n} of {run.query} " for n in range(30)], pace=200)
    async with world.bot():
        questions = [chat.mention(chat.alice, f"q{n}") for n in range(6)]
        await asyncio.gather(
            *(shows(chat, lambda q=q: chat.in_thread(q), f"word29 of q{n}") for n, q in enumerate(questions))
        )
    assert not [call for call in chat.journal.calls if call.status == 429]


async def test_a_stop_while_dify_keeps_refusing_withdraws_the_question(world, chat, dify):
    dify.apps["app-support"].script = lambda run: Refuse.too_many()
    async with world.bot():
        question = chat.mention(chat.alice, "hello")
        await dify.journal.wait(lambda: len(asked(dify)) >= 2)
        chat.react(question, chat.alice, chat.stop_sign)
        await shows(chat, lambda: chat.in_thread(question), "Stopped.")
        count = len(asked(dify))
        chat.whisper("something else")  # the line is free again
        await dify.journal.wait(lambda: len(asked(dify)) > count)
    assert {call.args["query"] for call in asked(dify)[count:]} == {"something else"}
