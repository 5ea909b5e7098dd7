"""What people do in the simulated Discord: write, edit, react, use commands, click, fill in forms."""

import mimetypes
from collections.abc import Iterable
from typing import Any

from simulators.discord import content as rules
from simulators.discord import interactions, message_payloads, messages, modals, payloads, threads
from simulators.discord.interactions import Interaction
from simulators.discord.permissions import Overwrite, Permission
from simulators.discord.state import (
    Attachment,
    Channel,
    ChannelType,
    Event,
    Guild,
    Member,
    Message,
    Role,
    User,
    World,
)

OPTION_TYPES = {bool: 5, str: 3, int: 4, float: 10, User: 6, Channel: 7, Attachment: 11}


class People:
    """The actions of people (and the furniture they need) on a world; nothing here waits."""

    world: World

    def add_user(self, name: str, *, bot: bool = False) -> User:
        """A person (or another bot) in no guild yet."""
        return self.world.add_user(name, bot=bot)

    def add_guild(self, name: str, *members: User) -> Guild:
        """A guild with the bot, its managed role and these people; running sessions are told."""
        guild = self.world.add_guild(name, members)
        data = payloads.guild_create(self.world, guild)
        self.world.emit(Event("GUILD_CREATE", data, guild=guild))
        return guild

    def join(self, guild: Guild, user: User) -> None:
        guild.members[user.id] = Member(user, self.world.now())

    def add_channel(self, guild: Guild, name: str, kind: ChannelType = ChannelType.TEXT) -> Channel:
        """A text, announcement, forum or voice channel."""
        channel = self.world.add_channel(kind, guild=guild, name=name)
        self.world.emit(Event("CHANNEL_CREATE", payloads.channel(channel), channel))
        return channel

    def bot_role(self, guild: Guild) -> int:
        """The id of the role that the bot brought along; people pick it by mistake when they mention."""
        return next(role.id for role in guild.roles.values() if role.managed_by == self.world.bot.id)

    def add_role(self, guild: Guild, name: str, *members: User) -> int:
        """A role that these members have; gives its id."""
        role = Role(self.world.new_id(), name, 0)
        guild.roles[role.id] = role
        for user in members:
            guild.members[user.id].roles.append(role.id)
        data = {"guild_id": str(guild.id), "role": payloads.role(role)}
        self.world.emit(Event("GUILD_ROLE_CREATE", data, guild=guild))
        return role.id

    def deny(self, channel: Channel, *permissions: Permission) -> None:
        """Take permissions from the bot in this channel."""
        rule = self._rule(channel)
        for each in permissions:
            rule.deny |= each
            rule.allow &= ~each
        threads.change(self.world, channel)

    def allow(self, channel: Channel, *permissions: Permission) -> None:
        """Grant permissions to the bot in this channel."""
        rule = self._rule(channel)
        for each in permissions:
            rule.allow |= each
            rule.deny &= ~each
        threads.change(self.world, channel)

    def _rule(self, channel: Channel) -> Overwrite:
        return channel.overwrites.setdefault(self.world.bot.id, Overwrite(type=1))

    def dm(self, user: User) -> Channel:
        """The DM channel of this person and the bot."""
        return self.world.dm(user)

    def file(self, filename: str, data: bytes, content_type: str | None = None) -> Attachment:
        """A file to attach; `content_type=None` guesses it from the name."""
        guessed = content_type or mimetypes.guess_type(filename)[0]
        return Attachment(self.world.new_id(), filename, data, guessed)

    def post(
        self,
        channel: Channel,
        user: User,
        content: str = "",
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        attachments: Iterable[Attachment] = (),
        **extra: Any,
    ) -> Message:
        """Write a message as a person; `extra` sets further fields of Message (type, snapshots, flags)."""
        draft = messages.Draft(content=content, attachments=list(attachments), reply_to=reply_to, extra=extra)
        draft.nonce = str(self.world.new_id())
        parse = ["users", "roles", "everyone"]
        draft.allowed_mentions = {"parse": parse, "replied_user": ping}
        return messages.write(self.world, channel, user, draft)

    def repeat(self, message: Message) -> None:
        """Tell of a message once more, as a second session or a RESUME does."""
        payload = message_payloads.message_event(self.world, message)
        self.world.emit(Event("MESSAGE_CREATE", payload, message.channel))

    def edit(self, message: Message, content: str) -> None:
        """Change a message's content as its author."""
        messages.edit(self.world, message, {"content": content})

    def unfurl(self, message: Message, embed: dict[str, Any]) -> None:
        """Add a link's preview: a MESSAGE_UPDATE that is no edit."""
        message.embeds = [*message.embeds, {"type": "link", **embed}]
        messages.announce_update(self.world, message)

    def delete(self, message: Message) -> None:
        messages.delete(self.world, message)

    def react(self, message: Message, user: User, emoji: str) -> None:
        """React with "👍" or, for a custom emoji, "name:id"."""
        threads.react(self.world, message, user, emoji)

    def unreact(self, message: Message, user: User, emoji: str) -> None:
        threads.unreact(self.world, message, user, emoji)

    def start_thread(self, message: Message, user: User, name: str) -> Channel:
        """A thread that a person starts on a message."""
        return threads.make_from(self.world, message, user, name)

    def forum_post(self, forum: Channel, user: User, title: str, content: str) -> Channel:
        """A person's post in a forum: a thread whose first message has its id."""
        thread = threads.make(self.world, forum, user, title)
        self.post(thread, user, content, id=thread.id)
        return thread

    def archive(self, thread: Channel, *, locked: bool = False) -> None:
        """Close a thread; a locked one opens again only for moderators."""
        thread.archived, thread.locked = True, locked
        threads.change(self.world, thread)

    def slash(self, channel: Channel, user: User, name: str, **options: Any) -> Interaction:
        """Use a registered slash command. Raises LookupError for one that nobody registered."""
        data = interactions.command_data(self.world, channel, name, 1)
        data.pop("_options")
        given = [
            {"name": key, "type": OPTION_TYPES[type(value)], "value": _option(value)}
            for key, value in options.items()
        ]
        resolved = self._resolved(channel, options.values())
        data |= ({"options": given} if given else {}) | ({"resolved": resolved} if resolved else {})
        return interactions.begin(self.world, interactions.COMMAND, user, channel, data)

    def _resolved(self, channel: Channel, values: Iterable[Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for value in values:
            if isinstance(value, Attachment):
                self.world.attachments[value.id], value.ephemeral = value, True
                shown = message_payloads.attachment(self.world, channel, value)
                found.setdefault("attachments", {})[str(value.id)] = shown
            elif isinstance(value, User):
                found.setdefault("users", {})[str(value.id)] = payloads.user(value)
        return found

    def context_menu(self, message: Message, user: User, name: str) -> Interaction:
        """Use a registered message command on a message: the app gets its content in any case."""
        data = interactions.command_data(self.world, message.channel, name, 3)
        data.pop("_options")
        data["target_id"] = str(message.id)
        data["resolved"] = {"messages": {str(message.id): message_payloads.message(self.world, message)}}
        return interactions.begin(self.world, interactions.COMMAND, user, message.channel, data)

    def click(self, message: Message, user: User, custom_id: str) -> Interaction:
        """Click a button. Raises LookupError where the message has none with this id."""
        return self._use(message, user, custom_id, {})

    def whispers(self, user: User) -> list[Message]:
        """The ephemeral messages that only this person sees, oldest first."""
        theirs = [each for each in self.world.interactions.values() if each.user is user]
        shown = [each for what in theirs for each in (what.message, *what.followups) if each]
        found = {each.id: each for each in shown if each.flags & rules.EPHEMERAL and not each.deleted}
        return [found[key] for key in sorted(found)]

    def failed(self, user: User) -> list[Interaction]:
        """What this person used and was told of that it failed: nobody answered within three seconds."""
        late = self.world.clock() - interactions.ACK_SECONDS
        theirs = [each for each in self.world.interactions.values() if each.user is user]
        return [each for each in theirs if each.response_type is None and each.created_at < late]

    def choose(self, message: Message, user: User, custom_id: str, *values: str) -> Interaction:
        """Choose in a select menu of a message."""
        return self._use(message, user, custom_id, {"values": list(values)})

    def _use(self, message: Message, user: User, custom_id: str, more: dict[str, Any]) -> Interaction:
        part = _part(message.components, custom_id)
        data = {"component_type": part["type"], "custom_id": custom_id, "id": part["id"]} | more
        kind = interactions.COMPONENT
        return interactions.begin(self.world, kind, user, message.channel, data, source=message)

    def submit(self, opened: Interaction, values: dict[str, Any]) -> Interaction:
        """Fill in the form that an interaction opened: values by custom_id, files as Attachment lists.

        Raises ValueError where the client would not let the person send it.
        """
        modal = opened.modal
        if modal is None:
            raise LookupError("this interaction opened no form")
        flat_values = [each for value in values.values() if isinstance(value, list) for each in value]
        data = {
            "custom_id": modal["custom_id"],
            "components": [modals.filled(part, values) for part in rules.numbered(modal["components"])],
        }
        resolved = self._resolved(opened.channel, flat_values)
        data |= {"resolved": resolved} if resolved else {}
        where, kind = opened.channel, interactions.MODAL_SUBMIT
        return interactions.begin(self.world, kind, opened.user, where, data, source=opened.source)


def _option(value: Any) -> Any:
    return str(value.id) if isinstance(value, User | Channel | Attachment) else value


def _part(components: list[dict[str, Any]], custom_id: str) -> dict[str, Any]:
    for each in rules.flat(components):
        if each.get("custom_id") == custom_id:
            return each
    raise LookupError(f"nothing here has the custom_id {custom_id!r}")
