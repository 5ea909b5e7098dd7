"""The same verbs over both simulated platforms, so that one journey is told once and run twice."""

from simulators.slack import Upload

SKIN = "\U0001f3fd"


class DiscordChat:
    """People at the simulated Discord."""

    name = "discord"
    thumbs_up, thumbs_down, stop_sign = "👍" + SKIN, "👎", "🛑"

    def __init__(self, discord):
        self.server = discord
        self.journal = discord.journal
        self.alice, self.bob = discord.add_user("alice"), discord.add_user("bob")
        self.guild = discord.add_guild("Acme", self.alice, self.bob)
        self.channel = discord.add_channel(self.guild, "general")
        self.dm = discord.dm(self.alice)

    def mention(self, person, text):
        return self.server.post(self.channel, person, f"<@{self.server.bot.id}> {text}")

    def whisper(self, text):
        return self.server.post(self.dm, self.alice, text)

    def follow(self, question, person, text):
        return self.server.post(self.server.world.channels[question.id], person, text)

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

    def states(self, message):
        return [version.content for version in message.history]

    def react(self, message, person, emoji):
        self.server.react(message, person, emoji)

    def unreact(self, message, person, emoji):
        self.server.unreact(message, person, emoji)

    def delete(self, message):
        self.server.delete(message)

    def chatter(self, person, text):
        return self.server.post(self.channel, person, text)

    def send_file(self, person, text):
        file = self.server.file("report.pdf", b"%PDF-1.4", "application/pdf")
        return self.server.post(self.dm, person, text, attachments=[file])

    def waiting_signs(self):
        """How many questions carry the hourglass now."""
        return sum(bool(m.reactions.get("⏳")) for m in self.channel.messages.values())

    async def taken(self):
        """The bot handles what it is told in order: nothing to wait for."""

    def identity(self, question):
        return f"discord:{question.id}"

    def personal(self):
        return f"discord:{self.alice.id}"


class SlackChat:
    """People at the simulated Slack."""

    name = "slack"
    thumbs_up, thumbs_down, stop_sign = "+1::skin-tone-4", "thumbsdown", "octagonal_sign"

    def __init__(self, slack):
        self.server = slack
        self.journal = slack.journal
        self.alice, self.bob = slack.add_user("alice"), slack.add_user("bob")
        self.channel = slack.add_channel("support", self.alice, self.bob)
        self.dm = slack.dm(self.alice)
        self._root = None

    def mention(self, person, text):
        return self.server.post(self.channel, person, f"{self.server.mention} {text}")

    def whisper(self, text):
        """In the direct message; what follows the first stays in its thread."""
        said = self.server.post(self.dm, self.alice, text, thread_ts=self._root)
        self._root = self._root or said.ts
        return said

    def follow(self, question, person, text):
        return self.server.post(question.channel, person, text, thread_ts=question.ts)

    def _answers(self, channel, thread_ts=None):
        here = [m for m in self.server.world.messages(channel) if m.bot_id]
        return [m for m in here if thread_ts is None or m.thread_ts == thread_ts]

    def in_dm(self, _question=None):
        return self._answers(self.dm)

    def in_thread(self, question):
        return self._answers(question.channel, question.ts)

    def text(self, message):
        return message.shown

    def states(self, message):
        return [shown.text for shown in message.history]

    def react(self, message, person, emoji):
        self.server.react(message.channel, message.ts, person, emoji)

    def unreact(self, message, person, emoji):
        self.server.unreact(message.channel, message.ts, person, emoji)

    def delete(self, message):
        self.server.delete(message)

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


CHATS = {"discord": DiscordChat, "slack": SlackChat}
