"""SIGTERM: what runs may finish for a while; of what is left nothing is lost and nothing asked twice."""

import signal

import pytest
from shared import ATTACH, asked, kept, parked, says_only, serve, shows, stops

from simulators.dify.script import Answer, Event, Fail, Gate, Silence

pytestmark = pytest.mark.faults


@pytest.fixture
def gate():
    return Gate()


async def test_what_is_cut_off_is_stopped_at_dify_and_kept_with_a_button(world, chat, spot, dify, gate):
    dify.reply(Answer(["first ", "half"], gate=gate), "All of it.")
    async with world.bot(server__grace=0):
        spot.ask("one")
        gate.allow()
        answer = await shows(chat, spot.answers, "first")
    run = await dify.ended()
    assert stops(dify)[0].args["task_id"] == run.task_id
    assert run.status == "stopped"
    assert "first" in chat.text(answer)
    assert "I was stopped in the middle" in chat.text(answer)
    async with world.bot():
        await parked(world, chat, answer)
        chat.press(answer, chat.alice)
        assert await says_only(chat, spot.answers, "All of it.") is answer
    assert len(asked(dify)) == 2


async def test_what_was_cut_off_by_a_process_that_could_not_say_so_is_said_by_the_next(
    world, chat, spot, dify, gate, monkeypatch
):
    monkeypatch.setattr("bots.running.CUT_SECONDS", 0.5)
    dify.reply(Answer(["first ", "half"], gate=gate), "All of it.")
    async with world.bot(server__grace=0):
        spot.ask("one")
        gate.allow()
        answer = await shows(chat, spot.answers, "first")
        held = chat.hold({*chat.edits, *chat.ends}, before=True)  # the end can't be written, nor be booked
    assert (await dify.ended()).status == "stopped"
    assert "stopped in the middle" not in chat.text(answer)
    held.cut()
    async with world.bot():
        await shows(chat, spot.answers, "I was stopped in the middle")
        await parked(world, chat, answer)
        chat.press(answer, chat.alice)
        assert await says_only(chat, spot.answers, "All of it.") is answer
    assert len(spot.answers()) == 1
    assert len(asked(dify)) == 2


async def test_an_answer_that_had_ended_before_the_cut_is_whole(world, chat, spot, dify):
    kept_open = [Event("message_end"), Silence(seconds=None)]
    dify.reply(Answer(["all ", "of it", *kept_open]))
    async with world.bot(server__grace=0):
        spot.ask("one")
        answer = await shows(chat, spot.answers, "all of it")
    await says_only(chat, spot.answers, "all of it")
    assert chat.buttons(answer) == []
    assert len(asked(dify)) == 1


@pytest.mark.parametrize("mode", ["advanced-chat", "workflow"])
async def test_a_run_is_left_to_the_next_process(world, chat, dm, dify, gate, mode):
    serve(world, mode)
    dify.reply(Answer(["one ", "two ", "three"], gate=gate))
    async with world.bot(server__grace=0):
        dm.ask("count")
        gate.allow()
        answer = await shows(chat, dm.answers, "one")
    assert chat.text(answer).strip() == "one"  # nothing is said about it
    gate.allow()
    await gate.passed(2)
    async with world.bot():
        await dify.journal.wait(lambda: dify.journal.named(ATTACH))
        gate.finish()
        assert await says_only(chat, dm.answers, "one two three") is answer
    assert len(dm.answers()) == 1
    assert len(asked(dify)) == 1
    assert dify.runs[0].status == "succeeded"


async def test_a_lost_answer_is_not_asked_for_again_by_a_process_that_is_about_to_end(
    world, chat, dm, dify, gate, monkeypatch
):
    """It would be cut short again: the next process asks."""
    monkeypatch.setattr("core.asking.LOOK_AFTER_DEATH_SECONDS", 1.0)
    dify.reply(Answer(["first ", "half"], gate=gate), "All of it, from the start.")
    async with world.doomed():
        dm.ask("one")
        gate.allow()
        answer = await shows(chat, dm.answers, "first")
        await kept(world, chat, "message_id")
    async with world.bot():
        await dify.journal.wait(lambda: dify.journal.named("GET /messages"))
    assert len(asked(dify)) == 1
    assert chat.text(answer).strip() == "first"
    async with world.bot():
        assert await says_only(chat, dm.answers, "All of it, from the start.") is answer
    assert len(asked(dify)) == 2


async def test_what_was_shown_of_a_run_that_is_left_stays_where_it_fails(world, chat, dm, dify, gate):
    serve(world, "advanced-chat")
    dify.reply(Answer(["one ", Fail()], gate=gate))
    async with world.bot(server__grace=0):
        dm.ask("count")
        gate.allow()
        await shows(chat, dm.answers, "one")
    gate.finish()
    await dify.ended()
    async with world.bot():
        answer = await shows(chat, dm.answers, "failed while answering")
    assert chat.text(answer).startswith("one")


async def test_a_run_being_followed_is_left_to_the_next_process(world, chat, dm, dify, gate):
    serve(world, "advanced-chat")
    dify.reply(Answer(["one ", "two"], gate=gate))
    async with world.doomed():
        dm.ask("count")
        gate.allow()
        answer = await shows(chat, dm.answers, "one")
        await kept(world, chat, "run_id")
    async with world.bot(server__grace=0):
        await dify.journal.wait(lambda: len(dify.journal.named(ATTACH)) == 1)
    attached = len(dify.journal.named(ATTACH))
    async with world.bot():
        await dify.journal.wait(lambda: len(dify.journal.named(ATTACH)) > attached)
        gate.finish()
        assert await says_only(chat, dm.answers, "one two") is answer
    assert len(asked(dify)) == 1


async def test_what_had_not_begun_is_answered_by_the_next_process_in_order(world, chat, dm, dify, gate):
    dify.reply(Answer(["first ", "half"], gate=gate))
    async with world.bot(server__grace=0):
        dm.ask("one")
        gate.allow()
        await shows(chat, dm.answers, "first")
        dm.ask("two")
        await chat.taken()
        dm.ask("three")
        await chat.taken()
    async with world.bot():
        await shows(chat, dm.answers, "You said: two", count=2)
        await shows(chat, dm.answers, "You said: three", count=3)
    assert [call.args["query"] for call in asked(dify)] == ["one", "two", "three"]


async def test_an_answer_of_which_nothing_came_yet_is_given_by_the_next_process(
    world, chat, dm, dify, monkeypatch
):
    monkeypatch.setattr("bots.running.CUT_SECONDS", 0.3)
    dify.reply(Answer([Silence(seconds=None)]), "Here it is.")
    async with world.bot(server__grace=0):
        dm.ask("one")
        await dify.started()
    async with world.bot():
        await says_only(chat, dm.answers, "Here it is.")
    assert len(asked(dify)) == 2


async def test_an_answer_being_sought_is_found_by_the_next_process(world, chat, dm, dify, monkeypatch):
    monkeypatch.setattr("core.asking.LOOK_AFTER_DEATH_SECONDS", 5)
    dify.reply(Answer([Silence(seconds=None)]))
    async with world.doomed():
        dm.ask("one")
        run = await dify.started()
    async with world.bot(server__grace=0):
        await dify.journal.wait(lambda: dify.journal.named("GET /messages"))
    run.message.answer = "Here it is."
    async with world.bot():
        await says_only(chat, dm.answers, "Here it is.")
    assert len(asked(dify)) == 1


async def test_sigterm_lets_a_running_answer_finish(slack_world, dify, gate):
    dify.reply(Answer(["first ", "half"], gate=gate))
    slack = slack_world.slack
    here = slack.dm("ada")

    def shown():
        return [m.shown.strip() for m in slack.world.messages(here) if m.bot_id]

    async with slack_world.process(server__grace=20) as process:
        slack.post(here, "ada", "one")
        gate.allow()
        await slack.journal.wait(lambda: shown() == ["first"])
        process.terminate()
        gate.finish()
        assert await process.wait() == 0
    assert shown() == ["first half"]


async def test_a_second_sigterm_ends_at_once_and_loses_nothing(world, chat, dm, dify, gate):
    dify.reply(Answer(["first ", "half"], gate=gate), "All of it.")
    async with world.process(server__grace=60) as process:
        answer = await two_questions(chat, dm, gate)
        process.terminate()
        await process.says("stopping: ")
        process.terminate()
        assert await process.wait() == -signal.SIGTERM
    await finished(world, chat, dm, dify, answer)


async def test_a_killed_process_loses_nothing(world, chat, spot, dify, gate):
    dify.reply(Answer(["first ", "half"], gate=gate), "All of it.")
    async with world.process() as process:
        answer = await two_questions(chat, spot, gate)
        process.kill()
        await process.wait()
    await finished(world, chat, spot, dify, answer)


async def two_questions(chat, spot, gate):
    """One that is half answered, whose message this gives, and one behind it."""
    spot.ask("one")
    gate.allow()
    answer = await shows(chat, spot.answers, "first")
    spot.ask("two")
    await chat.taken()
    return answer


async def finished(world, chat, spot, dify, answer):
    """The next process does all that is left, and nothing else."""
    async with world.bot():
        assert await says_only(chat, spot.answers, "All of it.") is answer
        await shows(chat, spot.answers, "You said: two", count=2)
    assert len(spot.answers()) == 2
    assert [call.args["query"] for call in asked(dify)] == ["one", "one", "two"]
