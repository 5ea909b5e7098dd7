"""Discord, as the contract suite drives it."""

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from adapters.discord.adapter import DiscordAdapter
from adapters.discord.settings import DiscordSettings
from core.messages import MessageRef
from simulators.discord import DiscordSimulator, Limits, message_payloads, threads
from simulators.discord.state import Event

MESSAGES = "/channels/{channel_id}/messages"
WRITES = (
    f"POST {MESSAGES}",
    f"PATCH {MESSAGES}/{{message_id}}",
    f"POST {MESSAGES}/{{message_id}}/threads",
)
BUSY = (
    "POST /channels/{channel_id}/typing",
    f"PUT {MESSAGES}/{{message_id}}/reactions/{{emoji}}/@me",
    f"DELETE {MESSAGES}/{{message_id}}/reactions/{{emoji}}/@me",
)
THUMB, HOURGLASS = "👍🏽", "⏳"
SUPPRESS_EMBEDS = 1 << 2
OURS = "parley:"
STARTER, BOOST, JOIN = 21, 8, 7


@dataclass(frozen=True)
class Seen:
    """Fulfils contract.Shown."""

    ref: MessageRef
    text: str
    notices: tuple
    states: tuple
    pings: tuple
    previews: bool
    growing: bool = False


class DiscordDriver:
    """Fulfils contract.Driver."""

    name = "discord"
    can = frozenset({"reply"})
    wait = 7
    stages = MappingProxyType(
        {
            "dm": ({}, "direct"),
            "thread": ({}, "channel"),
            "reply": ({"reply_in": "reply"}, "channel"),
        }
    )
    wrong = ({"token": "not.the.token"},)

    def __init__(self):
        self.server = DiscordSimulator(limits=Limits(enabled=False))
        self.world, self.journal = self.server.world, self.server.journal
        self.secrets = (self.server.token,)
        self.people = {name: self.server.add_user(name) for name in ("alice", "bob")}
        self.guild = self.server.add_guild("Acme", *self.people.values())
        self.channel = self.server.add_channel(self.guild, "general")
        self.people |= {"robot": self.server.add_user("robot", bot=True), "us": self.server.bot}
        self.server.join(self.guild, self.people["robot"])
        self.me = self.server.bot.mention
        self.ids = {name: str(user.id) for name, user in self.people.items()}
        self.them = {name: user.mention for name, user in self.people.items()}

    async def __aenter__(self):
        await self.server.start()
        return self

    async def __aexit__(self, *exc):
        await self.server.stop()

    def make(self, **settings):
        given = {"token": self.server.token, "api_url": self.server.api_url}
        return DiscordAdapter(DiscordSettings(**{**given, **settings}), first_pause=0.05)

    # ---- people

    def _ref(self, message):
        guild = message.channel.guild
        return MessageRef("discord", str(guild.id) if guild else "", str(message.channel.id), str(message.id))

    def _at(self, ref):
        return self.world.channels[int(ref.channel)].messages[int(ref.id)]

    def typed(self, text):
        return text

    def whisper(self, text, who="alice", file=None):
        person = self.people[who]
        files = [self.server.file(*file)] if file else []
        return self._ref(self.server.post(self.server.dm(person), person, text, attachments=files))

    def mention(self, text, who="alice"):
        return self._ref(self.server.post(self.channel, self.people[who], f"{self.me} {text}"))

    def _thread(self, question):
        known = self.world.channels.get(int(question.id))
        return known or self.server.start_thread(self._at(question), self.people["alice"], "talk")

    def follow(self, question, text, who="bob"):
        return self._ref(self.server.post(self._thread(question), self.people[who], text))

    def reply(self, to, text, who="bob"):
        asked = self._at(to)
        return self._ref(self.server.post(asked.channel, self.people[who], text, reply_to=asked, ping=False))

    def noise(self, question):
        text, alice, robot = f"{self.me} beep", self.people["alice"], self.people["robot"]
        for channel in (self.channel, self._thread(question)):
            self.server.post(channel, robot, text)
            self.server.post(channel, alice, text, webhook_id=5)
            self.server.post(channel, alice, text, type=BOOST)
            self.server.post(channel, alice, "", type=JOIN)
        self.server.edit(self._at(question), f"{self.me} edited")
        self.server.unfurl(self._at(question), {"title": "Example", "url": "https://example.com"})

    def chatter(self, text):
        self.server.post(self.channel, self.people["alice"], text)

    def react(self, to, who="alice"):
        self.server.react(self._at(to), self.people[who], THUMB)
        return THUMB

    def unreact(self, to, who="alice"):
        self.server.unreact(self._at(to), self.people[who], THUMB)

    def delete(self, ref):
        self.server.delete(self._at(ref))

    def repeat(self, ref):
        message = self._at(ref)
        data = message_payloads.message_event(self.world, message)
        self.world.emit(Event("MESSAGE_CREATE", data, message.channel))

    def press(self, ref, key, who="alice"):
        if key not in dict(self.buttons(ref)):
            raise KeyError(key)
        self.server.click(self._at(ref), self.people[who], OURS + key)

    # ---- what is seen

    def ours(self):
        everything = [each for channel in self.world.channels.values() for each in channel.messages.values()]
        found = [each for each in everything if each.author is self.server.bot and each.type != STARTER]
        return [self._seen(message) for message in sorted(found, key=lambda message: message.id)]

    def _seen(self, message):
        lines = message.content.split("\n")
        notices = []
        while lines and lines[-1].startswith("-# "):
            notices.insert(0, lines.pop().removeprefix("-# "))
        everyone = ["everyone"] if message.mention_everyone else []
        return Seen(
            self._ref(message),
            text="\n".join(lines),
            notices=tuple(notices),
            states=tuple(version.content for version in message.history),
            pings=(*message.mentions, *message.mention_roles, *everyone),
            previews=not message.flags & SUPPRESS_EMBEDS,
        )

    def buttons(self, ref):
        shown = [each for row in self._at(ref).components for each in row["components"]]
        return [(each["custom_id"].removeprefix(OURS), each["label"]) for each in shown]

    def failed_presses(self, who):
        return len(self.server.failed(self.people[who]))

    def whispers(self, who):
        return [each.content for each in self.server.whispers(self.people[who])]

    def signs(self, target):
        return self.server.bot.id in self._at(target.question).reactions.get(HOURGLASS, [])

    @property
    def connections(self):
        return len(self.server.gateway.connections)

    async def settled(self):
        """Discord asks for no acknowledgement and tells everything in order."""

    # ---- misbehaviour

    @contextmanager
    def trouble(self, kind):
        for method in WRITES:
            if kind == "limited":
                self.server.rate_limit_next(method, self.wait)
            elif kind == "reply lost":
                self.server.lose_reply_next(method)
            else:
                self.server.faults.fail_next(method, 503)
        yield
        self.server.faults._scripts.clear()

    @contextmanager
    def failing(self):
        for method in BUSY:
            self.server.faults.fail_next(method, 503)
            self.server.faults.refuse_next(method, 50013)
            self.server.faults.refuse_next(method, 10008)
        yield
        self.server.faults._scripts.clear()

    @asynccontextmanager
    async def unreachable(self):
        async with self.server.unreachable():
            yield

    def close(self, ref):
        channel = self.world.channels[int(ref.channel)]
        threads.remove(self.world, channel.parent or channel)

    async def malformed(self, secret):
        self.server.post_malformed(self.channel, self.people["alice"], secret)
        self.server.gateway.send_raw("MESSAGE_DELETE", {"id": secret, "channel_id": None})
        for name in ("MESSAGE_CREATE", "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE", "NO_SUCH_EVENT"):
            for data in ({}, None, {"emoji": secret, "content": secret, "channel_id": secret}, [secret]):
                self.world.emit(Event(name, data, everyone=True))
