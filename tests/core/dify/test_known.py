"""What the server says is kept, read again when it is old, and never waited for twice."""

import asyncio
import logging

import pytest

from core.dify.known import Known
from core.errors import Advice, DifyUnreachable

DOWN = DifyUnreachable(Advice("dify_unreachable", "no connection"))


class Server:
    """Answers reads one by one, as it is told to."""

    def __init__(self):
        self.reads, self.clock = [], 0.0
        self.known = Known("app x: its parameters", self._read, seconds=60, again=15, now=lambda: self.clock)

    async def _read(self):
        self.reads.append(asyncio.get_running_loop().create_future())
        return await self.reads[-1]

    async def asked(self, times):
        """By now it was asked so often."""
        await turns()
        assert len(self.reads) == times

    async def says(self, answer):
        """Answer the newest read, and let what waits for it go on."""
        read = self.reads[-1]
        read.set_exception(answer) if isinstance(answer, Exception) else read.set_result(answer)
        await turns()


async def turns():
    """Let every task go on until it waits for something."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def server():
    return Server()


async def first(server, answer="old"):
    got = asyncio.create_task(server.known.get())
    await server.asked(1)
    await server.says(answer)
    return await got


async def test_several_wait_for_one_first_read(server):
    waiting = [asyncio.create_task(server.known.get()) for _ in range(3)]
    await server.asked(1)
    assert server.known.value is None
    waiting[0].cancel()  # who gives up does not end it for the others
    await server.says("old")
    assert await asyncio.gather(*waiting[1:]) == ["old", "old"]
    assert server.known.value == "old"
    assert len(server.reads) == 1


async def test_a_first_read_that_fails_says_so_and_the_next_asks_again(server):
    with pytest.raises(DifyUnreachable):
        await first(server, DOWN)
    got = asyncio.create_task(server.known.get())
    await server.asked(2)
    await server.says("new")
    assert await got == "new"


async def test_what_is_old_is_given_at_once_and_read_again_behind_it(server):
    await first(server)
    server.clock = 59.9
    assert await server.known.get() == "old"
    server.clock = 60
    assert await server.known.get() == "old"
    await server.asked(2)
    assert await server.known.get() == "old"  # one read at a time
    await server.says("new")
    assert await server.known.get() == "new"
    await server.asked(2)


async def test_a_read_that_fails_leaves_what_is_known_and_is_done_again_later(server, caplog):
    await first(server)
    server.clock = 60
    with caplog.at_level(logging.WARNING):
        server.known.refresh()
        await server.asked(2)
        await server.says(DOWN)
    assert caplog.messages == ["app x: its parameters can't be read: no connection"]
    assert await server.known.get() == "old"
    server.clock = 74.9
    await server.known.get()
    await server.asked(2)
    server.clock = 75
    await server.known.get()
    await server.asked(3)


async def test_what_is_doubted_is_read_again_at_once(server):
    await first(server)
    server.known.doubt()
    assert await server.known.get() == "old"
    await server.asked(2)
    fresh = asyncio.create_task(server.known.fresh())
    await asyncio.sleep(0)
    await server.says("new")
    assert await fresh == "new"
    await server.asked(2)


async def test_what_was_being_read_when_it_was_doubted_is_read_once_more(server):
    await first(server)
    server.clock = 60
    server.known.refresh()
    await server.asked(2)
    server.known.doubt()
    fresh = asyncio.create_task(server.known.fresh())
    await asyncio.sleep(0)
    await server.says("from before")
    await server.asked(3)
    assert not fresh.done()
    await server.says("new")
    assert await fresh == "new"


async def test_who_can_do_without_waits_a_little_at_most(server):
    assert await server.known.soon(0.01) is None
    await server.asked(1)
    waiting = asyncio.create_task(server.known.soon(60))
    await turns()
    await server.says(DOWN)
    assert await waiting is None
    assert await server.known.soon(60) is None  # not asked again yet
    await server.asked(1)
    server.clock = 15
    waiting = asyncio.create_task(server.known.soon(60))
    await server.asked(2)
    await server.says("new")
    assert await waiting == await server.known.soon(60) == "new"


async def test_what_is_being_read_is_given_up_at_the_end(server, caplog):
    await first(server)
    server.known.doubt()
    server.known.doubt()  # it would be read once more
    await server.asked(2)
    await server.known.aclose()
    assert server.reads[-1].cancelled()
    await server.asked(2)
    await server.known.aclose()
    assert caplog.messages == []


async def test_a_fresh_look_that_fails_gives_what_is_known(server):
    await first(server)
    fresh = asyncio.create_task(server.known.fresh())
    await server.asked(2)
    await server.says(DOWN)
    assert await fresh == "old"
