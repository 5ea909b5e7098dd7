"""The process that reads: so many streams at once, in one of three ways. Says what it measured in one line.

It is told how by one argument, the JSON of bench.streams.many.Options.
"""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict
from importlib import import_module
from typing import Any

from bench.streams import raw
from bench.streams.clients import client_of
from bench.streams.edits import Desk, channel_of, open_desk, told
from bench.streams.many import Measurement, Options, Read, Run
from bench.streams.script import lag, text
from bots.logs import set_up
from core.answer import Answer, Outcome
from core.dify.client import DifyClient, Question
from core.dify.events import Event


def yardstick(options: Options) -> Read:
    """A bare protocol and orjson; nobody is shown anything."""
    loads = import_module("orjson").loads

    async def read(run: Run, number: int, events: int) -> tuple[int, str]:
        del number
        query = {"events": events, "rate": options.rate}
        return await raw.read(options.dify, query, loads, run)

    return read


def ours(options: Options, client: DifyClient, desk: Desk | None) -> Read:
    """The product's client and fold, as core.asking reads; with a desk, the core's replies too."""

    async def read(run: Run, number: int, events: int) -> tuple[int, str]:
        answer, count = Answer(), 0
        reply = desk.reply(number) if desk is not None else None
        question = Question(json.dumps({"events": events, "rate": options.rate}), f"bench-{number}")
        async with client.ask(question, run=False) as stream:
            async for event in stream:
                assert isinstance(event, Event)
                run.note(lag(event.task_id or "0"))
                answer.take(event)
                if reply is not None:
                    reply.show(answer.text)
                count += 1
                if count == 1:
                    run.opened()
            run.ended()
        assert answer.outcome is Outcome.COMPLETE
        if reply is not None:
            await reply.finish(answer.text)
        return count, answer.text

    return read


async def main(options: Options) -> Measurement:
    """Warm up, measure, and compare what people see."""
    async with AsyncExitStack() as stack:
        if options.way == "yardstick":
            run = Run(options, yardstick(options))
        else:
            client = await stack.enter_async_context(client_of(options.dify, options.transport))
            clock = asyncio.get_running_loop().time
            edits = options.way == "edit"
            desk = await stack.enter_async_context(open_desk(options.platform, clock)) if edits else None
            run = Run(options, ours(options, client, desk))
        await run.warm_up()
        measured = await run.measure()
        if options.way == "edit":
            measured.told = _compared(await told(options.platform), options)
        return measured


def _compared(seen: dict[str, Any], options: Options) -> dict[str, Any]:
    """What the platform was told, with the number of channels where not the whole text stands."""
    whole = "".join(text(options.events).split())
    texts = seen.pop("texts")
    wrong = sum("".join(texts.get(channel_of(n), "").split()) != whole for n in range(options.streams))
    return {**seen, "wrong": wrong}


if __name__ == "__main__":
    set_up(verbose=False, quiet=True)
    asked = Options(**json.loads(sys.argv[1]))
    with asyncio.Runner(loop_factory=import_module(asked.loop).new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(main(asked)))))
