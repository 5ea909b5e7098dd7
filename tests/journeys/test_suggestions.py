"""Questions that an app suggests: buttons under the answer, asked in the name of who presses."""

import pytest
from chats import Spot
from extras import answered, offers, own_text
from shared import another, asked, serve, shows

NEXT = ("And then?", "Why is that?")
SUGGESTED = "GET /messages/{message_id}/suggested"
STARTERS = ("What can you do?", "Who are you?")


@pytest.fixture(params=["dm", "thread"])
def place(request, chat):
    return Spot(chat, direct=request.param == "dm")


@pytest.fixture
def suggesting(dify):
    dify.apps["app-support"].suggestions = NEXT


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["chat", "agent-chat", "advanced-chat"])
async def test_what_to_ask_next_stands_as_buttons_under_the_answer(world, chat, mode, version):
    async with another(version) as dify:
        serve(world, mode, dify)
        dify.apps["app-other"].suggestions = NEXT
        async with world.bot():
            question = chat.mention(chat.alice, "hello")
            answer = await offers(chat, lambda: chat.in_thread(question), *NEXT)
        assert own_text(chat, answer) == "You said: hello (turn 1 of this conversation)"
        assert chat.buttons(answer) == list(NEXT)
        [call] = dify.journal.named(SUGGESTED)
        assert call.args["user"] == chat.identity(question)


async def test_a_pressed_question_is_shown_and_answered_in_the_same_conversation(
    world, chat, dify, suggesting, place
):
    async with world.bot():
        place.ask("hello")
        answer = await offers(chat, place.answers, *NEXT)
        chat.press(answer, chat.alice, "And then?")
        await shows(chat, place.answers, "You said: And then? (turn 2", count=3)
    first, second = asked(dify)
    assert second.args["query"] == "And then?"
    assert second.args["conversation_id"] == dify.runs[0].conversation.id
    assert second.args["user"] == first.args["user"]
    _, quote, _ = place.answers()
    assert "And then?" in chat.text(quote)
    assert not [who for who in chat.pings(quote) if "channel" in str(who) or "everyone" in str(who)]


async def test_somebody_else_may_press_in_a_thread(world, chat, dify, suggesting):
    async with world.bot():
        question = chat.mention(chat.alice, "hello")
        answer = await offers(chat, lambda: chat.in_thread(question), *NEXT)
        chat.press(answer, chat.bob, "Why is that?")
        await shows(chat, lambda: chat.in_thread(question), "You said: Why is that? (turn 2", count=3)
    assert asked(dify)[1].args["user"] == chat.identity(question)


async def test_a_question_pressed_twice_is_asked_once(world, chat, dify, suggesting, place):
    async with world.bot():
        place.ask("hello")
        answer = await offers(chat, place.answers, *NEXT)
        chat.press(answer, chat.alice, "And then?")
        chat.press(answer, chat.alice, "And then?")
        await chat.taken()
        await shows(chat, place.answers, "You said: And then?", count=3)
        place.ask("the end")
        await shows(chat, place.answers, "You said: the end (turn 3", count=4)
    assert [call.args["query"] for call in asked(dify)] == ["hello", "And then?", "the end"]


async def test_a_question_of_yesterday_can_be_pressed_after_a_restart(world, chat, dify, suggesting, place):
    async with world.bot():
        place.ask("hello")
        answer = await offers(chat, place.answers, *NEXT)
    async with world.bot():
        chat.press(answer, chat.alice, "And then?")
        await shows(chat, place.answers, "You said: And then? (turn 2", count=3)


async def test_a_press_that_a_kill_cut_off_can_be_repeated_and_is_asked_once(
    world, chat, dify, suggesting, place, monkeypatch
):
    monkeypatch.setattr("core.offers.SECONDS", 0.3)
    async with world.doomed():
        place.ask("hello")
        answer = await offers(chat, place.answers, *NEXT)
        held = chat.hold(chat.posts)
        chat.press(answer, chat.alice, "And then?")
        await held.reached()
    held.cut()
    held.let_go()
    async with world.bot():
        chat.press(answer, chat.alice, "And then?")
        await shows(chat, place.answers, "You said: And then? (turn 2", count=3)
        await chat.taken()
    assert len(place.answers()) == 3
    assert [call.args["query"] for call in asked(dify)] == ["hello", "And then?"]


async def test_a_long_question_is_cut_on_its_button_only(world, chat, dify):
    long = "What about " + "all the other things, " * 10 + "at last?"
    dify.apps["app-support"].suggestions = (long, "*Why?* @everyone <!channel>")
    async with world.bot():
        chat.whisper("hello")
        two = lambda: next((m for m in chat.in_dm() if len(chat.buttons(m)) == 2), None)  # noqa: E731
        answer = await chat.journal.wait(two)
        cut, odd = chat.buttons(answer)
        assert long.startswith(cut.removesuffix("…"))
        chat.press(answer, chat.alice, cut)
        await shows(chat, chat.in_dm, "turn 2", count=3)
        chat.press(answer, chat.alice, odd)
        await shows(chat, chat.in_dm, "turn 3", count=5)
    assert [call.args["query"] for call in asked(dify)[1:]] == [long, "*Why?* @everyone <!channel>"]
    assert not [
        who for m in chat.in_dm() for who in chat.pings(m) if "every" in str(who) or "channel" in str(who)
    ]


async def test_dify_is_not_even_asked_where_nobody_wants_suggestions(world, chat, dify, suggesting):
    async with world.bot(apps__support__show={"suggestions": False}):
        chat.whisper("hello")
        answer = await answered(chat, "turn 1")
        chat.whisper("more")
        await answered(chat, "turn 2", count=2)
    assert not dify.journal.named(SUGGESTED)
    assert not chat.buttons(answer)


async def test_nothing_to_suggest_changes_nothing(world, chat, dify):
    dify.apps["app-support"].suggestions = ()
    async with world.bot():
        chat.whisper("hello")
        answer = await answered(chat, "turn 1")
        await dify.journal.wait(lambda: dify.journal.named(SUGGESTED))
        chat.whisper("more")
        await answered(chat, "turn 2", count=2)
    assert not chat.buttons(answer)


async def test_a_new_topic_begins_with_the_apps_own_words_and_questions(world, chat, dify):
    support = dify.apps["app-support"]
    support.opening_statement, support.suggested_questions = "Welcome to **support**.", STARTERS
    async with world.bot():
        chat.whisper("hello")
        await answered(chat, "turn 1")
        chat.whisper("new")
        opening = await offers(chat, chat.in_dm, *STARTERS, count=2)
        assert "Welcome to" in chat.text(opening)
        chat.press(opening, chat.alice, "Who are you?")
        await shows(chat, chat.in_dm, "You said: Who are you? (turn 1", count=4)
    assert not asked(dify)[1].args.get("conversation_id")
