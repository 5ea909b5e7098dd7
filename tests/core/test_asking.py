"""What becomes of an answer that ends in the moment in which the process that reads it has to."""

import asyncio

import pytest

from core.apps import App
from core.asking import Asking
from core.dify.apps import DifyApp
from core.dify.client import DifyClient, Question
from core.dify.server import DifyServer, StreamLimits
from core.dispatch.local import LocalQueues
from core.lanes import Lanes
from core.messages import Addressed, IncomingMessage, MessageRef, Person
from core.reply import Reply
from core.running import Running
from core.settings import AppSettings
from core.store.database import Database
from core.store.ledger import Ledger
from core.store.rows import Wish
from core.store.store import Store
from core.writing import target_of
from simulators.dify import DifySimulator
from simulators.dify.script import Answer, Gate
from tests.core.fakes import PLACE, FakeAdapter
from tests.core.writing import now


class SlowLedger(Ledger):
    """Keeps a cut, and does not return before it is let go."""

    def __init__(self, database):
        super().__init__(database)
        self.kept, self.let_go = asyncio.Event(), asyncio.Event()

    async def note_cut(self, turn, *, cut=True):
        await super().note_cut(turn, cut=cut)
        if cut:
            self.kept.set()
            await self.let_go.wait()


class Scene:
    """One question, asked at the simulator, and its row."""

    def __init__(self, dify, gate, ledger, turn, asking, running, question):
        self.dify, self.gate, self.ledger, self.turn = dify, gate, ledger, turn
        self.asking, self.running, self.question = asking, running, question

    async def cut_while_kept(self):
        """Ask, and cut the answer in its middle; returns when the row says so."""
        work = asyncio.create_task(self.asking.ask(self.question))
        self.gate.allow()
        await self.gate.passed(1)
        await self.asking._identified.wait()
        self.running.cut = True
        self.running.stop.set()
        await self.ledger.kept.wait()
        return work


@pytest.fixture
async def scene(tmp_path):
    async with DifySimulator() as dify:
        dify.add_app("app-k")
        gate = Gate()
        dify.reply(Answer(["half ", "and half"], gate=gate))
        server = DifyServer(dify.base_url, StreamLimits())
        database = await Database.open(f"sqlite:///{tmp_path}/s.db")
        store, ledger = Store(database), SlowLedger(database)
        ref = MessageRef("fake", "w", "c", "q")
        message = IncomingMessage(ref, PLACE, Person("ann"), "hi", Addressed.MENTION, "who-asked")
        accepted = await store.accept(message, "helpdesk", LocalQueues(None, store).enlist)
        turn = await ledger.claim(accepted.turn)
        running = Running(turn)
        app = App(
            AppSettings(api_key="app-k"), DifyApp("helpdesk", DifyClient(server, "app-k"), server, "chat")
        )
        reply = Reply(FakeAdapter(), target_of(turn), Lanes(now))
        asking = Asking(app, ledger, running, reply)
        yield Scene(dify, gate, ledger, turn, asking, running, Question("hi", "who-asked"))
        await reply.abandon()
        await server.aclose()
        await database.aclose()


async def test_an_answer_that_ended_while_the_cut_was_being_kept_is_whole_for_whoever_shows_it(scene):
    work = await scene.cut_while_kept()
    scene.gate.finish()
    answer = await work
    assert answer.text == "half and half"
    assert (scene.asking.stopped, scene.asking.cut) == (False, False)
    assert (await scene.ledger.claim(scene.turn.id)).stop is Wish.NONE


async def test_an_answer_that_was_cut_stays_so(scene):
    work = await scene.cut_while_kept()
    scene.ledger.let_go.set()
    answer = await work
    assert answer.text == "half "
    assert (scene.asking.stopped, scene.asking.cut) == (True, True)
    assert (await scene.ledger.claim(scene.turn.id)).stop is Wish.CUT
    assert (await scene.dify.ended()).status == "stopped"
