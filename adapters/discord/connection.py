"""Keeps a client connected to Discord, whatever ends it."""

import asyncio
import logging
import random
import time
from collections.abc import Callable

import yarl

from adapters.discord.client import Client
from adapters.discord.library import discord
from adapters.discord.settings import DiscordSettings
from core.contract import Refused

log = logging.getLogger(__name__)

SILENCE_SECONDS = 300.0  # nothing heard, not even a heartbeat, although discord.py reconnects: start afresh
QUIET_SECONDS = 100.0  # two heartbeats missed: not ok
STARTS_RESERVE = 20  # session starts per day that are left to whoever restarts the bot by hand
STEADY_SECONDS = 60.0  # a connection that held for so long was a good one: the back-off starts anew

PORTAL = "https://discord.com/developers/applications"
WRONG_TOKEN = (
    f"Discord refuses the token. Copy the right one from {PORTAL} (Bot, Reset Token) to discord.token"
)
NO_CONTENT = (
    "discord: the Message Content intent is switched off, so only direct messages and mentions can be read. "
    f"To follow threads without mentions switch it on at {PORTAL} (Bot, Message Content Intent) and restart"
)
_CLOSED = {  # Discord: topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
    4010: "invalid shard",
    4011: "too many servers for one connection: sharding is needed",
    4012: "outdated gateway version",
    4013: "invalid intents",
}


class SessionStartsUsedUp(ConnectionError):  # noqa: N818 - a state of the day, not a fault of the call
    """Discord resets the token of a bot that identifies more than 1,000 times a day (events/gateway)."""


class Connection:
    """The current client, replaced as often as needed; its REST side stays usable between two sessions."""

    def __init__(
        self, settings: DiscordSettings, make: Callable[[bool], Client], *, first_pause: float = 1.0
    ) -> None:
        self._settings = settings
        self._make = make  # of whether the message content intent is asked for
        self._first_pause = first_pause
        self._reason = "connecting"
        self.attention = 5.0  # seconds between two looks at a session
        self.client: Client | None = None
        self.content = True  # the message content intent is granted, as far as we know

    @property
    def status(self) -> str:
        """The word `ok` while events can arrive."""
        if self.client is None or not self.client.up:
            return self._reason
        return "ok" if self._silent_for(self.client) < QUIET_SECONDS else "no heartbeat"

    async def run(self) -> None:
        """Stay connected until cancelled. Raises Refused for a wrong token."""
        pause = self._first_pause
        while True:
            began = time.monotonic()
            granted = self.content
            await self._survive()
            if granted and not self.content:
                continue
            if time.monotonic() - began > STEADY_SECONDS:
                pause = self._first_pause
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - no secret
            pause = min(pause * 2, 60.0)

    async def _survive(self) -> None:
        """One client's life. discord.py ends with nearly anything, a refused connection as AttributeError."""
        try:
            await self._live()
        except discord.PrivilegedIntentsRequired:
            self.content = False
            log.warning(NO_CONTENT)
        except discord.LoginFailure as error:
            raise Refused(WRONG_TOKEN) from error
        except discord.ConnectionClosed as error:
            if error.code == 4004:
                raise Refused(WRONG_TOKEN) from error
            self._lost(_CLOSED.get(error.code, f"closed with {error.code}"))
        except Exception as error:  # noqa: BLE001 - see above: only cancellation may end us
            self._lost(type(error).__name__)

    def _lost(self, reason: str) -> None:
        self._reason = f"connection lost: {reason}"
        log.warning("discord: %s; connecting again", self._reason)

    async def _live(self) -> None:
        await self._log_in()
        client = self.client
        if client is None:
            return
        try:
            await self._attend(client)
        finally:
            client.up = False
            if client.ws is not None:  # its heartbeats would keep a session alive that nobody reads
                await client.ws.close()

    async def _log_in(self) -> None:
        client = self._make(self.content)
        try:
            await client.login(self._settings.token.get_secret_value())
            await self._find_gateway(client)
        except BaseException:
            await client.close()
            raise
        before, self.client = self.client, client
        if before is not None:
            await before.close()

    async def _find_gateway(self, client: Client) -> None:
        """discord.py has no setting for it but this class attribute."""
        url = self._settings.gateway_url
        if url is None:
            shards, url, starts = await client.http.get_bot_gateway()
            log.info("discord: %d session starts left today, %d shards advised", starts["remaining"], shards)
            if starts["remaining"] < STARTS_RESERVE:
                raise SessionStartsUsedUp
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)

    async def _attend(self, client: Client) -> None:
        """Run the gateway session; end it when it has fallen silent for good."""
        session = asyncio.create_task(client.connect())
        try:
            while not session.done():
                await asyncio.wait({session}, timeout=self.attention)
                if self._silent_for(client) > SILENCE_SECONDS:
                    raise TimeoutError
        finally:
            while not session.done():  # wait_for of Python 3.11, inside, may swallow a cancellation
                session.cancel()
                await asyncio.wait({session}, timeout=0.2)
        session.result()

    @staticmethod
    def _silent_for(client: Client) -> float:
        return time.monotonic() - client.heard_at
