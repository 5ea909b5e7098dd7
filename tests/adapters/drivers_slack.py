"""Slack, as the contract suite drives it."""

import json
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from adapters.slack.adapter import SlackAdapter
from adapters.slack.settings import SlackSettings
from core.messages import MessageRef
from simulators.slack import Limits, Message, SlackSimulator, Upload
from simulators.slack.blocks import pings

WRITES = ("chat.postMessage", "chat.update", "chat.startStream", "chat.appendStream", "chat.stopStream")
BUSY = "assistant.threads.setStatus"
THUMB = "+1::skin-tone-3"
ROBOT = "B0ROBOT0001"


@dataclass(frozen=True)
class Seen:
    """Fulfils contract.Shown."""

    ref: MessageRef
    text: str
    notices: tuple
    states: tuple
    pings: tuple
    previews: bool
    growing: bool


class SlackDriver:
    """Fulfils contract.Driver."""

    name = "slack"
    can = frozenset({"stop"})
    wait = 7
    stages = MappingProxyType(
        {
            "dm-stream": ({}, "direct"),
            "dm-flat": ({"dm_scope": "channel"}, "direct"),
            "channel-edit": ({}, "channel"),
            "channel-stream": ({"channel_stream": "native"}, "channel"),
        }
    )
    wrong = ({"bot_token": "xoxb-wrong"}, {"app_token": "xapp-wrong"})

    def __init__(self):
        self.server = SlackSimulator(limits=Limits.off(), ack_timeout=0.3, retry_delays=(0.0, 0.05, 0.05))
        self.journal, self.world = self.server.journal, self.server.world
        self.secrets = (self.server.bot_token, self.server.app_token)
        self.people = {"alice": self.server.user("ada"), "bob": self.server.user("ben")}
        self.people["robot"] = self.server.add_user("robot", is_bot=True)
        self.people["us"] = self.server.user(self.world.bot_user)
        self.channel = self.server.channel("general")
        self.me = self.server.mention
        self.ids = {name: user.id for name, user in self.people.items()}
        self.them = {name: f"<@{user.id}>" for name, user in self.people.items()}

    async def __aenter__(self):
        await self.server.start()
        return self

    async def __aexit__(self, *exc):
        await self.server.stop()

    def make(self, **settings):
        given = {"bot_token": self.secrets[0], "app_token": self.secrets[1], "api_url": self.server.api_url}
        return SlackAdapter(SlackSettings(**{**given, **settings}), ping_interval=0.2, patience=1)

    # ---- people

    def _ref(self, message):
        return MessageRef("slack", self.world.team_id, message.channel, message.ts)

    def _at(self, ref):
        return self.server.at(ref.channel, ref.id)

    def typed(self, text):
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def whisper(self, text, who="alice", file=None):
        person = self.people[who]
        files = [Upload(*file)] if file else []
        return self._ref(self.server.post(self.server.dm(person), person, text, files=files))

    def mention(self, text, who="alice"):
        return self._ref(self.server.post(self.channel, self.people[who], f"{self.me} {text}"))

    def follow(self, question, text, who="bob"):
        here = {"thread_ts": question.id}
        return self._ref(self.server.post(question.channel, self.people[who], text, **here))

    def noise(self, question):
        text, question = f"{self.me} beep", self._at(question)
        for thread_ts in (None, question.ts):
            self.server.post_as_bot(self.channel, text, thread_ts=thread_ts)
            self._write("robot", text, thread_ts, bot_id=ROBOT)
        for who in ("us", "alice"):
            self._write(who, f"{self.them[who]} has joined the channel", None, subtype="channel_join")
        self.server.post(self.server.dm(self.people["alice"]), "USLACKBOT", "Reminder")
        self.server.edit(question, f"{self.me} edited")
        self.server.unfurl(question)
        self.server.join(self.channel, self.server.add_user("cleo"))

    def _write(self, who, text, thread_ts, **fields):
        ts = self.world.next_ts()
        message = Message(self.channel.id, ts, self.people[who].id, text, thread_ts, **fields)
        self.server.announce(self.world.add(message))

    def chatter(self, text):
        self.server.post(self.channel, self.people["alice"], text)

    def react(self, to, who="alice"):
        self.server.react(to.channel, to.id, self.people[who], THUMB)
        return THUMB

    def unreact(self, to, who="alice"):
        self.server.unreact(to.channel, to.id, self.people[who], THUMB)

    def delete(self, ref):
        self.server.delete(self._at(ref))

    def repeat(self, ref):
        self.server.announce(self._at(ref))

    def press_stop(self, said):
        self.server.press_stop(said.place.channel, said.place.thread, said.author.id)

    def press(self, ref, key, who="alice"):
        [name] = [each["action_id"] for each in self._at(ref).buttons if each["value"] == key] or [key]
        self.server.press(self._at(ref), name, self.people[who])

    # ---- what is seen

    def ours(self):
        return [self._seen(message) for message in self._written() if message.ephemeral_to is None]

    def _written(self):
        found = [m for m in self.world.log.values() if m.bot_id == self.world.bot_id and not m.deleted]
        return sorted(found, key=lambda message: message.ts)

    def buttons(self, ref):
        return [(each["value"], each["text"]["text"]) for each in self._at(ref).buttons]

    def failed_presses(self, who):
        ours = [each for each in self.server.deliveries if each.type == "interactive" and each.given_up]
        return sum(each.payload["user"]["id"] == self.ids[who] for each in ours)

    def whispers(self, who):
        return [each.shown for each in self._written() if each.ephemeral_to == self.ids[who]]

    def _seen(self, message):
        texts = [block["text"] for block in message.blocks if block["type"] == "markdown"]
        context = [block["elements"] for block in message.blocks if block["type"] == "context"]
        states = [state.text for state in message.history]
        spoken = (*states, message.text, message.shown)
        return Seen(
            self._ref(message),
            text=message.text if message.stream else "\n".join(texts) if message.blocks else message.text,
            notices=tuple(elements[0]["text"] for elements in context),
            states=tuple(text for before, text in pairwise([None, *states]) if text != before),
            pings=tuple(ping for text in spoken for ping in pings(text)),
            # chat.startStream knows no unfurl arguments
            previews=not message.stream and (message.unfurl_links, message.unfurl_media) != (False, False),
            growing=message.streaming,
        )

    def signs(self, target):
        return (target.place.channel, target.place.thread) in self.world.statuses

    @property
    def connections(self):
        return len(self.server.socket.connections)

    async def settled(self):
        await self.journal.wait(lambda: all(delivery.done for delivery in self.server.deliveries))

    # ---- misbehaviour

    @contextmanager
    def trouble(self, kind):
        faults = self.server.faults
        for method in WRITES:
            if kind == "limited":
                self.server.rate_limit_next(method, self.wait)
            elif kind == "reply lost":
                self.server.lose_reply_next(method)
            else:
                self.server.lose_request_next(method)
        yield
        for planned in (faults.retry_after, faults.lost_replies, faults.lost_requests):
            planned.clear()

    @contextmanager
    def failing(self):
        self.server.fail_next(BUSY)
        self.server.refuse(BUSY, "internal_error", times=1)
        self.server.refuse(BUSY, "thread_not_found", times=1)
        yield
        self.server.faults.statuses.clear()
        self.server.allow(BUSY)

    @asynccontextmanager
    async def unreachable(self):
        await self.server.stop()
        yield
        await self.server.start()

    def close(self, ref):
        self.server.channel(ref.channel).members.remove(self.world.bot_user)

    async def malformed(self, secret):
        said = {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "ts": "1.1"}
        reacted = {"type": "reaction_added", "user": "U1", "reaction": "+1", "item": secret}
        events = [secret, None, {}, {**said, "text": [secret]}, {**said, "ts": None, "text": secret}, reacted]
        events += [{**said, "subtype": "message_changed", "message": secret}, {"type": [secret]}]
        payloads = [{"type": "event_callback", "event": event} for event in events]
        payloads += [None, {}, {"type": "event_callback"}, {"type": secret}]
        button = {"action_id": f"parley:{secret}", "value": secret}
        presses = [{}, {"actions": [secret]}, {"actions": [button]}]
        presses += [{"actions": [button], "container": where} for where in (secret, {"channel_id": "D1"})]
        payloads += [{"type": "block_actions", **press} for press in presses]
        views = [{}, {"view": secret}, {"view": {"callback_id": "parley:form", "private_metadata": secret}}]
        payloads += [{"type": "view_submission", **view} for view in views]
        payloads += [{"command": "/parley", "text": secret}, {"command": [secret]}]
        envelope = {"type": "events_api", "accepts_response_payload": False}
        for number, payload in enumerate(payloads):
            text = json.dumps({**envelope, "envelope_id": f"broken-{number}", "payload": payload})
            await self.server.send_raw(text)
        for text in (f"{{{secret}", json.dumps({"type": secret}), json.dumps(envelope), "[]"):
            await self.server.send_raw(text)
