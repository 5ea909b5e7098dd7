"""The gateway: IDENTIFY, RESUME, heartbeats, and misbehaviour on demand (Discord: events/gateway)."""

import asyncio
import json
import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from simulators.discord import payloads
from simulators.discord.connection import Connection, encoder
from simulators.discord.sessions import HIGHEST, PRIVILEGED, Intent, Session
from simulators.discord.state import Event, World

HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME = 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11
ENDS_SESSION = frozenset({1000, 1001, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014})


class Gateway:
    """Keeps the sessions of one bot and tells them what happens in the world."""

    def __init__(self, world: World, token: str, heartbeat_interval: float) -> None:
        self.world = world
        self.token = token
        self.heartbeat_interval = heartbeat_interval  # seconds
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.identifies: list[dict[str, Any]] = []  # the data of each IDENTIFY, refused ones too
        self.resumes: list[dict[str, Any]] = []
        self.heartbeats = 0
        self.stop_acks = False  # True makes a zombie: connected, but nothing is acknowledged
        self.refuse_handshakes = 0  # that many next websocket handshakes are answered with 503
        self._operations: dict[int, Callable[[Connection, Any], None]] = {
            HEARTBEAT: self._heartbeat,
            IDENTIFY: self._identify,
            RESUME: self._resume,
            REQUEST_MEMBERS: self._request_members,
            PRESENCE: lambda _connection, _data: None,
            VOICE_STATE: lambda _connection, _data: None,
        }
        world.listeners.append(self.tell)

    @property
    def allowed_intents(self) -> int:
        """Intents that do not need a toggle, and the privileged ones that are toggled on."""
        content = Intent.MESSAGE_CONTENT if self.world.message_content_enabled else 0
        return (HIGHEST - 1) & ~PRIVILEGED | content

    def tell(self, event: Event) -> None:
        for session in self.sessions.values():
            session.tell(self.world, event)

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket until it ends."""
        encode = encoder(request.query.get("compress"))
        if self.refuse_handshakes > 0 or encode is None:
            self.refuse_handshakes = max(0, self.refuse_handshakes - 1)
            return web.Response(status=503 if encode else 400)
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request, encode)
        await self._serve(connection)
        return socket

    async def _serve(self, connection: Connection) -> None:
        self.connections.add(connection)
        writer = asyncio.create_task(connection.write())
        connection.send(HELLO, {"heartbeat_interval": int(self.heartbeat_interval * 1000), "_trace": []})
        try:
            async for message in connection.socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._receive(connection, message.data)
        finally:
            if not connection.saying_goodbye:
                writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._ended(connection)

    def _ended(self, connection: Connection) -> None:
        self.connections.discard(connection)
        session = self.sessions.get(connection.session_id or "")
        if session and session.connection is connection:
            session.connection = None
            if not connection.closing and connection.socket.close_code in ENDS_SESSION:
                del self.sessions[session.id]
        detail = {"code": connection.socket.close_code, "session_id": connection.session_id}
        self.world.journal.changed("disconnect", detail)

    def _receive(self, connection: Connection, data: str | bytes) -> None:
        try:
            frame = json.loads(data)
            operation = self._operations[frame["op"]]
        except ValueError:
            return connection.close(4002)
        except KeyError:
            return connection.close(4001)
        if frame["op"] not in (HEARTBEAT, IDENTIFY, RESUME) and connection.session_id is None:
            return connection.close(4003)
        return operation(connection, frame.get("d"))

    def _heartbeat(self, connection: Connection, _data: Any) -> None:
        self.heartbeats += 1
        if not self.stop_acks:
            connection.send(HEARTBEAT_ACK, None)
        self.world.journal.changed("heartbeat", {})

    def _identify(self, connection: Connection, data: dict[str, Any]) -> None:
        self.identifies.append(data)
        self.world.session_starts_left -= 1
        if code := self._why_refused(connection, data):
            connection.close(code)
        else:
            self._start(connection, data)
        self.world.journal.changed("identify", {"intents": data.get("intents")})

    def _why_refused(self, connection: Connection, data: dict[str, Any]) -> int | None:
        """The close code for this IDENTIFY (Discord: opcodes#gateway-gateway-close-event-codes)."""
        index, count = data.get("shard") or (0, 1)
        intents = data.get("intents", -1)
        reasons = {
            4005: connection.session_id is not None,
            4004: data.get("token") != self.token,
            4010: not 0 <= index < count,
            4013: not 0 <= intents < HIGHEST,
            4014: bool(intents & ~self.allowed_intents),
        }
        return next((code for code, applies in reasons.items() if applies), None)

    def _start(self, connection: Connection, data: dict[str, Any]) -> None:
        index, count = data.get("shard") or (0, 1)
        session = Session(secrets.token_hex(16), data["intents"], (index, count), connection)
        connection.session_id = session.id
        self.sessions[session.id] = session
        guilds = [g for g in self.world.guilds.values() if (g.id >> 22) % count == index]
        session.dispatch("READY", self._ready(session, [str(guild.id) for guild in guilds]))
        for guild in guilds:
            session.tell(
                self.world, Event("GUILD_CREATE", payloads.guild_create(self.world, guild), guild=guild)
            )

    def _ready(self, session: Session, guild_ids: list[str]) -> dict[str, Any]:
        """Discord: events/gateway-events#ready."""
        return {
            "v": 10,
            "user": payloads.user(self.world.bot)
            | {"verified": True, "mfa_enabled": True, "email": None, "flags": 0},
            "guilds": [{"id": guild_id, "unavailable": True} for guild_id in guild_ids],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.world.gateway_url,
            "shard": list(session.shard),
            "application": {"id": str(self.world.bot.id), "flags": payloads.application_flags(self.world)},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "user_settings": {},
            "_trace": [],
        }

    def _resume(self, connection: Connection, data: dict[str, Any]) -> None:
        self.resumes.append(data)
        session = self.sessions.get(data.get("session_id") or "")
        if data.get("token") != self.token:
            connection.close(4004)
        elif session is None:
            connection.send(INVALID_SESSION, False)
        else:
            self._continue(session, connection, data.get("seq") or 0)
        self.world.journal.changed("resume", {})

    def _continue(self, session: Session, connection: Connection, after: int) -> None:
        session.connection, connection.session_id = connection, session.id
        session.replay(after)
        session.dispatch("RESUMED", {"_trace": []})

    def _request_members(self, connection: Connection, data: dict[str, Any]) -> None:
        """Discord: events/gateway-events#request-guild-members, by ids or by the beginning of the name."""
        session = self.sessions[connection.session_id or ""]
        guild = self.world.guild(int(data["guild_id"]))
        wanted = data.get("user_ids")
        ids = [str(each) for each in (wanted if isinstance(wanted, list) else [wanted] if wanted else [])]
        start = data.get("query")
        found = [
            payloads.full_member(each)
            for each in guild.members.values()
            if str(each.user.id) in ids or (start is not None and each.user.name.startswith(start))
        ]
        chunk = {"guild_id": str(guild.id), "members": found, "chunk_index": 0, "chunk_count": 1}
        nonce = {"nonce": data["nonce"]} if data.get("nonce") else {}
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk | {"not_found": []} | nonce)

    def reconnect(self) -> None:
        """Ask every connection to reconnect and resume (op 7)."""
        for connection in self.connections:
            connection.send(RECONNECT, None)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tell every connection that its session is invalid (op 9); not resumable ones are forgotten."""
        for connection in self.connections:
            if not resumable:
                self.sessions.pop(connection.session_id or "", None)
            connection.send(INVALID_SESSION, resumable)

    def drop(self, code: int | None = None) -> None:
        """Close every connection with the code, or cut the lines without one (clients see 1006)."""
        for connection in list(self.connections):
            if code in ENDS_SESSION and code != WSCloseCode.OK:
                self.sessions.pop(connection.session_id or "", None)
            if code is None:
                connection.abort()
            else:
                connection.close(code)

    def send_raw(self, name: str, data: dict[str, Any]) -> None:
        """Send an event as it is to every session, whatever it asked for: also a malformed one."""
        self.world.emit(Event(name, data, everyone=True))
