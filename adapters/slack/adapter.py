"""The Slack adapter: Bolt over Socket Mode in, messages out."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from adapters.slack import markdown
from adapters.slack.api import SlackApi, sdk_log
from adapters.slack.backoff import until_answered
from adapters.slack.connection import Connection
from adapters.slack.doctor import app_token_hint, bot_token_hint, findings
from adapters.slack.inbound import PLATFORM, Malformed, Self, normalised, pressed_in, sender_team
from adapters.slack.live import EditMessage, NativeStream
from adapters.slack.people import People
from adapters.slack.search import find_pages
from adapters.slack.settings import SlackSettings
from adapters.slack.status import ThreadStatus
from adapters.slack.streaming import Streaming
from adapters.slack.surface import Surface
from adapters.slack.text import labelled, readable, unnamed
from adapters.slack.whispers import Whispers
from core.contract import (
    ChatAdapter,
    Finding,
    Guard,
    Inbox,
    Limits,
    LiveMessage,
    Notes,
    Refused,
    Sign,
    unguarded,
)
from core.messages import (
    ButtonPressed,
    IncomingMessage,
    IncomingReaction,
    MessageRef,
    Names,
    Person,
    Place,
    Standing,
    Target,
)

log = logging.getLogger(__name__)

# Bytes of one streamed message, text and cards: 10.6 to 12 kB were seen to fit. Seconds: streams die at 300.
_EDITED = Limits(page_length=9_000)
_STREAMED = Limits(page_length=9_000, page_seconds=240)

_DONE = 200  # Bolt's status for: acknowledge
_AGAIN = 503  # anything else is not acknowledged, so that Slack delivers it again


class SlackAdapter:
    """One Slack app in one workspace or organisation."""

    def __init__(
        self, settings: SlackSettings, *, ping_interval: float = 5.0, patience: float = 60.0
    ) -> None:
        """`ping_interval`: seconds in which a silently cut socket is noticed.

        `patience`: seconds without a socket after which we start over with a new URL (the SDK tries one
        that Slack does not take any more for ever).
        """
        self._settings = settings
        self._ping_interval = ping_interval
        self._patience = patience
        self._app_token = settings.app_token.get_secret_value()
        self._api = SlackApi(settings.api_url, settings.bot_token.get_secret_value())
        self._people = People(self._api)
        self._surface = Surface(self._api, self._people, Streaming(), self._identify)
        self._thread_status = ThreadStatus(self._api)
        self._whispers = Whispers(self._api)
        self._connection: Connection | None = None
        self._failure = "connecting"
        self._refusal: asyncio.Future[Refused] | None = None
        self._me: Self | None = None
        self._lines: WeakValueDictionary[Place, asyncio.Lock] = WeakValueDictionary()

    @property
    def name(self) -> str:
        """The platform's name."""
        return PLATFORM

    @property
    def status(self) -> str:
        """`ok` while the socket is open."""
        return "ok" if self._connection is not None and self._connection.up else self._failure

    async def run(self, inbox: Inbox, notes: Notes) -> None:
        """Take events in until cancelled. Raises Refused where a token is wrong."""
        del notes  # Slack keeps nothing that must outlive us
        me = await until_answered(self._identify, bot_token_hint, self._failing)
        app = self._app(inbox, me)
        while True:
            await self._connected(app)

    async def aclose(self) -> None:
        """Close the session that messages are written over."""
        await self._api.close()

    def limits(self, place: Place) -> Limits:
        """A native stream must be closed before Slack kills it; an edited message has no age."""
        return _STREAMED if self._native(place) else _EDITED

    def measure(self, markdown_text: str) -> int:
        """Bytes of the rendered text."""
        return markdown.measure(markdown_text)

    def live(self, target: Target, posted: MessageRef | None = None, guard: Guard = unguarded) -> LiveMessage:
        """A native stream where it is possible and wanted, else a message that is edited."""
        if posted is not None or not self._native(target.place):
            return EditMessage(self._surface, target, posted.id if posted else "", guard)
        return NativeStream(self._surface, target, guard)

    async def find(self, target: Target) -> Sequence[Standing]:
        """By the keys that our messages carry as metadata."""
        return await find_pages(self._surface, target)

    async def whisper(self, ref: MessageRef, person: Person, sentence: str) -> None:
        """An ephemeral message, in the thread that the button was pressed in."""
        await self._whispers.say(ref, person, sentence)

    async def busy(self, target: Target, sign: Sign | None, sentence: str) -> None:
        """Slack's own line above the input box, in threads."""
        await self._thread_status.show(target, sentence if sign is not None else "")

    async def names(self, message: IncomingMessage) -> Names:
        """From users.info and conversations.info."""
        place = message.place
        if place.direct:  # has no name
            return Names(await self._people.name(message.author.id), place.channel)
        return Names(
            *await asyncio.gather(self._people.name(message.author.id), self._people.channel(place.channel))
        )

    async def check(self) -> Sequence[Finding]:
        """Tokens, scopes, Socket Mode."""
        return await findings(self._api, self._app_token)

    def _native(self, place: Place) -> bool:
        wanted = place.direct or self._settings.channel_stream == "native"
        return wanted and bool(place.thread) and self._surface.streaming.possible(place)

    async def _identify(self) -> Self:
        """Slack: auth.test."""
        if self._me is None:
            reply = await self._api.read("auth.test")
            team = str(reply.get("team_id") or "")
            whole_org = reply.get("is_enterprise_install") and reply.get("enterprise_id")
            workspace = str(reply["enterprise_id"]) if whole_org else team
            self._me = Self(workspace, team, str(reply["user_id"]), str(reply.get("bot_id") or ""))
        return self._me

    # ---- the connection ----

    async def _connected(self, app: AsyncApp) -> None:
        """Keep one connection until it stays down. Raises Refused."""
        self._refusal = asyncio.get_running_loop().create_future()
        connection = Connection(app, self._open_url, self._ping_interval)
        connecting = asyncio.create_task(connection.open(), name="slack connect")
        self._connection = connection
        try:
            await self._watch(connection)
        finally:
            self._connection = None
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await connection.leave()

    async def _watch(self, connection: Connection) -> None:
        assert self._refusal is not None  # noqa: S101 (for the type checker: made by the only caller)
        down_since: float | None = None
        clock = asyncio.get_running_loop().time
        while down_since is None or clock() - down_since < self._patience:
            refused, _ = await asyncio.wait([self._refusal], timeout=min(1.0, self._patience / 4))
            if refused:
                raise self._refusal.result()
            down_since = None if connection.up else down_since or clock()
        log.warning("no connection to Slack for %d s; starting over", self._patience)

    async def _open_url(self) -> str:
        """Slack: apps.connections.open."""
        try:
            reply = await until_answered(self._ask_for_url, app_token_hint, self._failing)
        except Refused as refused:
            if self._refusal is not None and not self._refusal.done():
                self._refusal.set_result(refused)
            raise
        self._failing("connecting")
        return reply

    async def _ask_for_url(self) -> str:
        reply = await self._api.read("apps.connections.open", token=self._app_token)
        return str(reply["url"])

    def _failing(self, reason: str) -> None:
        self._failure = reason

    # ---- events ----

    def _app(self, inbox: Inbox, me: Self) -> AsyncApp:
        """Bolt with one middleware that takes everything in, before it is acknowledged.

        Bolt would acknowledge an event before its listener has run, and one without a listener never.
        """

        async def take(req: AsyncBoltRequest) -> BoltResponse:
            return BoltResponse(status=await self._take(req.body, inbox, me))

        async def authorize() -> AuthorizeResult:
            # Known already. Bolt's own look-up would acknowledge, and so lose, an event while it fails.
            return AuthorizeResult(
                enterprise_id=None, team_id=me.team, bot_user_id=me.user, bot_id=me.bot, bot_token=""
            )

        # Our own events are told apart by `normalised`: Bolt's filter would take deletions of ours as well.
        app = AsyncApp(
            name="parley",
            logger=sdk_log,
            client=self._api.new_client(None),
            authorize=authorize,
            ignoring_self_events_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        app.use(take)
        return app

    async def _take(self, body: Mapping[str, Any], inbox: Inbox, me: Self) -> int:
        try:
            await self._hand_over(body, inbox, me)
        except Malformed as problem:
            log.warning("an event of an unknown shape was left out: %s", problem)
        except Exception as error:
            # Slack sends an event again; a person whose press was not taken in sees a warning beside it.
            log.error("an event was not taken in and not acknowledged: %s", type(error).__name__)  # noqa: TRY400
            log.debug("details", exc_info=True)
            return _AGAIN
        return _DONE

    async def _hand_over(self, body: Mapping[str, Any], inbox: Inbox, me: Self) -> None:
        said = normalised(body, me, self._settings)
        if isinstance(said, IncomingMessage):
            async with self._lines.setdefault(said.place, asyncio.Lock()):  # a look-up lets nobody overtake
                self._people.met(said.author.id, sender_team(body, me))
                text = await self._readable(str(body["event"].get("text") or ""), me)
                await inbox.message(replace(said, text=text, locale=self._people.locale(said.author.id)))
        elif isinstance(said, IncomingReaction):
            bot = said.author.bot or await self._people.is_bot(said.author.id)
            await inbox.reaction(replace(said, author=replace(said.author, bot=bot)))
        elif said is not None:
            if isinstance(said, ButtonPressed):
                self._whispers.pressed(said.ref, pressed_in(body))
            await inbox.action(said)

    async def _readable(self, text: str, me: Self) -> str:
        """The text with the names of those whom it mentions; ids where Slack does not tell them in time."""
        others = unnamed(text, me.user)
        names = await asyncio.gather(*(self._people.name(user) for user in others))
        return readable(labelled(text, dict(zip(others, names, strict=True))), me.user)


_: type[ChatAdapter] = SlackAdapter
