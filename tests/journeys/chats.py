"""The same verbs over both simulated platforms, so that one journey is told once and run twice."""

import pytest
from dialogs import DiscordDialog, SlackDialog

from simulators.discord import interactions
from simulators.discord.state import Event
from simulators.slack import Upload
from simulators.slack.blocks import pings

SKIN = "\U0001f3fd"
AGAIN = "Ask again"
OPEN = "Fill in"
MESSAGES = "/channels/{channel_id}/messages"
EDIT = f"PATCH {MESSAGES}/{{message_id}}"


async def _opened(chat, person, found):
    """What `found(person)` is, as soon as it is there; a form that the machine was too slow to open in the
    platform's time is offered by a button, which is pressed as a person would.
    """

    def shown():
        form = found(person)
        return (form, None) if form else next(((None, offer) for offer in chat.offers(person)), None)

    try:
        form, offer = await chat.journal.wait(shown)
        if offer:
            chat.press(offer, person, OPEN)
        return form or await chat.journal.wait(lambda: found(person))
    except TimeoutError:
        pytest.fail(f"no form was opened; {chat.whispers(person)}")


class Held:
    """Calls of the bot that stand at gates: `let_go` carries on, `cut` ends them without a reply."""

    def __init__(self, journal, gates, let_go):
        self.let_go = let_go
        self._journal = journal
        self._gates = gates

    async def reached(self):
        """Wait until a call is held."""
        await self._journal.wait(lambda: sum(gate.waiting for gate in self._gates))

    def cut(self):
        for gate in self._gates:
            gate.cut()


class DiscordChat:
    """People at the simulated Discord."""

    name = "discord"
    thumbs_up, thumbs_down, stop_sign = "👍" + SKIN, "👎", "🛑"
    posts, edits, ends = (f"POST {MESSAGES}",), (EDIT,), (EDIT,)

    def __init__(self, discord):
        self.server = discord
        self.journal = discord.journal
        self.alice, self.bob = discord.add_user("alice"), discord.add_user("bob")
        self.nobody = discord.add_user("nobody")  # presses a button that there is none of
        self.guild = discord.add_guild("Acme", self.alice, self.bob, self.nobody)
        self.channel = discord.add_channel(self.guild, "general")
        self.dm = discord.dm(self.alice)
        self._said = None  # the last thing that the bot was told of
        self._dialogs = set()  # the forms that were looked at
        self._pings = []  # presses of ours that say nothing
        self._pressed = []

    def _say(self, channel, person, text, **more):
        self._said = self.server.post(channel, person, text, **more)
        return self._said

    def mention(self, person, text):
        return self._say(self.channel, person, f"<@{self.server.bot.id}> {text}")

    def whisper(self, text):
        return self._say(self.dm, self.alice, text)

    def begin(self, text, *, same=False):
        """In the direct message, which is one conversation here."""
        return self.whisper(text)

    def follow(self, question, person, text):
        return self._say(self.server.world.channels[question.id], person, text)

    def thread(self, question):
        return self.server.world.channels.get(question.id)

    def _answers(self, channel):
        mine = [m for m in channel.messages.values() if m.author.id == self.server.bot.id]
        return [m for m in mine if m.type == 0]

    def in_dm(self, _question=None):
        return self._answers(self.dm)

    def in_thread(self, question):
        thread = self.thread(question)
        return self._answers(thread) if thread else []

    def text(self, message):
        return message.content

    def pings(self, message):
        everyone = ["everyone"] if message.mention_everyone else []
        return [*message.mentions, *message.mention_roles, *everyone]

    def states(self, message):
        return [version.content for version in message.history]

    def react(self, message, person, emoji):
        self._said = message
        self.server.react(message, person, emoji)

    def unreact(self, message, person, emoji):
        self._said = message
        self.server.unreact(message, person, emoji)

    def delete(self, message):
        self.server.delete(message)

    def repeat(self, message):
        """The platform tells of a message once more, as a second session does."""
        self._said = message
        self.server.repeat(message)

    def chatter(self, person, text):
        return self.server.post(self.channel, person, text)

    def send_file(self, person, text):
        file = self.server.file("report.pdf", b"%PDF-1.4", "application/pdf")
        return self.server.post(self.dm, person, text, attachments=[file])

    def waiting_signs(self):
        """How many questions carry the hourglass now."""
        return sum(bool(m.reactions.get("⏳")) for m in self.channel.messages.values())

    async def taken(self):
        """Wait until what was said last is safe. Discord asks for no acknowledgement of a message, but of a
        press: the bot takes what it is told in a channel in order, so all before an acknowledged one is safe.
        """
        data = {"component_type": 2, "custom_id": "parley:ping", "id": 1}
        place, source = self._said.channel, self._said
        ping = interactions.begin(
            self.server.world, interactions.COMPONENT, self.nobody, place, data, source=source
        )
        self._pings.append(ping)
        await self.journal.wait(lambda: ping.response_type is not None)

    def identity(self, question):
        return f"discord:{question.id}"

    def personal(self):
        return f"discord:{self.alice.id}"

    def buttons(self, message):
        return [each["label"] for row in message.components for each in row["components"]]

    def press(self, message, person, label=AGAIN):
        [button] = [e for row in message.components for e in row["components"] if e["label"] == label]
        self._said = message
        self._pressed.append(message)
        return self.server.click(message, person, button["custom_id"])

    def whispers(self, person):
        """What only this person sees."""
        pongs = [ping.message for ping in self._pings]
        return [each.content for each in self.server.whispers(person) if each not in pongs]

    async def dialog(self, person):
        """The form that has been opened to this person now."""
        return DiscordDialog(self, await _opened(self, person, self._new_dialog))

    def offers(self, person):
        """Forms that came too late to be opened: what is whispered with a button, not pressed yet."""
        told = self.server.whispers(person)
        return [each for each in told if OPEN in self.buttons(each) and each not in self._pressed]

    def _new_dialog(self, person):
        for token, each in self.server.world.interactions.items():
            if each.modal and each.user is person and token not in self._dialogs:
                self._dialogs.add(token)
                return each
        return None

    async def command(self, person, name, text="", *, question=None, direct=False):
        """Give a command: in the direct messages, or in the thread of a question, or in the channel."""
        place = self.dm if direct else (question and self.thread(question)) or self.channel
        await self.journal.wait(lambda: self.server.world.commands.get(None))
        return self.server.slash(place, person, name, **({"text": text} if text else {}))

    def repeat_command(self, given):
        """The platform tells of a command once more."""
        self._said = given.message
        world = self.server.world
        world.emit(Event("INTERACTION_CREATE", interactions.payload(world, given), guild=given.channel.guild))

    def asked_aloud(self, *, direct=False):
        """The messages that show what somebody asked by a command."""
        here = (self.dm if direct else self.channel).messages.values()
        return [m for m in here if m.author.id == self.server.bot.id and m.type == 20]

    def hold(self, methods, *, before=False):
        """Hold the replies of the bot's calls, or (`before`) the calls themselves."""
        every = lambda _args: True  # noqa: E731 - a gate without a condition goes on cutting
        gates = [self.server.faults.hold(method, before=before, when=every) for method in methods]
        return Held(self.journal, gates, lambda: [gate.open() for gate in gates])

    def lose_reply(self, methods):
        """The next call of each method is carried out, but its reply is lost."""
        for method in methods:
            self.server.lose_reply_next(method)


class SlackChat:
    """People at the simulated Slack."""

    name = "slack"
    thumbs_up, thumbs_down, stop_sign = "+1::skin-tone-4", "thumbsdown", "octagonal_sign"
    posts = ("chat.postMessage", "chat.startStream")
    edits = ("chat.update", "chat.appendStream")
    ends = ("chat.update", "chat.stopStream")

    def __init__(self, slack):
        self.server = slack
        self.journal = slack.journal
        self.alice, self.bob = slack.add_user("alice"), slack.add_user("bob")
        self.channel = slack.add_channel("support", self.alice, self.bob)
        self.dm = slack.dm(self.alice)
        self._root = None
        self._pressed = []

    def mention(self, person, text):
        return self.server.post(self.channel, person, f"{self.server.mention} {text}")

    def whisper(self, text):
        """In the direct message; what follows the first stays in its thread."""
        said = self.server.post(self.dm, self.alice, text, thread_ts=self._root)
        self._root = self._root or said.ts
        return said

    def begin(self, text, *, same=False):
        """In the direct message, in a new thread, or (`same`) in the one that was begun last."""
        self._root = self._root if same else None
        return self.whisper(text)

    def follow(self, question, person, text):
        return self.server.post(question.channel, person, text, thread_ts=question.ts)

    def _answers(self, channel, thread_ts=None):
        here = [m for m in self.server.world.messages(channel) if m.bot_id and m.ephemeral_to is None]
        return [m for m in here if thread_ts is None or m.thread_ts == thread_ts]

    def in_dm(self, _question=None):
        return self._answers(self.dm)

    def in_thread(self, question):
        return self._answers(question.channel, question.ts)

    def text(self, message):
        return message.shown

    def pings(self, message):
        return pings(message.shown)

    def states(self, message):
        return [shown.text for shown in message.history]

    def react(self, message, person, emoji):
        self.server.react(message.channel, message.ts, person, emoji)

    def unreact(self, message, person, emoji):
        self.server.unreact(message.channel, message.ts, person, emoji)

    def delete(self, message):
        self.server.delete(message)

    def repeat(self, message):
        """The platform tells of a message once more, as it does where it did not see the acknowledgement."""
        [told] = [d for d in self.server.deliveries if d.event.get("ts") == message.ts and not d.earlier][:1]
        self.server.redeliver(told)

    def chatter(self, person, text):
        return self.server.post(self.channel, person, text)

    def send_file(self, person, text):
        file = Upload("report.pdf", b"%PDF-1.4", "application/pdf")
        return self.server.post(self.dm, person, text, files=[file])

    def waiting_signs(self):
        """How many threads show the status of waiting now."""
        return sum("waits" in status for status in self.server.world.statuses.values())

    async def taken(self):
        """Wait until everything that was said has been acknowledged."""
        await self.journal.wait(lambda: all(delivery.acked for delivery in self.server.deliveries))

    def identity(self, question):
        return f"slack:{self.server.world.team_id}:{question.channel}:{question.ts}"

    def personal(self):
        return f"slack:{self.server.world.team_id}:{self.alice.id}"

    def buttons(self, message):
        return [each["text"]["text"] for each in message.buttons]

    def press(self, message, person, label=AGAIN):
        [button] = [each for each in message.buttons if each["text"]["text"] == label]
        self._pressed.append(message)
        return self.server.press(message, button["action_id"], person)

    def whispers(self, person):
        """What only this person sees."""
        everywhere = self.server.world.log.values()
        return [message.shown for message in everywhere if message.ephemeral_to == person.id]

    async def dialog(self, person):
        """The form that has been opened to this person now."""
        return SlackDialog(self, await _opened(self, person, self._open_view))

    def offers(self, person):
        """Forms that came too late to be opened: what is whispered with a button, not pressed yet."""
        told = [each for each in self.server.world.log.values() if each.ephemeral_to == person.id]
        return [each for each in told if OPEN in self.buttons(each) and each not in self._pressed]

    def _open_view(self, person):
        return next((view for view in self.server.open_views if view.user == person.id), None)

    async def command(self, person, name, text="", *, question=None, direct=False):
        """Give a command: in the direct messages or in the channel; threads take none."""
        return self.server.slash_command(
            self.dm if direct else self.channel, person, "/parley", f"{name} {text}"
        )

    def repeat_command(self, given):
        """The platform tells of a command once more."""
        self.server.redeliver(given)

    def asked_aloud(self, *, direct=False):
        """The messages that show what somebody asked by a command."""
        here = self._answers(self.dm if direct else self.channel)
        return [m for m in here if m.shown.startswith("<@")]

    def hold(self, methods, *, before=False):
        """Hold the replies of the bot's calls, or (`before`) the calls themselves."""
        gates = [self.server.hold(method, before=before) for method in methods]
        return Held(self.journal, gates, lambda: [gate.release() for gate in gates])

    def lose_reply(self, methods):
        """The next call of each method is carried out, but its reply is lost."""
        for method in methods:
            self.server.lose_reply_next(method)


class Spot:
    """One place where Alice asks, and what stands there of ours."""

    def __init__(self, chat, *, direct):
        self._chat = chat
        self._direct = direct
        self.question = None

    def ask(self, text):
        """The first time it opens a conversation; later questions go on with it."""
        chat = self._chat
        if self._direct:
            said = chat.whisper(text)
        elif self.question is None:
            said = chat.mention(chat.alice, text)
        else:
            said = chat.follow(self.question, chat.alice, text)
        self.question = self.question or said
        return said

    def answers(self):
        if self._direct:
            return self._chat.in_dm()
        return self._chat.in_thread(self.question) if self.question else []

    def press(self, message, label):
        """Alice presses a button."""
        self._chat.press(message, self._chat.alice, label)

    async def open(self, message, label="Fill in"):
        """Alice presses a button that opens a form; gives the form."""
        self.press(message, label)
        return await self._chat.dialog(self._chat.alice)

    async def command(self, name, text=""):
        """Alice gives a command here, as near as the platform takes one."""
        chat = self._chat
        return await chat.command(chat.alice, name, text, question=self.question, direct=self._direct)


CHATS = {"discord": DiscordChat, "slack": SlackChat}
