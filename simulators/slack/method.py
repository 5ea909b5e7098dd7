"""What the Web API knows about one of its methods."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulators.slack.workspace import Workspace

Args = dict[str, Any]
Reply = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """A Web API method: what it does (raises Refusal), its rate tier, the scope and the token it needs."""

    call: Callable[[Workspace, Args], Reply]
    tier: str
    scopes: tuple[str, ...] = ()  # one of them is enough
    token: str = "bot"  # "bot" | "app"
