"""All Web API methods that are routed, by name."""

from collections.abc import Mapping

from simulators.slack import (
    methods_chat,
    methods_conversations,
    methods_files,
    methods_people,
    methods_streams,
    methods_views,
)
from simulators.slack.method import Method

METHODS: Mapping[str, Method] = {
    **methods_people.METHODS,
    **methods_chat.METHODS,
    **methods_streams.METHODS,
    **methods_conversations.METHODS,
    **methods_views.METHODS,
    **methods_files.METHODS,
}
