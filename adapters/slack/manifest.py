"""The app manifest that Slack makes the app from. Slack: docs.slack.dev/reference/app-manifest."""

from typing import Any

from adapters.slack.settings import SlackSettings
from core.commands import COMMANDS

BOT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "reactions:read",
    "users:read",
)

# What does not work without them; the others are needed for any answer.
PURPOSES = {
    "assistant:write": "status lines, titles and suggested questions",
    "commands": "the slash command",
    "files:read": "files that people send, also in forms",
    "files:write": "files of an answer",
    "reactions:read": "ratings and stopping by reaction",
    "users:read": "names and languages of people",
}

BOT_EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "reaction_removed",
)


def manifest(settings: SlackSettings, name: str = "Parley") -> dict[str, Any]:
    """The manifest for these settings, ready to paste at api.slack.com/apps → Create New App."""
    return {
        "display_information": {"name": name, "description": "Answers from your Dify apps"},
        "features": {
            # Direct messages are silently blocked unless the messages tab is writable.
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name, "always_online": True},
            "agent_view": {"agent_description": f"Ask {name}: mention it in a channel, or write to it here."},
            "slash_commands": [_command(settings)],
        },
        "oauth_config": {"scopes": {"bot": list(BOT_SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(BOT_EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": True,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def _command(settings: SlackSettings) -> dict[str, Any]:
    """Slack: docs.slack.dev/reference/app-manifest, features.slash_commands; escaped as messages are."""
    words = [f"{spec.name} …" if spec.argument else spec.name for spec in COMMANDS]
    return {
        "command": f"/{settings.command}",
        "description": "Ask a question, or see what else there is",
        "usage_hint": " | ".join(words),
        "should_escape": True,
    }
