"""The Slack adapter: Bolt over Socket Mode in, messages out."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from adapters.slack import markdown
from adapters.slack.api import SlackApi, sdk_log
from adapters.slack.backoff import until_answered
from adapters.slack.connection import Connection
from adapters.slack.doctor import app_token_hint, bot_token_hint, findings
from adapters.slack.files import fetch
from adapters.slack.forms import FORM_FIELDS
from adapters.slack.inbound import PLATFORM, Self
from adapters.slack.intake import Intake
from adapters.slack.live import EditMessage
from adapters.slack.native import NativeStream
from adapters.slack.people import People
from adapters.slack.quotes import Quotes
from adapters.slack.search import find_pages
from adapters.slack.settings import SlackSettings
from adapters.slack.status import ThreadStatus
from adapters.slack.streaming import Streaming
from adapters.slack.surface import Surface
from adapters.slack.uploads import UPLOAD_BYTES, Uploads
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
    IncomingFile,
    IncomingMessage,
    MessageRef,
    Names,
    OutgoingFile,
    Person,
    Place,
    Standing,
    Target,
)

log = logging.getLogger(__name__)

# Bytes of one streamed message, text and cards: 10.6 to 12 kB were seen to fit. Seconds: streams die at 300.
# Nine cards (see cards.py) take up to 1 kB.
_EDITED = Limits(
    page_length=9_000,
    form_fields=FORM_FIELDS,
    upload_bytes=UPLOAD_BYTES,
    own_hosts=("slack.com", "slack-files.com", "slack-gov.com"),
)
_STREAMED = replace(_EDITED, page_length=8_000, page_seconds=240)


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
        self._uploads = Uploads(self._surface)
        self._quotes = Quotes(self._surface)

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
        me = await until_answered(self._identify, bot_token_hint, self._failing)
        intake = Intake(self._surface, self._whispers, self._quotes, self._settings, inbox, notes, me)
        app = self._app(intake, me)
        try:
            while True:
                await self._connected(app)
        finally:
            await intake.aclose()

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

    async def fetch(self, file: IncomingFile, most: int) -> bytes:
        """Over the address that its event, or files.info, names."""
        return await fetch(self._api, file, most)

    async def upload(self, target: Target, file: OutgoingFile, guard: Guard = unguarded) -> MessageRef:
        """In the question's thread, under its own name."""
        return await self._uploads.share(target, file, guard)

    async def quote(self, place: Place, person: Person, text: str, key: str) -> MessageRef:
        """Behind the mention of who said it; nothing in it notifies anybody else."""
        return await self._quotes.quote(place, person, text, key)

    async def entitle(self, place: Place, title: str) -> None:
        """Slack has titles in direct messages only."""
        if place.direct:
            await self._thread_status.entitle(place, title)

    def share(self, among: int) -> None:
        """Nothing to divide: all that Slack limits are budgets of messages."""

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

    def _app(self, intake: Intake, me: Self) -> AsyncApp:
        """Bolt with one middleware that takes everything in, before it is acknowledged.

        Bolt would acknowledge an event before its listener has run, and one without a listener never.
        """

        async def take(req: AsyncBoltRequest) -> BoltResponse:
            status, answer = await intake.take(req.body)
            return BoltResponse(status=status, body=answer or "")

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


_: type[ChatAdapter] = SlackAdapter
