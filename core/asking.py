"""Asking Dify one question and folding what comes, while somebody may want it stopped."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from core.answer import Answer, Outcome
from core.apps import App
from core.dify.client import UNREACHABLE, Question
from core.dify.events import AnyEvent
from core.dify.metadata import AppFile
from core.errors import Advice, DifyBusy, DifyError, DifyLost, DifyUnreachable, KindUnsupported
from core.lost import Lost
from core.noting import Noting
from core.offering import Offering
from core.pictures import pictured
from core.recovery import Recovery
from core.reply import Reply
from core.running import Running
from core.speech import Speech
from core.steps import Steps
from core.store.ledger import Ledger
from core.store.patience import patiently
from core.store.rows import Wish
from core.thinking import visible

log = logging.getLogger(__name__)

DRAIN_SECONDS = 30.0  # how long a stopped stream may take to end: hanging up would lose its answer
STOP_ATTEMPTS = 4
LOOK_AFTER_DEATH_SECONDS = 5.0  # for an answer that a process before us did not read to its end
LOOK_AFTER_BREAK_SECONDS = 15.0  # for one whose stream broke
MOST_ASKS = 5  # of one question over several deaths: it may be what kills us


Complete = Callable[[Question], Awaitable[Question]]


async def _as_it_is(question: Question) -> Question:
    return question


class Asking:
    """One turn's dealings with Dify. Feeds the reply; never waits for the chat platform."""

    def __init__(
        self,
        app: App,
        ledger: Ledger,
        running: Running,
        reply: Reply,
        *,
        complete: Complete = _as_it_is,
        made: Callable[[Sequence[AppFile]], None] | None = None,
        steps: Steps | None = None,
    ) -> None:
        """`complete` gives a question its files, right before it is sent; `made` is told of the answer's."""
        self._app = app
        self._complete = complete
        self._made = made
        self._steps = steps
        self._ledger = ledger
        self._running = running
        self._reply = reply
        self._recovery = Recovery(app, ledger, running)
        self._noting = Noting(ledger, running)
        self._taken = False  # the question may have reached Dify
        self._withdrawn = False
        self._identified = asyncio.Event()
        self._answer = Answer()
        self._sent_at = 0.0
        self._deadline: asyncio.Timeout | None = None
        self._draining = False
        self._stopping = False  # a stop is on its way to Dify
        self._whole = False  # the answer had ended before that
        self._cut_kept = False  # the row may say that it is being cut short
        self.cut = False  # it was stopped because a process ended, this one or one before it
        self.left = False  # the process ends, and the run goes on at Dify: the next process follows it
        self.waiting = False  # in line for a connection to Dify, or to be let in
        self.recovering = False  # the answer is lost sight of, and looked for
        self.turned = asyncio.Event()  # `waiting` or `recovering` changed

    @property
    def untouched(self) -> bool:
        """Whether Dify has nothing of the question."""
        return not self._taken

    @property
    def stopped(self) -> bool:
        """Whether the answer ended because it was stopped."""
        return (self.cut or self._running.stop.is_set()) and not self._whole

    async def ask(self, question: Question) -> Answer:
        """Ask and read to the end. Raises DifyError where nothing of an answer came."""
        self._taken = False
        if self._running.stop.is_set():
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
            await self._take_cut_back()

    async def resume(self, question: Question) -> Answer:
        """Find the answer of a question that a process before us asked, or ask again where that is right."""
        turn, dify = self._running.turn, self._app.dify
        self._taken = True
        lost = Lost.before_us(turn, question)
        found = await self._recover(lost, LOOK_AFTER_DEATH_SECONDS)
        if found is not None:
            self.cut = turn.stop is Wish.CUT
            return found
        known = bool(turn.run_id) or turn.asked_at is not None  # kept at once only of what goes on without us
        goes_on = known and (dify.runs or dify.mode is None)
        if self.left or goes_on or turn.asks >= MOST_ASKS:
            return Answer(text=turn.text)
        if self._running.ending:  # it would be cut short: the next process asks again
            self.left = True
            return Answer(text=turn.text)
        log.info("turn %d: Dify has no answer of it; asking again", turn.id)
        return await self.ask(question)

    async def settle(self) -> None:
        """Wait until the ids are kept."""
        await self._noting.settle()

    async def _recover(self, lost: Lost, seconds: float) -> Answer | None:
        self.recovering = True
        self.turned.set()
        try:
            found = await self._recovery.find(lost, seconds)
        finally:
            self.recovering = False
        self.left = self._running.cut and found is None
        if found is not None:
            self._noting.take(found)
        return found

    async def _offer(self, question: Question) -> Answer:
        question = await self._complete(question)
        offering = Offering(
            lambda: self._once(question),
            stop=self._running.stop,
            waiting=lambda: self._wait(waiting=True),
            quota_retries=self._app.settings.quota_retries,
        )
        return await offering.answer()

    async def _once(self, question: Question) -> Answer:
        dify = self._app.dify
        await self._detect()
        asked = replace(question, query_input=dify.query_input or question.query_input)
        run = dify.runs
        self._wait(waiting=not dify.server.stream_is_free(run=run))
        async with dify.server.stream_slot(run=run):
            self._wait(waiting=False)
            answer = await self._send(asked, run=run)
        if answer.outcome is not Outcome.LOST or self.stopped:
            return answer
        lost = Lost.on_the_way(asked, answer, self._sent_at)
        return await self._recover(lost, LOOK_AFTER_BREAK_SECONDS) or answer

    async def _send(self, question: Question, *, run: bool) -> Answer:
        dify, turn = self._app.dify, self._running.turn
        await self._running.check()
        self._taken = True
        self._draining = self._whole = False
        self._sent_at = time.time()
        await patiently(lambda: self._ledger.note_sending(turn))
        try:
            async with dify.ask(question) as events:
                if run:  # it goes on without us from here on; the other kinds say 200 with their first event
                    self._noting.accepted(time.time())
                return await self._read(events)
        except DifyLost:  # sent, and nothing came back: what became of it has to be looked for
            return Answer()
        except (DifyUnreachable, DifyBusy):
            await patiently(lambda: self._ledger.note_unsent(turn))
            self._taken = False
            raise

    async def _detect(self) -> None:
        dify = self._app.dify
        try:
            await dify.detect()
        except DifyLost as error:  # only a look at the app was lost: nothing has begun
            raise DifyUnreachable(UNREACHABLE) from error
        if not dify.asks:
            hint = f"app {dify.name} ({dify.mode}) has no text input that a question could go into"
            raise KindUnsupported(Advice("kind_unsupported", hint))

    async def _read(self, events: AsyncIterator[AnyEvent]) -> Answer:
        answer = self._answer = Answer(speech=Speech() if self._app.settings.show.speech else None)
        try:
            async with asyncio.timeout(None) as self._deadline, aclosing(events):  # type: ignore[type-var]
                async for event in events:
                    answer.take(event)
                    self._show(event, answer)
                    self._learn(answer)
        except (TimeoutError, DifyLost):
            log.info("turn %d: the stream from Dify broke off", self._running.turn.id)
        if answer.outcome is Outcome.LOST:
            log.warning("turn %d: the stream from Dify ended without a verdict", self._running.turn.id)
        if answer.malformed:
            log.warning("turn %d: %d malformed events skipped", self._running.turn.id, answer.malformed)
        return answer

    def _show(self, event: AnyEvent, answer: Answer) -> None:
        text, pictures = pictured(visible(answer.text, final=False), self._app.is_own_file, final=False)
        if self._steps is not None:
            self._steps.take(event)
        self._reply.show(text, self._steps.shown if self._steps is not None else ())
        if self._made is not None and (answer.files or pictures):
            self._made((*answer.files, *pictures))

    def _learn(self, answer: Answer) -> None:
        """What an event brought beside text. Must not wait."""
        if answer.identified:
            self._identified.set()
        if self._reply.gone is not None:
            self._running.stop.set()  # nobody can read it any more
        if answer.decided and not self._draining:
            self._whole = not self._stopping
            self._drain()  # what stands, stands; some versions only ping for minutes after it
        self._noting.take(answer)

    async def _watch_stop(self, work: asyncio.Task[Answer], user: str) -> None:
        await self._running.stop.wait()
        if not self._taken:
            self._withdraw(work)
            return
        if self.recovering:
            return
        if self._app.dify.blocking and not self._running.cut:  # Dify tells no id to stop before it is whole
            self._withdraw(work)
            return
        await self._identified.wait()  # chat apps tell no id before their first token
        if self._running.cut and self._app.dify.runs and self._answer.run_id:
            self.left = True
            self._withdraw(work)
            return
        if self._whole:
            self._drain(0.0 if self._running.cut else DRAIN_SECONDS)
            return
        if self._running.cut and not await self._note_cut():
            return
        self._stopping = True
        await self._send_stop(user)
        self._drain()

    async def _note_cut(self) -> bool:
        """Keep that the answer is being cut short; False where it has come to its end meanwhile."""
        self._cut_kept = True
        await patiently(lambda: self._ledger.note_cut(self._running.turn))
        self.cut = not self._whole
        if self._whole:
            self._drain(0.0)
        return self.cut

    async def _take_cut_back(self) -> None:
        """An answer that ended while the cut was being kept is whole, whoever shows it."""
        if self._cut_kept and self._whole:
            self._cut_kept = False
            await patiently(lambda: self._ledger.note_cut(self._running.turn, cut=False))

    def _withdraw(self, work: asyncio.Task[Answer]) -> None:
        self._withdrawn = True
        work.cancel()

    def _drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Read on to the end, but not for ever."""
        self._draining = True
        if self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time() + seconds)

    async def _send_stop(self, user: str) -> None:
        dify = self._app.dify
        for attempt in range(STOP_ATTEMPTS):
            try:
                await dify.client.stop(self._answer.task_id, user, mode=dify.mode or "chat")
            except DifyError as error:  # stopping twice is harmless
                log.warning("turn %d: stop did not reach Dify: %s", self._running.turn.id, error)
                await asyncio.sleep(0.5 * 2**attempt)
            else:
                return

    def _wait(self, *, waiting: bool) -> None:
        if waiting != self.waiting:
            self.waiting = waiting
            self.turned.set()
