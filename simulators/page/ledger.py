"""What the journals tell about each message: how many calls it cost, and where the bot types."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from simulators.journal import Call, Journal

SLACK_EDITS = frozenset({"chat.update", "chat.appendStream", "chat.stopStream"})
DISCORD_EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
DISCORD_TYPING = "POST /channels/{channel_id}/typing"


@dataclass(frozen=True)
class Cost:
    """API calls that a message cost so far; `refused` of them were (429 and others)."""

    calls: int
    refused: int


class Ledger:
    """Reads a journal on from where it stopped. `edited` names the message that a call edits, if any."""

    def __init__(self, journal: Journal, edited: Callable[[Call], str | None]) -> None:
        self._journal = journal
        self._edited = edited
        self._read = 0
        self._edits: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self.typing: dict[str, float] = {}  # channel → when (time.monotonic)

    def read(self) -> None:
        """Take in what was recorded since the last time."""
        for call in self._journal.calls[self._read :]:
            self._take(call)
        self._read = len(self._journal.calls)

    def _take(self, call: Call) -> None:
        if call.method == DISCORD_TYPING:
            self.typing[str(call.args["channel_id"])] = call.at
        message = self._edited(call)
        if message is not None:
            self._edits[message] += 1
            self._refused[message] += bool(call.error or call.status >= 400)

    def cost(self, message: str) -> Cost:
        """Of one message: the call that posted it, and its edits."""
        return Cost(1 + self._edits[message], self._refused[message])


def slack_edit(call: Call) -> str | None:
    """The message that a Slack call edits, as "channel/ts"."""
    return f"{call.args.get('channel')}/{call.args.get('ts')}" if call.method in SLACK_EDITS else None


def discord_edit(call: Call) -> str | None:
    """The message that a Discord call edits, as "channel/message"."""
    if call.method != DISCORD_EDIT:
        return None
    return f"{call.args['channel_id']}/{call.args['message_id']}"
