"""The name that Dify finds for a conversation is what its thread is called."""

import pytest
from extras import answered, title
from shared import another, serve, shows

NAMES = "GET /conversations"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("core.afterwards.NAMING_SECONDS", (0.01, 0.2))


def ask(chat, text):
    """Where the platform has titles: in Slack's direct messages, in Discord's threads."""
    return chat.whisper(text) if chat.name == "slack" else chat.mention(chat.alice, text)


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["chat", "advanced-chat"])
async def test_a_thread_gets_the_name_of_its_conversation(world, chat, mode, version):
    async with another(version) as dify:
        serve(world, mode, dify)
        dify.apps["app-other"].auto_name = "Late trains <!channel>"
        async with world.bot(apps__support__auto_name=True):
            question = ask(chat, "when does the train come?")
            await chat.journal.wait(lambda: title(chat, question).startswith("Late trains"))


async def test_only_the_first_answer_names_it(world, chat, dify):
    async with world.bot(apps__support__auto_name=True):
        question = ask(chat, "when does the train come?")
        await chat.journal.wait(lambda: title(chat, question) == "Auto named chat")
        before = len(dify.journal.named(NAMES))
        find = chat.in_dm if chat.name == "slack" else (lambda: chat.in_thread(question))
        if chat.name == "slack":
            chat.whisper("and the next?")
        else:
            chat.follow(question, chat.alice, "and the next?")
        await shows(chat, find, "turn 2", count=2)
    assert len(dify.journal.named(NAMES)) == before


async def test_no_names_where_nobody_wants_them(world, chat, dify):
    async with world.bot():
        question = ask(chat, "when does the train come?")
        find = chat.in_dm if chat.name == "slack" else (lambda: chat.in_thread(question))
        await shows(chat, find, "turn 1")
        chat.whisper("and the next?")
        await answered(chat, "and the next?", count=2 if chat.name == "slack" else 1)
    assert title(chat, question) != "Auto named chat"
    assert not dify.journal.named(NAMES)
