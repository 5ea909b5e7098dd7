"""A local stand-in for Slack: Web API, Socket Mode, native streams, files and the people of a workspace."""

from simulators.slack.app import SlackSimulator
from simulators.slack.files import StoredFile, Upload
from simulators.slack.rates import Limits, Rate
from simulators.slack.socket_mode import Delivery
from simulators.slack.state import Channel, Message, Shown, User, View, World

__all__ = [
    "Channel",
    "Delivery",
    "Limits",
    "Message",
    "Rate",
    "Shown",
    "SlackSimulator",
    "StoredFile",
    "Upload",
    "User",
    "View",
    "World",
]
