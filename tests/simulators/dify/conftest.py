"""A plain HTTP client of the simulator: what it reads is what the tests assert on."""

import contextlib
import json

import httpx
import pytest

from simulators.dify import DifySimulator

KINDS = ("chat", "agent-chat", "agent", "advanced-chat", "completion", "workflow")


def parse(block: str):
    """One server-sent event as a client of Dify has to see it."""
    if block == "event: ping":
        return {"event": "ping"}
    try:
        return json.loads(block.removeprefix("data: "))
    except ValueError:
        return {"event": "malformed", "text": block}


class Caller:
    """One user of one app."""

    def __init__(self, dify, client, key, user):
        self.dify, self.client, self.key, self.user = dify, client, key, user
        self.app = dify.apps[key]

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.key}"}

    async def get(self, path, **query):
        return await self.client.get(path, params={"user": self.user, **query}, headers=self.headers)

    async def send(self, method, path, **body):
        body = {"user": self.user, **body}
        return await self.client.request(method, path, json=body, headers=self.headers)

    async def post(self, path, **body):
        return await self.send("POST", path, **body)

    def asking(self, query, **more):
        """The path and body that start a run of this kind of app."""
        if self.app.mode == "workflow":
            return "/workflows/run", {"inputs": {"text": query}, **more}
        path = "/completion-messages" if self.app.mode == "completion" else "/chat-messages"
        return path, {"inputs": {}, "query": query, **more}

    async def block(self, query="hello", **more):
        path, body = self.asking(query, response_mode="blocking", **more)
        return await self.post(path, **body)

    @contextlib.asynccontextmanager
    async def stream(self, query="hello", **more):
        path, body = self.asking(query, response_mode="streaming", **more)
        body = {"user": self.user, **body}
        async with self.client.stream("POST", path, json=body, headers=self.headers) as response:
            yield Listening(response)

    @contextlib.asynccontextmanager
    async def attach(self, run_id, **query):
        params = {"user": self.user, **query}
        path = f"/workflow/{run_id}/events"
        async with self.client.stream("GET", path, params=params, headers=self.headers) as response:
            yield Listening(response)

    async def ask(self, query="hello", **more):
        """All events of one run."""
        async with self.stream(query, **more) as listening:
            return await listening.rest()

    async def stop(self, task_id):
        roots = {"workflow": "/workflows/tasks", "completion": "/completion-messages"}
        return await self.post(f"{roots.get(self.app.mode, '/chat-messages')}/{task_id}/stop")


class Listening:
    """The events of an open stream, one at a time."""

    def __init__(self, response):
        self.response = response
        self.status = response.status_code
        self._blocks = self._read()

    async def _read(self):
        text = ""
        async for chunk in self.response.aiter_text():
            text += chunk
            while "\n\n" in text:
                block, text = text.split("\n\n", 1)
                yield parse(block)

    async def next(self):
        return await anext(self._blocks)

    async def until(self, event):
        """Everything up to the first event of that name."""
        seen = []
        while not seen or seen[-1]["event"] != event:
            seen.append(await self.next())
        return seen

    async def rest(self):
        return [event async for event in self._blocks]


@pytest.fixture(params=["0.15.8", "1.16.1"])
async def either(request):
    """Both releases, one after the other."""
    async with DifySimulator(version=request.param) as simulator:
        yield simulator


@pytest.fixture
async def dify():
    """The newest release."""
    async with DifySimulator(version="1.16.1") as simulator:
        yield simulator


@pytest.fixture
async def old():
    """The oldest release."""
    async with DifySimulator(version="0.15.8") as simulator:
        yield simulator


@pytest.fixture
async def caller():
    """Makes callers: `caller(dify, "chat", user="ann")`; one app per kind and simulator."""
    async with contextlib.AsyncExitStack() as stack:
        clients = {}

        async def client_of(simulator):
            if simulator not in clients:
                client = httpx.AsyncClient(base_url=simulator.base_url, timeout=10.0)
                clients[simulator] = await stack.enter_async_context(client)
            return clients[simulator]

        async def make(simulator, mode="chat", user="ann", **features):
            key = f"app-{mode}"
            if key not in simulator.apps:
                simulator.add_app(key, mode=mode, **features)
            return Caller(simulator, await client_of(simulator), key, user)

        yield make
