"""Every endpoint of one app but those of an answer: files, speech, history, forms, runs, annotations.

What a bot may never ask for is loaded when it does: typed replies take time to make.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from core.dify.about import About
from core.dify.calls import Calls, Retries
from core.dify.connection import Connection
from core.dify.downloads import Downloads
from core.dify.files import Files
from core.dify.server import DifyServer

if TYPE_CHECKING:
    from core.dify.annotations import Annotations
    from core.dify.audio import Audio
    from core.dify.conversations import Conversations, Messages
    from core.dify.human_input import HumanInput
    from core.dify.workflows import Workflows


class DifyApi:
    """Typed calls, repeated where that is safe. Raises the DifyError family of core.errors, nothing of httpx.

    They share one connection to the server: they wait for each other. `user` is the one that asked.
    """

    def __init__(
        self, server: DifyServer, connection: Connection, retries: Retries, files_base: str = ""
    ) -> None:
        self._calls = Calls(connection, retries)
        self.about = About(self._calls)
        self.downloads = Downloads(server, files_base)
        self.files = Files(self._calls)

    @cached_property
    def annotations(self) -> "Annotations":
        """Answers that people wrote."""
        from core.dify.annotations import Annotations  # noqa: PLC0415

        return Annotations(self._calls)

    @cached_property
    def audio(self) -> "Audio":
        """Speech to text and back."""
        from core.dify.audio import Audio  # noqa: PLC0415

        return Audio(self._calls)

    @cached_property
    def conversations(self) -> "Conversations":
        """The conversations that Dify keeps."""
        from core.dify.conversations import Conversations  # noqa: PLC0415

        return Conversations(self._calls)

    @cached_property
    def human_input(self) -> "HumanInput":
        """Forms that a run waits for."""
        from core.dify.human_input import HumanInput  # noqa: PLC0415

        return HumanInput(self._calls)

    @cached_property
    def messages(self) -> "Messages":
        """The messages that Dify keeps."""
        from core.dify.conversations import Messages  # noqa: PLC0415

        return Messages(self._calls)

    @cached_property
    def workflows(self) -> "Workflows":
        """Runs of workflows."""
        from core.dify.workflows import Workflows  # noqa: PLC0415

        return Workflows(self._calls)
