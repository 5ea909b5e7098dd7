"""What the platforms saw: every call with the moment it came, and what stands in the end."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bench.bridge.answers import answer, held, is_exact
from simulators.discord import DiscordSimulator
from simulators.journal import Call
from simulators.slack import SlackSimulator

_PLAIN = (0, 19)  # Discord: messages and replies, not the system's lines
# [when (time.monotonic), method, channel, error, number of the answer, pieces of it that are shown]
Row = tuple[float, str, str, str, int, int]


class Watch:
    """Notes the calls to both platforms as they come; `on_text` is told of each that shows an answer."""

    def __init__(
        self, slack: SlackSimulator, discord: DiscordSimulator, on_text: Callable[[int, int], None]
    ) -> None:
        self.rows: list[Row] = []
        self._on_text = on_text
        self._slack, self._discord = slack, discord
        slack.journal.listen(lambda kind, _: self._note(kind, slack.journal.calls, "channel"))
        discord.journal.listen(lambda kind, _: self._note(kind, discord.journal.calls, "channel_id"))

    def _note(self, kind: str, calls: list[Call], channel: str) -> None:
        if kind != "call":
            return
        call = calls.pop()  # nobody else reads the journal, and it would grow
        error = str(call.status) if call.status >= 400 else call.error or ""
        number, pieces = held(_text(call.args)) or (0, 0)
        self.rows.append((call.at, call.method, str(call.args.get(channel, "")), error, number, pieces))
        if number and not error:
            self._on_text(number, pieces)

    def taken(self) -> list[Row]:
        """The calls since the last time."""
        rows, self.rows = self.rows, []
        return rows

    def faults(self, numbers: Iterable[int], seconds: float) -> list[str]:
        """What is wrong with what stands: a line for each answer that is not exact, and stray message."""
        stands: dict[int, list[str]] = defaultdict(list)
        found = []
        for text, still_open in self._standing():
            shown = held(text)
            if shown is None or still_open:
                found.append(f"{'still open' if still_open else 'no answer'}: {text!r}")
            else:
                stands[shown[0]].append(text)
        for number in numbers:
            whole = answer(number, seconds).text
            if not is_exact(stands[number], whole):
                lengths = [len(text) for text in stands[number]]
                found.append(f"answer {number}: messages of {lengths} characters for {len(whole)}")
        return found

    def _standing(self) -> Iterator[tuple[str, bool]]:
        """Every message of the bot, oldest first in its channel, and whether it is a stream that lives."""
        for message in self._slack.world.log.values():
            if message.bot_id and not message.deleted and message.ephemeral_to is None:
                yield message.shown, message.streaming
        for channel in self._discord.world.channels.values():
            for post in channel.messages.values():
                if post.author is self._discord.bot and post.type in _PLAIN:
                    yield post.content, False


def _text(args: dict[str, Any]) -> str:
    """What a call shows, or adds: Discord's content, Slack's Markdown."""
    if "content" in args:
        return str(args["content"])
    blocks = args.get("blocks") or []
    shown = "".join(block["text"] for block in blocks if block.get("type") == "markdown")
    return str(args.get("markdown_text") or "") + shown
