"""One question, from asked to closed: the only file that knows the whole story."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace

from core.answer import Outcome
from core.apps import App
from core.asking import Asking
from core.closing import Closing, failed, judged
from core.contract import ChatAdapter
from core.dispatch.ownership import Tenure
from core.errors import Advice, ConversationGone, NoRoute, ParleyError, QuestionTooLong, Superseded
from core.feedback import Feedback
from core.footers import footers
from core.inbox import RETRY
from core.keeping import Keeping
from core.lanes import Lanes
from core.messages import Button
from core.metrics import Metrics
from core.reply import Reply
from core.router import Command, command_of
from core.running import Running, Stops
from core.sentences import language, say
from core.signs import Signs
from core.store.ledger import Ledger
from core.store.patience import patiently
from core.store.rows import State, Turn, Wish
from core.writing import reply_to, target_of

log = logging.getLogger(__name__)

CLOSING_SECONDS = 2.0  # at the end of the process, for signs to go away
_NO_ROUTE = Advice("no_route", "no route matches: add one to `routes`")


class Turns:
    """Runs turns; everything that they share."""

    def __init__(
        self,
        ledger: Ledger,
        adapters: Mapping[str, ChatAdapter],
        apps: Mapping[str, App],
        lanes: Lanes,
        stops: Stops,
        feedback: Feedback,
        metrics: Metrics,
    ) -> None:
        self._ledger = ledger
        self._adapters = adapters
        self._apps = apps
        self._lanes = lanes
        self._stops = stops
        self._feedback = feedback
        self._metrics = metrics
        self._signs = Signs()
        self._repeating: set[asyncio.Task[None]] = set()

    async def run(self, turn_id: int, tenure: Tenure) -> bool:
        """Answer a turn and close it. False, or cancelled: it is left as it is, for the next process.

        Raises Superseded where another process has taken it over.
        """
        turn = await patiently(lambda: self._ledger.claim(turn_id, tenure.confirm))
        if turn is None:
            return True
        if turn.message.place.platform not in self._adapters:
            log.warning("turn %d waits: its platform is not configured now", turn.id)
            return True
        if turn.fence > 1:
            self._metrics.recoveries.labels(turn.message.place.platform).inc()
        running = self._stops.enter(turn, tenure.ownership)
        self._metrics.running.inc()
        keeping = Keeping(self._ledger, running)
        reply = self._reply(running, keeping)
        try:
            closing = await self._answer(running, reply)
            if closing is None:
                await keeping.save()
                return False
            self._stops.leave(running)  # from here on there is nothing left to stop
            await self._close(running, reply, keeping, closing)
        finally:
            self._metrics.running.dec()
            self._stops.forget(running)
            await reply.abandon()
            await keeping.abandon()
        return True

    async def aclose(self) -> None:
        """Let the last signs go away."""
        for task in self._repeating:
            task.cancel()
        await asyncio.gather(*self._repeating, return_exceptions=True)
        await self._signs.aclose(CLOSING_SECONDS)

    def _reply(self, running: Running, keeping: Keeping) -> Reply:
        adapter = self._adapters[running.turn.message.place.platform]
        return reply_to(running, adapter, self._lanes, self._ledger, keeping)

    async def _answer(self, running: Running, reply: Reply) -> Closing | None:
        """How the turn ends; None where it has to be gone on with by the next process."""
        turn = running.turn
        try:
            command = command_of(turn.message.text)
            if command is not None:
                return await self._obey(command, turn)
            if not turn.message.text.strip():
                return Closing("", ("only_files" if turn.message.files else "empty_question",), "refused")
            app = self._app(turn)
            self._check_length(turn)
            if running.stop.is_set() and turn.state is State.QUEUED:
                return Closing(reply.text, () if running.quiet else ("stopped",), Outcome.STOPPED)
            return await self._ask(running, app, reply)
        except Superseded:
            raise
        except ParleyError as error:
            return failed(error, reply.text)
        except Exception as error:
            log.error("turn %d failed inside: %s", turn.id, type(error).__name__)  # noqa: TRY400
            log.debug("details", exc_info=True)
            return Closing(reply.text, ("internal",), Outcome.FAILED)

    async def _obey(self, command: Command, turn: Turn) -> Closing:
        match command:
            case Command.NEW:
                await patiently(lambda: self._ledger.forget_memory(turn))
                return Closing("", ("new_topic",), "command")
            case Command.STOP:
                stopped = turn.stop is not Wish.NONE  # of a "stop" it says whether there was something
                return Closing("", ("stopping" if stopped else "nothing_to_stop",), "command")
            case Command.HELP:
                return Closing("", ("help",), "command")

    def _app(self, turn: Turn) -> App:
        app = self._apps.get(turn.conversation.app)
        if app is None:
            raise NoRoute(_NO_ROUTE)
        return app

    def _check_length(self, turn: Turn) -> None:
        adapter = self._adapters[turn.message.place.platform]
        if len(turn.message.text) > adapter.limits(turn.message.place).question_length:
            raise QuestionTooLong(Advice("too_long", "a question was longer than what is passed on"))

    async def _ask(self, running: Running, app: App, reply: Reply) -> Closing | None:
        turn = running.turn
        running.asking = True
        adapter = self._adapters[turn.message.place.platform]
        before: list[str] = ["no_files_yet"] if turn.message.files else []
        asking = Asking(app, self._ledger, running, reply)
        running.settle = asking.settle
        async with self._signs.shown(asking, reply, adapter, target_of(turn), _language(turn)):
            question = await app.question(turn, adapter)
            try:
                begun = turn.state is State.RUNNING
                answer = await (asking.resume(question) if begun else asking.ask(question))
            except ConversationGone:
                await patiently(lambda: self._ledger.forget_memory(turn))
                before.append("memory_lost")
                answer = await asking.ask(replace(question, conversation_id=""))
        if asking.left or (running.cut and asking.untouched):
            await asking.settle()
            return None
        closing = judged(answer, before, stopped=asking.stopped, cut=asking.cut, quiet=running.quiet)
        return replace(closing, footers=footers(answer, app.settings.show) if closing.text else ())

    async def _close(self, running: Running, reply: Reply, keeping: Keeping, closing: Closing) -> None:
        turn = running.turn
        if closing.hint:
            log.warning("turn %d: %s", turn.id, closing.hint)
        said = [say(footer.sentence, _language(turn), **footer.values) for footer in closing.footers]
        notices = (*(self._say(sentence, turn) for sentence in closing.sentences), *said)
        buttons = (Button(RETRY, say(RETRY, _language(turn))),) if closing.retry else ()
        if closing.text or notices:
            await reply.finish(closing.text, notices, buttons)
        if reply.gone is not None:
            log.warning("turn %d: its message can't be written: %s", turn.id, reply.gone)
        await keeping.settled()
        if running.settle is not None:
            await running.settle()
        await self._book(turn, closing, gone=reply.gone is not None)
        self._feedback.closed()
        self._count(turn, reply, closing)
        if running.ownership.lease and turn.fence > 1 and reply.gone is None:
            self._repeat_later(running, reply, closing.text, notices, buttons)

    async def _book(self, turn: Turn, closing: Closing, *, gone: bool) -> None:
        if closing.retry and not gone:
            await patiently(lambda: self._ledger.park(turn, closing.outcome, closing.text))
        else:
            await patiently(lambda: self._ledger.close(turn, "gone" if gone else closing.outcome))

    def _repeat_later(
        self,
        running: Running,
        reply: Reply,
        text: str,
        notices: tuple[str, ...],
        buttons: tuple[Button, ...],
    ) -> None:
        """Show the end once more: who had the turn before may have been paused in the middle of an edit."""

        async def repeat() -> None:
            await asyncio.sleep(running.ownership.lease)
            adapter = self._adapters[running.turn.message.place.platform]
            target, guard = target_of(running.turn), running.ownership.check
            again = Reply(adapter, target, self._lanes, posted=reply.refs, guard=guard, again=True)
            await again.finish(text, notices, buttons)

        task = asyncio.create_task(repeat(), name=f"repeat {running.turn.id}")
        self._repeating.add(task)
        task.add_done_callback(self._repeated)

    def _repeated(self, task: asyncio.Task[None]) -> None:
        self._repeating.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.info("an end was not shown again (%s)", type(task.exception()).__name__)

    def _say(self, sentence: str, turn: Turn) -> str:
        app = self._apps.get(turn.conversation.app)
        adapter = self._adapters[turn.message.place.platform]
        return say(
            sentence,
            _language(turn),
            app=app.title() if app else "Dify",
            length=len(turn.message.text),
            limit=adapter.limits(turn.message.place).question_length,
        )

    def _count(self, turn: Turn, reply: Reply, closing: Closing) -> None:
        platform = turn.message.place.platform
        self._metrics.turns.labels(platform, "gone" if reply.gone else closing.outcome).inc()
        self._metrics.calls.labels(platform).inc(reply.calls)
        self._metrics.rate_limited.labels(platform).inc(reply.rate_limited)
        if reply.first_text_at is not None:
            waited = time.time() - turn.queued_at - (self._lanes.clock() - reply.first_text_at)
            self._metrics.first_text.labels(platform).observe(max(0.0, waited))


def _language(turn: Turn) -> str:
    return language(turn.message.text, turn.message.locale)
