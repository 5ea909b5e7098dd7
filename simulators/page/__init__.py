"""The demo's web page: a Slack, a Discord and a Dify to look at, served on loopback to one browser."""

from simulators.page.server import DemoPage

__all__ = ["DemoPage"]
