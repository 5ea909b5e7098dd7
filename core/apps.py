"""The configured apps, and what is asked of them with a person's message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.contract import ChatAdapter
from core.dify.apps import DifyApp
from core.dify.client import Question
from core.messages import IncomingMessage, Names
from core.settings import AppSettings
from core.store.rows import Turn

_PLACEHOLDER = re.compile(r"\{(user_name|channel_name|platform|locale)\}")
MAX_IDENTITY = 255  # Dify fails (500) on a longer `user`


@dataclass(frozen=True)
class App:
    """One app of the configuration, ready to be asked."""

    settings: AppSettings
    dify: DifyApp

    def title(self) -> str:
        """What to call it before users."""
        return self.dify.title or self.dify.name

    async def question(self, turn: Turn, adapter: ChatAdapter) -> Question:
        """What Dify is asked for a message."""
        message = turn.message
        names = await adapter.names(message) if self._wants_names(message) else Names("", "")
        values = {
            "user_name": names.user,
            "channel_name": names.channel,
            "platform": message.place.platform,
            "locale": message.locale,
        }
        speaks = self.settings.prefix_speaker == "shared" and not message.place.direct
        return Question(
            query=f"{names.user}: {message.text}" if speaks else message.text,
            user=turn.conversation.identity[:MAX_IDENTITY],
            conversation_id=turn.conversation.dify_id,
            inputs={name: _filled(value, values) for name, value in self.settings.inputs.items()},
            trace_id=f"parley-{turn.id}",
        )

    def _wants_names(self, message: IncomingMessage) -> bool:
        if self.settings.prefix_speaker == "shared" and not message.place.direct:
            return True
        return any(isinstance(value, str) and "_name}" in value for value in self.settings.inputs.values())


def _filled(value: object, values: Mapping[str, str]) -> object:
    if not isinstance(value, str):
        return value
    return _PLACEHOLDER.sub(lambda match: values[match[1]], value)
