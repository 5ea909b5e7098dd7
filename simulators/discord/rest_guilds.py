"""REST: the bot itself, its application, guilds, users, and where the gateway is."""

from typing import Any

from simulators.discord import payloads
from simulators.discord.errors import Refusal
from simulators.discord.permissions import Permission, guild_permissions, may
from simulators.discord.rest import Endpoint, RestCall
from simulators.discord.state import World

SESSION_STARTS = 1000  # per day
DAY_MS = 86_400_000


def get_me(world: World, _call: RestCall) -> Any:
    flags = {"verified": True, "mfa_enabled": True, "email": None, "locale": "en-US", "flags": 0}
    return payloads.user(world.bot) | {"bio": "", "banner": None, "accent_color": None} | flags


def get_user(world: World, call: RestCall) -> Any:
    return payloads.user(world.user(call.id("user_id")))


def get_application(world: World, _call: RestCall) -> Any:
    """Discord: GET /oauth2/applications/@me; its flags say whether message content is enabled."""
    return {
        "id": str(world.bot.id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "summary": "",
        "type": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": payloads.application_flags(world),
        "owner": payloads.user(world.owner),
        "team": None,
        "bot": payloads.user(world.bot),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "integration_types_config": {"0": {}, "1": {}},
    }


def get_gateway(world: World, _call: RestCall) -> Any:
    return {"url": world.gateway_url}


def get_gateway_bot(world: World, _call: RestCall) -> Any:
    """Discord: GET /gateway/bot."""
    start_limit = {
        "total": SESSION_STARTS,
        "remaining": max(0, world.session_starts_left),
        "reset_after": DAY_MS,
        "max_concurrency": 1,
    }
    return {"url": world.gateway_url, "shards": 1, "session_start_limit": start_limit}


def my_guilds(world: World, _call: RestCall) -> Any:
    return [
        {"id": str(guild.id), "name": guild.name, "icon": None, "owner": False, "features": []}
        | {"permissions": str(guild_permissions(guild, world.bot))}
        for guild in world.guilds.values()
        if world.bot.id in guild.members
    ]


def get_guild(world: World, call: RestCall) -> Any:
    return payloads.guild(world.guild(call.id("guild_id")))


def guild_channels(world: World, call: RestCall) -> Any:
    guild = world.guild(call.id("guild_id"))
    found = [c for c in world.channels.values() if c.guild is guild and not c.is_thread]
    return [payloads.channel(c) for c in found if may(c, world.bot, Permission.VIEW_CHANNEL)]


def guild_roles(world: World, call: RestCall) -> Any:
    return [payloads.role(each) for each in world.guild(call.id("guild_id")).roles.values()]


def get_member(world: World, call: RestCall) -> Any:
    member = world.guild(call.id("guild_id")).members.get(call.id("user_id"))
    if member is None:
        raise Refusal(10007)
    return payloads.full_member(member)


def list_members(world: World, call: RestCall) -> Any:
    """Needs the members intent on the application, which this one does not have: Refusal 50001."""
    world.guild(call.id("guild_id"))
    raise Refusal(50001)


ROUTES: dict[str, Endpoint] = {
    "GET /users/@me": get_me,
    "GET /users/@me/guilds": my_guilds,
    "GET /users/{user_id}": get_user,
    "GET /oauth2/applications/@me": get_application,
    "GET /applications/@me": get_application,
    "GET /gateway": get_gateway,
    "GET /gateway/bot": get_gateway_bot,
    "GET /guilds/{guild_id}": get_guild,
    "GET /guilds/{guild_id}/channels": guild_channels,
    "GET /guilds/{guild_id}/roles": guild_roles,
    "GET /guilds/{guild_id}/members": list_members,
    "GET /guilds/{guild_id}/members/{user_id}": get_member,
}
