"""Signs that we work: taking one away neither holds up an answer nor overhears that its turn is to end."""

import asyncio
from types import SimpleNamespace

from core.signs import Signs


class Slow:
    """A platform at which a sign that is given up takes its time."""

    def __init__(self):
        self.shown, self.leaving, self.gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def busy(self, _target, sign, _sentence):
        if sign is None:
            return
        self.shown.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.leaving.set()
            await self.gone.wait()


async def test_who_is_cancelled_while_a_sign_goes_is_cancelled():
    chat, signs, over = Slow(), Signs(), []
    asking = SimpleNamespace(turned=asyncio.Event(), recovering=False, waiting=False)

    async def turn():
        async with signs.shown(asking, SimpleNamespace(visible=asyncio.Event()), chat, None, "en"):
            await chat.shown.wait()
        over.append("went on")

    running = asyncio.create_task(turn())
    await chat.leaving.wait()
    running.cancel()
    chat.gone.set()
    await asyncio.wait([running])
    assert (running.cancelled(), over) == (True, [])
    await signs.aclose(1)
