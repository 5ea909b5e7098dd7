"""The app manifest that Slack makes the app from. Slack: docs.slack.dev/reference/app-manifest."""

from typing import Any

from adapters.slack.settings import SlackSettings

BOT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "files:read",
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

BOT_EVENTS = (
    "agent_session_stopped",
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
    del settings  # Socket Mode is the only transport yet, and every setting works with the same app
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
