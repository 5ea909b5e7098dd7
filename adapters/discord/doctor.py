"""The Discord part of `parley check`: what will not work, and how to mend it."""

from adapters.discord import commands
from adapters.discord.client import Client
from adapters.discord.connection import NO_CONTENT, WRONG_TOKEN
from adapters.discord.library import discord
from core.contract import Finding

NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
    attach_files=True,
    add_reactions=True,
)
GUILDS = 200  # a page of GET /users/@me/guilds
ASKED_GUILDS = 25  # whether they allow commands: each costs a call
NO_ACCESS = 50001


async def examine(client: Client, token: str) -> list[Finding]:
    """Log in and look around; the client is closed by the caller. Never raises."""
    try:
        await client.login(token)
        return [_login(client), _content(client), await _commands(client), *await _guilds(client)]
    except discord.LoginFailure:
        return [Finding("discord token", ok=False, text=WRONG_TOKEN)]
    except Exception as error:  # noqa: BLE001 - the doctor reports, whatever it is
        text = (
            f"Discord can't be reached ({type(error).__name__}): look at the network and at discord.api_url"
        )
        return [Finding("discord connection", ok=False, text=text)]


def _login(client: Client) -> Finding:
    return Finding("discord token", ok=True, text=f"logged in as {client.user}")


def _content(client: Client) -> Finding:
    flags = client.application.flags if client.application else discord.ApplicationFlags()
    if flags.gateway_message_content or flags.gateway_message_content_limited:
        return Finding("discord message content intent", ok=True, text="switched on")
    return Finding("discord message content intent", ok=False, text=NO_CONTENT.removeprefix("discord: "))


async def _commands(client: Client) -> Finding:
    """Whether those of this version are registered; if not, that is done at the next start."""
    known = await client.http.get_global_commands(client.application_id or 0)
    lacking = {each["name"] for each in commands.wanted()} - {each["name"] for each in known}
    if not lacking:
        return Finding("discord commands", ok=True, text="registered")
    text = f"{', '.join(f'/{name}' for name in sorted(lacking))}: registered at the next start, or now by "
    return Finding("discord commands", ok=True, text=f"{text}`parley discord-sync`")


async def _guilds(client: Client) -> list[Finding]:
    invite = invitation(client)
    guilds = await client.http.get_guilds(limit=GUILDS)
    if not guilds:
        return [Finding("discord servers", ok=False, text=f"the bot is in no server; invite it: {invite}")]
    found = [Finding("discord servers", ok=True, text=f"in {len(guilds)}; invite it to more: {invite}")]
    for guild in guilds:
        granted = discord.Permissions(int(guild.get("permissions", NEEDED.value)))
        lacking = [name for name, needed in NEEDED if needed and not getattr(granted, name)]
        if lacking and not granted.administrator:
            text = f"the bot's role lacks {', '.join(lacking)}; grant them, or invite it again: {invite}"
            found.append(Finding(f"discord server {guild['name']}", ok=False, text=text))
    for guild in guilds[:ASKED_GUILDS]:
        if not await _takes_commands(client, int(guild["id"])):
            text = f"it does not let the bot bring commands such as /ask; invite it again: {invite}"
            found.append(Finding(f"discord server {guild['name']}", ok=False, text=text))
    return found


async def _takes_commands(client: Client, guild: int) -> bool:
    """Whether the bot was invited with the scope applications.commands: else its commands are not shown."""
    try:
        await client.http.get_guild_commands(client.application_id or 0, guild)
    except discord.Forbidden as error:
        return error.code != NO_ACCESS
    return True


def invitation(client: Client) -> str:
    """The address where somebody adds the bot to a server with what it needs."""
    scopes = ("bot", "applications.commands")
    return discord.utils.oauth_url(client.application_id or 0, permissions=NEEDED, scopes=scopes)
