"""Our commands as Discord registers them (Discord: interactions/application-commands)."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from adapters.discord.client import Client
from adapters.discord.library import discord
from core.commands import COMMANDS, CommandSpec

CHAT_INPUT, STRING = 1, 3  # types of a command, of an option
GUILD, BOT_DM = 0, 1  # contexts; not the direct messages of others
GUILD_INSTALL = 0
OPTION = "text"  # the name of what stands behind a command
_LOCALES = {"ja": "ja", "zh": "zh-CN"}
_WRITABLE = (
    "id", "type", "name", "name_localizations", "description", "description_localizations", "options",
    "default_member_permissions", "nsfw", "integration_types", "contexts", "handler",
)  # fmt: skip

Command = dict[str, Any]


def wanted() -> list[Command]:
    """The commands of this version."""
    return [_command(spec) for spec in COMMANDS]


def _command(spec: CommandSpec) -> Command:
    return {
        "type": CHAT_INPUT,
        "name": spec.name,
        **_described(spec.described),
        "options": [_option(spec)] if spec.argument else [],
        "integration_types": [GUILD_INSTALL],
        "contexts": [GUILD, BOT_DM],
    }


def _option(spec: CommandSpec) -> Command:
    return {"type": STRING, "name": OPTION, **_described(spec.argument), "required": spec.needed}


def _described(told: Mapping[str, str]) -> Command:
    translated = {locale: told[language] for language, locale in _LOCALES.items() if language in told}
    return {"description": told["en"], "description_localizations": translated}


def mark(commands: Sequence[Command]) -> str:
    """The same for the same commands."""
    text = json.dumps(commands, sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


async def register(client: Client, formerly: Collection[str] = ()) -> list[str]:
    """Make the application's global commands ours, and keep those of others; the names of ours.

    `formerly`: names that an earlier version registered. One call replaces them all (Discord: Bulk Overwrite
    Global Application Commands), so that there is no moment without a command.
    Raises discord.HTTPException, discord.RateLimited, or an error of the connection.
    """
    ours = wanted()
    names = {each["name"] for each in ours} | set(formerly)
    path = "/applications/{application_id}/commands"
    route = discord.http.Route("GET", path, application_id=client.application_id)
    known = await client.http.request(route, params={"with_localizations": "true"})
    kept = [_again(each) for each in known if each["name"] not in names or each.get("type", 1) != CHAT_INPUT]
    payload: Any = [*ours, *kept]
    await client.http.bulk_upsert_global_commands(client.application_id or 0, payload)
    return [each["name"] for each in ours]


def _again(command: Command) -> Command:
    """A command as it was, without what Discord adds."""
    return {key: command[key] for key in _WRITABLE if command.get(key) is not None}
