"""Our client of Dify, over sockets, against the simulated servers of two releases."""

import contextlib

import pytest

from core.answer import Answer
from core.dify.apps import DifyApp
from core.dify.client import DifyClient, Question
from core.dify.questions import RUN_MODES
from core.dify.server import DifyServer, StreamLimits
from simulators.dify import DifySimulator


class Asker:
    """One app of a server, asked by one user; `user` may be changed."""

    def __init__(self, simulator, server, key, mode, user="slack:T1:U1"):
        self.simulator, self.server, self.mode, self.user, self.key = simulator, server, mode, user, key
        self.client = DifyClient(server, key)
        self.app = DifyApp("helpdesk", self.client, server)

    def question(self, query="hello", **more):
        return Question(query, more.pop("user", self.user), **more)

    def asking(self, query="hello", **more):
        run = self.mode in RUN_MODES
        return self.client.ask(self.question(query, **more), run=run, mode=self.mode)

    async def ask(self, query="hello", **more):
        """The whole answer."""
        answer = Answer()
        async with self.asking(query, **more) as events:
            async for event in events:
                answer.take(event)
        return answer


@pytest.fixture(params=["0.15.8", "1.16.1"])
async def either(request):
    async with DifySimulator(version=request.param) as simulator:
        yield simulator


@pytest.fixture
async def dify():
    async with DifySimulator(version="1.16.1") as simulator:
        yield simulator


@pytest.fixture
async def asker():
    """Makes askers: `asker(dify, "chat")`, each with an app of its own; `key` another key than the app's."""
    async with contextlib.AsyncExitStack() as stack:

        def make(simulator, mode="chat", *, limits=None, key=None, **features):
            simulator.add_app(f"app-{mode}", mode=mode, name="Helpdesk", **features)
            server = DifyServer(simulator.base_url, limits or StreamLimits())
            stack.push_async_callback(server.aclose)
            return Asker(simulator, server, key or f"app-{mode}", mode)

        yield make
