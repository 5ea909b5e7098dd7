"""One request as Dify understood it: the app behind the key, the user, the body, and how to answer."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from simulators.dify.errors import DifyError, bad_request, invalid, not_json, unprocessable
from simulators.dify.state import App
from simulators.dify.wire import Dialect, spaced
from simulators.dify.workspace import Workspace
from simulators.journal import Call, peer_port

DEFAULT_USER = "DEFAULT-USER"


@dataclass(frozen=True)
class Part:
    """A file part of a multipart body; `mime` is None where the client sent none."""

    field: str
    name: str
    mime: str | None
    data: bytes


@dataclass
class Exchange:
    """A request on its way through the simulator."""

    workspace: Workspace
    request: web.Request
    method: str  # "POST /chat-messages/{task_id}/stop"
    app: App | None = None
    user: str = DEFAULT_USER
    body: dict[str, Any] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    recorded: bool = False

    @property
    def dialect(self) -> Dialect:
        return self.workspace.dialect

    @property
    def target(self) -> App:
        """The app behind the key."""
        assert self.app is not None
        return self.app

    @property
    def path(self) -> str:
        return self.request.path

    def part(self, name: str) -> str:
        """A part of the path, e.g. `task_id`."""
        return self.request.match_info[name]

    @property
    def args(self) -> dict[str, Any]:
        """Everything the client sent, for the journal: body, query and path together."""
        files = {
            part.field: {"filename": part.name, "mime_type": part.mime, "size": len(part.data)}
            for part in self.parts
        }
        return {**self.body, **files, **self.request.query, **self.request.match_info}

    def record(self, status: int = 200, error: str | None = None) -> None:
        """Put the request into the journal, once: a stream does it as it starts."""
        if not self.recorded:
            self.recorded = True
            peer = peer_port(self.request.transport)
            self.workspace.journal.record(Call(self.method, self.args, status, error, peer=peer))

    def json(self, payload: Any, status: int = 200, *, blocking: bool = False) -> web.Response:
        """A JSON reply; those of flask-restx end with a line break, blocking answers do not."""
        kind = "application/json; charset=utf-8" if blocking and self.dialect.since(1) else "application/json"
        headers = self.dialect.headers() | {"Content-Type": kind}
        return web.Response(
            status=status, body=spaced(payload) + (b"" if blocking else b"\n"), headers=headers
        )

    def success(self) -> web.Response:
        return self.json({"result": "success"})

    def number(self, name: str, default: int, model: str, highest: int = 100) -> int:
        """A number of the query, from 1 to `highest`."""
        text = self.request.query.get(name)
        if text is None:
            return default
        value = int(text) if text.isdigit() else 0
        if 1 <= value <= highest:
            return value
        limit = f"Input should be less than or equal to {highest}"
        old = f"Invalid argument: {text}. argument must be within the range 1 - {highest}"
        raise unprocessable(self.dialect, model, name, limit, old)

    async def read(self) -> None:
        """Read the body, if this method has one."""
        if self.request.method == "GET":
            return
        if self.request.content_type == "multipart/form-data":
            await self._read_parts()
        else:
            await self._read_json()

    async def _read_json(self) -> None:
        if self.request.content_type != "application/json":
            raise not_json()
        try:
            body = json.loads(await self.request.read())
            json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate cannot be stored
        except ValueError:
            raise bad_request() from None
        self.body = body if isinstance(body, dict) else {}

    async def _read_parts(self) -> None:
        async for part in await self.request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            data = bytes(await part.read(decode=False))
            if part.filename is None:
                self.body[part.name or ""] = data.decode(errors="replace")
            else:
                mime = part.headers.get("Content-Type")
                self.parts.append(Part(part.name or "", part.filename, mime, data))

    def read_user(self, *, required: bool) -> None:
        """Take `user` from the query (GET) or the body.

        Dify: "Arg user must be provided."; where it is optional, all callers share one end user.
        """
        given = (self.request.query if self.request.method == "GET" else self.body).get("user")
        if given in (None, ""):
            if required:
                raise invalid("Arg user must be provided.")
            return
        self.user = str(given)
        if len(self.user) > 255:
            raise DifyError(500, "unknown", "Internal Server Error")
        self.target.end_user(self.user)
