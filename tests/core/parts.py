"""The core's own parts over a real store and a simulated Dify, with a chat platform in memory."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from core.apps import App
from core.contract import Limits
from core.dify.apps import DifyApp
from core.dify.client import DifyClient
from core.dify.server import DifyServer, StreamLimits
from core.messages import (
    Addressed,
    ButtonPressed,
    CommandGiven,
    FormSubmitted,
    IncomingMessage,
    MessageRef,
    Person,
    Place,
)
from core.settings import AppSettings
from core.store.asides import Asides
from core.store.database import Database
from core.store.ledger import Ledger
from core.store.store import Store
from core.taking import Taking
from simulators.dify import DifySimulator

ANN, BOB = Person("ann", "Ann"), Person("bob", "Bob")
THREAD = Place("fake", "w", "c", "t")
DM = Place("fake", "w", "d", "", direct=True)
ANSWER = MessageRef("fake", "w", "c", "a1")


class Line:
    """Queues that only remember what they were told to run, and to stop."""

    def __init__(self):
        self.submitted, self.nudged = [], []

    async def enlist(self, *_):
        return None

    def submit(self, turn, line):
        self.submitted.append(turn)

    async def nudge(self, turn):
        self.nudged.append(turn)


@dataclass
class FakeChat:
    """What these parts ask of a platform."""

    fields: int = 5
    quoted: list = field(default_factory=list)
    faults: list = field(default_factory=list)  # raised by the next calls, one each
    uploaded: list = field(default_factory=list)
    whispers: list = field(default_factory=list)

    def limits(self, _place):
        return Limits(page_length=1000, form_fields=self.fields)

    async def quote(self, place, person, text, key):
        if self.faults:
            raise self.faults.pop(0)
        if key not in [known for *_, known in self.quoted]:
            self.quoted.append((place, person.id, text, key))
        return MessageRef(place.platform, place.workspace, place.channel, f"quote-{key}")

    async def upload(self, target, file, guard=None):
        if self.faults:
            raise self.faults.pop(0)
        self.uploaded.append((target, file))
        return MessageRef(target.place.platform, target.place.workspace, target.place.channel, "file")

    async def whisper(self, ref, person, sentence):
        self.whispers.append((ref, person.id, sentence))


class House:
    """Everything, put together."""

    def __init__(self, dify, server, database, **settings):
        self.dify = dify
        client = DifyClient(server, "app-k")
        config = AppSettings.model_validate({"api_key": "app-k", **settings})
        self.app = App(config, DifyApp("helpdesk", client, server))
        self.apps = {"helpdesk": self.app}
        self.database, self.store = database, Store(database)
        self.asides, self.ledger = Asides(database), Ledger(database)
        self.line, self.chat = Line(), FakeChat()
        self.taking, self.adapters = Taking(self.line), {"fake": self.chat}

    async def turn(
        self, name="q1", *, place=THREAD, author=ANN, post=ANSWER, app="helpdesk", identity="fake:w:c:t"
    ):
        """A question that is being answered in a message."""
        said = IncomingMessage(
            MessageRef("fake", "w", place.channel, name), place, author, "Why?", Addressed.MENTION, identity
        )
        turn = await self.ledger.claim((await self.store.accept(said, app, self.line.enlist)).turn)
        await self.ledger.add_post(turn, 0, post)
        return turn

    async def answered(self, **ids):
        """One whose answer stands."""
        turn = await self.turn()
        await self.ledger.note_sending(turn)
        known = {"task_id": "t", "message_id": "", "run_id": "", "conversation_id": "", "asked_at": 1.0}
        await self.ledger.note_ids(turn, **known | ids)
        await self.ledger.close(turn, "complete")
        return turn


@asynccontextmanager
async def house(folder, *, version="1.16.1", mode="chat", features=None, limits=None, **settings):
    """The parts over a store in a folder; `features` of the simulated app."""
    async with DifySimulator(version=version) as dify:
        dify.add_app("app-k", mode=mode, name="Helpdesk", **features or {})
        server = DifyServer(dify.base_url, limits or StreamLimits())
        database = await Database.open(f"sqlite:///{folder}/s.db")
        try:
            made = House(dify, server, database, **settings)
            await made.app.dify.detect()
            await made.app.dify.parameters()
            yield made
        finally:
            await server.aclose()
            await database.aclose()


def press(button, *, author=ANN, ref=ANSWER, locale="", facts=None):
    return ButtonPressed(ref, author, button, locale, facts or {})


def sent(form, values, *, author=ANN, ref=ANSWER, place=THREAD, locale="", facts=None):
    return FormSubmitted(form, author, place, values, ref, locale, facts or {})


def command(name, text="", *, author=ANN, place=THREAD, identity="fake:w:c:t", locale=""):
    return CommandGiven("event-1", name, text, place, author, identity, locale)
