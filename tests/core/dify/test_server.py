"""How much of a Dify server we use at once: answers, runs, side calls, and the way kept free for stop."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dify.server import DifyServer, Slots, StreamLimits, api_base
from simulators.dify.script import Answer as Script
from simulators.dify.script import Gate


@pytest.mark.parametrize(
    "url",
    ["https://dify.example", "https://dify.example/", "https://dify.example/v1", "https://dify.example/v1//"],
)
def test_the_api_base_is_the_same_with_or_without_v1(url):
    assert api_base(url) == "https://dify.example/v1"


@given(st.from_regex(r"https?://[a-z]{1,8}(:[0-9]{1,4})?(/[a-z0-9]{1,5}){0,3}/{0,3}", fullmatch=True))
def test_the_api_base_of_an_api_base_is_itself(url):
    base = api_base(url)
    assert api_base(base) == base
    assert base.endswith("/v1")
    assert base.startswith(url.rstrip("/"))


def test_a_path_before_v1_is_kept():
    assert api_base("http://proxy/dify") == "http://proxy/dify/v1"


@pytest.fixture
async def server():
    server = DifyServer("http://127.0.0.1:9", StreamLimits(streams=3, runs=2))
    yield server
    await server.aclose()


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


class Holder:
    """Somebody who wants a place, and says when it has one."""

    def __init__(self, context):
        self.inside = False
        self._go = asyncio.Event()
        self.task = asyncio.create_task(self._hold(context))

    async def _hold(self, context):
        async with context:
            self.inside = True
            await self._go.wait()
        self.inside = False

    async def leave(self):
        self._go.set()
        await self.task


async def test_so_many_answers_at_once_and_the_next_waits_its_turn(server):
    holders = [Holder(server.stream_slot(run=False)) for _ in range(5)]
    await settle()
    assert [holder.inside for holder in holders] == [True, True, True, False, False]
    assert not server.stream_is_free(run=False)
    await holders[1].leave()
    await settle()
    assert [holder.inside for holder in holders] == [True, False, True, True, False]
    for holder in holders:
        await holder.leave()
    assert server.stream_is_free(run=True)


async def test_runs_have_a_limit_of_their_own_within_that_of_the_answers(server):
    runs = [Holder(server.stream_slot(run=True)) for _ in range(3)]
    await settle()
    assert [run.inside for run in runs] == [True, True, False]
    assert not server.stream_is_free(run=True)
    assert server.stream_is_free(run=False)
    chat = Holder(server.stream_slot(run=False))
    await settle()
    assert chat.inside  # a run that waits for its kind takes no answer's place
    await runs[0].leave()
    await settle()
    assert runs[2].inside
    for holder in [*runs, chat]:
        await holder.leave()


async def test_who_gives_up_waiting_takes_nothing_along(server):
    chats = [Holder(server.stream_slot(run=False)) for _ in range(3)]
    await settle()
    waiting = [Holder(server.stream_slot(run=True)) for _ in range(2)]
    await settle()
    for holder in waiting:
        holder.task.cancel()
    await asyncio.gather(*(holder.task for holder in waiting), return_exceptions=True)
    for holder in chats:
        await holder.leave()
    again = [Holder(server.stream_slot(run=True)) for _ in range(2)]
    await settle()
    assert all(holder.inside for holder in again)
    for holder in again:
        await holder.leave()


async def test_a_limit_of_zero_is_none():
    slots = Slots(0)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(100):
            await stack.enter_async_context(slots)
        assert slots.free


async def test_side_calls_share_one_connection_and_a_stop_does_not_wait_for_them(dify, asker):
    us, gate = asker(dify), Gate()
    dify.limit_connections(1)
    dify.reply(Script(["Hi"], gate=gate))
    async with asyncio.TaskGroup() as group:
        group.create_task(us.ask())
        await dify.started()  # the only connection of this worker is taken: whatever comes waits there
        group.create_task(us.client.info())
        group.create_task(us.client.info())
        await dify.journal.wait(lambda: dify.waiting == 1)
        await settle()
        assert dify.waiting == 1  # the second side call waits with us, not at the server
        group.create_task(us.client.stop("task", us.user))
        await dify.journal.wait(lambda: dify.waiting == 2)
        gate.finish()
    assert len(dify.journal.named("GET /info")) == 2
    assert len(dify.journal.named("POST /chat-messages/{task_id}/stop")) == 1


async def test_a_failed_side_call_gives_its_place_back(dify, asker):
    us = asker(dify, key="app-wrong")
    for _ in range(3):
        with contextlib.suppress(Exception):
            await us.client.info()
    async with asyncio.timeout(2), us.server.side_slot():
        pass
