"""Who opens the direct messages for the first time reads the app's first words and what may be asked.

Slack alone tells that somebody opens them; elsewhere they come with the command for a new topic.
"""

import pytest
from chats import SlackChat
from shared import OTHER, asked, serve, shows

PROMPTS = "assistant.threads.setSuggestedPrompts"
WORDS = "Hello <!here>, I am **Other**."
STARTERS = tuple(f"Question {number}? " + "x" * 80 for number in range(1, 6))


@pytest.fixture
def world(slack_world):
    return slack_world


@pytest.fixture
def chat(world):
    return SlackChat(world.slack)


def opens_with(world, words, starters):
    """The app that the bot speaks for begins so, in Dify."""
    serve(world, "chat")
    features = {"opening_statement": words, "suggested_questions": list(starters)}
    world.dify.add_app(OTHER, mode="chat", name="Other", **features)


async def settled(chat):
    """Wait until the bot is done with all that it was told."""
    await chat.journal.wait(lambda: all(delivery.done for delivery in chat.server.deliveries))


async def test_the_apps_first_words_and_starters_stand_in_a_new_direct_message(world, chat, dify):
    opens_with(world, WORDS, STARTERS)
    async with world.bot():
        chat.server.open_home(chat.alice, "messages")
        prompts = await chat.journal.wait(lambda: chat.server.world.prompts.get((chat.dm.id, None)))
        chat.server.open_home(chat.alice, "messages")
        await settled(chat)
    assert [prompt["message"] for prompt in prompts] == [starter.strip() for starter in STARTERS[:4]]
    assert all(prompt["title"].startswith("Question") and len(prompt["title"]) <= 75 for prompt in prompts)
    [word] = chat.in_dm()
    assert "I am **Other**." in chat.text(word)
    assert (chat.pings(word), chat.buttons(word)) == ([], [])
    assert len(chat.journal.named(PROMPTS)) == 1
    assert asked(dify) == []


async def test_a_starter_that_somebody_picks_is_asked(world, chat, dify):
    opens_with(world, WORDS, ["Who are you?"])
    async with world.bot():
        chat.server.open_home(chat.alice, "messages")
        [prompt] = await chat.journal.wait(lambda: chat.server.world.prompts.get((chat.dm.id, None)))
        question = chat.begin(prompt["message"])
        await shows(chat, lambda: chat.in_thread(question), "You said: Who are you?")
    assert [call.args["query"] for call in asked(dify)] == ["Who are you?"]


async def test_a_new_thread_of_an_assistant_is_greeted_in_it(world, chat, dify):
    opens_with(world, WORDS, STARTERS[:2])
    async with world.bot():
        thread = chat.server.start_assistant_thread(chat.alice)
        prompts = await chat.journal.wait(lambda: chat.server.world.prompts.get((chat.dm.id, thread)))
        await settled(chat)
    said = [word for word in chat.in_dm() if word.thread_ts == thread and word.ts != thread]
    assert ["I am **Other**." in chat.text(word) for word in said] == [True]
    assert [prompt["message"] for prompt in prompts] == [starter.strip() for starter in STARTERS[:2]]


async def test_an_app_without_first_words_says_none(world, chat):
    opens_with(world, "", [])
    async with world.bot():
        chat.server.open_home(chat.alice, "messages")
        await settled(chat)
        question = chat.begin("hello")
        await shows(chat, lambda: chat.in_thread(question), "turn 1")
    assert len(chat.in_dm()) == 1
    assert chat.journal.named(PROMPTS) == []


async def test_nobody_is_greeted_again_after_a_restart(world, chat):
    opens_with(world, WORDS, [])
    async with world.bot():
        chat.server.open_home(chat.alice, "messages")
        [word] = await chat.journal.wait(chat.in_dm)
    async with world.bot():
        chat.server.delete(word)
        chat.server.open_home(chat.alice, "messages")
        await settled(chat)
        question = chat.begin("hello")
        await shows(chat, lambda: chat.in_thread(question), "turn 1")
    assert len(chat.journal.named("chat.postMessage")) == 1
