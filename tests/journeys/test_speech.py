"""Answers spoken: on a press, or by the app itself."""

import pytest
from chats import Spot
from extras import answered, files_below, offers, posted, whispered
from shared import another, serve, shows

from simulators.dify.script import Answer, Speech

BUTTON = "🔊 Read aloud"
SPEAK = "POST /text-to-audio"


@pytest.fixture(params=["dm", "thread"])
def place(request, chat):
    return Spot(chat, direct=request.param == "dm")


@pytest.fixture
def speaking(dify, world):
    dify.apps["app-support"].speech = b"ID3 spoken"
    world.settings["apps__support__read_aloud"] = True


async def test_an_answer_is_read_aloud_on_a_press(world, chat, dify, speaking, place):
    async with world.bot():
        question = place.ask("hello")
        answer = await offers(chat, place.answers, BUTTON)
        chat.press(answer, chat.bob if not place._direct else chat.alice, BUTTON)
        [file] = await files_below(chat)
    assert (file.name, file.data) == ("answer.mp3", b"ID3 spoken")
    assert place.answers() == [answer, file.message]
    [call] = dify.journal.named(SPEAK)
    assert call.args["message_id"] == dify.runs[0].message.id
    assert call.args["user"] == (chat.personal() if place._direct else chat.identity(question))


async def test_an_answer_read_aloud_twice_stands_once(world, chat, dify, speaking):
    async with world.bot():
        chat.whisper("hello")
        answer = await offers(chat, chat.in_dm, BUTTON)
        chat.press(answer, chat.alice, BUTTON)
        chat.press(answer, chat.alice, BUTTON)
        await files_below(chat)
        await chat.taken()
    async with world.bot():  # nor after a restart
        chat.press(answer, chat.alice, BUTTON)
        await dify.journal.wait(lambda: len(dify.journal.named(SPEAK)) >= 2)
        chat.whisper("more")
        await shows(chat, chat.in_dm, "turn 2", count=3)
    assert len(posted(chat)) == 1


async def test_an_app_that_does_not_speak_says_so_to_who_pressed(world, chat, dify, speaking):
    async with world.bot():
        chat.whisper("hello")
        answer = await offers(chat, chat.in_dm, BUTTON)
        dify.apps["app-support"].speech = None  # switched off meanwhile
        chat.press(answer, chat.alice, BUTTON)
        await whispered(chat, chat.alice, "does not read answers aloud")
    assert not posted(chat)


async def test_nothing_to_say_is_said_to_who_pressed(world, chat, dify, speaking):
    async with world.bot():
        chat.whisper("hello")
        answer = await offers(chat, chat.in_dm, BUTTON)
        dify.apps["app-support"].messages.clear()
        chat.press(answer, chat.alice, BUTTON)
        await whispered(chat, chat.alice, "nothing to read aloud")
    assert not posted(chat)


async def test_no_button_unless_it_is_wanted(world, chat, dify):
    async with world.bot():
        chat.whisper("hello")
        answer = await answered(chat, "turn 1")
        chat.whisper("more")
        await answered(chat, "turn 2", count=2)
    assert not chat.buttons(answer)


async def test_no_button_where_the_app_does_not_speak(world, chat, dify, speaking):
    app = dify.apps["app-support"]
    app.speech, app.suggestions = None, ["More?"]
    async with world.bot():
        chat.whisper("hello")
        await offers(chat, chat.in_dm, "More?")  # by now it is known what the app can do
        chat.whisper("and now?")
        answer = await offers(chat, chat.in_dm, "More?", count=2)
    assert BUTTON not in chat.buttons(answer)


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["chat", "advanced-chat"])
async def test_what_an_app_speaks_by_itself_becomes_one_file(world, chat, mode, version):
    async with another(version) as dify:
        serve(world, mode, dify)
        dify.reply(Answer(["It is ", Speech(b"ID3 it is "), "late.", Speech(b"late")]))
        async with world.bot(apps__support__show={"speech": True}):
            chat.whisper("what time is it?")
            [file] = await files_below(chat)
            await answered(chat, "It is late.")
        assert (file.name, file.data) == ("answer.mp3", b"ID3 it is late")


async def test_what_an_app_speaks_by_itself_is_left_where_nobody_wants_it(world, chat, dify):
    dify.reply(Answer(["It is ", Speech(b"ID3"), "late."]))
    async with world.bot():
        chat.whisper("what time is it?")
        await answered(chat, "It is late.")
        chat.whisper("more")
        await answered(chat, "turn 2", count=2)
    assert not posted(chat)
