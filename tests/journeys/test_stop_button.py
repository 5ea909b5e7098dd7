"""The button that stops an answer: under it while it grows, for who asked and for admins, gone at its end."""

import pytest
from shared import shows, stops, told

from simulators.dify.script import Answer, Gate

STOP = "Stop"


@pytest.fixture
def gate(dify):
    gate = Gate()
    dify.reply(Answer([f"piece{n} " for n in range(50)], gate=gate))
    return gate


async def growing(chat, question, gate):
    """The answer, as soon as it has its button."""
    gate.allow(3)
    answer = await shows(chat, lambda: chat.in_thread(question), "piece1")
    await chat.journal.wait(lambda: chat.buttons(answer) == [STOP])
    return answer


async def gone(chat, answer):
    await chat.journal.wait(lambda: STOP not in chat.buttons(answer))


async def test_the_button_stops_the_answer_and_goes(world, chat, dify, gate):
    async with world.bot():
        question = chat.mention(chat.alice, "go on")
        answer = await growing(chat, question, gate)
        chat.press(answer, chat.alice, STOP)
        await shows(chat, lambda: chat.in_thread(question), "Stopped.")
        await gone(chat, answer)
        run = await dify.ended()
    [stop] = stops(dify)
    assert stop.args == {**stop.args, "task_id": run.task_id, "user": chat.identity(question)}
    assert run.status == "stopped"
    assert "piece40" not in chat.text(answer)


async def test_another_person_is_told_whose_answer_it_is(world, chat, dify, gate):
    async with world.bot():
        question = chat.mention(chat.alice, "go on")
        answer = await growing(chat, question, gate)
        chat.press(answer, chat.bob, STOP)
        await told(chat, chat.bob, "Only the person who asked")
        gate.finish()
        await shows(chat, lambda: chat.in_thread(question), "piece49")
        await gone(chat, answer)
    assert not stops(dify)


async def test_an_admin_may_stop_anybodys_answer(world, chat, dify, gate):
    world.settings["admins"] = [f"{chat.name}:{chat.bob.id}"]
    async with world.bot():
        question = chat.mention(chat.alice, "go on")
        answer = await growing(chat, question, gate)
        chat.press(answer, chat.bob, STOP)
        await shows(chat, lambda: chat.in_thread(question), "Stopped.")
    assert len(stops(dify)) == 1


async def test_a_whole_answer_has_no_such_button(world, chat):
    async with world.bot():
        question = chat.mention(chat.alice, "hello")
        answer = await shows(chat, lambda: chat.in_thread(question), "You said: hello")
        await gone(chat, answer)


async def test_it_can_be_switched_off(world, chat, gate):
    async with world.bot(apps__support__show={"stop": False}):
        question = chat.mention(chat.alice, "go on")
        gate.allow(3)
        answer = await shows(chat, lambda: chat.in_thread(question), "piece1")
        assert chat.buttons(answer) == []
        gate.finish()
        await shows(chat, lambda: chat.in_thread(question), "piece49")


async def test_the_button_of_a_killed_process_is_gone_when_the_next_has_finished(world, chat, dify, gate):
    async with world.doomed():
        question = chat.mention(chat.alice, "go on")
        answer = await growing(chat, question, gate)
    async with world.bot():
        await shows(chat, lambda: chat.in_thread(question), "You said: go on")  # Dify had dropped it
        await gone(chat, answer)
        assert chat.in_thread(question) == [answer]
