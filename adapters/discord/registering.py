"""Registers our commands when a session begins and they are not those that were registered last."""

import asyncio
import json
import logging

from adapters.discord import commands
from adapters.discord.client import Client
from adapters.discord.connection import WRONG_TOKEN
from adapters.discord.library import discord
from adapters.discord.refusals import translated
from core.contract import Notes, Refused

log = logging.getLogger(__name__)

NOTE = "discord:commands"
SECONDS = 60.0


async def register_now(client: Client, token: str) -> list[str]:
    """Log in and register; the names. The client is closed by the caller.

    Raises Refused for a wrong token, RateLimited, Gone, Uncertain.
    """
    try:
        with translated():
            await client.login(token)
            return await commands.register(client)
    except discord.LoginFailure as error:
        raise Refused(WRONG_TOKEN) from error


class Registration:
    """Never raises: the bot works without commands, and the next session tries again."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._done = False
        self._task: asyncio.Task[None] | None = None

    def begin(self, client: Client) -> None:
        """Look whether there is something to do, beside everything else."""
        if not self._done and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run(client))

    async def close(self) -> None:
        """Stop; what was not done is done at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, client: Client) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                await self._compare(client)
        except Exception as error:  # noqa: BLE001 - see above
            log.warning(
                "discord: the commands could not be registered (%s); try `parley discord-sync`",
                type(error).__name__,
            )
        else:
            self._done = True

    async def _compare(self, client: Client) -> None:
        kept = json.loads(await self._notes.get(NOTE) or "{}")
        mark = f"{client.application_id}:{commands.mark(commands.wanted())}"
        if kept.get("mark") == mark:
            return
        names = await commands.register(client, kept.get("names", ()))
        await self._notes.put(NOTE, json.dumps({"mark": mark, "names": names}))
        log.info("discord: %d commands registered", len(names))
