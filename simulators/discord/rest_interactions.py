"""REST: answers to interactions, and the application's commands."""

from typing import Any

from simulators.discord import content as rules
from simulators.discord import message_payloads, messages, modals
from simulators.discord.command_rules import check as check_command
from simulators.discord.errors import Refusal, invalid
from simulators.discord.interactions import (
    LOADING,
    MODAL_SUBMIT,
    Interaction,
    answer,
    by_token,
    thinking,
    to_answer,
)
from simulators.discord.rest import Endpoint, RestCall
from simulators.discord.rest_messages import changes_of, draft_of
from simulators.discord.state import Message, World

MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
WEBHOOK = "/webhooks/{application_id}/{interaction_token}"
COMMANDS = "/applications/{application_id}/commands"
GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"


def callback(world: World, call: RestCall) -> Any:
    """POST /interactions/{interaction_id}/{interaction_token}/callback."""
    what = to_answer(world, call.id("interaction_id"), call.params["interaction_token"])
    kind = call.fields["type"]
    data = call.fields.get("data") or {}
    _carry_out(world, what, call, kind, data)
    what.response_type = kind
    world.journal.changed("interaction", {"id": str(what.id), "response": kind})
    if call.query.get("with_response") in ("1", "true", "True"):
        return _callback_response(world, what, kind)
    return None


def _carry_out(world: World, what: Interaction, call: RestCall, kind: int, data: dict[str, Any]) -> None:
    if kind == MESSAGE:
        what.message = answer(world, what, _draft(world, what, call, data))
    elif kind == DEFERRED:
        what.message = thinking(world, what, int(data.get("flags") or 0))
    elif kind in (DEFERRED_UPDATE, UPDATE) and what.source:
        what.message = what.source
        if kind == UPDATE:
            messages.edit(world, what.source, changes_of(world, what.source, call, data))
    elif kind == CHOICES:
        what.choices = data.get("choices") or []
    elif kind == MODAL and what.type != MODAL_SUBMIT:
        modals.check(data)
        what.modal = data
    else:
        raise invalid("type", "INTERACTION_RESPONSE_TYPE_INVALID", f"Not possible here: {kind}")


def _draft(world: World, what: Interaction, call: RestCall, data: dict[str, Any]) -> messages.Draft:
    draft = draft_of(world, what.channel, call, data)
    rules.require_something(draft.content, draft.embeds, draft.components, draft.attachments)
    return draft


def _callback_response(world: World, what: Interaction, kind: int) -> dict[str, Any]:
    """Discord: interactions/receiving-and-responding#interaction-callback-response-object."""
    shown: dict[str, Any] = {"id": str(what.id), "type": what.type}
    if what.message is None:
        return {"interaction": shown}
    shown |= {
        "response_message_id": str(what.message.id),
        "response_message_loading": what.is_thinking,
        "response_message_ephemeral": bool(what.message.flags & rules.EPHEMERAL),
    }
    resource = {"type": kind, "message": message_payloads.message(world, what.message)}
    return {"interaction": shown, "resource": resource}


def follow_up(world: World, call: RestCall) -> Any:
    """POST below the webhook; the first one after a deferral becomes the answer itself.

    Raises Refusal 10015 before the first response.
    """
    what = by_token(world, call.params["interaction_token"])
    if what.response_type is None:
        raise Refusal(10015)
    draft = _draft(world, what, call, call.fields)
    if what.is_thinking and what.message:
        return _edit(world, what.message, call)
    message = answer(world, what, draft)
    what.followups.append(message)
    return message_payloads.message(world, message)


def _shown(world: World, call: RestCall) -> Message:
    """The message that the path means. Raises Refusal 10008."""
    what = by_token(world, call.params["interaction_token"])
    wanted = call.params.get("message_id")
    for message in (what.message, *what.followups):
        if message and not message.deleted and wanted in (None, str(message.id)):
            return message
    raise Refusal(10008)


def get_shown(world: World, call: RestCall) -> Any:
    return message_payloads.message(world, _shown(world, call))


def edit_shown(world: World, call: RestCall) -> Any:
    return _edit(world, _shown(world, call), call)


def _edit(world: World, message: Message, call: RestCall) -> Any:
    changes = changes_of(world, message, call, call.fields)
    if message.flags & LOADING:
        changes["flags"] = changes.get("flags", message.flags) & ~LOADING
    messages.edit(world, message, changes)
    return message_payloads.message(world, message)


def delete_shown(world: World, call: RestCall) -> Any:
    messages.delete(world, _shown(world, call))


def list_commands(world: World, call: RestCall) -> Any:
    """Raises Refusal 50001 for a guild that did not grant applications.commands."""
    scope = _scope(call)
    if scope is not None and not world.guild(scope).takes_commands:
        raise Refusal(50001)
    return world.commands.get(scope, [])


def put_commands(world: World, call: RestCall) -> Any:
    """PUT replaces all commands of the scope; ids stay for names that stay."""
    if not isinstance(call.body, list):
        raise Refusal(50035)
    known = {(each["name"], each["type"]): each["id"] for each in list_commands(world, call)}
    made = []
    for number, command in enumerate(call.body):
        kind = command.get("type", 1)
        check_command(command, str(number))
        command_id = known.get((command["name"], kind)) or str(world.new_id())
        made.append(_command(world, call, command | {"id": command_id, "type": kind}))
    world.commands[_scope(call)] = made
    world.journal.changed("commands", {"count": len(made)})
    return made


def _command(world: World, call: RestCall, given: dict[str, Any]) -> dict[str, Any]:
    defaults = {
        "application_id": str(world.bot.id),
        "version": str(world.new_id()),
        "description": "",
        "default_member_permissions": None,
        "nsfw": False,
        "contexts": None,
        "integration_types": [0],
    }
    guild_id = {"guild_id": call.params["guild_id"]} if "guild_id" in call.params else {}
    return defaults | {key: value for key, value in given.items() if value is not None} | guild_id


def _scope(call: RestCall) -> int | None:
    return int(call.params["guild_id"]) if "guild_id" in call.params else None


ROUTES: dict[str, Endpoint] = {
    "POST /interactions/{interaction_id}/{interaction_token}/callback": callback,
    f"POST {WEBHOOK}": follow_up,
    f"GET {WEBHOOK}/messages/@original": get_shown,
    f"PATCH {WEBHOOK}/messages/@original": edit_shown,
    f"DELETE {WEBHOOK}/messages/@original": delete_shown,
    f"GET {WEBHOOK}/messages/{{message_id}}": get_shown,
    f"PATCH {WEBHOOK}/messages/{{message_id}}": edit_shown,
    f"DELETE {WEBHOOK}/messages/{{message_id}}": delete_shown,
    f"GET {COMMANDS}": list_commands,
    f"PUT {COMMANDS}": put_commands,
    f"GET {GUILD_COMMANDS}": list_commands,
    f"PUT {GUILD_COMMANDS}": put_commands,
}
