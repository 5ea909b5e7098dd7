"""What kind of app a key belongs to and what it says about itself, asked of the server."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, get_args

from core.dify.about import Parameters, Site
from core.dify.client import DifyClient, Question, Stream
from core.dify.codes import NO_BLOCKING
from core.dify.events import AnyEvent
from core.dify.forms import query_input
from core.dify.known import Known
from core.dify.questions import CHAT_MODES, NEVER_BLOCKING, RUN_MODES, Mode
from core.dify.releases import version_of
from core.dify.server import DifyServer
from core.errors import DifyRefused

__all__ = ["DifyApp", "Mode", "version_of"]

log = logging.getLogger(__name__)

WORKER_RUNS_SINCE = (1, 13)
ATTACHES_SINCE = (1, 14)
ANNOTATES_SINCE = (1, 2)
ANNOTATED_MODES = CHAT_MODES - {"agent"}
PARAMETERS_SECONDS = 60.0  # so old may be what an app says about itself
ICONS_SECONDS = 2.0  # how long an answer's steps may wait for their pictures
SITE_SECONDS = 600.0  # so old may be what its web page says
_NO_RUN = "00000000-0000-0000-0000-000000000000"


@dataclass
class DifyApp:
    """One app: its name in our configuration, how to reach it, and what it is (once known)."""

    name: str
    client: DifyClient
    server: DifyServer
    mode: Mode | None = None
    input_name: str | None = None  # the configured variable for the question; else it is found in the form
    wants_blocking: bool = False  # as configured; agents refuse it
    title: str = ""  # the app's own name in Dify
    description: str = ""
    _detected: bool = False
    _said: Known[Parameters] = field(init=False, repr=False)
    _icons: Known[Mapping[str, Any]] = field(init=False, repr=False)
    _site: Known[Site] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        about = self.client.api.about
        self._said = Known(f"app {self.name}: its parameters", about.parameters, seconds=PARAMETERS_SECONDS)
        self._icons = Known(f"app {self.name}: its tools' icons", self._read_icons, seconds=float("inf"))
        self._site = Known(f"app {self.name}: its web page", self._read_site, seconds=SITE_SECONDS)

    async def detect(self) -> Mode:
        """Ask the server what the app is, unless it is known; raises DifyError while that can't be had.

        Its parameters are read too; of a chat app beside the question, which does not need them to be asked.
        """
        if self.mode is None or not self._detected:
            info = await self.client.info()
            self.title = str(info.get("name") or "")
            self.description = str(info.get("description") or "")
            said: Mode | None = info.get("mode")
            if self.mode is None:
                self.mode = said if said is not None and said in get_args(Mode) else await self._probe()
            self._detected = True
            self._warn()
        if self._is_agent:
            self._icons.refresh()
        if self.asks:
            self._said.refresh()
        else:  # looked at again each time: the form may be mended meanwhile
            await self._said.fresh()
        return self.mode

    async def _probe(self) -> Mode:
        # Dify before 1.4 does not say: each kind refuses the others' GETs with 400.
        chats = await self.client.is_kind("/conversations", {"user": "parley-probe", "limit": 1})
        runs = await self.client.is_kind(f"/workflows/run/{_NO_RUN}", {})
        if chats:
            return "advanced-chat" if runs else "chat"
        return "workflow" if runs else "completion"

    def _warn(self) -> None:
        if self.wants_blocking and not self.blocking:
            log.warning("app %s: %s apps can't be asked blocking: they are streamed", self.name, self.mode)

    @asynccontextmanager
    async def ask(self, question: Question) -> AsyncIterator[AsyncIterator[AnyEvent]]:
        """Ask as this app is asked: see DifyClient.ask.

        A Dify that does not tell agents from chats (before 1.4) says so when one is asked for a whole answer:
        nothing has begun then, so it is asked once more, and from then on known to be an agent.
        """
        whole = self.blocking
        async with AsyncExitStack() as stack:
            try:
                events = await stack.enter_async_context(self._stream(question))
            except DifyRefused as refused:
                if refused.advice is not NO_BLOCKING or not whole:
                    raise
                self._found_agent()
                events = await stack.enter_async_context(self._stream(question))
            yield events

    def _found_agent(self) -> None:
        if self.mode != "agent-chat":  # else another question has found it out meanwhile
            self.mode = "agent-chat"
            self._warn()

    def _stream(self, question: Question) -> Stream:
        mode = self.mode or "chat"
        return self.client.ask(question, run=self.runs, mode=mode, blocking=self.blocking)

    async def parameters(self) -> Parameters:
        """Features, limits and form (Dify: GET /parameters), a minute old at most while they are used.

        Waits only for the first read, which raises DifyError; later ones go on in the background.
        """
        return await self._said.get()

    async def newest_parameters(self) -> Parameters:
        """The same as Dify says them now; where that fails, the older ones, else it raises DifyError."""
        return await self._said.fresh()

    @property
    def known_parameters(self) -> Parameters | None:
        """The same as far as they are known, without asking."""
        return self._said.value

    def stale(self) -> None:
        """Dify refused what fits the known parameters: they are read again at once, in the background."""
        self._said.doubt()

    async def tool_icons(self) -> Mapping[str, Any]:
        """An agent's tools → the URL of a picture, or {"background", "content"} of an emoji.

        Asked once (Dify: GET /meta), as soon as it is known to be an agent; {} of other apps, and where it
        does not come soon. Never raises.
        """
        return (await self._icons.soon(ICONS_SECONDS) or {}) if self._is_agent else {}

    async def site(self, seconds: float) -> Site:
        """How it shows itself on its web page, minutes old at most while that is used (Dify: GET /site).

        An empty one where it has no such page, and where that is not known within `seconds`. Never raises.
        """
        return await self._site.soon(seconds) or Site()

    async def aclose(self) -> None:
        """Give up what is being read in the background; before the server is closed."""
        await self._said.aclose()
        await self._icons.aclose()
        await self._site.aclose()

    async def _read_icons(self) -> Mapping[str, Any]:
        return (await self.client.api.about.tool_icons()).tool_icons

    async def _read_site(self) -> Site:
        try:
            return await self.client.api.about.site()
        except DifyRefused as refused:
            if refused.advice.retry:
                raise
            return Site()  # an API without a web page, or a Dify before 1.0

    @property
    def query_input(self) -> str | None:
        """Of completion and workflow apps, the input variable that a question goes into; None: none known."""
        if self.input_name or self.known_parameters is None or self.mode is None or self.chats:
            return self.input_name
        form = self.known_parameters.form
        promptless = self.mode == "completion" and not form  # Dify takes `query` undeclared there
        return "query" if promptless else query_input(form)

    @property
    def blocking(self) -> bool:
        """Whether its answers are asked for as a whole: as configured, but never of agents (Dify: 400)."""
        return self.wants_blocking and self.mode not in NEVER_BLOCKING

    @property
    def _is_agent(self) -> bool:
        return self.mode in NEVER_BLOCKING

    @property
    def chats(self) -> bool:
        """Whether it answers on POST /chat-messages."""
        return self.mode in CHAT_MODES

    @property
    def converses(self) -> bool:
        """Whether it remembers what was said before in a conversation."""
        return self.mode in CHAT_MODES

    @property
    def asks(self) -> bool:
        """Whether it can be asked; of completion and workflow apps, whether we know where the text goes."""
        return self.chats or (self.mode is not None and self.query_input is not None)

    @property
    def annotates(self) -> bool:
        """Whether it is of a kind that has annotations (Dify: from 1.2 on)."""
        return self.mode in ANNOTATED_MODES

    @property
    def run_kind(self) -> bool:
        """Whether an answer is a run, with an id under which it can be looked up."""
        return self.mode in RUN_MODES

    @property
    def runs(self) -> bool:
        """Whether an answer is a run, executed outside of the API process (and so counted by `max_runs`)."""
        return self.run_kind and version_of(self.client.server_version) >= WORKER_RUNS_SINCE

    @property
    def outlives(self) -> bool:
        """Whether an answer is made to its end though nobody waits for it any more.

        A worker does so; and so does the API process, all releases, with one that was asked for as a whole.
        """
        return self.runs or self.blocking

    @property
    def attaches(self) -> bool:
        """Whether a run that goes on can be listened to again."""
        return self.runs and version_of(self.client.server_version) >= ATTACHES_SINCE
