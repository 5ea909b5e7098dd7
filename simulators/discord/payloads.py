"""The JSON objects of Discord, built from the world; key sets follow recordings of the real service."""

from datetime import datetime
from typing import Any

from simulators.discord.permissions import permissions_in
from simulators.discord.state import (
    Channel,
    ChannelType,
    Guild,
    Member,
    Role,
    User,
    World,
)

Json = dict[str, Any]
BOT_HTTP_INTERACTIONS = 1 << 19


def stamp(moment: datetime | None) -> str | None:
    """ISO 8601 with the offset, as Discord writes it; milliseconds in six digits."""
    return moment.isoformat(timespec="microseconds") if moment else None


def user(who: User) -> Json:
    return {
        "id": str(who.id),
        "username": who.name,
        "global_name": who.global_name,
        "discriminator": f"{who.id % 9999 + 1:04}" if who.bot else "0",
        "avatar": None,
        "avatar_decoration_data": None,
        "clan": None,
        "collectibles": None,
        "display_name_styles": None,
        "primary_guild": None,
        "public_flags": BOT_HTTP_INTERACTIONS if who.bot else 0,
    } | ({"bot": True} if who.bot else {})


def member(who: Member) -> Json:
    """The member object as in message events, which carry no user in it."""
    return {
        "roles": [str(role) for role in who.roles],
        "nick": who.nick,
        "avatar": None,
        "banner": None,
        "joined_at": stamp(who.joined_at),
        "premium_since": None,
        "communication_disabled_until": None,
        "pending": False,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def full_member(who: Member) -> Json:
    return member(who) | {"user": user(who.user)}


def role(what: Role) -> Json:
    return {
        "id": str(what.id),
        "name": what.name,
        "permissions": str(what.permissions),
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": 1 if what.managed_by else 0,
        "managed": what.managed_by is not None,
        "mentionable": False,
        "flags": 0,
    } | ({"tags": {"bot_id": str(what.managed_by)}} if what.managed_by else {})


def channel(where: Channel, *, newly_created: bool = False) -> Json:
    """A channel or thread object; null guild ids are left out, as Discord does."""
    if where.is_thread:
        return thread(where, newly_created=newly_created)
    if where.type == ChannelType.DM:
        return _dm(where)
    return {
        "id": str(where.id),
        "type": int(where.type),
        "guild_id": _text_id(where.guild),
        "name": where.name,
        "topic": where.topic,
        "nsfw": False,
        "position": 0,
        "parent_id": _text_id(where.parent),
        "flags": 0,
        "rate_limit_per_user": where.rate_limit_per_user,
        "last_message_id": _text(where.last_message_id),
        "permission_overwrites": _overwrites(where),
        **_by_type(where),
        **where.settings,
    }


def _by_type(where: Channel) -> Json:
    if where.type in (ChannelType.FORUM, ChannelType.MEDIA):
        return {"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None}
    if where.type in (ChannelType.VOICE, ChannelType.STAGE):
        return {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    return {}


def _overwrites(where: Channel) -> list[Json]:
    return [
        {"id": str(target), "type": rule.type, "allow": str(rule.allow), "deny": str(rule.deny)}
        for target, rule in where.overwrites.items()
    ]


def _dm(where: Channel) -> Json:
    return {
        "id": str(where.id),
        "type": 1,
        "flags": 0,
        "last_message_id": _text(where.last_message_id),
        "recipients": [user(who) for who in where.recipients],
    }


def thread(where: Channel, *, newly_created: bool = False) -> Json:
    payload: Json = {
        "id": str(where.id),
        "type": int(where.type),
        "guild_id": _text_id(where.guild),
        "parent_id": _text_id(where.parent),
        "owner_id": str(where.owner_id),
        "name": where.name,
        "last_message_id": _text(where.last_message_id),
        "message_count": where.message_count,
        "total_message_sent": where.total_message_sent,
        "member_count": len(where.member_ids),
        "rate_limit_per_user": where.rate_limit_per_user,
        "flags": 0,
        "thread_metadata": _thread_metadata(where),
    }
    if where.applied_tags:
        payload["applied_tags"] = [str(tag) for tag in where.applied_tags]
    return payload | ({"newly_created": True} if newly_created else {})


def _thread_metadata(where: Channel) -> Json:
    return {
        "archived": where.archived,
        "locked": where.locked,
        "auto_archive_duration": where.auto_archive_duration,
        "archive_timestamp": stamp(where.created_at),
        "create_timestamp": stamp(where.created_at),
    }


def thread_member(where: Channel, user_id: int) -> Json:
    return {
        "id": str(where.id),
        "user_id": str(user_id),
        "join_timestamp": stamp(where.created_at),
        "flags": 0,
        "muted": False,
        "mute_config": None,
    }


def guild(what: Guild) -> Json:
    """The guild object of GET /guilds/{guild_id}."""
    return {
        "id": str(what.id),
        "name": what.name,
        "owner_id": str(what.owner_id),
        "icon": None,
        "splash": None,
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [role(each) for each in what.roles.values()],
        "preferred_locale": "en-US",
        "premium_tier": what.premium_tier,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "system_channel_flags": 0,
        "afk_timeout": 300,
        "approximate_member_count": len(what.members),
        "max_members": 500_000,
        "vanity_url_code": None,
        "description": None,
    }


def guild_create(world: World, what: Guild) -> Json:
    """Discord: events/gateway-events#guild-create; without the members intent only the bot's own member."""
    visible = [c for c in world.channels.values() if c.guild is what and _shown(c, world.bot)]
    return guild(what) | {
        "joined_at": stamp(what.members[world.bot.id].joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(what.members),
        "members": [full_member(what.members[world.bot.id])],
        "channels": [channel(c) for c in visible if not c.is_thread],
        "threads": [
            thread(c) | _own_membership(c, world.bot) for c in visible if c.is_thread and not c.archived
        ],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def _shown(where: Channel, who: User) -> bool:
    return bool(permissions_in(where, who) & (1 << 10))


def _own_membership(where: Channel, who: User) -> Json:
    return {"member": thread_member(where, who.id)} if who.id in where.member_ids else {}


def _text(snowflake: int | None) -> str | None:
    return None if snowflake is None else str(snowflake)


def _text_id(thing: Guild | Channel | None) -> str | None:
    return str(thing.id) if thing else None


def application_flags(world: World) -> int:
    """GATEWAY_MESSAGE_CONTENT_LIMITED (1 << 19) as the developer portal's toggle sets it."""
    return 1 << 19 if world.message_content_enabled else 0
