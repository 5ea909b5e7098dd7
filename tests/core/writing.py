"""An answer that grows, as a model gives it, written onto the platform in memory."""

import asyncio
import random

from core.lanes import Lanes
from core.reply import Reply
from tests.core.fakes import target

WORDS = "The quick brown fox jumps over the lazy dog. "


def now():
    return asyncio.get_running_loop().time()


def reply_on(adapter, *, lanes=None, name="q", **more):
    return Reply(adapter, target(name), lanes or Lanes(now), **more)


async def grow(reply, text, *, pieces_per_second=20, size=5):
    """The text as a model would give it."""
    for end in range(size, len(text), size):
        reply.show(text[:end])
        await asyncio.sleep(1 / pieces_per_second)
    await reply.finish(text)


def drafts(adapter, index=0):
    return list(adapter.messages.values())[index].drafts


def rtts(seed):
    source = random.Random(seed)
    return lambda: source.lognormvariate(-1.9, 0.35)  # median .15 s
