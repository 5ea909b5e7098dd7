"""What Slack knows about users and channels, remembered for a while; best effort, never raises."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

from adapters.slack.api import SlackApi, SlackError
from core.contract import RateLimited, Uncertain

log = logging.getLogger(__name__)

_KEPT_SECONDS = 3600.0
_RETRY_SECONDS = 60.0  # after a failed look-up
_MOST = 10_000
_LOOKUP_SECONDS = 2.0  # an event is acknowledged within 3 s, and some wait for this

Fields = Mapping[str, Any]
_Value = TypeVar("_Value")


class People:
    """Users and channels by id."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._known: OrderedDict[str, tuple[float, Fields]] = OrderedDict()
        self._teams: OrderedDict[str, str] = OrderedDict()

    async def name(self, user: str) -> str:
        """What people call this user; the id where it can't be had."""
        fields = await self._user(user)
        profile = fields.get("profile") or {}
        candidates = (profile.get("display_name"), profile.get("real_name"), fields.get("real_name"))
        return str(next((name for name in (*candidates, fields.get("name")) if name), user))

    async def is_bot(self, user: str) -> bool:
        """Whether Slack says that this user is a bot."""
        return bool((await self._user(user)).get("is_bot"))

    async def channel(self, channel: str) -> str:
        """The channel's name without #; the id where it has none (direct messages)."""
        fields = await self._fields("conversations.info", "channel", channel)
        return str(fields.get("name") or channel)

    def locale(self, user: str) -> str:
        """The user's language, where it is already known; asks nobody."""
        known = self._known.get(user)
        return str(known[1].get("locale") or "") if known else ""

    async def locale_within(self, user: str, seconds: float) -> str:
        """The user's language, asked for where it is not known; "" where Slack does not tell it in time."""
        if user not in self._known:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._user(user), seconds)
        return self.locale(user)

    def met(self, user: str, team: str) -> None:
        """Remember the home team that an event named."""
        _keep(self._teams, user, team)

    def team(self, user: str, default: str) -> str:
        """The user's home team (over Slack Connect not ours); asks nobody."""
        known = self._known.get(user)
        return self._teams.get(user) or str((known[1] if known else {}).get("team_id") or default)

    async def _user(self, user: str) -> Fields:
        return await self._fields("users.info", "user", user)

    async def _fields(self, method: str, kind: str, key: str) -> Fields:
        """Slack: users.info, conversations.info."""
        expires, fields = self._known.get(key, (0.0, {}))
        if expires > time.monotonic():
            return fields
        kept, found = await self._asked(method, kind, key)
        fields = found or fields  # what was known stands while Slack does not answer
        _keep(self._known, key, (time.monotonic() + kept, fields))
        return fields

    async def _asked(self, method: str, kind: str, key: str) -> tuple[float, Fields]:
        extra = {"include_locale": "true"} if kind == "user" else {}
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                reply = await self._api.read(method, **{kind: key}, **extra)
        except (SlackError, RateLimited, Uncertain, TimeoutError) as error:
            log.info("%s failed: %s", method, error or type(error).__name__)
            return _RETRY_SECONDS, {}
        fields = reply.get(kind)
        return _KEPT_SECONDS, fields if isinstance(fields, Mapping) else {}


def _keep(cache: OrderedDict[str, _Value], key: str, value: _Value) -> None:
    cache[key] = value
    cache.move_to_end(key)
    while len(cache) > _MOST:
        cache.popitem(last=False)
