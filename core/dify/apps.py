"""What kind of app a key belongs to and what it says about itself, asked of the server."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from core.dify.about import Parameters
from core.dify.client import DifyClient
from core.dify.forms import query_input
from core.dify.known import Known
from core.dify.questions import CHAT_MODES, NEVER_BLOCKING, RUN_MODES, Mode
from core.dify.releases import version_of
from core.dify.server import DifyServer

__all__ = ["DifyApp", "Mode", "version_of"]

log = logging.getLogger(__name__)

WORKER_RUNS_SINCE = (1, 13)
ATTACHES_SINCE = (1, 14)
PARAMETERS_SECONDS = 60.0  # so old may be what an app says about itself
ICONS_SECONDS = 2.0  # how long an answer's steps may wait for their pictures
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
    _detected: bool = False
    _said: Known[Parameters] = field(init=False, repr=False)
    _icons: Known[Mapping[str, Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        about = self.client.api.about
        self._said = Known(f"app {self.name}: its parameters", about.parameters, seconds=PARAMETERS_SECONDS)
        self._icons = Known(f"app {self.name}: its tools' icons", self._read_icons, seconds=float("inf"))

    async def detect(self) -> Mode:
        """Ask the server what the app is, unless it is known; raises DifyError while that can't be had.

        Its parameters are read too; of a chat app beside the question, which does not need them to be asked.
        """
        if self.mode is None or not self._detected:
            info = await self.client.info()
            self.title = str(info.get("name") or "")
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

    async def aclose(self) -> None:
        """Give up what is being read in the background; before the server is closed."""
        await self._said.aclose()
        await self._icons.aclose()

    async def _read_icons(self) -> Mapping[str, Any]:
        return (await self.client.api.about.tool_icons()).tool_icons

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
    def run_kind(self) -> bool:
        """Whether an answer is a run, with an id under which it can be looked up."""
        return self.mode in RUN_MODES

    @property
    def runs(self) -> bool:
        """Whether an answer is a run, executed outside of the API process (and so counted by `max_runs`)."""
        return self.run_kind and version_of(self.client.server_version) >= WORKER_RUNS_SINCE

    @property
    def attaches(self) -> bool:
        """Whether a run that goes on can be listened to again."""
        return self.runs and version_of(self.client.server_version) >= ATTACHES_SINCE
