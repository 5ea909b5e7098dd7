"""The refusals of Discord's API: JSON error codes, their HTTP status and their message."""

from typing import Any

# Discord: topics/opcodes-and-status-codes#json-json-error-codes
ERRORS: dict[int, tuple[int, str]] = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later."),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on a DM channel"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160002: (400, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
}


class Refusal(Exception):  # noqa: N818 - the field calls it so; an error is what the client makes of it
    """A request that Discord answers with a JSON error code."""

    def __init__(self, code: int, *, status: int | None = None, errors: dict[str, Any] | None = None) -> None:
        known_status, self.text = ERRORS.get(code, (400, "General error"))
        super().__init__(f"{code} {self.text}")
        self.code = code
        self.status = status or known_status
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """The JSON that Discord answers with (Discord: reference#error-messages)."""
        body: dict[str, Any] = {"message": self.text, "code": self.code}
        return body | ({"errors": self.errors} if self.errors else {})


def invalid(path: str, code: str, message: str) -> Refusal:
    """Refusal 50035 that names the field by its dotted path ("embeds.0.description")."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for name in reversed(path.split(".")):
        errors = {name: errors}
    return Refusal(50035, errors=errors)


def too_long(path: str, limit: int) -> Refusal:
    return invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")
