"""One turn with files: a store, a simulated Dify, and a chat platform that has files and takes some."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from core.apps import App
from core.attachments import Attachments
from core.contract import FileTooLarge, Limits
from core.dify.apps import DifyApp
from core.dify.calls import Retries
from core.dify.client import DifyClient
from core.dify.server import DifyServer, StreamLimits
from core.dispatch.local import LocalQueues
from core.messages import Addressed, IncomingFile, IncomingMessage, MessageRef, Names, Person, Place
from core.settings import AppSettings
from core.store.asides import Asides
from core.store.database import Database
from core.store.ledger import Ledger
from core.store.store import Store
from core.transcoding import Transcoder
from simulators.dify import DifySimulator

PLACE = Place("fake", "w", "c", "t")
WHO = "fake:w:c:t"


def incoming(name="cat.png", mime="image/png", size=3, id_=None):
    return IncomingFile(id_ or name, name, mime, size, f"https://chat.example/{name}")


@dataclass
class Chat:
    """The platform's side of files: `faults` are met by the next calls, in order, None is none."""

    most: int = 10_000_000
    name: str = "fake"
    contents: dict = field(default_factory=dict)  # by a file's id; else b"abc"
    faults: list = field(default_factory=list)
    fetched: list = field(default_factory=list)
    posted: dict = field(default_factory=dict)  # by key
    tries: list = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    began: asyncio.Event = field(default_factory=asyncio.Event)  # the first fetch

    def limits(self, place):
        return Limits(1000, upload_bytes=self.most)

    async def names(self, message):
        return Names("Ann", "general")

    async def fetch(self, file, most):
        self.fetched.append(file.id)
        self.began.set()
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(0)
        self.busy -= 1
        self._fail()
        data = self.contents.get(file.id, b"abc")
        if len(data) > most:
            raise FileTooLarge("too large")
        return data

    async def upload(self, target, file, guard):
        await guard()
        self.tries.append(target.key)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and not getattr(fault, "done", False):
            raise fault
        ref = MessageRef("fake", "w", "c", f"file-{len(self.posted) + 1}")
        ref = self.posted.setdefault(target.key, (ref, file))[0]
        if fault is not None:
            raise fault
        return ref

    def _fail(self):
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault


@dataclass
class Scene:
    """What a test may look at."""

    dify: DifySimulator
    database: Database
    chat: Chat
    app: App
    server: DifyServer
    turn: object = None
    transcoder: Transcoder = field(default_factory=Transcoder)

    @property
    def asides(self):
        return Asides(self.database)

    @property
    def ledger(self):
        return Ledger(self.database)

    async def asked(self, text="look", files=(), *, inputs=None, name="q1", locale="en"):
        """A turn as a process takes it up."""
        if inputs is not None:
            await self.asides.keep_inputs(PLACE, "helpdesk", WHO, inputs)
        ref = MessageRef("fake", "w", "c", name)
        who = Person("ann", "Ann")
        message = IncomingMessage(ref, PLACE, who, text, Addressed.MENTION, WHO, tuple(files), locale=locale)
        store = Store(self.database)
        accepted = await store.accept(message, "helpdesk", LocalQueues(None, store).enlist)
        self.turn = await self.ledger.claim(accepted.turn)
        return self.turn

    def attachments(self):
        return Attachments(self.app, self.chat, self.turn, self.asides, self.transcoder)

    async def prepared(self):
        with contextlib.suppress(Exception):
            await self.app.dify.detect()
        return (await self.app.prepared(self.turn, self.chat, self.turn.conversation.inputs)).question

    async def completed(self, *args, **more):
        """What Dify would be asked, and what is said about the files."""
        await self.asked(*args, **more)
        question = await self.prepared()
        attachments = self.attachments()
        done = await attachments.complete(question)
        return done, said(attachments.notes)

    def uploads(self):
        return self.dify.journal.named("POST /files/upload")

    async def answered(self, question):
        """What Dify's run got."""
        dify = self.app.dify
        async with dify.client.ask(question, run=dify.runs, mode=dify.mode) as events:
            async for _ in events:
                pass
        return self.dify.runs[-1]


def said(notes):
    return [(note.sentence, dict(note.values)) for note in notes]


@contextlib.asynccontextmanager
async def staged(folder, mode="chat", *, version="1.16.1", settings=None, most=10_000_000, **features):
    async with DifySimulator(version=version) as dify:
        dify.add_app("app-k", mode=mode, name="Helpdesk", **features)
        server = DifyServer(dify.base_url, StreamLimits())
        database = await Database.open(f"sqlite:///{folder}/s.db")
        client = DifyClient(server, "app-k", retries=Retries((0.01, 0.01)))
        app = App(AppSettings(api_key="app-k", **(settings or {})), DifyApp("helpdesk", client, server))
        try:
            yield Scene(dify, database, Chat(most), app, server)
        finally:
            await app.dify.aclose()
            await server.aclose()
            await database.aclose()
