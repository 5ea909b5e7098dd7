"""Stop, said to a run that waits for a person: nobody can decide any more, and Dify is told.

Dify (1.14 to 1.16) says success to it and lets the run wait on: it ends once its form is answered elsewhere.
"""

import pytest
from shared import Absent, kept, serve, shows, stops, told
from test_human_input import MODES, PLAIN, WAITS, decisions, goes_on, run_with, waiting

from simulators.dify.script import Gate, Pause

pytestmark = pytest.mark.faults

TASK_STOP = "POST /workflows/tasks/{task_id}/stop"


@pytest.fixture(params=MODES)
def mode(request, world):
    serve(world, request.param)
    return request.param


@pytest.fixture
def chatflow(world):
    serve(world, "advanced-chat")


async def by_sign_on_the_question(chat, spot, answer):
    chat.react(spot.question, chat.alice, chat.stop_sign)


async def by_sign_on_the_answer(chat, spot, answer):
    chat.react(answer, chat.alice, chat.stop_sign)


async def by_word(chat, spot, answer):
    spot.ask("stop")


async def by_command(chat, spot, answer):
    await spot.command("stop")


async def by_deleting(chat, spot, answer):
    chat.delete(spot.question)


WAYS = [by_sign_on_the_question, by_sign_on_the_answer, by_word, by_command, by_deleting]


def stop_calls(dify):
    return [*stops(dify), *dify.journal.named(TASK_STOP)]


async def stopped(chat, answer):
    """Wait until the answer says so, without a form and without a button."""
    await chat.journal.wait(lambda: "Stopped." in chat.text(answer))
    await chat.journal.wait(lambda: not chat.buttons(answer))
    assert "Before." in chat.text(answer)
    assert "Shall I" not in chat.text(answer)
    assert WAITS not in chat.text(answer)


@pytest.mark.parametrize("way", WAYS)
async def test_a_run_that_waits_can_be_stopped(world, chat, spot, dify, mode, way):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        await way(chat, spot, answer)
        await stopped(chat, answer)
        assert decisions(dify) == []
        run, [stop] = dify.runs[0], stop_calls(dify)
        assert (stop.args["task_id"], stop.args["user"]) == (run.task_id, run.user)
        assert run.status == "paused"  # as Dify has it
        await kept(world, chat, "NOT EXISTS (SELECT 1 FROM turns WHERE state = 'parked')")
        if way is not by_deleting:
            spot.ask("something else")
            await chat.journal.wait(lambda: any("something else" in chat.text(m) for m in spot.answers()))
    assert len(dify.runs) == (1 if way is by_deleting else 2)


async def test_it_is_said_whether_there_was_something_to_stop(world, chat, dm, dify, chatflow):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        dm.ask("do it")
        answer = await waiting(world, chat, dm.answers)
        await chat.command(chat.alice, "stop", direct=True)
        await told(chat, chat.alice, "I am stopping the answer.")
        await stopped(chat, answer)
        await kept(world, chat, "state = 'closed'")
        await chat.command(chat.alice, "stop", direct=True)
        await told(chat, chat.alice, "nothing to stop")
    assert len(stop_calls(dify)) == 1


async def test_a_press_after_a_stop_is_too_late(world, chat, spot, dify, mode):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        held = chat.hold({*chat.edits, *chat.ends}, before=True)
        chat.react(answer, chat.alice, chat.stop_sign)
        await held.reached()
        spot.press(answer, "Approve")  # which still stands there
        await told(chat, chat.alice, "too late to decide")
        held.let_go()
        await stopped(chat, answer)
    assert decisions(dify) == []


async def test_a_form_that_was_open_at_a_stop_is_too_late(world, chat, spot, dify, chatflow):
    dify.reply(run_with(Pause(content="Shall I {{#$output.note#}}?")))
    async with world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers, "Shall I")
        form = await spot.open(answer, "Approve")
        chat.react(answer, chat.alice, chat.stop_sign)
        await stopped(chat, answer)
        [field] = form.kinds
        form.send({field: "as it is"})
        await told(chat, chat.alice, "too late to decide")
    assert decisions(dify) == []


async def test_a_colleague_can_t_stop_it_and_an_admin_can(world, chat, dify, chatflow):
    dify.reply(run_with(PLAIN), run_with(PLAIN))
    admin = [f"{chat.name}:{chat.bob.id}"]
    async with world.bot():
        question = chat.mention(chat.alice, "do it")
        answer = await waiting(world, chat, lambda: chat.in_thread(question))
        chat.react(answer, chat.bob, chat.stop_sign)
        chat.follow(question, chat.bob, "stop")
        await shows(chat, lambda: chat.in_thread(question), "nothing to stop", count=2)
        assert chat.buttons(answer) == ["Approve", "Reject"]
    assert stop_calls(dify) == []
    chat.unreact(answer, chat.bob, chat.stop_sign)
    async with world.bot(admins=admin):
        chat.react(answer, chat.bob, chat.stop_sign)
        await stopped(chat, answer)
        another = chat.mention(chat.alice, "do it again")
        answer = await waiting(world, chat, lambda: chat.in_thread(another))
        chat.follow(another, chat.bob, "stop")
        await stopped(chat, answer)
    assert len(stop_calls(dify)) == 2


@pytest.mark.parametrize("before", [True, False])
async def test_a_stop_outlives_the_process_that_heard_it(world, chat, spot, dify, mode, before):
    dify.reply(run_with(PLAIN))
    async with world.doomed():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        held = chat.hold({*chat.edits, *chat.ends}, before=before)
        chat.react(answer, chat.alice, chat.stop_sign)
        await held.reached()
    held.cut()
    async with world.bot():
        await stopped(chat, answer)
        assert spot.answers() == [answer]
    assert decisions(dify) == []
    assert len(dify.runs) == 1


async def test_a_decision_before_the_stop_is_stopped_as_any_answer(world, chat, spot, dify, mode):
    gate = Gate()
    dify.reply(run_with(PLAIN, gate=gate))
    gate.allow(3)
    async with world.bot():
        spot.ask("do it")
        answer = await waiting(world, chat, spot.answers)
        spot.press(answer, "Approve")
        await kept(world, chat, "state = 'running'")
        chat.react(answer, chat.alice, chat.stop_sign)
        run = await dify.ended()
        await stopped(chat, answer)
    assert run.status == "stopped"
    assert decisions(dify) == [("approve", {})]


async def test_a_form_that_comes_after_the_stop_is_not_shown(world, chat, dm, dify, mode):
    dify.stop_lag, gate = 60, Gate()
    dify.reply(run_with(PLAIN, gate=gate))
    async with world.bot():
        question = dm.ask("do it")
        gate.allow()
        answer = await shows(chat, dm.answers, "Before.")
        chat.react(question, chat.alice, chat.stop_sign)
        await dify.journal.wait(lambda: stop_calls(dify))
        gate.finish()
        await stopped(chat, answer)
        await kept(world, chat, "state = 'closed'")
    assert dify.runs[0].form is not None


async def test_a_form_is_closed_though_dify_is_away(world, chat, dm, dify, chatflow, monkeypatch):
    monkeypatch.setattr("core.recovery.AWAY_SECONDS", 0.5)
    monkeypatch.setattr("core.recovery.STOP_SECONDS", 0.5)
    dify.reply(run_with(PLAIN))
    async with world.bot():
        dm.ask("do it")
        answer = await waiting(world, chat, dm.answers)
        async with Absent(dify):
            chat.react(answer, chat.alice, chat.stop_sign)
            await stopped(chat, answer)


async def test_what_is_answered_elsewhere_after_a_stop_ends_at_dify(world, chat, dm, dify, chatflow):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        dm.ask("do it")
        answer = await waiting(world, chat, dm.answers)
        chat.react(answer, chat.alice, chat.stop_sign)
        await stopped(chat, answer)
        form = dify.runs[0].form
        form.action = "approve"
        form.submitted.set()
        run = await dify.ended()
        dm.ask("something else")
        await shows(chat, dm.answers, "something else", count=2)
    assert run.status == "stopped"
    assert "After" not in chat.text(answer)


async def test_a_stop_in_another_thread_is_not_meant_for_it(world, chat, dify, chatflow):
    dify.reply(run_with(PLAIN))
    async with world.bot():
        question = chat.mention(chat.alice, "do it")
        answer = await waiting(world, chat, lambda: chat.in_thread(question))
        elsewhere = chat.mention(chat.alice, "hello")
        await shows(chat, lambda: chat.in_thread(elsewhere), "hello")
        chat.follow(elsewhere, chat.alice, "stop")
        await shows(chat, lambda: chat.in_thread(elsewhere), "nothing to stop", count=2)
        chat.press(answer, chat.alice, "Approve")
        await goes_on(chat, lambda: chat.in_thread(question), answer, "After 1.")
    assert stop_calls(dify) == []
