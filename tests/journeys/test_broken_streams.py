"""Dify's stream breaks while we live: what was lost with it is said, what goes on is followed to its end."""

import pytest
from shared import ATTACH, another, asked, parked, says_only, serve, shows, stops

from simulators.dify.cut import Cut
from simulators.dify.script import Answer, Drop, Eof, Gate, Silence

pytestmark = pytest.mark.faults

ENDS = [Drop(), Eof()]
RUN_KINDS = ["advanced-chat", "workflow"]
TASK_STOP = "POST /workflows/tasks/{task_id}/stop"


@pytest.fixture
def gate():
    return Gate()


@pytest.mark.parametrize(
    ("mode", "end"),
    [("chat", Drop()), ("chat", Eof()), ("agent-chat", Drop()), ("agent", Eof()), ("completion", Drop())],
)
async def test_the_text_so_far_stays_with_a_sentence_and_a_button(world, chat, dm, dify, mode, end):
    serve(world, mode)
    dify.reply(Answer(["The first half. ", end]))
    async with world.bot():
        dm.ask("hi")
        answer = await shows(chat, dm.answers, "broke off")
        await parked(world, chat, answer)
        assert chat.text(answer).startswith("The first half.")
        dm.ask("still there?")  # one failure does not end the conversation
        await shows(chat, dm.answers, "still there?", count=2)
    assert len(asked(dify)) == 2


async def test_a_stream_that_broke_before_its_first_word_is_said_too(world, chat, spot, dify):
    dify.reply(Answer([Drop()]))
    async with world.bot():
        spot.ask("hi")
        answer = await shows(chat, spot.answers, "broke off")
        await parked(world, chat, answer)
    assert len(asked(dify)) == 1


@pytest.mark.parametrize("end", ENDS)
async def test_an_answer_that_dify_had_complete_is_shown_whole(world, chat, dm, dify, end):
    def script(run):
        def steps():
            yield "The first half. "
            run.message.answer = "The first half. The second."
            yield end

        return Answer(steps())

    dify.reply(script)
    async with world.bot():
        dm.ask("hi")
        answer = await says_only(chat, dm.answers, "The first half. The second.")
    assert not chat.buttons(answer)
    assert len(asked(dify)) == 1


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("mode", RUN_KINDS)
async def test_a_run_whose_stream_broke_is_followed_to_its_end(world, chat, dm, dify, gate, mode, end):
    serve(world, mode)
    dify.reply(Answer(["one ", end, "two ", "three"], gate=gate))
    async with world.bot():
        dm.ask("count")
        gate.allow(2)
        await shows(chat, dm.answers, "one")
        await dify.journal.wait(lambda: dify.journal.named(ATTACH))
        gate.finish()
        answer = await says_only(chat, dm.answers, "one two three")
    assert not chat.buttons(answer)
    assert len(asked(dify)) == 1


@pytest.mark.parametrize("clean", [False, True])
@pytest.mark.parametrize("events", [1, 2])  # after the ping, after workflow_started
async def test_a_run_cut_before_its_text_is_followed_to_its_end(world, chat, dm, dify, events, clean):
    serve(world, "advanced-chat")
    dify.cut_next = Cut(events, clean=clean)
    dify.reply("All of it.")
    async with world.bot():
        dm.ask("count")
        await says_only(chat, dm.answers, "All of it.")
    assert len(asked(dify)) == 1


async def test_a_stream_of_dify_1_13_that_broke_is_asked_after(world, chat, dm, gate):
    async with another("1.13.0") as old:
        serve(world, "advanced-chat", old)
        old.reply(Answer(["one ", Drop(), "two"], gate=gate))
        async with world.bot():
            dm.ask("count")
            gate.allow(2)
            await old.journal.wait(lambda: old.journal.named("GET /workflows/run/{workflow_run_id}"))
            gate.finish()
            await says_only(chat, dm.answers, "one two")
        assert len(asked(old)) == 1


@pytest.mark.parametrize("mode", RUN_KINDS)
async def test_a_run_that_no_worker_took_for_long_is_found_when_it_ran(world, chat, dm, dify, gate, mode):
    serve(world, mode)
    dify.reply(Answer([Eof(), "At ", "last."], gate=gate, begins=False))
    async with world.bot():
        dm.ask("count")
        gate.allow()
        await dify.journal.wait(lambda: len(dify.journal.calls) > len(asked(dify)) + 2)
        gate.finish()
        await says_only(chat, dm.answers, "At last.")
    assert len(asked(dify)) == 1


@pytest.mark.parametrize("mode", RUN_KINDS)
async def test_a_run_can_be_stopped_while_its_stream_is_sought(world, chat, dm, dify, gate, mode):
    serve(world, mode)
    dify.reply(Answer(["one ", Drop(), "two ", "three"], gate=gate))
    async with world.bot():
        question = dm.ask("count")
        gate.allow(2)
        await shows(chat, dm.answers, "one")
        await dify.journal.wait(lambda: dify.journal.named(ATTACH))
        chat.react(question, chat.alice, chat.stop_sign)
        answer = await shows(chat, dm.answers, "Stopped.")
    assert stops(dify) + dify.journal.named(TASK_STOP)
    assert dify.runs[0].status == "stopped"
    assert "one" in chat.text(answer)
    assert not chat.buttons(answer)


async def test_a_chat_can_be_stopped_while_its_answer_is_sought(world, chat, dm, dify, monkeypatch):
    monkeypatch.setattr("core.asking.LOOK_AFTER_BREAK_SECONDS", 15)
    dify.reply(Answer(["one ", Drop()]))
    async with world.bot():
        question = dm.ask("count")
        await dify.journal.wait(lambda: dify.journal.named("GET /messages"))
        chat.react(question, chat.alice, chat.stop_sign)
        answer = await shows(chat, dm.answers, "Stopped.", within=4)
    assert "one" in chat.text(answer)
    assert len(asked(dify)) == 1


async def test_a_silent_stream_is_a_broken_one(world, chat, dm, dify, monkeypatch):
    monkeypatch.setattr("core.dify.client.CHAT_SILENCE_SECONDS", 0.3)
    dify.reply(Answer(["The first half. ", Silence(seconds=None)]))
    async with world.bot():
        dm.ask("hi")
        answer = await shows(chat, dm.answers, "broke off")
        await parked(world, chat, answer)
    assert len(asked(dify)) == 1
