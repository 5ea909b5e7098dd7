"""The simulated Slack as a server on the loopback interface, and the switches for its misbehaviour."""

import json
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any, Self

from aiohttp import web

from simulators.journal import Call, peer_port
from simulators.slack import methods_files
from simulators.slack.faults import Gate, Wanted
from simulators.slack.interactions import Interactions
from simulators.slack.method import Args, Method, Reply
from simulators.slack.rates import Limits
from simulators.slack.refusal import Refusal
from simulators.slack.registry import METHODS
from simulators.slack.workspace import EVENTS, SCOPES, Settings

STRUCTURED = ("attachments", "blocks", "chunks", "files", "metadata", "prompts", "view", "loading_messages")
MAX_BODY = 64 * 2**20


class SlackSimulator(Interactions):
    """A Slack workspace with one installed app, served on 127.0.0.1.

    `async with SlackSimulator() as slack:` or start()/stop(); a start() after stop() reuses the port.
    All actions of people are plain calls made in the event loop that runs the simulator.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        limits: Limits | None = None,
        events: Collection[str] = EVENTS,
        scopes: Collection[str] = SCOPES,
        stream_ttl: float = 300.0,
        stream_cap: int = 10_600,
        trigger_ttl: float = 3.0,
        ack_timeout: float = 3.0,
        retry_delays: Iterable[float] = (0.0, 60.0, 300.0),
        clock: Callable[[], float] = time.monotonic,
        bot_name: str = "parley",
    ) -> None:
        """Times in seconds, `stream_cap` in bytes, `clock` drives limits, streams, triggers and history."""
        super().__init__(
            settings=Settings(set(events), set(scopes), stream_ttl, stream_cap, trigger_ttl),
            limits=limits or Limits(),
            clock=clock,
            ack_timeout=ack_timeout,
            retry_delays=retry_delays,
            bot_name=bot_name,
        )
        self.port = port
        self._runner: web.AppRunner | None = None

    @property
    def api_url(self) -> str:
        """What the SDK takes as base_url."""
        return f"{self.base}/api/"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; port 0 picks a free one."""
        app = web.Application(client_max_size=MAX_BODY)
        app.add_routes(
            [
                web.route("*", "/api/{method}", self._api),
                web.get("/link/", self.socket.serve),
                web.post("/upload/v1/{secret}", self._upload),
                web.get("/files-pri/{place}/{name}", self._download),
                web.get("/files-pri/{place}/download/{name}", self._download),
                web.post("/response/{token}", self._response),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        self.base = f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """Close everything; the world and the journal stay readable."""
        for gate in self.faults.gates.values():
            gate.release()
        await self.socket.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # ---- the Web API ----

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            args, token = await _arguments(request)
        except json.JSONDecodeError:
            return self._response_to(200, {"ok": False, "error": "invalid_json"}, 0)
        if self.faults.take(self.faults.lost_requests, name):
            return _cut(request)
        peer = peer_port(request.transport)
        if not await self.faults.hold(name, args, peer, before=True):
            return _cut(request)
        status, reply, retry_after = self._answer(name, args, token)
        self.journal.record(Call(name, args, status, reply.get("error"), peer=peer))
        passed = await self.faults.hold(name, args, peer, before=False)
        if self.faults.take(self.faults.lost_replies, name) or not passed:
            return _cut(request)
        return self._response_to(status, reply, retry_after)

    def _answer(self, name: str, args: Args, token: str) -> tuple[int, Reply, int]:
        """HTTP status, body, and Retry-After (0: none) of a call."""
        broken = self.faults.next_status(name)
        if broken is not None:
            return broken, {"ok": False, "error": "service_unavailable"}, 0
        try:
            self.faults.check_refusal(name)
            method = _named(name)
            self._authorize(method, token)
            wait = self.faults.next_retry_after(name) or self.throttle.hit(name, method.tier, _channel(args))
            if wait:
                return 429, {"ok": False, "error": "ratelimited"}, wait
            return 200, {"ok": True, **method.call(self, args)}, 0
        except Refusal as refusal:
            return 200, {"ok": False, "error": refusal.error, **refusal.extra}, 0

    def _authorize(self, method: Method, token: str) -> None:
        if method.token == "app":
            if token != self.app_token:
                raise Refusal("not_allowed_token_type" if token == self.bot_token else "invalid_auth")
            if self.socket.refusing:
                raise Refusal("internal_error")
            return
        if not token:
            raise Refusal("not_authed")
        if token != self.bot_token:
            raise Refusal("not_allowed_token_type" if token == self.app_token else "invalid_auth")
        if self.revoked:
            raise Refusal("token_revoked")
        provided = self.settings.scopes
        if method.scopes and not provided.intersection(method.scopes):
            needed, had = ",".join(method.scopes), ",".join(sorted(provided))
            raise Refusal("missing_scope", needed=needed, provided=had)

    def _response_to(self, status: int, reply: Reply, retry_after: int) -> web.Response:
        headers = {
            "x-oauth-scopes": ",".join(sorted(self.settings.scopes)),
            "x-slack-req-id": self.world.next_id("R"),
        }
        if retry_after:
            headers["Retry-After"] = str(retry_after)
        return web.json_response(reply, status=status, headers=headers)

    # ---- the other URLs ----

    async def _upload(self, request: web.Request) -> web.Response:
        answer = await methods_files.receive_upload(self, request)
        return _cut(request) if self.faults.take(self.faults.lost_replies, "POST /upload") else answer

    async def _download(self, request: web.Request) -> web.Response:
        await self.faults.hold("GET /files-pri", {}, peer_port(request.transport), before=True)
        return methods_files.download(self, request)

    async def _response(self, request: web.Request) -> web.Response:
        body, _ = await _arguments(request)
        try:
            status = self.answer(request.match_info["token"], body)
            error = None if status == 200 else "used_url"
        except Refusal as refusal:
            status, error = 500, refusal.error
        self.journal.record(Call("response_url", body, status, error))
        return web.Response(status=status, text="ok" if error is None else error)

    # ---- misbehaviour ----

    def rate_limit_next(self, method: str, retry_after: int = 1, times: int = 1) -> None:
        """The next call(s) of a method answer 429 with this Retry-After (whole seconds)."""
        self.faults.retry_after[method].extend([retry_after] * times)

    def set_limits(self, limits: Limits) -> None:
        """Keep other limits from now on; the counters start again."""
        self.throttle.reset(limits)

    def refuse(self, method: str, error: str, times: int | None = None) -> None:
        """Answer a method with an error: the next `times` calls, or every call until allow()."""
        if times is None:
            self.faults.switched_off[method] = error
        else:
            self.faults.refusals[method].extend([error] * times)

    def allow(self, method: str) -> None:
        """End what refuse() began."""
        self.faults.switched_off.pop(method, None)
        self.faults.refusals.pop(method, None)

    def fail_next(self, method: str, status: int = 503, times: int = 1) -> None:
        """The next call(s) of a method answer an HTTP error and do nothing."""
        self.faults.statuses[method].extend([status] * times)

    def lose_reply_next(self, method: str, times: int = 1) -> None:
        """Cut the connection after the next call(s) of a method did their work: the reply is lost."""
        self.faults.lost_replies[method] += times

    def lose_request_next(self, method: str, times: int = 1) -> None:
        """Cut the connection before the next call(s) of a method: nothing happens or is recorded."""
        self.faults.lost_requests[method] += times

    def hold(self, method: str, *, before: bool = False, when: Wanted | None = None) -> Gate:
        """Hold a method's replies (with `before`: its work) until `gate.release()`; `gate.waiting` counts.

        With `when` only the calls whose arguments it likes; `gate.cut()` ends them without a reply.
        """
        gate = Gate(self.journal, before=before, when=when)
        self.faults.gates[method] = gate
        return gate

    def serve_login_pages(self, *, on: bool = True) -> None:
        """Answer file downloads with the login page, as for a token without files:read."""
        self.faults.login_page = on

    async def refresh_sockets(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to reconnect ("refresh_requested", "warning", "link_disabled")."""
        await self.socket.ask_to_leave(reason)

    def drop_sockets(self) -> None:
        """Cut every connection without a close frame."""
        self.socket.abort()

    def refuse_connections(self, *, on: bool = True) -> None:
        """Let nobody open a Socket Mode connection for a while; open ones stay (see drop_sockets)."""
        self.socket.refusing = on

    def redeliver_now(self) -> None:
        """Let all waiting redeliveries happen now instead of after their minute(s); see Delivery.paused."""
        self.socket.redeliver_now()

    async def send_raw(self, text: str) -> None:
        """Send any text on every socket: a malformed envelope."""
        await self.socket.send_raw(text)


def _named(name: str) -> Method:
    if name not in METHODS:
        raise Refusal("unknown_method", req_method=name)
    return METHODS[name]


def _channel(args: Args) -> str:
    return str(args.get("channel") or args.get("channel_id") or "")


async def _arguments(request: web.Request) -> tuple[Args, str]:
    """The decoded arguments of a call (query, form and JSON body merged), and its token."""
    args: Args = dict(request.query)
    if request.content_type == "application/json":
        body = json.loads(await request.text() or "{}")
        args |= body if isinstance(body, dict) else {}
    elif request.method == "POST":
        args |= dict(await request.post())
    for name in STRUCTURED:
        if isinstance(args.get(name), str) and args[name]:
            args[name] = _parsed(args[name])
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    in_body = str(args.pop("token", ""))
    return args, token if scheme == "Bearer" else in_body


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
