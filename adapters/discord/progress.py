"""How far each channel was read of what was missed, so that a reading that is interrupted goes on."""

import json
import logging

from adapters.discord.seen import Seen
from core.contract import Notes

log = logging.getLogger(__name__)

NOTE = "discord:read"


class Progress:
    """For each channel the id up to which its messages were read, kept over restarts in a note."""

    def __init__(self, notes: Notes, seen: Seen) -> None:
        self._notes = notes
        self._seen = seen
        self._read: dict[str, int] = {}

    async def load(self, since: int) -> None:
        """Begin where another reading was interrupted; all before `since` was read long ago."""
        kept = json.loads(await self._notes.get(NOTE) or "{}")
        for channel, message in kept.items():
            self._read[channel] = max(message, self.of(channel))
        self._read = {channel: message for channel, message in self._read.items() if message > since}

    def of(self, channel: str) -> int:
        """Every message of the channel with this id, or a smaller one, was read. 0: not yet."""
        return self._read.get(channel, 0)

    async def note(self, channel: str, message: int) -> None:
        """The channel was read up to a message's id. Kept is what is stored of that, not what still waits."""
        self._read[channel] = message
        safe = {each: self._seen.safe(read) for each, read in self._read.items()}
        await self._notes.put(NOTE, json.dumps(safe))
