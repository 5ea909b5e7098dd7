"""One question, from asked to closed: the only file that knows the whole story."""

import logging
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace

from core.answer import Answer, Outcome
from core.apps import App
from core.asking import Asking
from core.contract import ChatAdapter
from core.errors import Advice, ConversationGone, NoRoute, ParleyError, QuestionTooLong
from core.feedback import Feedback
from core.lanes import Lanes
from core.messages import MessageRef, Target
from core.metrics import Metrics
from core.reply import Reply
from core.router import Command, command_of
from core.running import Running, Stops
from core.sentences import language, say
from core.signs import Signs
from core.store.patience import patiently
from core.store.rows import State, Turn
from core.store.store import Store

log = logging.getLogger(__name__)

CLOSING_SECONDS = 2.0  # at the end of the process, for signs to go away
_SAID = {Outcome.STOPPED: "stopped", Outcome.PAUSED: "paused", Outcome.LOST: "answer_lost"}
_NO_ROUTE = Advice("no_route", "no route matches: add one to `routes`")


@dataclass(frozen=True)
class Closing:
    """How a turn ends: the text that stays, what is said under it, and the word for the books."""

    text: str
    sentences: tuple[str, ...]
    outcome: str


class Turns:
    """Runs turns; everything that they share."""

    def __init__(
        self,
        store: Store,
        adapters: Mapping[str, ChatAdapter],
        apps: Mapping[str, App],
        lanes: Lanes,
        stops: Stops,
        feedback: Feedback,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._adapters = adapters
        self._apps = apps
        self._lanes = lanes
        self._stops = stops
        self._feedback = feedback
        self._metrics = metrics
        self._signs = Signs()

    async def run(self, turn_id: int) -> None:
        """Answer one queued turn and close it; cancelled, it leaves the row as it is."""
        turn = await patiently(lambda: self._store.turn(turn_id))
        if turn.state is State.RUNNING:
            await self._interrupted(turn)
            return
        running = self._stops.enter(turn)
        self._metrics.running.inc()
        reply = self._reply(turn)
        try:
            await patiently(lambda: self._store.set_turn(turn.id, state=State.RUNNING))
            closing = await self._answer(running, reply)
            if closing is None:
                await patiently(lambda: self._store.set_turn(turn.id, state=State.QUEUED))
                return
            self._stops.leave(running)  # from here on there is nothing left to stop
            await self._close(running, reply, closing)
        finally:
            self._metrics.running.dec()
            self._stops.forget(running)
            await reply.abandon()

    async def aclose(self) -> None:
        """Let the last signs go away."""
        await self._signs.aclose(CLOSING_SECONDS)

    async def _interrupted(self, turn: Turn) -> None:
        """Close a turn that a process before us left half-way; what it had written stays."""
        self._metrics.recoveries.labels(turn.message.place.platform).inc()
        reply = self._reply(turn, suffix=":interrupted")
        try:
            await self._close(Running(turn), reply, Closing("", ("interrupted",), "interrupted"))
        finally:
            await reply.abandon()

    def _reply(self, turn: Turn, suffix: str = "") -> Reply:
        adapter = self._adapters[turn.message.place.platform]
        key = f"parley-{_key(turn.message.ref)}{suffix}"
        target = Target(turn.conversation.place, turn.message.ref, turn.message.author, key)

        def keep(page: int, ref: MessageRef) -> Awaitable[None]:
            return patiently(lambda: self._store.add_post(turn.id, page, ref))

        return Reply(adapter, target, self._lanes, keep=keep)

    async def _answer(self, running: Running, reply: Reply) -> Closing | None:
        """How the turn ends; None where it has to be begun by the next process."""
        turn = running.turn
        try:
            command = command_of(turn.message.text)
            if command is not None:
                return await self._obey(command, turn)
            if not turn.message.text.strip():
                return Closing("", ("only_files" if turn.message.files else "empty_question",), "refused")
            app = self._app(turn)
            self._check_length(turn)
            if running.stop.is_set():
                return Closing("", () if running.quiet else ("stopped",), Outcome.STOPPED)
            return await self._ask(running, app, reply)
        except ParleyError as error:
            log.warning("turn %d: %s", turn.id, error.advice.hint)
            return Closing(reply.text, (error.advice.sentence,), Outcome.FAILED)
        except Exception as error:
            log.error("turn %d failed inside: %s", turn.id, type(error).__name__)  # noqa: TRY400
            log.debug("details", exc_info=True)
            return Closing(reply.text, ("internal",), Outcome.FAILED)

    async def _obey(self, command: Command, turn: Turn) -> Closing:
        match command:
            case Command.NEW:
                await self._store.forget_memory(turn.conversation.id)
                return Closing("", ("new_topic",), "command")
            case Command.STOP:
                return Closing(
                    "", ("stopping" if self._stops.obeyed(turn.id) else "nothing_to_stop",), "command"
                )
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
        sentences: list[str] = ["no_files_yet"] if turn.message.files else []
        asking = Asking(app, self._store, running, reply)
        running.settle = asking.settle
        target = Target(turn.conversation.place, turn.message.ref, turn.message.author, "")
        async with self._signs.shown(asking, reply, adapter, target, _language(turn)):
            question = await app.question(turn, adapter)
            try:
                answer = await asking.ask(question)
            except ConversationGone:
                await self._store.forget_memory(turn.conversation.id)
                sentences.append("memory_lost")
                answer = await asking.ask(replace(question, conversation_id=""))
        if running.cut and asking.untouched:
            return None
        return self._judge(answer, asking, running, sentences)

    def _judge(self, answer: Answer, asking: Asking, running: Running, sentences: list[str]) -> Closing:
        outcome = answer.outcome
        if asking.stopped and outcome in {Outcome.COMPLETE, Outcome.LOST, Outcome.STOPPED}:
            outcome = Outcome.STOPPED
        said = asking.failure(answer) if outcome is Outcome.FAILED else _SAID.get(outcome, "")
        if outcome is Outcome.COMPLETE and not answer.text.strip() and not answer.files:
            said = "empty_answer"
        if outcome is Outcome.STOPPED and running.cut:
            said = "interrupted"
        if outcome is Outcome.STOPPED and running.quiet and not answer.text:
            return Closing("", (), outcome)
        files = ["file_not_shown"] if answer.files else []
        return Closing(answer.text, tuple(filter(None, [*sentences, *files, said])), outcome)

    async def _close(self, running: Running, reply: Reply, closing: Closing) -> None:
        turn = running.turn
        notices = tuple(self._say(sentence, turn) for sentence in closing.sentences)
        if closing.text or notices:
            await reply.finish(closing.text, notices)
        if reply.gone is not None:
            log.warning("turn %d: its message can't be written: %s", turn.id, reply.gone)
        await reply.kept()
        if running.settle is not None:
            await running.settle()
        outcome = "gone" if reply.gone else closing.outcome
        await patiently(lambda: self._store.close_turn(turn.id, outcome))
        self._feedback.closed()
        self._count(turn, reply, closing)

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


def _key(ref: MessageRef) -> str:
    return f"{ref.platform}:{ref.workspace}:{ref.channel}:{ref.id}"
