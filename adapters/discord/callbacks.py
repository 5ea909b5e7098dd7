"""The REST calls that answer an interaction (Discord: interactions/receiving-and-responding)."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from adapters.discord.client import Client
from adapters.discord.interactions import EPHEMERAL, Interaction
from adapters.discord.library import discord

MESSAGE, DEFERRED, DEFERRED_UPDATE, MODAL = 4, 5, 6, 9
ANSWERED_ALREADY = 40060  # by another session of ours, or by a call whose reply was lost
AGAIN_SECONDS = 0.2
SUPPRESS_EMBEDS = 1 << 2
_CALLBACK = "/interactions/{interaction}/{webhook_token}/callback"
_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"

Body = dict[str, Any]


class Callbacks:
    """Each raises discord.HTTPException, discord.RateLimited, or an error of the connection."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client

    async def respond(self, used: Interaction, kind: int, data: Body | None = None) -> Body:
        """The first response, repeated until Discord has one; what it replied, if that was heard.

        Safe to repeat: a second one is refused with 40060. Ends with the time limit of who calls.
        """
        body = {"type": kind} | ({"data": data} if data else {})
        while True:
            route = discord.http.Route("POST", _CALLBACK, interaction=used.id, webhook_token=used.token)
            try:
                told = await self._client().http.request(
                    route, json=body, params={"with_response": "true" if kind == MESSAGE else "false"}
                )
            except discord.RateLimited as limited:
                await asyncio.sleep(limited.retry_after)
            except (discord.DiscordServerError, aiohttp.ClientError, OSError):
                await asyncio.sleep(AGAIN_SECONDS)
            except discord.HTTPException as error:
                if error.code != ANSWERED_ALREADY:
                    raise
                return {}
            else:
                return told if isinstance(told, dict) else {}

    async def follow_up(self, used: Interaction, body: Body) -> None:
        """Another message to the person alone (Discord: Create Followup Message)."""
        await self._call("POST", _WEBHOOK, used, body | {"flags": EPHEMERAL | SUPPRESS_EMBEDS})

    async def original(self, used: Interaction) -> Body:
        """The message that the first response made (Discord: Get Original Interaction Response)."""
        return dict(await self._call("GET", f"{_WEBHOOK}/messages/@original", used))

    async def edit_original(self, used: Interaction, body: Body) -> None:
        """Write into what a deferred response left (Discord: Edit Original Interaction Response)."""
        await self._call("PATCH", f"{_WEBHOOK}/messages/@original", used, body)

    async def delete_original(self, used: Interaction) -> None:
        """Take away what a deferred response left (Discord: Delete Original Interaction Response)."""
        await self._call("DELETE", f"{_WEBHOOK}/messages/@original", used)

    async def _call(self, method: str, path: str, used: Interaction, body: Body | None = None) -> Any:
        where = {"webhook_id": used.application, "webhook_token": used.token}
        route = discord.http.Route(method, path, **where)
        if body is None:
            return await self._client().http.request(route)
        return await self._client().http.request(route, json=body)
