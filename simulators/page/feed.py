"""The state that the page shows, made anew when a simulator changes; followers get what differs."""

import asyncio
import contextlib
from typing import Any

from simulators.page import dify_view, discord_view, forms, slack_view
from simulators.page.ledger import Ledger, discord_edit, slack_edit
from simulators.stage import Stage

State = dict[str, Any]
INTERVAL = 0.05  # seconds between two states
TICK = 0.5  # seconds after which "writing…" and "typing…" are looked at again


class Feed:
    """Keeps `state` current while `run()` runs."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._slack = Ledger(stage.slack.journal, slack_edit)
        self._discord = Ledger(stage.discord.journal, discord_edit)
        self._dirty = asyncio.Event()
        self._published = asyncio.Event()
        self.state: State = self._look()

    def poke(self) -> None:
        """Something changed that no journal tells."""
        self._dirty.set()

    async def run(self) -> None:
        """Until cancelled; `state` is replaced, never changed."""
        unlisten = [j.listen(lambda _kind, _detail: self.poke()) for j in self._stage.journals]
        try:
            while True:
                self._dirty.clear()
                self._publish(self._look())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK if _passing(self.state) else None):
                        await self._dirty.wait()
                await asyncio.sleep(INTERVAL)
        finally:
            for each in unlisten:
                each()

    async def after(self, seen: State) -> State:
        """The state, as soon as it is another one than `seen`."""
        while self.state is seen:
            await self._published.wait()
        return self.state

    def _publish(self, state: State) -> None:
        if state == self.state:
            return
        self.state = state
        published, self._published = self._published, asyncio.Event()
        published.set()

    def _look(self) -> State:
        stage = self._stage
        self._slack.read()
        self._discord.read()
        pulse = dify_view.pulse(stage.dify)
        return {
            "stage": _stage(stage),
            **slack_view.view(stage.slack, stage.slack_places, self._slack, pulse),
            **discord_view.view(stage.discord, stage.discord_places, self._discord, pulse),
            **forms.view(stage),
            **(dify_view.view(stage.dify) if stage.dify else {}),
        }


def _stage(stage: Stage) -> dict[str, Any]:
    dify = stage.dify
    return {
        "bot": stage.discord.bot.name,
        "connected": stage.connected,
        "real_dify": stage.dify_url if dify is None else None,
        "pace": stage.pace,
        "fail": bool(dify and dify.fail_next),
        "lose": bool(dify and dify.drop_next),
        "limit": stage.edits_limited,
    }


def _passing(state: State) -> bool:
    """Whether something is shown that ends by time alone."""
    return any(key.startswith("status/discord") or _written(value) for key, value in state.items())


def _written(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.get("writing"))


def changes(before: State, after: State) -> dict[str, Any]:
    """What a follower has to set and to drop to come from one state to the other."""
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    return {"set": changed, "gone": [key for key in before if key not in after]}
