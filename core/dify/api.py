"""Every endpoint of one app but those of an answer: files, speech, history, forms, runs, annotations."""

from core.dify.about import About
from core.dify.annotations import Annotations
from core.dify.audio import Audio
from core.dify.calls import Calls, Retries
from core.dify.connection import Connection
from core.dify.conversations import Conversations, Messages
from core.dify.downloads import Downloads
from core.dify.files import Files
from core.dify.human_input import HumanInput
from core.dify.server import DifyServer
from core.dify.workflows import Workflows


class DifyApi:
    """Typed calls, repeated where that is safe. Raises the DifyError family of core.errors, nothing of httpx.

    They share one connection to the server: they wait for each other. `user` is the one that asked.
    """

    def __init__(
        self, server: DifyServer, connection: Connection, retries: Retries, files_base: str = ""
    ) -> None:
        calls = Calls(connection, retries)
        self.about = About(calls)
        self.annotations = Annotations(calls)
        self.audio = Audio(calls)
        self.conversations = Conversations(calls)
        self.downloads = Downloads(server, files_base)
        self.files = Files(calls)
        self.human_input = HumanInput(calls)
        self.messages = Messages(calls)
        self.workflows = Workflows(calls)
