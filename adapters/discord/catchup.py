"""What was written while no session heard it: Discord tells it to nobody again, so it is read afterwards."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from adapters.discord import history
from adapters.discord.client import Client
from adapters.discord.inbound import PLATFORM
from adapters.discord.intake import Intake
from adapters.discord.library import discord
from adapters.discord.progress import Progress
from adapters.discord.refusals import SECONDS, translated
from adapters.discord.seen import Seen
from core.contract import Gone, Notes, RateLimited, Uncertain
from core.messages import Place

log = logging.getLogger(__name__)

ACTIVE_SECONDS = 7 * 86_400.0  # who talked to us so long ago may go on
CHANNELS = 500  # of those, the latest
PAUSE_SECONDS = 0.1  # between two calls: answers of the new session need the rate limit (50 a second) more
RETRY_SECONDS = (1.0, 5.0, 15.0)
SLACK_MS = 2000  # channels are told of independently: an older message may come after a newer one
CLOCK_MS = 60_000  # that our clock may be ahead of Discord's, by which its ids are made
CROWD = 500  # events in the intake; what waits there comes first

Offer = Callable[[Client, discord.Message], None]


class CatchUp:
    """Reads the history of the places where people talk to us, once per new session; never raises."""

    def __init__(self, notes: Notes, seen: Seen, intake: Intake, *, minutes: int) -> None:
        self._notes = notes
        self._seen = seen
        self._progress = Progress(notes, seen)
        self._intake = intake
        self._minutes = minutes  # the setting `catch_up_minutes`
        self._task: asyncio.Task[None] | None = None

    def absent(self) -> None:
        """A new session begins, before any event of it: there may be a gap behind us."""
        if self._minutes:
            self._seen.hold()

    def begin(self, client: Client, offer: Offer) -> None:
        """Read what is in the gap; a reading that is not done yet begins anew."""
        if self._minutes:
            self._stop()
            self._task = asyncio.create_task(self._run(client, offer))

    async def close(self) -> None:
        """Stop reading; the next session goes on where the gap began."""
        if task := self._stop():
            await asyncio.gather(task, return_exceptions=True)

    def _stop(self) -> asyncio.Task[None] | None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        return task

    async def _run(self, client: Client, offer: Offer) -> None:
        oldest = discord.utils.utcnow() - timedelta(minutes=self._minutes)
        since = max(self._seen.mark - (SLACK_MS << 22), discord.utils.time_snowflake(oldest))
        try:
            left_out = await self._read_all(client, offer, since)
        except Exception as error:  # noqa: BLE001 - the connection must not end with it
            log.warning("discord: messages sent while we were away can't be read (%s)", type(error).__name__)
            return
        if left_out:
            log.warning("discord: messages sent while we were away in %d channels can't be read", left_out)
        else:
            self._seen.release()

    async def _read_all(self, client: Client, offer: Offer, since: int) -> int:
        """How many channels could not be read. Those that were read last by a reading before come last."""
        await self._progress.load(since)
        places = await self._notes.active(PLATFORM, ACTIVE_SECONDS)
        left_out = 0
        for channel, guild in sorted(_channels(places), key=lambda each: self._progress.of(each[0])):
            begins = max(since, self._progress.of(channel))
            if not _is_silent(client, channel, begins):
                left_out += not await self._read(client, offer, channel, guild, begins)
                await asyncio.sleep(PAUSE_SECONDS)
        return left_out

    async def _read(self, client: Client, offer: Offer, channel: str, guild: str, since: int) -> bool:
        """Hand over what one channel has; whether that could be done."""
        for pause in (*RETRY_SECONDS, None):
            asked = discord.utils.time_snowflake(discord.utils.utcnow()) - (CLOCK_MS << 22)
            try:
                with translated():
                    async with asyncio.timeout(SECONDS):
                        found = await history.after(client, channel, since)
            except RateLimited as limited:
                await asyncio.sleep(limited.retry_after)
            except Uncertain:
                await asyncio.sleep(pause or 0)
            except Gone:
                return True  # or no thread was ever opened on that question
            else:
                await self._hand_over(client, offer, found, guild)
                await self._progress.note(channel, _end(found, asked))
                return True
        return False

    async def _hand_over(
        self, client: Client, offer: Offer, found: Sequence[dict[str, Any]], guild: str
    ) -> None:
        if len(found) >= history.PAGE:
            log.warning(
                "discord: a channel had many messages while we were away; only the first %d are read",
                len(found),
            )
        while self._intake.held > CROWD:  # noqa: ASYNC110 - rare, and nobody waits for this
            await asyncio.sleep(PAUSE_SECONDS)
        for data in found:
            if not self._seen.knows(int(data["id"])):
                message = client.message_of(data, guild)
                if message is not None:
                    offer(client, message)


def _channels(places: Sequence[Place]) -> list[tuple[str, str]]:
    """The threads and channels of the places, with their guilds; above a thread we may be mentioned too."""
    both = ((channel, place.workspace) for place in places for channel in (place.thread, place.channel))
    return [each for each in dict.fromkeys(both) if each[0]][:CHANNELS]


def _end(found: Sequence[dict[str, Any]], asked: int) -> int:
    """Up to where a channel is read, when it was asked at that time (an id) and gave these messages."""
    return int(found[-1]["id"]) if len(found) >= history.PAGE else asked


def _is_silent(client: Client, channel: str, since: int) -> bool:
    """Whether the gateway said that nothing was written there; of direct messages it says nothing."""
    known = client.get_channel(int(channel))
    if isinstance(known, discord.ForumChannel | discord.CategoryChannel):
        return True
    last = getattr(known, "last_message_id", None)
    return last is not None and last <= since
