"""The sandbox of the demo: Slack, Discord and Dify on loopback, furnished with a small world."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from simulators.dify import DifySimulator
from simulators.discord import DiscordSimulator
from simulators.journal import Journal
from simulators.slack import SlackSimulator
from simulators.stage_answers import answer
from simulators.stage_extras import NEXT, OPENING, REQUEST_FORM, STARTERS, request
from simulators.stage_files import Shelf
from simulators.stage_places import furnish_discord, furnish_slack

T = TypeVar("T")
KEY, REQUESTS_KEY = "app-sandbox-support", "app-sandbox-requests"
PACE = 25.0  # words per second, about what a hosted model gives
SLACK_EDITS = ("chat.update", "chat.appendStream")
DISCORD_EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
REFUSED_EDITS, REFUSED_SECONDS = 2, 3


class Stage:
    """Everything around the bot. `async with Stage() as stage:`, then run a bot with `stage.config`.

    With `dify_url` and `dify_key` the bot is told to use that Dify; `dify` is None then.
    """

    def __init__(self, *, dify_url: str | None = None, dify_key: str | None = None) -> None:
        self.dify_url = dify_url
        self.dify_key = dify_key or KEY
        self.dify = None if dify_url else DifySimulator(pace=PACE)
        self.slack = SlackSimulator()
        self.discord = DiscordSimulator()
        self.slack_places = furnish_slack(self.slack)
        self.discord_places = furnish_discord(self.discord)
        self.shelf = Shelf()
        self.closed_forms: set[int] = set()  # of Discord, which does not say when its client closed one
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opened:
            if self.dify is not None:
                await opened.enter_async_context(self.dify)
                _add_apps(self.dify)
            await opened.enter_async_context(self.slack)
            await opened.enter_async_context(self.discord)
            self._open = opened.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    @property
    def journals(self) -> list[Journal]:
        """Of every simulated server."""
        return [self.slack.journal, self.discord.journal, *([self.dify.journal] if self.dify else [])]

    @property
    def config(self) -> dict[str, Any]:
        """The bot's configuration for this stage, in the shape of its YAML file."""
        slack, discord = self.slack, self.discord
        return {
            "dify": {"base_url": self.dify.base_url if self.dify else self.dify_url},
            "apps": self._apps,
            "slack": {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url},
            "discord": {
                "token": discord.token,
                "api_url": discord.api_url,
                "gateway_url": discord.gateway_url,
            },
            "routes": self._routes,
            "store": {"url": "sqlite:///demo.db"},
            "server": {"listen": "127.0.0.1:0"},
        }

    @property
    def _apps(self) -> dict[str, Any]:
        requests = {"requests": {"api_key": REQUESTS_KEY}} if self.dify else {}
        return {"support": {"api_key": self.dify_key}, **requests}

    @property
    def _routes(self) -> list[dict[str, Any]]:
        """#requests has an app of its own where Dify is the simulated one."""
        slack, discord = self.slack_places.requests.id, str(self.discord_places.requests.id)
        requests = {"app": "requests", "slack": {"channels": [slack]}, "discord": {"channels": [discord]}}
        return [*([requests] if self.dify else []), {"app": "support"}]

    @property
    def connected(self) -> bool:
        """Whether the bot listens on both platforms."""
        return bool(self.slack.socket.open and self.discord.gateway.sessions)

    async def ready(self, *, within: float = 30.0) -> None:
        """Wait until the bot is connected to both platforms; raises TimeoutError."""
        await self.wait(lambda: self.connected, within=within)

    async def wait(self, condition: Callable[[], T], *, within: float = 10.0) -> T:
        """Wait until `condition()` is truthy and return its value; asked after every change anywhere.

        Raises TimeoutError after `within` seconds.
        """
        changed = asyncio.Event()
        unlisten = [journal.listen(lambda _kind, _detail: changed.set()) for journal in self.journals]
        try:
            async with asyncio.timeout(within):
                while not (value := condition()):
                    changed.clear()
                    await changed.wait()
                return value
        finally:
            for each in unlisten:
                each()

    # ---- switches ----

    @property
    def pace(self) -> float:
        """Pieces per second of the simulated Dify; 0 where a real one answers."""
        return (self.dify.pace or 0.0) if self.dify else 0.0

    @pace.setter
    def pace(self, pieces_per_second: float) -> None:
        if self.dify is not None:
            self.dify.pace = pieces_per_second

    def fail_next(self) -> None:
        """Let the model fail in the middle of the next answer."""
        if self.dify is not None:
            self.dify.fail_next = True

    def lose_connection(self) -> None:
        """Cut the line to Dify in the middle of the next answer."""
        if self.dify is not None:
            self.dify.drop_next = True

    def limit_edits(self) -> None:
        """Answer the next edits on both platforms with 429."""
        for method in SLACK_EDITS:
            self.slack.rate_limit_next(method, REFUSED_SECONDS, REFUSED_EDITS)
        self.discord.rate_limit_next(DISCORD_EDIT, float(REFUSED_SECONDS), times=REFUSED_EDITS)
        self.slack.journal.changed("switched", {})

    @property
    def edits_limited(self) -> bool:
        """Whether there are edits left that limit_edits() will refuse."""
        waiting = self.slack.faults.retry_after
        return any(waiting.get(method) for method in SLACK_EDITS)

    def normal(self) -> None:
        """Take back every switch."""
        self.pace = PACE
        if self.dify is not None:
            self.dify.fail_next = self.dify.drop_next = False
        for method in SLACK_EDITS:
            self.slack.faults.retry_after.pop(method, None)
        while self.discord.faults.take(DISCORD_EDIT):
            pass


def _add_apps(dify: DifySimulator) -> None:
    """An agent that answers everywhere, and a chatflow with a form, which asks a person to decide."""
    features = {"opening_statement": OPENING, "suggested_questions": STARTERS}
    features |= {"suggestions": NEXT["demo"]["en"]}
    dify.add_app(KEY, mode="agent-chat", name="Support", script=answer, **features)
    dify.add_app(REQUESTS_KEY, mode="advanced-chat", name="Requests", script=request, input_form=REQUEST_FORM)
