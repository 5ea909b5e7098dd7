"""Stop: by emoji, by deletion, by word, before Dify told any id; always with the user that asked."""

import pytest
from shared import asked, serve, shows, stops

from simulators.dify.script import Answer, Gate


@pytest.fixture
def gate(dify):
    gate = Gate()
    dify.reply(Answer([f"piece{n} " for n in range(50)], gate=gate))
    return gate


async def stopped(dify):
    await dify.journal.wait(lambda: stops(dify))
    return stops(dify)[0].args


async def test_the_stop_sign_on_the_question_stops_the_answer(world, chat, dify, gate):
    async with world.bot():
        question = chat.mention(chat.alice, "go on")
        gate.allow(3)
        answer = await shows(chat, lambda: chat.in_thread(question), "piece1")
        chat.react(question, chat.alice, chat.stop_sign)
        call = await stopped(dify)
        await shows(chat, lambda: chat.in_thread(question), "Stopped.")
        run = await dify.ended()
    assert call == {**call, "task_id": run.task_id, "user": chat.identity(question)}
    assert run.status == "stopped"
    assert "piece1" in chat.text(answer)
    assert "piece40" not in chat.text(answer)


async def test_the_stop_sign_on_the_answer_counts_only_from_the_asker(world, chat, dify, gate):
    async with world.bot():
        question = chat.mention(chat.alice, "go on")
        gate.allow(3)
        answer = await shows(chat, lambda: chat.in_thread(question), "piece1")
        chat.react(answer, chat.bob, chat.stop_sign)  # not his question
        gate.allow(3)
        await shows(chat, lambda: chat.in_thread(question), "piece4")
        assert not stops(dify)
        chat.react(answer, chat.alice, chat.stop_sign)
        await stopped(dify)
        await shows(chat, lambda: chat.in_thread(question), "Stopped.")


async def test_deleting_the_question_stops_the_answer(world, chat, dify, gate):
    async with world.bot():
        question = chat.mention(chat.alice, "go on")
        gate.allow(3)
        await shows(chat, lambda: chat.in_thread(question), "piece1")
        chat.delete(question)
        await stopped(dify)
        run = await dify.ended()
    assert run.status == "stopped"


async def test_a_stop_before_any_id_is_sent_with_the_first(world, chat, dify, gate):
    async with world.bot():
        question = chat.mention(chat.alice, "go on")
        await dify.journal.wait(lambda: asked(dify))
        chat.react(question, chat.alice, chat.stop_sign)
        await chat.taken()
        assert not stops(dify)
        gate.allow()
        await stopped(dify)
        await shows(chat, lambda: chat.in_thread(question), "Stopped.")


async def test_the_word_stop_does_not_wait_behind_the_answer(world, chat, dify, gate):
    async with world.bot():
        question = chat.mention(chat.alice, "go on")
        gate.allow(3)
        await shows(chat, lambda: chat.in_thread(question), "piece1")
        chat.follow(question, chat.alice, "stop")
        await stopped(dify)
        await shows(chat, lambda: chat.in_thread(question), "Stopped.")
        chat.follow(question, chat.alice, "stop")
        said = lambda: [chat.text(answer) for answer in chat.in_thread(question)]  # noqa: E731
        await chat.journal.wait(lambda: any("nothing to stop" in text for text in said()))


async def test_a_question_still_in_line_can_be_stopped(world, chat, dify, gate):
    async with world.bot():
        question = chat.mention(chat.alice, "go on")
        gate.allow(3)
        await shows(chat, lambda: chat.in_thread(question), "piece1")
        second = chat.follow(question, chat.alice, "me too")
        await chat.taken()
        chat.react(second, chat.alice, chat.stop_sign)
        await chat.taken()
        gate.finish()
        await shows(chat, lambda: chat.in_thread(question), "Stopped.", count=2)
    assert [call.args["query"] for call in asked(dify)] == ["go on"]


@pytest.mark.parametrize("mode", ["chat", "agent"])  # 1.16 keeps nothing of an agent's stopped answer
async def test_a_stop_outlives_the_process_that_heard_it(world, chat, dm, dify, gate, mode):
    serve(world, mode)
    async with world.doomed():
        question = dm.ask("go on")
        gate.allow(3)
        await shows(chat, dm.answers, "piece1")
        held = chat.hold(chat.ends, before=True)
        chat.react(question, chat.alice, chat.stop_sign)
        await dify.ended()
        await held.reached()
    held.cut()
    async with world.bot():
        await shows(chat, dm.answers, "Stopped.", within=3)
        dm.ask("more")
        await shows(chat, dm.answers, "You said: more", count=2)
    assert [call.args["query"] for call in asked(dify)] == ["go on", "more"]
