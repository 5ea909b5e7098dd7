"""Who may talk to the demo page: the browser that opened the printed URL, and no other site in it; pure."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Guard:
    """What is checked of every request, the WebSocket's included. `token` is new at each start."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def cookie(self) -> str:
        """The cookie's name: cookies don't know ports, and two demos may run."""
        return f"parley_demo_{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that are ours; any other name was pointed at us (DNS rebinding)."""
        return frozenset(f"{name}:{self.port}" for name in NAMES)

    def refusal(
        self, headers: Mapping[str, str], cookies: Mapping[str, str], token: str | None = None
    ) -> str | None:
        """Why a request is refused, as a sentence; None lets it in. `token` is the query's."""
        if headers.get("Host", "") not in self.hosts:
            return f"This page is only served at 127.0.0.1:{self.port}."
        origin = headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in self.hosts}:
            return "Another site may not use this page."
        if not any(self._is_token(each) for each in (token, cookies.get(self.cookie), _bearer(headers))):
            return "Open the URL that the demo printed: it carries this start's token."
        return None

    def _is_token(self, given: str | None) -> bool:
        return given is not None and secrets.compare_digest(given.encode(), self.token.encode())


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else None


def protective_headers(host: str) -> dict[str, str]:
    """What every response carries; the WebSocket is named because old Safari does not count it as 'self'."""
    policy = (
        f"default-src 'self'; connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; object-src 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
