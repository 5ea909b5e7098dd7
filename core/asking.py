"""Asking Dify one question and folding what comes, while somebody may want it stopped."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

from core.answer import Answer, Outcome
from core.apps import App
from core.dify.client import UNREACHABLE, Question
from core.dify.errors import failure
from core.dify.events import AnyEvent
from core.errors import (
    Advice,
    DifyBusy,
    DifyError,
    DifyLost,
    DifyUnreachable,
    KindUnsupported,
)
from core.reply import Reply
from core.running import Running
from core.store.patience import patiently
from core.store.store import Store

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0  # how long a question that Dify has not taken yet is offered again
FIRST_PAUSE_SECONDS = 0.5
LAST_PAUSE_SECONDS = 15.0
DRAIN_SECONDS = 30.0  # how long a stopped stream may take to end: hanging up would lose its answer
STOP_ATTEMPTS = 4


class Asking:
    """One turn's dealings with Dify. Feeds the reply; never waits for the chat platform."""

    def __init__(self, app: App, store: Store, running: Running, reply: Reply) -> None:
        self._app = app
        self._store = store
        self._running = running
        self._reply = reply
        self._taken = False  # the question may have reached Dify
        self._withdrawn = False
        self._identified = asyncio.Event()
        self._answer = Answer()
        self._asked_at = 0.0  # when Dify's 200 came
        self._noted: tuple[str, ...] = ()
        self._noting: asyncio.Task[None] | None = None
        self._deadline: asyncio.Timeout | None = None
        self._draining = False
        self.waiting = False  # in line for a connection to Dify, or to be let in
        self.turned = asyncio.Event()  # `waiting` changed

    @property
    def untouched(self) -> bool:
        """Whether Dify has nothing of the question."""
        return not self._taken

    @property
    def stopped(self) -> bool:
        """Whether the answer ended because somebody stopped it."""
        return self._running.stop.is_set()

    def failure(self, answer: Answer) -> str:
        """The sentence for an answer that failed."""
        advice = failure(answer.error_code, answer.error_status).advice
        log.warning("turn %d: %s (%s)", self._running.turn.id, advice.hint, answer.error_code)
        return advice.sentence

    async def ask(self, question: Question) -> Answer:
        """Ask and read to the end. Raises DifyError where nothing of an answer came."""
        self._taken = False
        if self.stopped:
            return Answer()
        work = asyncio.create_task(self._offer(question))
        watch = asyncio.create_task(self._watch_stop(work, question.user))
        try:
            return await work
        except asyncio.CancelledError:
            if not self._withdrawn:
                raise
            return Answer()
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _offer(self, question: Question) -> Answer:
        pause = FIRST_PAUSE_SECONDS
        until = 0.0
        while True:
            try:
                return await self._once(question)
            except (DifyUnreachable, DifyBusy):  # nothing has begun: asking again is safe
                until = until or time.monotonic() + PATIENCE_SECONDS
                if time.monotonic() + pause > until:
                    raise
            self._taken = False
            if self.stopped:
                return Answer()
            self._wait(waiting=True)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LAST_PAUSE_SECONDS)

    async def _once(self, question: Question) -> Answer:
        dify = self._app.dify
        await self._detect()
        run = dify.runs
        self._wait(waiting=not dify.server.stream_is_free(run=run))
        async with dify.server.stream_slot(run=run):
            self._wait(waiting=False)
            self._taken = True
            self._draining = False
            async with dify.client.ask(question, run=run) as events:
                self._asked_at = time.time()
                return await self._read(events)

    async def _detect(self) -> None:
        dify = self._app.dify
        try:
            await dify.detect()
        except DifyLost as error:  # only a look at the app was lost: nothing has begun
            raise DifyUnreachable(UNREACHABLE) from error
        if not dify.chats:
            raise KindUnsupported(Advice("kind_unsupported", f"app {dify.name} is a {dify.mode} app"))

    async def _read(self, events: AsyncIterator[AnyEvent]) -> Answer:
        answer = self._answer = Answer()
        try:
            async with asyncio.timeout(None) as self._deadline, aclosing(events):  # type: ignore[type-var]
                async for event in events:
                    answer.take(event)
                    self._reply.show(answer.text)
                    self._learn(answer)
        except (TimeoutError, DifyLost):
            log.info("turn %d: the stream from Dify broke off", self._running.turn.id)
        if answer.outcome is Outcome.LOST:
            log.warning("turn %d: the stream from Dify ended without a verdict", self._running.turn.id)
        if answer.malformed:
            log.warning("turn %d: %d malformed events skipped", self._running.turn.id, answer.malformed)
        return answer

    def _learn(self, answer: Answer) -> None:
        """Keep the ids as soon as they come, without making the reader wait for the database."""
        if answer.identified:
            self._identified.set()
        if self._reply.gone is not None:
            self._running.stop.set()  # nobody can read it any more
        if answer.decided and not self._draining:
            self._drain()  # what stands, stands; some versions only ping for minutes after it
        if _ids(answer) != self._noted and (self._noting is None or self._noting.done()):
            self._noting = asyncio.create_task(self._note())

    async def _note(self) -> None:
        """Keep the ids, however long the database is away: a rating and the next question need them."""
        task_id, message_id, run_id, conversation_id = ids = _ids(self._answer)
        await patiently(
            lambda: self._store.note_ids(
                self._running.turn,
                task_id=task_id,
                message_id=message_id,
                run_id=run_id,
                conversation_id=conversation_id,
                asked_at=self._asked_at,
            )
        )
        self._noted = ids

    async def settle(self) -> None:
        """Wait until the ids are kept."""
        if self._noting is not None:
            await self._noting
        if _ids(self._answer) != self._noted and any(_ids(self._answer)):
            await self._note()

    async def _watch_stop(self, work: asyncio.Task[Answer], user: str) -> None:
        await self._running.stop.wait()
        if not self._taken:
            self._withdrawn = True
            work.cancel()
            return
        await self._identified.wait()  # chat apps tell no id before their first token
        await self._send_stop(user)
        self._drain()

    def _drain(self) -> None:
        """Read on to the end, but not for ever."""
        self._draining = True
        if self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time() + DRAIN_SECONDS)

    async def _send_stop(self, user: str) -> None:
        for attempt in range(STOP_ATTEMPTS):
            try:
                await self._app.dify.client.stop(self._answer.task_id, user)
            except DifyError as error:  # stopping twice is harmless
                log.warning("turn %d: stop did not reach Dify: %s", self._running.turn.id, error)
                await asyncio.sleep(0.5 * 2**attempt)
            else:
                return

    def _wait(self, *, waiting: bool) -> None:
        if waiting != self.waiting:
            self.waiting = waiting
            self.turned.set()


def _ids(answer: Answer) -> tuple[str, str, str, str]:
    return answer.task_id, answer.message_id, answer.run_id, answer.conversation_id
