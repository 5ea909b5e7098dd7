"""The policies of others, written anew from their published behaviour, and one fixed rhythm."""

import asyncio
from collections.abc import Awaitable, Callable

from bench.pace.stage import Answer, Platform, now, until
from core.contract import Budget, RateLimited

Policy = Callable[[Platform], Awaitable[None]]

_LLMCORD = 1.0  # seconds since the last edit of any answer (EDIT_DELAY_SECONDS)
_VERCEL = 0.5  # seconds after an edit has come back (its fallback for platforms without streams)
_FIXED = 1.2  # seconds between two edits of one answer: 50 a minute


async def llmcord(platform: Platform) -> None:
    """github.com/jakobdylanc/llmcord: edits in the loop that reads, one clock for all answers."""
    last = [float("-inf")]

    async def write(answer: Answer) -> None:
        for index, at in enumerate(answer.arrivals):
            await until(at)
            ends = index == answer.tokens - 1
            if index and not ends and now() - last[0] < _LLMCORD:
                continue
            if index:
                await asyncio.sleep(max(0.0, _LLMCORD - (now() - last[0])))
            await platform.insist(_budget(platform, first=not index, ends=ends), answer, index + 1)
            last[0] = now()

    await _all(platform, write)


async def vercel(platform: Platform) -> None:
    """github.com/vercel/chat: a placeholder, then an edit half a second after the last one came back."""

    async def write(answer: Answer) -> None:
        await until(answer.arrivals[0])
        await platform.insist(_budget(platform, first=True), answer, 0)
        shown, ends = 0, answer.arrivals[-1]
        while now() < ends:
            await asyncio.sleep(min(_VERCEL, max(0.0, ends - now())))
            if now() >= ends:
                break
            tokens = answer.here()
            if tokens > shown and await tried(answer, tokens):
                shown = tokens
        await platform.insist(_budget(platform, ends=True), answer, answer.tokens)

    async def tried(answer: Answer, tokens: int) -> bool:
        if not platform.cell.limiter.edit.fixed:  # Slack's client waits as it is told
            await platform.insist(_budget(platform), answer, tokens)
            return True
        try:
            await platform.call(_budget(platform), answer, tokens)
        except RateLimited:  # skipped; the next one has the text too
            return False
        return True

    await _all(platform, write)


async def fixed(platform: Platform) -> None:
    """The newest text every 1.2 s, the first at once, the last as soon as the one before is back."""

    async def write(answer: Answer) -> None:
        shown = 0
        while shown < answer.tokens:
            await until(answer.arrivals[shown])
            tokens, sent = answer.here(), now()
            ends = tokens == answer.tokens
            await platform.insist(_budget(platform, first=not shown, ends=ends and shown > 0), answer, tokens)
            shown = tokens
            await until(min(sent + _FIXED, max(now(), answer.arrivals[-1])))

    await _all(platform, write)


PEERS: dict[str, Policy] = {"llmcord": llmcord, "vercel": vercel, "fixed": fixed}


def _budget(platform: Platform, *, first: bool = False, ends: bool = False) -> Budget:
    limiter = platform.cell.limiter
    return limiter.post if first else limiter.close if ends else limiter.edit


async def _all(platform: Platform, write: Callable[[Answer], Awaitable[None]]) -> None:
    await asyncio.gather(*(write(answer) for answer in platform.answers))
