"""Discord's rate limits: a bucket per route and channel, and one for everything that a bot asks."""

import hashlib
import math
import time
from dataclasses import dataclass, field
from typing import Any

from simulators.limits import FixedWindow

MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = f"{MESSAGES}/{{message_id}}"
REACTION = f"{MESSAGE}/reactions/{{emoji}}"
ORIGINAL = "/webhooks/{application_id}/{interaction_token}"
# Requests and seconds. Discord publishes no numbers; these are what the field has measured.
RULES: dict[str, tuple[int, float]] = {
    f"POST {MESSAGES}": (5, 5.0),
    f"PATCH {MESSAGE}": (5, 5.0),
    f"DELETE {MESSAGE}": (5, 1.0),
    f"GET {MESSAGES}": (5, 1.0),
    "POST /channels/{channel_id}/typing": (5, 5.0),
    f"PUT {REACTION}/@me": (1, 0.25),
    f"DELETE {REACTION}/@me": (1, 0.25),
    f"DELETE {REACTION}/{{user_id}}": (1, 0.25),
    "PATCH /channels/{channel_id}": (5, 5.0),
    f"POST {ORIGINAL}": (5, 2.0),
    f"PATCH {ORIGINAL}/messages/@original": (5, 2.0),
    f"PATCH {ORIGINAL}/messages/{{message_id}}": (5, 2.0),
}
SHARED = {  # routes whose requests use up one window together
    f"PUT {REACTION}/@me": "reactions",
    f"DELETE {REACTION}/@me": "reactions",
    f"DELETE {REACTION}/{{user_id}}": "reactions",
}
SAME_HASH = {f"PATCH {MESSAGE}": f"POST {MESSAGES}"}  # discord-api-docs#1442: one hash, two windows
MAJOR = ("channel_id", "guild_id", "application_id", "interaction_id", "interaction_token")
EXEMPT = ("/interactions/", "/webhooks/")  # not bound to the global limit (Discord: topics/rate-limits)


@dataclass
class Limits:
    """Which limits hold; change them while the simulator runs, or switch them off."""

    enabled: bool = True
    rules: dict[str, tuple[int, float]] = field(default_factory=lambda: dict(RULES))
    default: tuple[int, float] = (50, 1.0)
    global_per_second: int = 50
    renames: tuple[int, float] = (2, 600.0)  # of one channel; discord-net#1554
    same_hash: bool = True  # POST and PATCH of messages name the same bucket, as the real service does


@dataclass(frozen=True)
class Verdict:
    """What a request is told about its bucket, and how long it has to wait if it was too much (seconds)."""

    limit: int
    remaining: int
    reset_after: float
    bucket: str
    wait: float = 0.0
    scope: str = "user"

    @property
    def headers(self) -> dict[str, str]:
        """Discord: topics/rate-limits#header-format."""
        told = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": f"{time.time() + self.reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{self.reset_after:.3f}",
            "X-RateLimit-Bucket": self.bucket,
        }
        return told if not self.wait else told | refusal_headers(self.wait, self.scope)

    @property
    def body(self) -> dict[str, Any]:
        return refusal_body(self.wait, self.scope)


def refusal_headers(wait: float, scope: str) -> dict[str, str]:
    """The headers of a 429; one without Via is taken for a ban by Cloudflare."""
    headers = {"Retry-After": str(math.ceil(wait)), "Via": "1.1 google", "X-RateLimit-Scope": scope}
    return headers | ({"X-RateLimit-Global": "true"} if scope == "global" else {})


def refusal_body(wait: float, scope: str) -> dict[str, Any]:
    text = "You are being rate limited."
    return {"message": text, "retry_after": round(wait, 3), "global": scope == "global", "code": 0}


class Buckets:
    """Counts the requests of one bot."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._windows: dict[tuple[str, ...], FixedWindow] = {}

    def hit(self, method: str, args: dict[str, Any]) -> Verdict:
        """Count a request, unless it is refused (then `wait` says for how long)."""
        name = self._hash(method)
        if not self.limits.enabled:
            return Verdict(1000, 999, 1.0, name)
        window = self._window(method, args)
        wait, scope = self._count(method, args, window)
        return Verdict(window.limit, window.remaining, window.reset_after, name, wait, scope)

    def _count(self, method: str, args: dict[str, Any], window: FixedWindow) -> tuple[float, str]:
        path = method.split(" ", 1)[1]
        if not path.startswith(EXEMPT) and (wait := self._everything().hit()):
            return wait, "global"
        if method == "PATCH /channels/{channel_id}" and "name" in args:
            key = ("rename", str(args["channel_id"]))
            if wait := self._keyed(key, self.limits.renames).hit():
                return wait, "user"
        return window.hit(), "user"

    def _everything(self) -> FixedWindow:
        return self._keyed(("global",), (self.limits.global_per_second, 1.0))

    def _window(self, method: str, args: dict[str, Any]) -> FixedWindow:
        major = tuple(str(args[name]) for name in MAJOR if name in args)
        rule = self.limits.rules.get(method, self.limits.default)
        return self._keyed((SHARED.get(method, method), *major), rule)

    def _keyed(self, key: tuple[str, ...], rule: tuple[int, float]) -> FixedWindow:
        window = self._windows.get(key)
        if window is None or (window.limit, window.window) != rule:
            window = self._windows[key] = FixedWindow(*rule)
        return window

    def _hash(self, method: str) -> str:
        name = SHARED.get(method, method)
        if self.limits.same_hash:
            name = SAME_HASH.get(name, name)
        return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
