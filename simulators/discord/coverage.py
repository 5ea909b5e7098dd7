"""What of Discord is simulated: REST routes, gateway events and opcodes, as data that a test holds to."""

from enum import StrEnum


class Coverage(StrEnum):
    """How far something goes; the notes say what a partial one lacks."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    MISSING = "missing"


YES, PARTLY, NO = Coverage.SUPPORTED, Coverage.PARTIAL, Coverage.MISSING
_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_REACTION = f"{_MESSAGE}/reactions/{{emoji}}"
_WEBHOOK = "/webhooks/{application_id}/{interaction_token}"
_COMMANDS = "/applications/{application_id}/commands"
_GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"

REST: dict[str, Coverage] = {
    "GET /users/@me": YES,
    "GET /users/@me/guilds": PARTLY,
    "GET /users/{user_id}": YES,
    "PATCH /users/@me": NO,
    "GET /oauth2/applications/@me": YES,
    "GET /applications/@me": YES,
    "GET /gateway": YES,
    "GET /gateway/bot": YES,
    "POST /users/@me/channels": YES,
    "GET /guilds/{guild_id}": YES,
    "GET /guilds/{guild_id}/channels": YES,
    "POST /guilds/{guild_id}/channels": NO,
    "GET /guilds/{guild_id}/roles": YES,
    "GET /guilds/{guild_id}/members": PARTLY,
    "GET /guilds/{guild_id}/members/{user_id}": YES,
    "GET /guilds/{guild_id}/threads/active": YES,
    "GET /channels/{channel_id}": YES,
    "PATCH /channels/{channel_id}": PARTLY,
    "DELETE /channels/{channel_id}": YES,
    "POST /channels/{channel_id}/typing": YES,
    "GET /channels/{channel_id}/messages": YES,
    "POST /channels/{channel_id}/messages": PARTLY,
    "POST /channels/{channel_id}/messages/bulk-delete": NO,
    f"GET {_MESSAGE}": YES,
    f"PATCH {_MESSAGE}": YES,
    f"DELETE {_MESSAGE}": YES,
    f"POST {_MESSAGE}/crosspost": NO,
    f"PUT {_REACTION}/@me": YES,
    f"DELETE {_REACTION}/@me": YES,
    f"DELETE {_REACTION}/{{user_id}}": YES,
    f"GET {_REACTION}": YES,
    f"DELETE {_REACTION}": NO,
    f"DELETE {_MESSAGE}/reactions": NO,
    "GET /channels/{channel_id}/messages/pins": NO,
    "PUT /channels/{channel_id}/messages/pins/{message_id}": NO,
    f"POST {_MESSAGE}/threads": YES,
    "POST /channels/{channel_id}/threads": YES,
    "PUT /channels/{channel_id}/thread-members/@me": YES,
    "DELETE /channels/{channel_id}/thread-members/@me": YES,
    "GET /channels/{channel_id}/thread-members": YES,
    "GET /channels/{channel_id}/threads/archived/public": NO,
    "POST /attachments/refresh-urls": YES,
    "POST /interactions/{interaction_id}/{interaction_token}/callback": PARTLY,
    f"POST {_WEBHOOK}": PARTLY,
    f"GET {_WEBHOOK}/messages/@original": YES,
    f"PATCH {_WEBHOOK}/messages/@original": YES,
    f"DELETE {_WEBHOOK}/messages/@original": YES,
    f"GET {_WEBHOOK}/messages/{{message_id}}": YES,
    f"PATCH {_WEBHOOK}/messages/{{message_id}}": YES,
    f"DELETE {_WEBHOOK}/messages/{{message_id}}": YES,
    f"GET {_COMMANDS}": YES,
    f"PUT {_COMMANDS}": PARTLY,
    f"POST {_COMMANDS}": NO,
    f"GET {_GUILD_COMMANDS}": YES,
    f"PUT {_GUILD_COMMANDS}": PARTLY,
}

EVENTS: dict[str, Coverage] = {
    "READY": YES,
    "RESUMED": YES,
    "GUILD_CREATE": PARTLY,
    "GUILD_DELETE": NO,
    "GUILD_MEMBERS_CHUNK": PARTLY,
    "CHANNEL_CREATE": YES,
    "CHANNEL_UPDATE": YES,
    "CHANNEL_DELETE": YES,
    "THREAD_CREATE": YES,
    "THREAD_UPDATE": YES,
    "THREAD_DELETE": YES,
    "THREAD_LIST_SYNC": NO,
    "THREAD_MEMBERS_UPDATE": NO,
    "MESSAGE_CREATE": YES,
    "MESSAGE_UPDATE": YES,
    "MESSAGE_DELETE": YES,
    "MESSAGE_DELETE_BULK": NO,
    "MESSAGE_REACTION_ADD": YES,
    "MESSAGE_REACTION_REMOVE": YES,
    "MESSAGE_REACTION_REMOVE_ALL": NO,
    "INTERACTION_CREATE": PARTLY,
    "TYPING_START": NO,
    "PRESENCE_UPDATE": NO,
}

OPCODES: dict[int, Coverage] = {
    0: YES,  # dispatch
    1: PARTLY,  # heartbeat
    2: PARTLY,  # identify
    3: PARTLY,  # presence update
    4: PARTLY,  # voice state update
    6: YES,  # resume
    7: YES,  # reconnect
    8: PARTLY,  # request guild members
    9: YES,  # invalid session
    10: YES,  # hello
    11: YES,  # heartbeat ack
    31: NO,  # request soundboard sounds
}

NOTES: dict[str, str] = {
    "GET /users/@me/guilds": "no paging",
    "GET /guilds/{guild_id}/members": "always 50001: the members intent cannot be enabled",
    "PATCH /channels/{channel_id}": "permission_overwrites and moving are ignored",
    "POST /channels/{channel_id}/messages": "no stickers, polls, forwards; pictures have no width and height",
    "POST /interactions/{interaction_id}/{interaction_token}/callback": "selects of people little checked",
    f"POST {_WEBHOOK}": "a follow-up is no reply to the original",
    f"PUT {_COMMANDS}": "choices and autocomplete are not checked; no daily limit",
    f"PUT {_GUILD_COMMANDS}": "choices and autocomplete are not checked; no daily limit",
    "GUILD_CREATE": "members: the bot only; no emojis, stickers, voice, presences",
    "GUILD_MEMBERS_CHUNK": "one chunk",
    "INTERACTION_CREATE": "no groups of commands, no autocomplete, no entity selects",
    "1": "sessions that do not beat are never closed (4009), nor those that send too much (4008)",
    "2": "the daily number of starts is counted, not enforced; no payload compression",
    "3": "accepted, without effect",
    "4": "accepted, without effect",
    "8": "answered in one chunk",
}
