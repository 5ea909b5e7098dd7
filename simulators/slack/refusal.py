"""How a method says no: Slack answers HTTP 200 with `ok: false` and an error code."""

from typing import Any


class Refusal(Exception):  # noqa: N818 - Slack's word for it is "error response"; this is the answer, not a bug
    """A method's error code, with the further fields of the error response."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


def need(args: dict[str, Any], *names: str) -> None:
    """Refuse with `invalid_arguments` unless every named argument is there and not empty."""
    missing = [name for name in names if args.get(name) in (None, "")]
    if missing:
        messages = [f"[ERROR] missing required field: {name}" for name in missing]
        raise Refusal("invalid_arguments", response_metadata={"messages": messages})
