"""The button under an answer that is not whole: the question is asked again, in the same message."""

import sqlite3
from contextlib import closing

import pytest
from chats import AGAIN
from shared import asked, parked, saved_but_untold, says_only, serve, shows

from simulators.dify.script import Answer, Drop, Fail, Gate, Pause

BROKEN = Answer(["The first half. ", Drop()])


@pytest.fixture
def gate():
    return Gate()


async def broken(world, chat, spot, dify):
    """Ask something of which half an answer comes; gives its message, with the button."""
    dify.reply(BROKEN)
    spot.ask("hi")
    answer = await shows(chat, spot.answers, "broke off")
    await parked(world, chat, answer)
    return answer


async def test_the_question_is_asked_once_more_in_the_same_message(world, chat, spot, dify):
    async with world.bot():
        answer = await broken(world, chat, spot, dify)
        dify.reply("All of it.")
        chat.press(answer, chat.alice)
        assert await says_only(chat, spot.answers, "All of it.") is answer
        assert AGAIN not in chat.buttons(answer)
        spot.ask("two")
        await shows(chat, spot.answers, "You said: two", count=2)
    assert len(spot.answers()) == 2
    assert [call.args["query"] for call in asked(dify)] == ["hi", "hi", "two"]


async def test_the_button_goes_with_the_first_word(world, chat, spot, dify, gate):
    async with world.bot():
        answer = await broken(world, chat, spot, dify)
        dify.reply(Answer(["All ", "of it."], gate=gate))
        chat.press(answer, chat.alice)
        gate.allow()
        await says_only(chat, spot.answers, "All")
        assert AGAIN not in chat.buttons(answer)
        gate.finish()
        await says_only(chat, spot.answers, "All of it.")


async def test_pressed_twice_is_pressed_once(world, chat, dm, dify, gate):
    async with world.bot():
        answer = await broken(world, chat, dm, dify)
        dify.reply(Answer(["All of it."], gate=gate))
        chat.press(answer, chat.alice)
        chat.press(answer, chat.alice)
        await dify.started(2)
        chat.press(answer, chat.alice)
        await chat.taken()
        gate.finish()
        await says_only(chat, dm.answers, "All of it.")
        dm.ask("two")  # comes behind whatever the presses began
        await shows(chat, dm.answers, "You said: two", count=2)
    assert [call.args["query"] for call in asked(dify)] == ["hi", "hi", "two"]
    assert chat.whispers(chat.alice) == []


async def test_a_colleague_may_press_it(world, chat, dify):
    dify.reply(BROKEN, "All of it.")
    async with world.bot():
        question = chat.mention(chat.alice, "hi")
        answer = await shows(chat, lambda: chat.in_thread(question), "broke off")
        await parked(world, chat, answer)
        chat.press(answer, chat.bob)
        await says_only(chat, lambda: chat.in_thread(question), "All of it.")
    assert [call.args["user"] for call in asked(dify)] == [chat.identity(question)] * 2


async def test_after_a_restart_it_works_as_before(world, chat, spot, dify):
    async with world.bot():
        answer = await broken(world, chat, spot, dify)
    dify.reply("All of it.")
    async with world.bot():
        chat.press(answer, chat.alice)
        assert await says_only(chat, spot.answers, "All of it.") is answer
    assert len(asked(dify)) == 2


async def test_whoever_presses_too_late_is_told_so_alone(world, chat, spot, dify):
    async with world.bot():
        answer = await broken(world, chat, spot, dify)
    with closing(sqlite3.connect(world.folder / "bot.db")) as database, database:
        database.execute("UPDATE turns SET state = 'closed', question = NULL, text = NULL")
    async with world.bot():
        chat.press(answer, chat.alice)
        await chat.journal.wait(lambda: chat.whispers(chat.alice))
    assert "no longer kept" in chat.whispers(chat.alice)[0]
    assert chat.whispers(chat.bob) == []
    assert len(asked(dify)) == 1


async def test_it_waits_for_the_answer_before_it(world, chat, dm, dify, gate):
    async with world.bot():
        answer = await broken(world, chat, dm, dify)
        dify.reply(Answer(["two"], gate=gate), "All of it.")
        dm.ask("next")
        await dify.started(2)
        chat.press(answer, chat.alice)
        await chat.taken()
        gate.finish()
        await says_only(chat, dm.answers, "All of it.")
        await says_only(chat, dm.answers, "two", count=2)
    assert [chat.text(each).strip() for each in dm.answers()] == ["All of it.", "two"]
    assert [call.args["query"] for call in asked(dify)] == ["hi", "next", "hi"]


async def test_it_comes_again_where_the_next_answer_breaks_too(world, chat, dm, dify):
    async with world.bot():
        answer = await broken(world, chat, dm, dify)
        dify.reply(Answer(["Once more half. ", Fail()]), "All of it.")
        chat.press(answer, chat.alice)
        await shows(chat, dm.answers, "language model failed")
        await parked(world, chat, answer)
        assert "Once more half." in chat.text(answer)
        chat.press(answer, chat.alice)
        await says_only(chat, dm.answers, "All of it.")
    assert len(dm.answers()) == 1
    assert len(asked(dify)) == 3


async def test_a_question_asked_again_survives_a_kill(world, chat, dm, dify, gate):
    async with world.doomed():
        answer = await broken(world, chat, dm, dify)
        dify.reply(Answer(["All ", "of it."], gate=gate), "The whole of it.")
        chat.press(answer, chat.alice)
        gate.allow()
        await says_only(chat, dm.answers, "All")
    async with world.bot():
        assert await says_only(chat, dm.answers, "The whole of it.") is answer
    assert len(dm.answers()) == 1
    assert len(asked(dify)) == 3


async def test_what_was_known_of_the_first_answer_is_not_taken_for_the_next(world, chat, dm, dify):
    async with world.doomed():
        answer = await broken(world, chat, dm, dify)
        dify.reply(saved_but_untold("All was said."))
        chat.press(answer, chat.alice)
        await dify.started(2)
    async with world.bot():
        assert await says_only(chat, dm.answers, "All was said.") is answer
    assert len(asked(dify)) == 2


async def test_pages_that_the_new_answer_does_not_need_go(world, chat, spot, dify):
    two_pages = "A long sentence of an answer. " * {"discord": 90, "slack": 400}[chat.name]
    dify.reply(Answer([two_pages, Drop()]), "Short.")
    async with world.bot():
        spot.ask("hi")
        answer = await chat.journal.wait(lambda: [m for m in spot.answers() if AGAIN in chat.buttons(m)])
        assert len(spot.answers()) > 1
        await parked(world, chat, answer[0])
        chat.press(answer[0], chat.alice)
        await says_only(chat, spot.answers, "Short.")
        await chat.journal.wait(lambda: len(spot.answers()) == 1)


async def test_a_question_asked_again_can_be_stopped(world, chat, dm, dify, gate):
    async with world.bot():
        answer = await broken(world, chat, dm, dify)
        dify.reply(Answer(["All ", "of it."], gate=gate))
        chat.press(answer, chat.alice)
        gate.allow()
        await says_only(chat, dm.answers, "All")
        chat.react(dm.question, chat.alice, chat.stop_sign)
        await shows(chat, dm.answers, "Stopped.")
    assert not chat.buttons(answer)
    assert dify.runs[1].status == "stopped"


async def test_what_can_be_helped_by_nobody_has_no_button(world, chat, dm, dify):
    serve(world, "advanced-chat")
    dify.reply(Answer(["one ", Pause(with_token=False), "two"]))
    async with world.bot():
        dm.ask("hi")
        answer = await shows(chat, dm.answers, "waits for a person's decision")
    assert not chat.buttons(answer)


async def test_a_press_the_moment_the_button_is_seen_counts(world, chat, dm, dify):
    dify.reply(BROKEN, "All of it.")
    async with world.bot():
        held = chat.hold(chat.ends)
        dm.ask("hi")
        [answer] = await chat.journal.wait(lambda: [m for m in dm.answers() if AGAIN in chat.buttons(m)])
        chat.press(answer, chat.alice)
        held.let_go()
        await says_only(chat, dm.answers, "All of it.")
    assert len(asked(dify)) == 2
