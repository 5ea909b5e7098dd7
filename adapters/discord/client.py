"""discord.py's client, set up for us: few intents, no caches, no waiting for rate limits, no fatal events."""

import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, Protocol

import aiohttp

from adapters.discord.allowances import Allowances
from adapters.discord.call_limit import CallLimit
from adapters.discord.library import discord
from adapters.discord.refusals import retry_after

log = logging.getLogger(__name__)

GUILDS_SECONDS = 0.1  # READY is not held back longer for guilds that are slow to appear


def intents(*, content: bool) -> discord.Intents:
    """Only message content is privileged: it has to be switched on in the developer portal."""
    return discord.Intents(
        guilds=True,
        guild_messages=True,
        guild_reactions=True,
        dm_messages=True,
        dm_reactions=True,
        message_content=content,
    )


class Listener(Protocol):
    """Who is told what happens. Nothing here may block or raise."""

    def message(self, client: discord.Client, message: discord.Message) -> None:
        """A message was written."""

    def reaction(
        self, client: discord.Client, payload: discord.RawReactionActionEvent, *, added: bool
    ) -> None:
        """A reaction came or went; to any message, however old."""

    def deleted(self, guild_id: int | None, channel_id: int, message_id: int) -> None:
        """A message was deleted."""

    def interaction(self, data: Mapping[str, Any]) -> None:
        """Somebody used a component or a command; the event as it came. May raise where it is malformed."""

    def began(self) -> None:
        """A session begins that knows nothing of an earlier one; no event of it was told yet."""

    def ready(self, client: "Client") -> None:
        """That session is ready, its guilds and channels are known."""

    def lost(self) -> None:
        """The gateway's line is cut."""


class ImpatientLimit(discord.http.Ratelimit):
    """discord.py's idea of a bucket, without its queue.

    Pacing is the core's, from the allowances that Discord tells. discord.py would hold the reply to the call
    that exhausts a bucket until the window ends, and would mix up posts and edits, which share a bucket's
    name but not its window.
    """

    async def acquire(self) -> None:
        """Let every request through."""

    async def __aexit__(self, *_error: object) -> None:
        """Do not wait for the window to end."""


class Client(discord.Client):
    """One login and at most one gateway session; a broken one is replaced by a new client."""

    def __init__(
        self, listener: Listener, allowances: Allowances, limit: CallLimit, *, content: bool
    ) -> None:
        super().__init__(
            intents=intents(content=content),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=GUILDS_SECONDS,
            max_ratelimit_timeout=30.0,
            http_trace=_trace(allowances, limit),
            enable_debug_events=True,  # for on_socket_raw_receive
        )
        self._listener = listener
        self.up = False  # the gateway session is running
        self.heard_at = time.monotonic()  # the last frame, heartbeat acknowledgements too
        # every 429 is raised at once as discord.RateLimited (the constructor allows no less than 30 s)
        self.http.max_ratelimit_timeout = 1e-9
        self.http.get_ratelimit = _no_queue  # type: ignore[method-assign]
        self.http.request = _limited(self.http.request, limit)  # type: ignore[method-assign]
        parsers: dict[str, Callable[[Any], None]] = self._connection.parsers
        parsers["INTERACTION_CREATE"] = listener.interaction  # discord.py would look for a view that waits
        for event in parsers.keys() - {"READY", "RESUMED"}:  # without these there is no connection
            parsers[event] = _guarded(event, parsers[event])

    def message_of(self, data: Any, guild: str) -> discord.Message | None:
        """A message of the history, as if the gateway had told of it; None where discord.py can't read it.

        The guild is empty in direct messages.
        """
        try:
            where = int(data["channel_id"])
            kind = {"guild_id": int(guild)} if guild else {"type": discord.ChannelType.private}
            channel: Any = self.get_channel(where) or self.get_partial_messageable(where, **kind)
            return discord.Message(state=self._connection, channel=channel, data=data)
        except Exception as error:  # noqa: BLE001 - a foreign parser on foreign data
            log.warning("discord: skipped a malformed message (%s)", type(error).__name__)
            return None

    async def on_connect(self) -> None:
        self._listener.began()

    async def on_ready(self) -> None:
        self.up = True
        self._listener.ready(self)

    async def on_resumed(self) -> None:
        self.up = True

    async def on_disconnect(self) -> None:
        self.up = False
        self._listener.lost()

    async def on_message(self, message: discord.Message) -> None:
        self._listener.message(self, message)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self._listener.reaction(self, payload, added=True)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        self._listener.reaction(self, payload, added=False)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        self._listener.deleted(payload.guild_id, payload.channel_id, payload.message_id)

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        for message_id in payload.message_ids:
            self._listener.deleted(payload.guild_id, payload.channel_id, message_id)

    async def on_socket_raw_receive(self, _frame: str) -> None:
        self.heard_at = time.monotonic()

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """Called by discord.py inside its `except`; the arguments hold people's text and are not logged."""
        log.exception("discord: %s failed", event_method)  # noqa: LOG004 - see above


def _no_queue(key: str) -> ImpatientLimit:  # noqa: ARG001 - the signature is discord.py's
    return ImpatientLimit(None)


def _limited(
    request: Callable[..., Awaitable[Any]], limit: CallLimit
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """All calls of the bot together keep to Discord's limit for it."""

    async def limited(route: discord.http.Route, **arguments: Any) -> Any:
        await limit.turn(route.path)
        return await request(route, **arguments)

    return limited


def _guarded(event: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    """An event that discord.py can't read is skipped; it would end `connect()` and lose all others."""

    def guarded(data: Any) -> None:
        try:
            parse(data)
        except Exception as error:  # noqa: BLE001 - a foreign parser on foreign data
            log.warning("discord: skipped a malformed %s event (%s)", event, type(error).__name__)

    return guarded


def _trace(allowances: Allowances, limit: CallLimit) -> aiohttp.TraceConfig:
    """discord.py keeps the rate limit headers to itself; aiohttp shows them."""

    async def ended(_session: Any, _context: Any, params: aiohttp.TraceRequestEndParams) -> None:
        headers = params.response.headers
        allowances.note(params.method, params.url.path, headers)
        if params.response.status == HTTPStatus.TOO_MANY_REQUESTS and headers.get("X-RateLimit-Global"):
            limit.pause(retry_after(headers))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    return trace
