"""What people do in the simulated workspace: write, edit, delete, react, press Stop, come and go."""

import uuid
from collections.abc import Iterable
from typing import Any

from simulators.slack import events
from simulators.slack.blocks import rich_text
from simulators.slack.files import StoredFile, Upload
from simulators.slack.methods_conversations import drop_reaction
from simulators.slack.socket_mode import Delivery
from simulators.slack.state import Channel, Message, Session, User
from simulators.slack.workspace import Workspace

Somebody = User | str
Somewhere = Channel | str


class People(Workspace):
    """The actions of people. Channels and persons are given as objects, ids or names (unknown: KeyError)."""

    @property
    def deliveries(self) -> list[Delivery]:
        """Every payload that was sent (or is to be sent) to the app, oldest first."""
        return self.socket.deliveries

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Send an event again, as Slack does when it did not see the acknowledgement."""
        return self.socket.deliver(delivery.again())

    def user(self, ref: Somebody) -> User:
        """The person with this id or name."""
        return self.world.user(ref)

    def channel(self, ref: Somewhere) -> Channel:
        """The conversation with this id or name."""
        return self.world.channel(ref)

    def dm(self, user: Somebody) -> Channel:
        """The direct conversation of a person with the bot."""
        return self.world.dm(self.user(user).id)

    def add_user(self, name: str, *, team: str | None = None, **fields: Any) -> User:
        """A new person; with another `team` somebody from over Slack Connect."""
        user = User(self.world.next_id("U"), name, team or self.world.team_id, name.title(), **fields)
        self.world.users[user.id] = user
        return user

    def add_channel(self, name: str, *members: Somebody, kind: str = "channel", bot: bool = True) -> Channel:
        """A new conversation: kind channel (public), group (private) or mpim; `bot`: the app is in it."""
        ids = [self.user(member).id for member in members]
        return self.world.add_channel(name, kind, [*ids, *([self.world.bot_user] if bot else [])])

    @property
    def mention(self) -> str:
        """The text that mentions the bot."""
        return f"<@{self.world.bot_user}>"

    def post(
        self,
        channel: Somewhere,
        user: Somebody,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Iterable[Upload | StoredFile] = (),
        broadcast: bool = False,
        app_context: dict[str, Any] | None = None,
    ) -> Message:
        """A person writes. `text` is as on the wire: `<@U…>` mentions, `&lt;` for a typed `<`."""
        place, author = self.channel(channel), self.user(user)
        kept = [file if isinstance(file, StoredFile) else self.add_file(author, file) for file in files]
        message = Message(
            place.id,
            self.world.next_ts(),
            author.id,
            text,
            thread_ts,
            team=author.team,
            client_msg_id=str(uuid.uuid4()),
            subtype="file_share" if kept else "thread_broadcast" if broadcast else None,
            blocks=rich_text(text) if text else [],
            files=kept,
        )
        self.world.add(message)
        self.announce(message, app_context)
        return message

    def post_as_bot(self, channel: Somewhere, text: str, *, thread_ts: str | None = None) -> Message:
        """Another app's bot writes (subtype bot_message, without a user)."""
        place = self.channel(channel)
        message = Message(place.id, self.world.next_ts(), "", text, thread_ts, bot_id="B0OTHERBOT1")
        message.subtype, message.username = "bot_message", "other bot"
        self.world.add(message)
        self.announce(message)
        return message

    def add_file(self, user: Somebody, upload: Upload) -> StoredFile:
        """A file of a person, ready to be attached to a message."""
        id_ = self.world.next_id("F")
        file = StoredFile(
            id_, upload.name, self.user(user).id, upload.data, upload.mimetype, external=upload.external
        )
        file.subtype = upload.subtype
        self.world.files[id_] = file
        return file

    def at(self, channel: Somewhere, ts: str) -> Message:
        """The message at this place. Raises KeyError if it is not there."""
        message = self.world.message(channel, ts)
        if message is None:
            raise KeyError(ts)
        return message

    def edit(self, message: Message, text: str) -> Message:
        """The author changes the text (`message_changed`)."""
        previous = self.wire(message)
        message.text, message.blocks = text, rich_text(text)
        message.edited = {"user": message.user, "ts": self.world.next_ts()}
        self.changed(message, previous)
        return message

    def unfurl(self, message: Message) -> Message:
        """Slack adds a link preview: a `message_changed` whose text did not change."""
        previous = self.wire(message)
        message.attachments = [{"id": 1, "from_url": "https://example.com", "title": "Example"}]
        self.changed(message, previous)
        return message

    def delete(self, message: Message) -> None:
        """Somebody deletes a message; one with replies becomes a tombstone (`message_changed`)."""
        self.remove(message)

    def react(self, channel: Somewhere, ts: str, user: Somebody, name: str) -> None:
        """A person adds a reaction; `name` without colons."""
        message, who = self.at(channel, ts), self.user(user).id
        message.reactions.setdefault(name, []).append(who)
        self.journal.changed("reaction", {"channel": message.channel, "ts": ts})
        self.publish(events.reaction_event(self.world, "reaction_added", message, who, name))

    def unreact(self, channel: Somewhere, ts: str, user: Somebody, name: str) -> None:
        """A person takes a reaction away."""
        message, who = self.at(channel, ts), self.user(user).id
        drop_reaction(message, who, name)
        self.journal.changed("reaction", {"channel": message.channel, "ts": ts})
        self.publish(events.reaction_event(self.world, "reaction_removed", message, who, name))

    def press_stop(self, channel: Somewhere, thread_ts: str, user: Somebody) -> None:
        """A person presses Slack's own Stop: live streams of the thread end; the session's status stays."""
        place = self.channel(channel)
        stopped = [message for message in self.world.thread(place, thread_ts) if message.streaming]
        for message in stopped:
            assert message.stream is not None
            message.stream.ended_by = "user"
            self.changed(message)
        event: dict[str, Any] = {"type": "agent_session_stopped", "channel": place.id, "thread_ts": thread_ts}
        event |= {"streaming_message_ts": [message.ts for message in stopped], "user": self.user(user).id}
        self.publish({**event, "event_ts": self.world.next_ts()})

    def expire_stream(self, message: Message) -> None:
        """Let a stream die of age now."""
        assert message.stream is not None
        message.stream.ended_by = "age"
        self.changed(message)

    def session(self, channel: Somewhere, thread_ts: str) -> Session | None:
        """The agent session of a thread, if the app opened one."""
        return self.world.sessions.get((self.channel(channel).id, thread_ts))

    def rename_session(self, channel: Somewhere, thread_ts: str, user: Somebody, title: str) -> None:
        """A person renames an agent session (`agent_session_title_changed`)."""
        place = self.channel(channel)
        session = self.world.sessions.setdefault((place.id, thread_ts), Session(place.id, thread_ts))
        event = {"type": "agent_session_title_changed", "channel": place.id, "thread_ts": thread_ts}
        event |= {"team_id": self.world.team_id, "title": title, "previous_title": session.title}
        session.title = title
        self.publish({**event, "user": self.user(user).id, "event_ts": self.world.next_ts()})

    def open_home(self, user: Somebody, tab: str = "home") -> None:
        """A person opens the app: `app_home_opened` with tab home or messages."""
        who = self.user(user)
        event: dict[str, Any] = {
            "type": "app_home_opened",
            "user": who.id,
            "channel": self.dm(who).id,
            "tab": tab,
        }
        if tab == "home" and who.home:
            event["view"] = who.home
        self.publish({**event, "event_ts": self.world.next_ts()})

    def start_assistant_thread(self, user: Somebody) -> str:
        """A person opens a new chat with an assistant (the kind of app before agents); its thread's ts."""
        who = self.user(user)
        place = self.dm(who)
        root = self.world.add(self.bot_message(place, "New Assistant Thread", subtype="assistant_app_thread"))
        thread = {"user_id": who.id, "context": {}, "channel_id": place.id, "thread_ts": root.ts}
        event = {"type": "assistant_thread_started", "assistant_thread": thread}
        self.publish({**event, "event_ts": self.world.next_ts()})
        return root.ts

    def look_at(self, user: Somebody, channel: Somewhere) -> None:
        """A person with the app's DM open looks at another channel (`app_context_changed`)."""
        who, place = self.user(user), self.channel(channel)
        entity = {"type": "slack#/types/channel_id", "value": place.id, "team_id": self.world.team_id}
        event = {"type": "app_context_changed", "user": who.id, "channel": self.dm(who).id}
        self.publish({**event, "context": {"entities": [entity]}, "event_ts": self.world.next_ts()})

    def join(self, channel: Somewhere, user: Somebody) -> None:
        """A person (or the bot, by its id) joins a channel."""
        self._move(channel, user, "member_joined_channel")

    def leave(self, channel: Somewhere, user: Somebody) -> None:
        """A person (or the bot) leaves a channel."""
        self._move(channel, user, "member_left_channel")

    def _move(self, channel: Somewhere, user: Somebody, kind: str) -> None:
        place, who = self.channel(channel), self.user(user)
        if kind == "member_joined_channel":
            place.members.append(who.id)
        else:
            place.members.remove(who.id)
        event = {"type": kind, "user": who.id, "channel": place.id, "channel_type": place.kind[0].upper()}
        self.publish({**event, "team": self.world.team_id, "event_ts": self.world.next_ts()})

    def uninstall(self) -> None:
        """Somebody removes the app: both events, then the token is dead."""
        self.publish({"type": "app_uninstalled"})
        self.revoke_token()

    def revoke_token(self) -> None:
        """The bot token is revoked: `tokens_revoked`, and every call answers token_revoked."""
        self.publish({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.world.bot_user]}})
        self.revoked = True
