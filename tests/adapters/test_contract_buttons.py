"""How every adapter shows buttons, tells who pressed one, and answers that person alone."""

from dataclasses import replace

import pytest

from core.messages import Button, ButtonPressed, Draft
from tests.adapters.crew import persist

AGAIN, STOP = Button("again:turn-1_0", "Try again"), Button("stop-2", "停止")
FINAL = Draft("Love is all.", final=True, buttons=(AGAIN, STOP))
SENTENCE = "Only who asked may stop this."


def labelled(*buttons):
    return [(button.key, button.label) for button in buttons]


async def answer(stage):
    return (await stage.live().show(FINAL)).ref


@pytest.mark.parametrize("begun", [False, True])
async def test_buttons_come_with_the_final_draft_and_go_again(stage, begun):
    live, driver = stage.live(), stage.driver
    if begun:
        await live.show(Draft("Love"))
        assert list(driver.buttons(live.ref)) == []
    for draft in (replace(FINAL, notices=("Stopped.",)), Draft("So.", final=True)):
        await live.show(draft)
        shown = stage.only()
        assert (shown.text, list(shown.notices)) == (draft.markdown, list(draft.notices))
        assert list(driver.buttons(live.ref)) == labelled(*draft.buttons)
        assert not shown.growing


async def test_buttons_are_changed(stage):
    live = stage.live()
    for buttons in ((AGAIN,), (AGAIN, STOP), (STOP,)):
        await live.show(replace(FINAL, buttons=buttons))
        assert list(stage.driver.buttons(live.ref)) == labelled(*buttons)
    assert stage.only().text == FINAL.markdown


async def test_notices_with_buttons_and_no_answer(stage):
    live = stage.live()
    await live.show(Draft("", final=True, notices=("Dify does not answer.",), buttons=(AGAIN,)))
    assert list(stage.only().notices) == ["Dify does not answer."]
    assert list(stage.driver.buttons(live.ref)) == labelled(AGAIN)


async def test_an_uncertain_end_shows_its_buttons_once(stage):
    live = stage.live()
    await live.show(Draft("Love"))
    with stage.driver.trouble("reply lost"):
        assert await persist(live, FINAL) > 0
    assert stage.only().text == FINAL.markdown
    assert list(stage.driver.buttons(live.ref)) == labelled(AGAIN, STOP)


async def test_another_process_takes_buttons_away(stage):
    ref = await answer(stage)
    await stage.crew.end()
    stage.bot = await stage.crew.start(**stage.settings)
    await stage.live(ref).show(replace(FINAL, buttons=()))
    assert (stage.only().text, stage.only().ref) == (FINAL.markdown, ref)
    assert list(stage.driver.buttons(ref)) == []


async def test_a_press_says_who_pressed_what_and_where(stage):
    ref = await answer(stage)
    pressing = ["alice"] if stage.target.place.direct else ["alice", "bob"]
    for who in pressing:
        stage.driver.press(ref, STOP.key, who)
        pressed = await stage.bot.inbox.next()
        assert isinstance(pressed, ButtonPressed)
        assert (pressed.ref, pressed.button) == (ref, STOP.key)
        assert (pressed.author.id, pressed.author.bot) == (stage.driver.ids[who], False)
    await stage.driver.settled()
    assert [stage.driver.failed_presses(who) for who in pressing] == [0] * len(pressing)


async def test_a_press_of_a_button_that_another_process_showed(stage):
    ref = await answer(stage)
    await stage.crew.end()
    stage.bot = await stage.crew.start(**stage.settings)
    stage.driver.press(ref, AGAIN.key)
    pressed = await stage.bot.inbox.next()
    assert (pressed.ref, pressed.button) == (ref, AGAIN.key)


async def test_there_is_no_pressing_what_is_not_shown(stage):
    ref = await answer(stage)
    with pytest.raises(KeyError):
        stage.driver.press(ref, "another")


async def test_a_press_that_could_not_be_stored_comes_again_or_is_said_to_have_failed(stage, caplog):
    ref, driver, inbox = await answer(stage), stage.driver, stage.bot.inbox
    before = len(inbox.kept)
    inbox.failures = 1
    while inbox.failures:  # a press while the connection is being made anew never comes: people press again
        failed = driver.failed_presses("alice")
        driver.press(ref, AGAIN.key)
        await inbox.journal.wait(
            lambda failed=failed: len(inbox.kept) > before or driver.failed_presses("alice") > failed
        )
    if len(inbox.kept) == before:
        driver.press(ref, AGAIN.key)
    pressed = await inbox.next()
    assert (pressed.ref, pressed.button) == (ref, AGAIN.key)
    assert "the store is full" not in caplog.text


async def test_a_whisper_is_for_one_person(stage):
    ref = await answer(stage)
    for button in (AGAIN, STOP):
        stage.driver.press(ref, button.key)
        pressed = await stage.bot.inbox.next()
        await stage.bot.adapter.whisper(pressed.ref, pressed.author, SENTENCE)
    assert list(stage.driver.whispers("alice")) == [SENTENCE] * 2
    assert list(stage.driver.whispers("bob")) == []
    shown = stage.only()
    assert (shown.ref, shown.text) == (ref, FINAL.markdown)
    assert list(stage.driver.buttons(ref)) == labelled(AGAIN, STOP)


async def test_a_whisper_raises_nothing(stage):
    ref = await answer(stage)
    stage.driver.press(ref, AGAIN.key)
    pressed = await stage.bot.inbox.next()
    async with stage.driver.unreachable():
        await stage.bot.adapter.whisper(ref, pressed.author, SENTENCE)
    await stage.bot.adapter.whisper(replace(ref, id="1"), pressed.author, SENTENCE)
    stage.driver.delete(ref)
    await stage.bot.adapter.whisper(ref, pressed.author, SENTENCE)
    stage.driver.close(stage.target.question)
    await stage.bot.adapter.whisper(ref, pressed.author, SENTENCE)
    assert list(stage.driver.whispers("bob")) == []
