"""`help` says what the app is, in the words of its makers, and what they say reaches nobody by itself."""

import pytest
from conftest import KEY
from shared import asked, shows, told

SITE = {
    "title": "The Helpdesk",
    "description": "Answers about holidays. <!channel> @everyone",
    "privacy_policy": "https://acme.example/privacy",
    "custom_disclaimer": "It may be wrong.",
}


@pytest.mark.parametrize("site", [SITE, {}, None], ids=["with a page", "an empty one", "none"])
async def test_the_command_help_tells_what_the_app_is(world, chat, dm, dify, site):
    dify.apps[KEY].site = site
    async with world.bot():
        await dm.command("help")
        text = await told(chat, chat.alice, "`history`")
    assert "I pass it on to **Support**" in text
    if not site:
        assert "Privacy" not in text
        return
    assert text.index("The Helpdesk") < text.index("Answers about holidays.") < text.index("It may be wrong.")
    assert "Privacy policy: https://acme.example/privacy" in text
    assert text.index("It may be wrong.") < text.index("I pass it on")


async def test_what_it_says_pings_nobody(world, chat, dm, dify):
    dify.apps[KEY].site = SITE
    async with world.bot():
        await dm.command("help")
        text = await told(chat, chat.alice, "The Helpdesk")
    assert "Answers about holidays." in text
    assert {"slack": "<!channel>", "discord": "@everyone"}[chat.name] not in text


async def test_the_word_help_tells_it_as_well(world, chat, dm, dify):
    dify.apps[KEY].site = SITE
    async with world.bot():
        dm.ask("help")
        answer = await shows(chat, dm.answers, "Ask me anything")
    text = chat.text(answer)
    assert text.index("The Helpdesk") < text.index("Answers about holidays.") < text.index("Ask me anything")
    assert {"slack": "<!channel>", "discord": "@everyone"}[chat.name] not in text


async def test_help_opens_the_form_and_asks_what_the_app_offers(world, chat, dify):
    """In a thread too, where a platform may take no commands: what is filled in is of that conversation."""
    app = dify.apps[KEY]
    app.suggested_questions = ("Who are you?",)
    app.input_form = [
        {"text-input": {"variable": "name", "label": "Name", "required": False, "max_length": 48}}
    ]
    async with world.bot():
        question = chat.mention(chat.alice, "hello")
        here = lambda: chat.in_thread(question)  # noqa: E731
        await shows(chat, here, "You said: hello")
        chat.follow(question, chat.alice, "help")
        answer = await shows(chat, here, "Ask me anything", count=2)
        await chat.journal.wait(lambda: chat.buttons(answer) == ["Who are you?", "Fill in"])
        chat.press(answer, chat.alice, "Fill in")
        form = await chat.dialog(chat.alice)
        form.send({"Name": "Ann"})
        await form.closed()
        chat.follow(question, chat.alice, "more")
        await shows(chat, here, "You said: more", count=3)
    assert [call.args["inputs"] for call in asked(dify)] == [{}, {"name": "Ann"}]
