"""Finding an answer again that was lost sight of: its stream broke, or the process that read it is no more.

What can be found depends on the kind of app. A chatflow or workflow of Dify >= 1.13 goes on without us, and
so does whatever was asked for as a whole (`blocking`); the others drop their answer with the connection, and
it is found only where it was complete by then. The pieces of a re-attached stream have gaps: the text always
comes from where Dify keeps it whole.
"""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from core.answer import Answer, Outcome
from core.apps import App
from core.dify.history import RunState, StoredMessage
from core.dify.human_input import OVER
from core.errors import ConversationGone, DifyError, DifyRefused
from core.lost import Lost
from core.running import Running
from core.store.ledger import Ledger

log = logging.getLogger(__name__)

RUN_SECONDS = 1200.0  # the longest that a run may take (Dify: APP_MAX_EXECUTION_TIME)
WHOLE_SECONDS = 300.0  # of one that Dify's API process makes itself, and loses when it is started anew
SETTLE_SECONDS = 2.0  # after a cut: attaching sooner is answered with a broken stream (seen on 1.16.1)
PAUSES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)  # between two looks, the last one again and again
CLOCKS_SECONDS = 120.0  # how far Dify's clock and ours may be apart
AWAY_SECONDS = 60.0  # how long Dify may be away, without this counting as a look
STOP_SECONDS = 30.0  # how long a stopped run may take to end

_ENDS = {
    "succeeded": Outcome.COMPLETE,
    "partial-succeeded": Outcome.COMPLETE,
    "stopped": Outcome.STOPPED,
    "paused": Outcome.PAUSED,
}


class Recovery:
    """Looks for one turn's answer."""

    def __init__(self, app: App, ledger: Ledger, running: Running) -> None:
        self._dify = app.dify
        self._ledger = ledger
        self._running = running
        self._stop_sent = False
        self._until = 0.0
        self._going_on = False

    async def find(self, lost: Lost, seconds: float) -> Answer | None:
        """The answer, however it ended; None where there is none, or while the process ends.

        Looks for so long; for a run that is known to be going on, for as long as a run may take.
        """
        self._until = time.monotonic() + seconds
        pauses = iter(PAUSES)
        pause = PAUSES[0]
        away = 0.0
        while not self._running.cut:
            began, looked = time.monotonic(), True
            try:
                await self._dify.detect()
                if not (self._dify.converses or self._has_runs):
                    return None  # a completion app keeps nothing that could be looked for
                lost, answer = await self._look(lost)
            except ConversationGone:
                return None
            except DifyError as error:
                looked = not error.advice.retry or away >= AWAY_SECONDS
            else:
                if answer is not None:
                    return answer
            if self._is_stopped(lost) or (looked and time.monotonic() + pause > self._until):
                break
            await self._wait(pause)
            pause = next(pauses, PAUSES[-1])
            if not looked:  # Dify is away: the time that this took does not count, and it may take its time
                spent = time.monotonic() - began
                away += spent
                self._until += spent
        stopped = self._running.stop.is_set() and not self._running.cut
        return _answer(lost, Outcome.STOPPED, lost.text) if stopped else None

    @property
    def _has_runs(self) -> bool:
        """Whether the answer is a run that goes on without us, and is kept as one."""
        return self._dify.run_kind and self._dify.outlives

    def _is_stopped(self, lost: Lost) -> bool:
        """Somebody said stop, and nothing is left at Dify that could be stopped."""
        stoppable = self._dify.runs and lost.run_id and lost.task_id
        return self._running.stop.is_set() and not stoppable

    async def _look(self, lost: Lost) -> tuple[Lost, Answer | None]:
        """One look; what is known afterwards, and the answer if it is there."""
        dify = self._dify
        if self._has_runs and not dify.converses and not lost.run_id:
            lost = replace(lost, run_id=await self._orphaned_run(lost))
        if self._has_runs and lost.run_id:
            return lost, await self._follow(lost)
        if not dify.converses:
            return lost, None
        message = await self._stored(lost)
        if message is None:
            return lost, None
        lost = replace(
            lost,
            message_id=message.id,
            run_id=message.run_id,
            question=replace(lost.question, conversation_id=message.conversation_id),
        )
        if message.status == "paused" and message.run_id and dify.runs:
            return lost, await self._follow(lost)
        begun = not message.answer and message.status == "normal"
        if begun and dify.outlives and not message.by_agent:
            self._go_on(lost)  # it goes on without us
        return lost, _of_message(lost, message)

    def _go_on(self, lost: Lost) -> None:
        """From the first sign of it on, wait for as long as a run may take."""
        if self._going_on:
            return
        self._going_on = True
        most = RUN_SECONDS if self._dify.runs else WHOLE_SECONDS
        left = lost.sent_at + most - time.time()
        self._until = time.monotonic() + min(most, max(left, STOP_SECONDS))

    # ---- runs ----

    async def _follow(self, lost: Lost) -> Answer | None:
        state = await self._dify.client.run_state(lost.run_id)
        if state is not None and not state.finished:
            self._go_on(lost)
        listens = self._dify.attaches and self._dify.server.stream_is_free(run=True)  # else look now and then
        if state is not None and state.status == "running" and listens:
            await self._attend(lost)
            state = await self._dify.client.run_state(lost.run_id)
        if self._running.stop.is_set() and not self._running.cut:
            await self._send_stop(lost)
        return None if state is None else await self._of_run(lost, state)

    async def _attend(self, lost: Lost) -> None:
        """Wait for the run's end on its own stream, which tells it at once; or until somebody says stop."""
        await self._wait(SETTLE_SECONDS)
        end = asyncio.create_task(self._end(lost))
        stop = asyncio.create_task(self._running.stop.wait())
        try:
            await asyncio.wait({end, stop}, return_when=asyncio.FIRST_COMPLETED)
            if stop.done() and not self._running.cut:
                await self._send_stop(lost)
                await asyncio.wait({end}, timeout=STOP_SECONDS)
        finally:
            for task in (end, stop):
                task.cancel()
            await asyncio.gather(end, stop, return_exceptions=True)

    async def _end(self, lost: Lost) -> None:
        seen = Answer()
        with suppress(DifyError):
            async with (
                self._dify.server.stream_slot(run=True),
                self._dify.client.attach(lost.run_id, lost.question.user) as events,
            ):
                async for event in events:
                    seen.take(event)
                    if seen.decided:
                        return

    async def _of_run(self, lost: Lost, state: RunState) -> Answer | None:
        if state.status == "paused":
            unwanted = self._running.stop.is_set() and not self._running.cut
            if unwanted and await self._is_undecided(lost):  # Dify hears of it once that is decided
                return _answer(lost, Outcome.STOPPED, lost.text)
            return await self._paused(lost)
        if not state.finished:
            return None
        outcome = _ENDS.get(state.status, Outcome.FAILED)
        text = state.text
        if not text and lost.message_id and lost.question.conversation_id:
            message = await self._stored(lost)
            text = message.answer if message is not None else ""
        shown = text or ("" if outcome is Outcome.COMPLETE else lost.text)
        return _answer(lost, outcome, shown, files=state.files)

    async def _is_undecided(self, lost: Lost) -> bool:
        """Whether the form that the run waited for is open still: else it is about to go on."""
        if not lost.decided:
            return True
        try:
            await self._dify.client.api.human_input.form(lost.decided)
        except DifyRefused as error:
            if error.code not in OVER:
                raise
            return False
        return True

    async def _paused(self, lost: Lost) -> Answer | None:
        """The form that the run waits for; None where that was answered just now, and the run goes on."""
        seen = Answer()
        if self._dify.attaches:
            events = self._dify.client.attach(lost.run_id, lost.question.user, snapshot=True)
            async with self._dify.server.stream_slot(run=True), events as stream:
                async for event in stream:
                    seen.take(event)
                    if seen.decided:
                        break
        form = seen.form
        if lost.decided and (form is None or form.form_token == lost.decided):
            self._go_on(lost)
            return None
        lost = replace(lost, task_id=lost.task_id or seen.task_id)
        return _answer(lost, Outcome.PAUSED, seen.text or lost.text, form=form)

    async def _orphaned_run(self, lost: Lost) -> str:
        """The run of this user that was asked this question, and that no other turn knows."""
        name = self._dify.query_input or lost.question.query_input
        for run in await self._dify.client.workflow_runs(lost.question.user):
            if run.created_at < lost.sent_at - CLOCKS_SECONDS:
                continue
            if await self._ledger.is_anothers(self._running.turn, run.id):
                continue
            state = await self._dify.client.run_state(run.id)
            if state is not None and state.inputs.get(name) == lost.question.query:
                return run.id
        return ""

    async def _send_stop(self, lost: Lost) -> None:
        if self._stop_sent or not lost.task_id:
            return
        await self._dify.client.stop(lost.task_id, lost.question.user, mode=self._dify.mode or "chat")
        self._stop_sent = True
        self._until = time.monotonic() + STOP_SECONDS

    # ---- messages ----

    async def _stored(self, lost: Lost) -> StoredMessage | None:
        """Dify's own row of the answer."""
        question, client = lost.question, self._dify.client
        if not question.conversation_id:
            return await self._in_new_conversation(lost)
        for message in reversed(await client.messages(question.conversation_id, question.user)):
            if lost.message_id:
                if message.id == lost.message_id:
                    return message
            elif message.query == question.query and not await self._ledger.is_anothers(
                self._running.turn, message.id
            ):
                return message
        return None

    async def _in_new_conversation(self, lost: Lost) -> StoredMessage | None:
        question, client = lost.question, self._dify.client
        for conversation in await client.conversations(question.user):
            if conversation.created_at < lost.sent_at - CLOCKS_SECONDS:
                continue
            if await self._ledger.is_mapped(self._running.turn, conversation.id):
                continue
            messages = await client.messages(conversation.id, question.user)
            if not messages or messages[0].query != question.query:
                continue
            if not await self._ledger.is_anothers(self._running.turn, messages[0].id):
                return messages[0]
        return None

    async def _wait(self, seconds: float) -> None:
        """Wait, or until somebody says stop for the first time."""
        if self._running.stop.is_set():
            await asyncio.sleep(min(seconds, 1.0))
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._running.stop.wait()


def _of_message(lost: Lost, message: StoredMessage) -> Answer | None:
    if message.status == "error":
        return _answer(lost, Outcome.FAILED, message.answer or lost.text)
    if message.status == "paused":
        return _answer(lost, Outcome.PAUSED, message.answer or lost.text)
    if not message.answer:
        return None
    return _answer(lost, Outcome.COMPLETE, message.answer, sources=message.sources, files=message.files)


def _answer(lost: Lost, outcome: Outcome, text: str, **more: Any) -> Answer:
    return Answer.ended(
        outcome,
        text=text,
        task_id=lost.task_id,
        message_id=lost.message_id,
        conversation_id=lost.question.conversation_id,
        run_id=lost.run_id,
        **more,
    )
