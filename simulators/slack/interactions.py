"""How people use what the app shows: slash commands, buttons, shortcuts, modals, and the answers to them."""

import time
from typing import Any

from simulators.slack import blocks as block_kit
from simulators.slack import events, views
from simulators.slack.files import Upload, described
from simulators.slack.filling import SELECTED, filled, picked
from simulators.slack.methods_views import keep_view, new_hash
from simulators.slack.people import People, Somebody, Somewhere
from simulators.slack.refusal import Refusal
from simulators.slack.socket_mode import Delivery
from simulators.slack.state import Channel, Interaction, Message, User, View

MAX_RESPONSES = 5


class Interactions(People):
    """The interactive actions of people; each returns its Delivery (`acked`, `response`)."""

    def slash_command(self, channel: Somewhere, user: Somebody, command: str, text: str = "") -> Delivery:
        """A person sends "/command text"; an acknowledgement with a payload is shown to them."""
        place, who = self.channel(channel), self.user(user)
        payload = events.slash_command(self.world, place, who, command, text)
        payload |= {"trigger_id": self.trigger(who), "response_url": self.response_url(who, place, None)}
        token = payload["response_url"].rpartition("/")[2]

        def shown(response: Any) -> None:
            try:
                if response:
                    self.respond(self.world.interactions[token], response)
            except Refusal as refusal:
                delivery.refused = repr(refusal.extra or refusal.error)

        delivery = Delivery("slash_commands", payload, accepts_response=True, on_ack=shown)
        return self.socket.deliver(delivery)

    def press(self, message: Message, action_id: str, user: Somebody, value: str | None = None) -> Delivery:
        """A person uses an element of a message. `value`: a select's option, "positive"/"negative" feedback.

        Raises KeyError if the message shows no such element now.
        """
        element = next((e for e in message.buttons if e["action_id"] == action_id), None)
        if element is None:
            raise KeyError(action_id)
        who, place = self.user(user), self.world.channels[message.channel]
        payload = events.interaction(self.world, "block_actions", who, self.trigger(who))
        payload |= events.block_actions(self.world, message, pressed(element, value), self.base)
        payload["response_url"] = self.response_url(who, place, message)
        return self.socket.deliver(Delivery("interactive", payload))

    def press_home(self, user: Somebody, action_id: str, value: str | None = None) -> Delivery:
        """A person uses an element of their Home tab. Raises KeyError if it is not there."""
        who = self.user(user)
        view = who.home or {"blocks": []}
        found = [
            {**element, "block_id": block["block_id"]}
            for block in view["blocks"]
            for element in block_kit.interactive(block)
            if element["action_id"] == action_id
        ]
        if not found:
            raise KeyError(action_id)
        payload = events.interaction(self.world, "block_actions", who, self.trigger(who))
        payload |= {"container": {"type": "view", "view_id": view["id"]}, "view": view}
        return self.socket.deliver(
            Delivery("interactive", {**payload, "actions": [pressed(found[0], value)]})
        )

    def message_shortcut(self, message: Message, callback_id: str, user: Somebody) -> Delivery:
        """A person picks a message shortcut (`message_action`)."""
        who, place = self.user(user), self.world.channels[message.channel]
        payload = events.interaction(self.world, "message_action", who, self.trigger(who))
        payload |= {"callback_id": callback_id, "action_ts": self.world.next_ts(), "message_ts": message.ts}
        payload |= {
            "channel": {"id": place.id, "name": events.channel_name(place)},
            "message": self.wire(message),
        }
        payload["response_url"] = self.response_url(who, place, message)
        return self.socket.deliver(Delivery("interactive", payload))

    def global_shortcut(self, callback_id: str, user: Somebody) -> Delivery:
        """A person picks a global shortcut (`shortcut`)."""
        who = self.user(user)
        payload = events.interaction(self.world, "shortcut", who, self.trigger(who))
        payload |= {"callback_id": callback_id, "action_ts": self.world.next_ts()}
        return self.socket.deliver(Delivery("interactive", payload))

    @property
    def open_views(self) -> list[View]:
        """The modals that are open now, oldest first."""
        return [view for view in self.world.views.values() if not view.closed]

    def submit(self, view: View, values: dict[str, Any]) -> Delivery:
        """A person submits a modal. `values`: see filling.filled.

        The acknowledgement decides: nothing closes it, `errors` keeps it, `update`/`push` shows another view.
        An answer that Slack does not take leaves it open, with its reason in Delivery.refused.
        """
        who = self.user(view.user)

        def keep(upload: Upload) -> dict[str, Any]:
            return described(self.add_file(who, upload), self.base, self.world.team_id)

        entered = filled(view.body, values, keep)
        payload = events.interaction(self.world, "view_submission", who, self.trigger(who))
        shown = {**events.view_fields(self.world, view), "state": {"values": entered}}
        payload |= {"view": shown, "response_urls": []}

        def closed(response: Any) -> None:
            try:
                self._after_submission(view, response or {})
            except Refusal as refusal:
                delivery.refused = repr(refusal.extra or refusal.error)
            self.journal.changed("view", {"id": view.id, "closed": view.closed})

        delivery: Delivery = Delivery("interactive", payload, accepts_response=True, on_ack=closed)
        return self.socket.deliver(delivery)

    def _after_submission(self, view: View, response: dict[str, Any]) -> None:
        action = response.get("response_action", "")
        view.errors = _errors(view, response) if action == "errors" else {}
        if action == "update":
            view.body, view.hash = views.checked(response["view"]), new_hash()
        elif action == "push":
            keep_view(self, view.user, views.checked(response["view"]), view)
        elif action == "clear":
            for other in self.open_views:
                other.closed = other.closed or other.root_id == view.root_id
        elif action != "errors":
            view.closed = True

    def close(self, view: View) -> Delivery | None:
        """A person closes a modal without submitting it (`view_closed`, if the view asked for it)."""
        view.closed = True
        if not view.body.get("notify_on_close"):
            return None
        payload = events.interaction(self.world, "view_closed", self.user(view.user), "")
        del payload["trigger_id"]
        payload |= {"view": events.view_fields(self.world, view), "is_cleared": False}
        return self.socket.deliver(Delivery("interactive", payload))

    def answer(self, token: str, body: dict[str, Any]) -> int:
        """A POST to a response_url. Returns the HTTP status: 404 for unknown, used-up or expired ones."""
        interaction = self.world.interactions.get(token)
        if interaction is None or interaction.uses >= MAX_RESPONSES or self.clock() > interaction.expires:
            return 404
        interaction.uses += 1
        self.respond(interaction, body)
        return 200

    def respond(self, interaction: Interaction, body: dict[str, Any]) -> None:
        """Show an answer to an interaction: in place of the original, to all, or to the person alone."""
        original = interaction.message
        if original is not None and body.get("delete_original"):
            self.remove(original)
            return
        text, blocks = str(body.get("text") or ""), block_kit.checked(body.get("blocks"))
        if original is not None and body.get("replace_original"):
            previous = self.wire(original)
            original.text, original.blocks = text, blocks
            self.changed(original, previous)
            return
        channel = self.world.channels[interaction.channel]
        hidden = None if body.get("response_type") == "in_channel" else interaction.user
        thread = body.get("thread_ts") or (original.thread_ts if original else None)
        message = self.bot_message(channel, text, blocks=blocks, thread_ts=thread, ephemeral_to=hidden)
        self.world.add(message)
        self.announce(message)

    def ephemerals(self, channel: Somewhere, user: Somebody) -> list[Message]:
        """The messages that only this person sees in a channel, oldest first."""
        place, who = self.channel(channel), self.user(user)
        return [m for m in self.world.messages(place) if m.ephemeral_to == who.id]

    def visible(self, channel: Somewhere, user: Somebody, thread_ts: str | None = None) -> list[str]:
        """What a member reads in a channel (or one of its threads) right now, oldest first."""
        place: Channel = self.channel(channel)
        reader: User = self.user(user)
        found = self.world.thread(place, thread_ts) if thread_ts else self.world.messages(place)
        return [m.shown_to(reader.id) for m in found if m.ephemeral_to in (None, reader.id)]


def pressed(element: dict[str, Any], value: str | None) -> dict[str, Any]:
    """The entry of `actions` for a used element."""
    kind = element["type"]
    action = {"action_id": element["action_id"], "block_id": element["block_id"]}
    if kind == "feedback_buttons":
        button = element[f"{value or 'positive'}_button"]
        action |= {"text": button["text"], "value": button.get("value", "")}
    elif kind in SELECTED:
        action[SELECTED[kind]] = picked(element, value)
    else:
        action |= {key: element[key] for key in ("text", "value", "style") if key in element}
    return {**action, "type": kind, "action_ts": f"{time.time():.6f}"}


def _errors(view: View, response: dict[str, Any]) -> dict[str, str]:
    """Sentences by block; Slack shows an error of its own where a block is no input of the view."""
    errors: dict[str, str] = response.get("errors") or {}
    inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    if not errors or not set(errors) <= inputs or not all(errors.values()):
        raise Refusal("invalid_errors")
    return errors
