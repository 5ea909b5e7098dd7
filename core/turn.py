"""One question, from asked to closed: the only file that knows the whole story."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.afterwards import Afterwards, Shown, Story
from core.answer import Answer, Outcome
from core.apps import App, trace_of
from core.asking import Asking
from core.attachments import Attachments
from core.buttons import buttons, growing
from core.closing import Closing, failed, judged, wanting
from core.contract import ChatAdapter
from core.dispatch.ownership import Tenure
from core.errors import (
    Advice,
    ConversationGone,
    DifyRefused,
    InputsRefused,
    NoRoute,
    ParleyError,
    QuestionTooLong,
    Superseded,
)
from core.feedback import Feedback
from core.footers import footers
from core.human_forms import kept_form
from core.keeping import Keeping
from core.kept_text import as_kept
from core.lanes import Lanes
from core.made_files import MadeFiles
from core.metrics import Metrics
from core.openings import ABOUT_SECONDS, opening
from core.pictures import pictured
from core.router import Command, command_of
from core.running import Running, Stops
from core.sentences import say
from core.signs import Signs
from core.steps import Steps, emoji
from core.store.asides import Asides
from core.store.ledger import Ledger
from core.store.patience import patiently
from core.store.rows import State, Turn, Wish
from core.tally import tally
from core.transcoding import Transcoder
from core.writing import language_of, reply_to, target_of

log = logging.getLogger(__name__)

CLOSING_SECONDS = 2.0  # at the end of the process, for signs to go away
_CHANGED = frozenset(("app_unavailable", "invalid_param"))  # the app may have been changed in Dify
_NO_ROUTE = Advice("no_route", "no route matches: add one to `routes`")


class Turns:
    """Runs turns; everything that they share."""

    def __init__(
        self,
        ledger: Ledger,
        asides: Asides,
        adapters: Mapping[str, ChatAdapter],
        apps: Mapping[str, App],
        lanes: Lanes,
        stops: Stops,
        feedback: Feedback,
        metrics: Metrics,
        *,
        reasons: bool = False,
    ) -> None:
        """`reasons`: with a button under answers to say what one thinks of them."""
        self._ledger = ledger
        self._asides = asides
        self._adapters = adapters
        self._apps = apps
        self._lanes = lanes
        self._stops = stops
        self._feedback = feedback
        self._metrics = metrics
        self._reasons = reasons
        self._signs = Signs()
        self._transcoder = Transcoder()
        self._afterwards = Afterwards(asides, lanes)

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
        story = self._story(running, keeping)
        try:
            closing = await self._answer(story)
            if closing is None:
                await keeping.save()
                return False
            self._stops.leave(running)  # from here on there is nothing left to stop
            await self._close(story, keeping, closing)
        finally:
            self._metrics.running.dec()
            self._stops.forget(running)
            await story.reply.abandon()
            await keeping.abandon()
            if story.made is not None:
                await story.made.aclose()
        return True

    async def aclose(self) -> None:
        """Let the last signs go away."""
        await self._afterwards.aclose()
        await self._signs.aclose(CLOSING_SECONDS)

    def _story(self, running: Running, keeping: Keeping) -> Story:
        adapter = self._adapters[running.turn.message.place.platform]
        app = self._apps.get(running.turn.conversation.app)
        under = growing(app, language_of(running.turn))
        reply = reply_to(running, adapter, self._lanes, self._ledger, keeping, under)
        return Story(running, reply, adapter, app)

    async def _answer(self, story: Story) -> Closing | None:
        """How the turn ends; None where it has to be gone on with by the next process."""
        running, turn, text = story.running, story.running.turn, story.reply.text
        try:
            command = command_of(turn.message.text)
            if command is not None:
                return await self._obey(command, turn, story.app)
            if not turn.message.text.strip() and not turn.message.files:
                return Closing("", ("empty_question",), "refused")
            app = self._app(turn)
            self._check_length(turn)
            if running.stop.is_set() and turn.state is State.QUEUED:
                return Closing(text, () if running.quiet else ("stopped",), Outcome.STOPPED)
            return await self._ask(story, app)
        except Superseded:
            raise
        except ParleyError as error:
            return await self._failed(story, error)
        except Exception as error:
            log.error("turn %d failed inside: %s", turn.id, type(error).__name__)  # noqa: TRY400
            log.debug("details", exc_info=True)
            return Closing(story.reply.text, ("internal",), Outcome.FAILED)

    async def _failed(self, story: Story, error: ParleyError) -> Closing:
        app = story.app
        if app is not None and isinstance(error, DifyRefused) and error.code in _CHANGED:
            app.dify.stale()
        setup = isinstance(error, InputsRefused) and app is not None and await app.wants_form()
        return replace(failed(error, story.reply.text), footers=tuple(story.notes), setup=setup)

    async def _obey(self, command: Command, turn: Turn, app: App | None) -> Closing:
        match command:
            case Command.NEW:
                await patiently(lambda: self._ledger.forget_memory(turn))
                first = await opening(app, ABOUT_SECONDS)
                await patiently(lambda: self._asides.offer(turn, first.starters))
                return Closing(first.words, ("new_topic",), "command", offers=first.starters)
            case Command.STOP:
                stopped = turn.stop is not Wish.NONE  # of a "stop" it says whether there was something
                return Closing("", ("stopping" if stopped else "nothing_to_stop",), "command")
            case Command.HELP:
                return await self._help(turn, app)

    async def _help(self, turn: Turn, app: App | None) -> Closing:
        if app is None:
            return Closing("", ("help",), "command")
        about = await app.introduction(language_of(turn), ABOUT_SECONDS)
        first = await opening(app, ABOUT_SECONDS)
        await patiently(lambda: self._asides.offer(turn, first.starters))
        return Closing(about, ("help",), "command", setup=app.has_form, offers=first.starters)

    def _app(self, turn: Turn) -> App:
        app = self._apps.get(turn.conversation.app)
        if app is None:
            raise NoRoute(_NO_ROUTE)
        return app

    def _check_length(self, turn: Turn) -> None:
        adapter = self._adapters[turn.message.place.platform]
        if len(turn.message.text) > adapter.limits(turn.message.place).question_length:
            raise QuestionTooLong(Advice("too_long", "a question was longer than what is passed on"))

    async def _ask(self, story: Story, app: App) -> Closing | None:
        running, reply, turn = story.running, story.reply, story.running.turn
        running.asking = True
        before: list[str] = []
        attachments = Attachments(app, story.adapter, turn, self._asides, self._transcoder)
        story.notes = attachments.notes
        story.made = made = MadeFiles(app, story.adapter, turn, running.check)
        prepared = await app.prepared(turn, story.adapter, turn.conversation.inputs)
        if prepared.missing and turn.state is State.QUEUED:
            return wanting(prepared.missing, app.title())
        steps = await self._steps(app, turn)
        asking = Asking(
            app, self._ledger, running, reply, complete=attachments.complete, made=made.note, steps=steps
        )
        running.settle = asking.settle
        async with self._signs.shown(asking, reply, story.adapter, target_of(turn), language_of(turn)):
            question = prepared.question
            try:
                begun = turn.state is State.RUNNING
                answer = await (asking.resume(question) if begun else asking.ask(question))
            except ConversationGone:
                await patiently(lambda: self._ledger.forget_memory(turn))
                before.append("memory_lost")
                answer = await asking.ask(replace(question, conversation_id=""))
            if not asking.stopped:
                answer = await as_kept(answer, app, question.user)
        if asking.left or (running.cut and asking.untouched):
            await asking.settle()
            return None
        return await self._judged(story, app, asking, answer, before)

    async def _judged(
        self, story: Story, app: App, asking: Asking, answer: Answer, before: Sequence[str]
    ) -> Closing:
        flags = {"stopped": asking.stopped, "cut": asking.cut, "quiet": story.running.quiet}
        closing = judged(answer, before, **flags)
        text, pictures = pictured(closing.text, app.is_own_file, final=True)
        if story.made is not None:
            story.made.note((*answer.files, *pictures))
            if answer.speech is not None and (spoken := answer.speech.file()) is not None:
                story.made.add(spoken)
        under = footers(answer, app.settings.show) if closing.text else ()
        setup = closing.setup and await app.wants_form()  # a worker looks at the inputs once it has begun
        return replace(closing, text=text, setup=setup, footers=(*story.notes, *under))

    async def _steps(self, app: App, turn: Turn) -> Steps | None:
        if not app.settings.show.steps:
            return None
        return Steps(language_of(turn), emoji(await app.dify.tool_icons()))

    async def _close(self, story: Story, keeping: Keeping, closing: Closing) -> None:
        running, reply, turn = story.running, story.reply, story.running.turn
        if closing.hint:
            log.warning("turn %d: %s (trace %s)", turn.id, closing.hint, trace_of(turn))
        if closing.outcome == Outcome.STOPPED and not closing.text and reply.refs:  # only steps were seen
            closing = replace(closing, sentences=closing.sentences or ("stopped",))
        below = buttons(closing, story.app, language_of(turn), reasons=self._reasons)
        shown = Shown(closing.text, self._notices(closing, turn), below)
        if shown.text or shown.notices or reply.refs or reply.calls:  # a first post may be on its way
            await reply.finish(shown.text, shown.notices, shown.buttons)
        if reply.gone is not None:
            log.warning("turn %d: its message can't be written: %s", turn.id, reply.gone)
        await keeping.settled()
        shown = await self._post_files(story, closing, shown)
        if running.settle is not None:
            await running.settle()
        await self._book(turn, closing, gone=reply.gone is not None)
        self._feedback.closed()
        tally(self._metrics, turn, reply, closing, self._lanes.clock())
        self._afterwards.begin(story, closing, shown)

    async def _post_files(self, story: Story, closing: Closing, shown: Shown) -> Shown:
        """The files of the answer, below it; of what can't be posted the answer says so."""
        if story.made is None or story.reply.gone is not None:
            return shown
        failures = tuple(await story.made.post(self._ledger))
        if not failures:
            return shown
        turn = story.running.turn
        said = self._notices(replace(closing, footers=(*closing.footers, *failures)), turn)
        more = replace(shown, notices=said)
        await self._afterwards.show(story, more)
        return more

    def _notices(self, closing: Closing, turn: Turn) -> tuple[str, ...]:
        under = (footer for footer in closing.footers if footer.fits(closing.sentences))
        said = [say(footer.sentence, language_of(turn), **footer.values) for footer in under]
        return (*(self._say(sentence, turn) for sentence in closing.sentences), *said)

    async def _book(self, turn: Turn, closing: Closing, *, gone: bool) -> None:
        waits = closing.retry or closing.setup or closing.form is not None
        if waits and not gone and closing.outcome != "command":
            pause = kept_form(closing.form)
            await patiently(lambda: self._ledger.park(turn, closing.outcome, closing.text, pause))
        else:
            await patiently(lambda: self._ledger.close(turn, "gone" if gone else closing.outcome))

    def _say(self, sentence: str, turn: Turn) -> str:
        app = self._apps.get(turn.conversation.app)
        adapter = self._adapters[turn.message.place.platform]
        return say(
            sentence,
            language_of(turn),
            app=app.title() if app else "Dify",
            length=len(turn.message.text),
            limit=adapter.limits(turn.message.place).question_length,
        )
