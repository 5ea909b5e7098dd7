"""Which of Slack's methods and events the simulator knows; a test holds the table against what is routed."""

from collections.abc import Mapping
from typing import Literal

Grade = Literal["supported", "partial", "missing"]

METHODS: Mapping[str, Grade] = {
    "agents.conversations.archive": "missing",
    "agents.conversations.create": "missing",
    "agents.conversations.setView": "missing",
    "agents.sessions.rename": "supported",
    "agents.sessions.setStatus": "partial",  # one agent per session; icons and user names are not shown
    "apps.connections.open": "supported",
    "assistant.threads.setStatus": "partial",  # does not fade after two minutes
    "assistant.threads.setSuggestedPrompts": "supported",
    "assistant.threads.setTitle": "supported",
    "auth.revoke": "missing",
    "auth.test": "supported",
    "bookmarks.add": "missing",
    "bots.info": "partial",  # the app's own bot
    "canvases.create": "missing",
    "chat.appendStream": "supported",
    "chat.delete": "supported",
    "chat.deleteScheduledMessage": "missing",
    "chat.getPermalink": "supported",
    "chat.meMessage": "missing",
    "chat.postEphemeral": "supported",
    "chat.postMessage": "partial",  # long texts are not split, links not unfurled, names not linked
    "chat.scheduleMessage": "missing",
    "chat.startStream": "supported",
    "chat.stopStream": "supported",
    "chat.unfurl": "missing",
    "chat.update": "partial",  # no block_mismatch, no file_ids, no edit window
    "conversations.history": "supported",
    "conversations.info": "supported",
    "conversations.invite": "missing",
    "conversations.join": "missing",
    "conversations.list": "supported",
    "conversations.mark": "missing",
    "conversations.members": "supported",
    "conversations.open": "supported",
    "conversations.replies": "supported",
    "dialog.open": "missing",
    "emoji.list": "missing",
    "files.completeUploadExternal": "partial",  # one channel per call
    "files.delete": "supported",
    "files.getUploadURLExternal": "supported",
    "files.info": "supported",  # shares can come late
    "files.list": "missing",
    "files.upload": "missing",  # retired by Slack in 2025
    "oauth.v2.access": "missing",
    "pins.add": "missing",
    "reactions.add": "supported",
    "reactions.get": "partial",  # messages
    "reactions.list": "missing",
    "reactions.remove": "supported",
    "search.messages": "missing",
    "team.info": "supported",
    "usergroups.list": "missing",
    "users.conversations": "supported",
    "users.getPresence": "missing",
    "users.info": "supported",
    "users.list": "supported",
    "users.lookupByEmail": "missing",
    "users.profile.get": "missing",
    "views.open": "supported",
    "views.publish": "supported",
    "views.push": "supported",
    "views.update": "supported",
}

EVENTS: Mapping[str, Grade] = {
    "agent_session_stopped": "supported",
    "agent_session_title_changed": "supported",
    "app_context_changed": "partial",  # shape from documentation, never seen live
    "app_home_opened": "supported",
    "app_mention": "supported",
    "app_rate_limited": "missing",
    "app_uninstalled": "supported",
    "assistant_thread_context_changed": "missing",  # retired with assistant_view
    "assistant_thread_started": "partial",  # of assistants, which new apps can't be; says no context
    "channel_archive": "missing",
    "channel_rename": "missing",
    "file_shared": "missing",
    "link_shared": "missing",
    "member_joined_channel": "supported",
    "member_left_channel": "supported",
    "message.channels": "supported",
    "message.groups": "supported",
    "message.im": "supported",
    "message.mpim": "supported",
    "reaction_added": "supported",
    "reaction_removed": "supported",
    "tokens_revoked": "supported",
    "user_change": "missing",
}

INTERACTIONS: Mapping[str, Grade] = {
    "block_actions": "supported",
    "block_suggestion": "missing",
    "message_action": "supported",
    "shortcut": "supported",
    "slash_commands": "supported",
    "view_closed": "supported",
    "view_submission": "supported",
}
