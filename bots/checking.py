"""`parley check`: the doctor reaches Dify, the platforms and the store, and says what is missing."""

import asyncio
from collections.abc import Sequence

from bots.assembly import adapters_of, dify_apps
from bots.config import Config
from core.apps import App
from core.contract import Finding
from core.errors import DifyError
from core.store.inspection import inspect_store


async def check(config: Config) -> list[Finding]:
    """Every finding, apps first, the store last."""
    apps, servers = dify_apps(config)
    adapters = adapters_of(config)
    try:
        found: list[Sequence[Finding]] = await asyncio.gather(
            *(_check_app(name, app) for name, app in apps.items()),
            *(adapter.check() for adapter in adapters.values()),
            _check_store(config),
        )
    finally:
        for adapter in adapters.values():
            await adapter.aclose()
        for server in servers:
            await server.aclose()
    return [finding for group in found for finding in group]


async def _check_app(name: str, app: App) -> list[Finding]:
    subject = f"app {name}"
    try:
        mode = await app.dify.detect()
    except DifyError as error:
        return [Finding(subject, ok=False, text=error.advice.hint)]
    version = app.dify.client.server_version or "of unknown version"
    reached = Finding(subject, ok=True, text=f"{app.title()!r} is a {mode} app on Dify {version}")
    if app.dify.asks:
        return [reached]
    mend = "it has no text input that a question could go into: add one and publish it"
    return [reached, Finding(subject, ok=False, text=mend)]


async def _check_store(config: Config) -> list[Finding]:
    return [await inspect_store(config.store_url)]


def show(findings: Sequence[Finding]) -> str:
    """The findings as lines for the terminal."""
    return "\n".join(
        f"{'ok  ' if finding.ok else 'FAIL'} {finding.subject}: {finding.text}" for finding in findings
    )
