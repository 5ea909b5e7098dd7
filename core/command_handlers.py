"""What a platform's commands do. Their answers are seen by nobody else."""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from core.apps import App
from core.commands import COMMANDS
from core.contract import ChatAdapter
from core.conversation_commands import ConversationCommands
from core.dify.workflows import WorkflowLog
from core.errors import DifyError
from core.history_commands import HistoryCommands, command_of
from core.messages import (
    ButtonPressed,
    CommandGiven,
    Greeting,
    Opened,
    Response,
    Whisper,
)
from core.openings import ABOUT_SECONDS, opening
from core.router import Route, choose
from core.sentences import language, say
from core.setup import Setup
from core.stopping import Stopping
from core.store.asides import Asides

log = logging.getLogger(__name__)

SECONDS = 1.7  # platforms wait for 3, and adapters for 1.9
RUNS = 10
_NAMES = frozenset(spec.name for spec in COMMANDS)
_FOR_ADMINS = frozenset(("variables", "runs"))


class CommandHandlers:
    """Answers CommandGiven and Opened, and the buttons under what commands showed."""

    def __init__(
        self,
        asides: Asides,
        apps: Mapping[str, App],
        adapters: Mapping[str, ChatAdapter],
        routes: Sequence[Route],
        setup: Setup,
        stopping: Stopping,
        admins: Collection[str] = (),
    ) -> None:
        self._asides = asides
        self._apps = apps
        self._routes = routes
        self._setup = setup
        self._stopping = stopping
        self._admins = frozenset(admins)
        self._conversations = ConversationCommands(asides)
        self._history = HistoryCommands(asides, adapters)
        self._forgetting: set[asyncio.Task[str]] = set()

    async def given(self, given: CommandGiven) -> Response:
        """Do it. Raises StoreUnavailable."""
        lang = language(given.text, given.locale)
        app, name = self._app(given), given.name.lower()
        if name == "stop":
            stopped = await self._stopping.stop_at(given.place, given.author.id)
            return Whisper(say("stopping" if stopped else "nothing_to_stop", lang))
        if name == "help" or name not in _NAMES:
            return Whisper(await self.help(app, lang))
        if app is None:
            return Whisper(say("no_route", lang))
        if name in _FOR_ADMINS and not self.is_admin(given.place.platform, given.author.id):
            return Whisper(say("admins_only", lang))
        return await self._carry_out(name, app, given, lang)

    async def _carry_out(self, name: str, app: App, given: CommandGiven, lang: str) -> Response:
        if name == "setup":
            await app.known(SECONDS)
            return await self._setup.opened(app, given.place, given.identity, given.locale)
        try:
            if name == "forget":
                return await self._forgotten(app, given, lang)
            async with asyncio.timeout(SECONDS):
                done = await self._done(name, app, given, lang)
                return done if isinstance(done, Whisper) else Whisper(done)
        except TimeoutError:
            return Whisper(say("dify_unreachable", lang))
        except DifyError as error:
            log.warning("a command failed: %s", error.advice.hint)
            return Whisper(say(error.advice.sentence, lang))

    async def _forgotten(self, app: App, given: CommandGiven, lang: str) -> Whisper:
        """What is begun to be deleted is deleted, however long that takes."""
        admin = self.is_admin(given.place.platform, given.author.id)
        task = asyncio.create_task(self._conversations.forget(app, given, lang, admin=admin))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)
        done, _ = await asyncio.wait({task}, timeout=SECONDS)
        return Whisper(task.result() if done else say("forgetting", lang))

    async def pressed(self, pressed: ButtonPressed) -> Response | None:
        """What a button under a command's answer asks for. Raises StoreUnavailable."""
        given = command_of(pressed)
        if given is None:
            return Whisper(say("too_late", language("", pressed.locale)))
        return await self.given(given)

    async def opened(self, opened: Opened) -> Response | None:
        """A first word where somebody opened a place, and what may be asked first."""
        first = await opening(self._app(opened), SECONDS)
        return Greeting(first.words, first.starters) if first else None

    async def help(self, app: App | None, lang: str) -> str:
        """What the app is, and what can be said to us."""
        about = await app.introduction(lang, ABOUT_SECONDS) if app is not None else ""
        lines = [f"`{spec.name}` — {spec.described.get(lang, spec.described['en'])}" for spec in COMMANDS]
        said = [about, ""] if about else []
        return "\n".join([*said, say("help", lang, app=app.title() if app else "Dify"), "", *lines])

    def is_admin(self, platform: str, person: str) -> bool:
        """Whether the configuration names them."""
        return f"{platform}:{person}" in self._admins

    async def _done(self, name: str, app: App, given: CommandGiven, lang: str) -> str | Whisper:
        match name:
            case "new":
                return await self._afresh(app, given, lang)
            case "history":
                return await self._history.history(app, given, lang)
            case "variables":
                return await self._conversations.variables(app, given, lang)
            case "runs":
                return await _runs(app, lang)
            case _:  # `ask` without words
                return say("empty_question", lang)

    async def _afresh(self, app: App, given: CommandGiven, lang: str) -> str:
        current = await self._asides.meant(given.place, app.dify.name)
        if current is None:
            return say("nothing_here", lang)
        await self._asides.switch(current.place, app.dify.name, "")
        first = await opening(app, ABOUT_SECONDS)
        starters = "\n".join(f"- {question}" for question in first.starters)
        return "\n\n".join(part for part in (say("new_topic", lang), first.words, starters) if part)

    def _app(self, where: CommandGiven | Opened) -> App | None:
        return self._apps.get(choose(self._routes, where))


async def _runs(app: App, lang: str) -> str:
    """The latest runs. Other kinds of apps are not asked: Dify's refusal would read as a wrong key."""
    if app.dify.mode is None:
        await app.dify.detect()
    if not app.dify.run_kind:
        return say("never_runs", lang, app=app.title())
    found = await app.dify.client.api.workflows.logs(limit=RUNS)
    return "\n".join(_run(row) for row in found.rows) or say("no_runs", lang)


def _run(row: WorkflowLog) -> str:
    run, at = row.workflow_run, row.created_at
    when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M") if at else ""
    return f"{when} · {run.status} · {run.elapsed_time:.1f} s · {run.total_tokens:,} tokens · {run.id[:8]}"
