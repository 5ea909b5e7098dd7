"""What several journeys ask of the simulators."""

import asyncio
import sqlite3
from contextlib import closing

import psycopg
import pytest
from chats import AGAIN

from simulators.dify.app import DifySimulator
from simulators.dify.script import Answer, Silence

ASKS = ("POST /chat-messages", "POST /completion-messages", "POST /workflows/run")
FORM = ({"paragraph": {"variable": "question", "label": "Question", "required": True}},)
OTHER = "app-other"
ATTACH = "GET /workflow/{workflow_run_id}/events"


def asked(dify):
    """The questions that Dify received, oldest first."""
    return [call for call in dify.journal.calls if call.method in ASKS]


def stops(dify):
    return dify.journal.named("POST /chat-messages/{task_id}/stop")


def ratings(dify):
    return [
        (call.args["message_id"], call.args["user"], call.args["rating"])
        for call in dify.journal.named("POST /messages/{message_id}/feedbacks")
    ]


def serve(world, mode, dify=None):
    """From now on the bot speaks for an app of this kind, at another Dify where one is given."""
    dify = dify or world.dify
    form = {"input_form": FORM} if mode in {"completion", "workflow"} else {}
    dify.add_app(OTHER, mode=mode, name="Other", **form)
    world.settings["apps__support__api_key"] = OTHER
    world.settings["dify__base_url"] = dify.base_url


def another(version):
    """A Dify of another release."""
    return DifySimulator(version=version)


def saved_but_untold(text):
    """Dify has kept the whole answer, and nobody was told a word of it."""

    def script(run):
        def steps():
            run.message.answer = text
            yield Silence(seconds=None)

        return Answer(steps())

    return script


async def shows(chat, find, text, count=1, within=10.0):
    """Wait until the count-th answer that `find` gives shows the text; gives that message."""
    return await _seen(chat, find, lambda shown: text in shown, count, within)


async def says_only(chat, find, text, count=1, within=10.0):
    """Wait until the count-th answer shows this text and nothing else; gives that message."""
    return await _seen(chat, find, lambda shown: shown.strip() == text, count, within)


async def _seen(chat, find, wanted, count, within):
    def found():
        mine = find()
        return len(mine) >= count and wanted(chat.text(mine[count - 1])) and mine[count - 1]

    try:
        return await chat.journal.wait(found, within=within)
    except TimeoutError:
        pytest.fail(f"there stands {[chat.text(message)[-200:] for message in find()]}")


async def kept(world, chat, column):
    """Wait until the bot has kept something of its newest turn, so that a kill now can't take it away."""
    await chat.journal.wait(lambda: _newest_turn(world, column))


def _newest_turn(world, column):
    url = world.settings.get("store__url", "")
    store = psycopg.connect(url) if url else sqlite3.connect(f"file:{world.folder}/bot.db?mode=ro", uri=True)
    with closing(store) as store:
        row = store.execute(f"SELECT {column} FROM turns ORDER BY id DESC LIMIT 1").fetchone()
    return row and row[0]


async def parked(world, chat, message):
    """Wait until a message has the button to ask again, and the question can be."""
    await chat.journal.wait(lambda: chat.buttons(message) == [AGAIN])
    await kept(world, chat, "state = 'parked'")


class Absent:
    """A Dify that is away: something at its address hangs up on everybody, and counts them."""

    def __init__(self, dify):
        self._dify = dify
        self._port = int(dify.base_url.split(":")[2].split("/")[0])
        self._server = None
        self.tries = 0

    async def __aenter__(self):
        await self._dify.stop()
        self._server = await asyncio.start_server(self._hang_up, "127.0.0.1", self._port)
        return self

    async def __aexit__(self, *exc):
        await self.end()

    async def end(self):
        """Dify is back."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
            await self._dify.start(self._port)

    async def _hang_up(self, _reader, writer):
        self.tries += 1
        writer.close()


async def told(chat, person, text, count=1):
    """Wait until so many things that only this person sees hold the text; gives the last of them."""

    def found():
        mine = [each for each in chat.whispers(person) if text in each]
        return len(mine) >= count and mine[-1]

    try:
        return await chat.journal.wait(found)
    except TimeoutError:
        pytest.fail(f"only this was said: {chat.whispers(person)}")


def whispers(chat, person):
    """The messages that only this person sees, oldest first."""
    if chat.name == "discord":
        return chat.server.whispers(person)
    return [message for message in chat.server.world.log.values() if message.ephemeral_to == person.id]


async def whispered(chat, person, text):
    """Wait until the newest message that only this person sees holds the text; gives the message."""
    await told(chat, person, text)
    return next(message for message in reversed(whispers(chat, person)) if text in chat.text(message))
