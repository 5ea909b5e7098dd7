"""How each Dify release writes its events and replies on the wire."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

PING = b"event: ping\n\n"  # without a data line, on every release

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_COMMON = {"Access-Control-Allow-Origin": "*", "X-Env": "PRODUCTION"}
_NEW = {"Access-Control-Expose-Headers": "X-Env, X-Trace-Id, X-Version", "Vary": "Cookie"}


@dataclass(frozen=True)
class Dialect:
    """What depends on the release: JSON style, headers, and which features exist."""

    version: str

    @cached_property  # looked at for every event
    def release(self) -> tuple[int, ...]:
        """The release as numbers, e.g. (1, 16, 1)."""
        return tuple(int(part) for part in self.version.split("."))

    def since(self, *release: int) -> bool:
        """Whether this server is that release or a later one."""
        return self.release >= release

    @property
    def celery(self) -> bool:
        """Chatflows and workflows run apart from the connection that started them (Dify 1.13)."""
        return self.since(1, 13)

    def event(self, payload: dict[str, Any]) -> bytes:
        """One server-sent event; Dify never writes an `event:` line for it."""
        return b"data: " + (compact(payload) if self.since(1) else spaced(payload)) + b"\n\n"

    def headers(self, *, html: bool = False) -> dict[str, str]:
        """The headers that every reply carries, errors included."""
        headers = {"X-Version": self.version} | _COMMON | (_NEW if self.since(1) else {"Server": "gunicorn"})
        if html:  # an unknown route is answered outside the API's CORS wrapper
            headers = {name: value for name, value in headers.items() if not name.startswith("Access-")}
        return headers


def compact(payload: Any) -> bytes:
    """JSON as orjson writes it: raw UTF-8, no blanks (streams of Dify 1.16)."""
    return _COMPACT.encode(payload).encode()


def spaced(payload: Any) -> bytes:
    """JSON as the standard library writes it: ASCII escapes and blanks (0.15 streams; all JSON replies)."""
    return json.dumps(payload).encode()
