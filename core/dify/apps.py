"""What kind of app a key belongs to, asked of the server where the configuration does not say."""

from dataclasses import dataclass
from typing import get_args

from core.dify.client import DifyClient
from core.dify.forms import is_empty, query_input
from core.dify.questions import CHAT_MODES, RUN_MODES, Mode
from core.dify.releases import version_of
from core.dify.server import DifyServer

__all__ = ["DifyApp", "Mode", "version_of"]

WORKER_RUNS_SINCE = (1, 13)
ATTACHES_SINCE = (1, 14)
_NO_RUN = "00000000-0000-0000-0000-000000000000"


@dataclass
class DifyApp:
    """One app: its name in our configuration, how to reach it, and what it is (once known)."""

    name: str
    client: DifyClient
    server: DifyServer
    mode: Mode | None = None
    title: str = ""  # the app's own name in Dify
    query_input: str | None = None  # completion and workflow: the input variable that a question goes into
    _detected: bool = False

    async def detect(self) -> Mode:
        """Ask the server what the app is, unless it is known; raises DifyError while that can't be had."""
        if self.mode is None or not self._detected:
            info = await self.client.info()
            self.title = str(info.get("name") or "")
            said: Mode | None = info.get("mode")
            if self.mode is None:
                self.mode = said if said is not None and said in get_args(Mode) else await self._probe()
            self._detected = True
        if not self.asks:  # looked at again each time: the form may be mended meanwhile
            form = (await self.client.parameters()).get("user_input_form")
            promptless = self.mode == "completion" and is_empty(form)  # Dify takes `query` undeclared there
            self.query_input = "query" if promptless else query_input(form)
        return self.mode

    async def _probe(self) -> Mode:
        # Dify before 1.4 does not say: each kind refuses the others' GETs with 400.
        chats = await self.client.is_kind("/conversations", {"user": "parley-probe", "limit": 1})
        runs = await self.client.is_kind(f"/workflows/run/{_NO_RUN}", {})
        if chats:
            return "advanced-chat" if runs else "chat"
        return "workflow" if runs else "completion"

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
