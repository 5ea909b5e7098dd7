"""How every REST request is served: read, checked, limited, carried out, recorded, answered."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from simulators.discord.errors import Refusal
from simulators.discord.faults import Fault, Faults
from simulators.discord.limits import Buckets, Verdict
from simulators.discord.state import World
from simulators.journal import Call, peer_port

LOG = logging.getLogger(__name__)
BODY_LIMIT = 25 * 1024 * 1024
OPEN = ("/interactions/", "/webhooks/")  # the token in the path is the proof


@dataclass(frozen=True)
class Upload:
    """A file of a multipart request: files[index]."""

    index: int
    filename: str
    data: bytes


@dataclass
class RestCall:
    """A request as an endpoint sees it."""

    method: str  # with the route's template: "POST /channels/{channel_id}/messages"
    params: dict[str, str]
    query: dict[str, str]
    body: Any
    uploads: list[Upload] = field(default_factory=list)

    def id(self, name: str) -> int:
        """A snowflake of the path. Raises Refusal 50035 where it is not a number."""
        if not self.params[name].isdecimal():
            raise Refusal(50035)
        return int(self.params[name])

    @property
    def fields(self) -> dict[str, Any]:
        """The body's JSON object. Raises Refusal 50109 where it is none."""
        if not isinstance(self.body, dict):
            raise Refusal(50109)
        return self.body

    @property
    def args(self) -> dict[str, Any]:
        """Everything for the journal: path parameters, query, body."""
        body = self.body if isinstance(self.body, dict) else {"body": self.body} if self.body else {}
        files = {"files": [each.filename for each in self.uploads]} if self.uploads else {}
        return {**self.params, **self.query, **body, **files}


@dataclass(frozen=True)
class Answer:
    """What an endpoint answers when it is not plain JSON with status 200."""

    payload: Any
    status: int = 200


Endpoint = Callable[[World, RestCall], Any]  # returns JSON, None (204) or Answer; raises Refusal


class Rest:
    """Serves the endpoints to one bot."""

    def __init__(self, world: World, token: str, faults: Faults, buckets: Buckets) -> None:
        self.world = world
        self.token = token
        self.faults = faults
        self.buckets = buckets

    def serve(self, method: str, endpoint: Endpoint) -> Callable[[web.Request], Any]:
        """The aiohttp handler of one route."""

        async def handler(request: web.Request) -> web.StreamResponse:
            return await self._serve(await _read(request, method), request, endpoint)

        return handler

    async def _serve(self, call: RestCall, request: web.Request, endpoint: Endpoint) -> web.StreamResponse:
        peer = peer_port(request.transport)
        gate = self.faults.gate(call.method, before=True)
        if gate and not await gate.pass_through(call.args, peer):
            return _cut(request)
        fault = self.faults.take(call.method)
        response, error = self._respond(call, request, endpoint, fault)
        self.world.journal.record(Call(call.method, call.args, response.status, error, peer=peer))
        gate = self.faults.gate(call.method, before=False)
        passed = gate is None or await gate.pass_through(call.args, peer)
        if (fault and fault.lose_reply) or not passed:
            return _cut(request)
        return response

    async def unknown(self, request: web.Request) -> web.Response:
        """Answer a route that is not simulated, and record that it was asked for."""
        method = f"{request.method} /{request.match_info['path']}"
        self.world.journal.record(Call(method, dict(request.query), 404, "not simulated"))
        return _reply({"message": "404: Not Found", "code": 0}, 404)

    def _respond(
        self, call: RestCall, request: web.Request, endpoint: Endpoint, fault: Fault | None
    ) -> tuple[web.Response, str | None]:
        if not self._known(call, request):
            return _reply({"message": "401: Unauthorized", "code": 0}, 401), "0"
        verdict = self.buckets.hit(call.method, call.args)
        if verdict.wait:
            return _reply(verdict.body, 429, verdict.headers), "429"
        if fault and not fault.lose_reply:
            return _scripted(fault, verdict)
        response, error = _carry_out(self.world, call, endpoint, verdict.headers)
        return response, "reply lost" if fault else error

    def _known(self, call: RestCall, request: web.Request) -> bool:
        if call.method.split(" ", 1)[1].startswith(OPEN):
            return True
        return request.headers.get("Authorization") == f"Bot {self.token}"


def _carry_out(
    world: World, call: RestCall, endpoint: Endpoint, headers: dict[str, str]
) -> tuple[web.Response, str | None]:
    try:
        answer = endpoint(world, call)
    except Refusal as refusal:
        return _reply(refusal.body(), refusal.status, headers), str(refusal.code)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # a field of an unexpected kind, or a fault of the simulator: a 500 would be retried for half a minute
        LOG.exception("%s could not be understood", call.method)
        return _reply(Refusal(50035).body(), 400, headers), f"50035 {error!r}"
    if not isinstance(answer, Answer):
        answer = Answer(answer, 204 if answer is None else 200)
    return _reply(answer.payload, answer.status, headers), None


def _scripted(fault: Fault, verdict: Verdict) -> tuple[web.Response, str | None]:
    headers = verdict.headers | dict(fault.headers)
    if fault.body is None:
        text = f"<html><head><title>{fault.status}</title></head><body>cloudflare</body></html>"
        return web.Response(text=text, status=fault.status, content_type="text/html"), str(fault.status)
    return _reply(fault.body, fault.status, headers), str(fault.code or fault.status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _reply(payload: Any, status: int, headers: dict[str, str] | None = None) -> web.Response:
    """JSON whose content type has no charset: discord.py takes anything else for text."""
    if status == 204:
        return web.Response(status=204, headers=headers)
    body = json.dumps(payload).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


async def _read(request: web.Request, method: str) -> RestCall:
    params, query = dict(request.match_info), dict(request.query)
    if request.content_type == "multipart/form-data":
        body, uploads = await _read_multipart(request)
        return RestCall(method, params, query, body, uploads)
    raw = await request.read()
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = raw.decode(errors="replace")
    return RestCall(method, params, query, body)


async def _read_multipart(request: web.Request) -> tuple[Any, list[Upload]]:
    """Discord: reference#uploading-files: payload_json and files[n]."""
    body: Any = {}
    uploads = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        data = bytes(await part.read())
        if part.name == "payload_json":
            body = json.loads(data)
        elif part.name.startswith("files["):
            uploads.append(Upload(int(part.name[6:-1]), part.filename or "unknown", data))
    return body, uploads
