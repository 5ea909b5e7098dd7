"""What all messages of one Slack app share, and what Slack's refusals mean for one of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.slack.api import SlackApi, SlackError
from adapters.slack.inbound import Self
from adapters.slack.people import People
from adapters.slack.streaming import STARTS_PER_MINUTE, Streaming
from core.contract import Budget, Gone
from core.messages import Target

# Slack: docs.slack.dev/apis/web-api/rate-limits; per method and workspace: Tier 2, 2, 3, 4
_PER_MINUTE = {
    "chat.startStream": STARTS_PER_MINUTE,
    "chat.stopStream": STARTS_PER_MINUTE,
    "chat.update": 50,
    "chat.appendStream": 100,
}

GONE = {
    "account_inactive": "the bot's account was deactivated: reinstall the app in Slack",
    "cant_update_message": "Slack does not let us edit this message",
    "channel_not_found": "the channel is gone, or we are not in it",
    "edit_window_closed": "the workspace does not allow edits so late",
    "invalid_auth": "Slack refuses the bot token: put a valid one into slack.bot_token",
    "is_archived": "the channel is archived",
    "message_not_found": "the message was deleted",
    "not_authed": "Slack refuses the bot token: put a valid one into slack.bot_token",
    "not_in_channel": "we are not a member of the channel: invite the app",
    "restricted_action": "the workspace does not let us write in this channel",
    "thread_not_found": "the thread was deleted",
    "token_expired": "the bot token has expired: reinstall the app in Slack",
    "token_revoked": "the bot token was revoked: reinstall the app in Slack",
}


@dataclass(frozen=True)
class Surface:
    """The API and what is known about the workspace."""

    api: SlackApi
    people: People
    streaming: Streaming
    identify: Callable[[], Awaitable[Self]]  # auth.test, asked once


@asynccontextmanager
async def refusals_as_gone() -> AsyncIterator[None]:
    """A refusal that nothing here mended ends the message: writing on is pointless."""
    try:
        yield
    except SlackError as error:
        raise Gone(GONE.get(error.code) or f"Slack refuses {error}") from error


def budget(target: Target, method: str) -> Budget:
    """The bucket of Slack's limits that a call for this target is taken from."""
    place = target.place
    if method == "chat.postMessage":
        return Budget(f"slack:{place.workspace}:{method}:{place.channel}", 1, 1)
    whole = method in {"chat.update", "chat.startStream"}
    return Budget(f"slack:{place.workspace}:{method}", _PER_MINUTE[method], 60, whole=whole)
