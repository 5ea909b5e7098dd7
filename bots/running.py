"""`parley run`: the bot from its first connection to its last finished answer."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from bots.assembly import Parts, assemble, endpoints_of
from bots.config import Config
from core.contract import ChatAdapter, Refused
from core.errors import DifyError

log = logging.getLogger(__name__)

DETECT_SECONDS = 15.0  # between two tries to learn what the apps are
CUT_SECONDS = 5.0  # for answers that are cut off to be closed
FIRST_PAUSE_SECONDS = 1.0
LAST_PAUSE_SECONDS = 60.0


async def run(config: Config, stop: asyncio.Event, started: Callable[[str], None] | None = None) -> int:
    """Run until `stop` is set, then drain. The exit code: 1 when every platform refuses its token.

    `started` is told our endpoints' address. Raises StoreLocked, StoreTooNew, OSError (address in use).
    """
    async with assemble(config) as parts:
        endpoints = endpoints_of(config, parts)
        try:
            await endpoints.start()
            if started is not None:
                started(endpoints.address)
            return await _serve(config, parts, stop)
        finally:
            await endpoints.aclose()


@asynccontextmanager
async def running_bot(config: Config) -> AsyncIterator[str]:
    """The bot, up while in the context and drained at its end; gives the address of its endpoints."""
    stop = asyncio.Event()
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    bot = asyncio.create_task(run(config, stop, started.set_result))
    bot.add_done_callback(lambda _: started.done() or started.cancel())
    try:
        try:
            address = await started
        except asyncio.CancelledError:
            await bot  # says why it did not start
            raise
        yield address
    finally:
        stop.set()
        await bot


async def _serve(config: Config, parts: Parts, stop: asyncio.Event) -> int:
    stopping = asyncio.create_task(stop.wait())
    tasks = [stopping, asyncio.create_task(_work(parts))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            log.error("no platform takes its token: nothing to do")
            return 1
        await _drain(config, parts)
        return 0
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _work(parts: Parts) -> None:
    """Everything that goes on until the end; returns only when every platform has refused its token."""
    # First: the adapters may bring a next question of the same conversations.
    await parts.queues.take_up()
    async with asyncio.TaskGroup() as group:
        background = [
            group.create_task(_supervised("queues", parts.queues.serve)),
            group.create_task(_supervised("feedback", parts.feedback.run)),
            group.create_task(_supervised("retention", parts.retention.run)),
            group.create_task(_supervised("apps", partial(_detect, parts))),
            group.create_task(_supervised("decisions", parts.reception.decisions.run)),
        ]
        platforms = [group.create_task(_run_adapter(parts, adapter)) for adapter in parts.adapters.values()]
        await asyncio.wait(platforms)
        for task in background:
            task.cancel()


async def _drain(config: Config, parts: Parts) -> None:
    log.info("stopping: answers in progress have %g s to finish", config.core.server.grace)
    parts.stops.end()
    if not await parts.queues.drain(config.core.server.grace):
        return
    parts.stops.cut()  # stopped at Dify, the text so far kept
    left = await parts.queues.drain(CUT_SECONDS)
    if left:
        log.warning("%d answers were cut off; they are closed at the next start", left)
        await parts.queues.cancel(CUT_SECONDS)


async def _supervised(name: str, call: Callable[[], Awaitable[None]]) -> None:
    """Run something that must go on; where it fails, say so and begin again."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await call()
        except Refused:
            raise
        except Exception as error:
            log.error("%s failed: %s; beginning again", name, type(error).__name__)  # noqa: TRY400
            log.debug("details", exc_info=True)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LAST_PAUSE_SECONDS)


async def _run_adapter(parts: Parts, adapter: ChatAdapter) -> None:
    try:
        await _supervised(adapter.name, lambda: adapter.run(parts.reception.intake, parts.store))
    except Refused as refused:
        log.error("%s: %s", adapter.name, refused)  # noqa: TRY400 (a sentence for the operator, no trace)


async def _detect(parts: Parts) -> None:
    """Learn what the apps are as soon as Dify can be reached, so that the first question need not wait."""
    unknown = dict(parts.apps)
    while unknown:
        for name, app in list(unknown.items()):
            try:
                mode = await app.dify.detect()
            except DifyError as error:
                log.warning("app %s: %s", name, error)
            else:
                log.info("app %s: %s on Dify %s", name, mode, app.dify.client.server_version or "?")
                del unknown[name]
        if unknown:
            await asyncio.sleep(DETECT_SECONDS)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set; the second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)
    return stop
