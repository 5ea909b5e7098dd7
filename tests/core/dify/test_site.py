"""An app's web page: read when it is wanted, kept, and never waited for long."""

import asyncio
import logging

import pytest

from core.dify import apps
from core.dify.about import Site
from core.dify.apps import DifyApp
from core.dify.client import DifyClient
from core.dify.server import DifyServer, StreamLimits
from simulators.dify import DifySimulator

READ = "GET /site"


async def test_it_is_read_once_and_kept(dify, asker):
    us = asker(dify, site={"title": "Help", "description": "Answers.", "privacy_policy": "https://x"})
    first = await us.app.site(5)
    assert (first.title, first.description, first.privacy_policy) == ("Help", "Answers.", "https://x")
    assert await us.app.site(0) is first
    assert len(dify.journal.named(READ)) == 1


async def test_it_is_not_read_before_somebody_wants_it(dify, asker):
    us = asker(dify)
    await us.app.detect()
    await us.app.parameters()
    assert dify.journal.named(READ) == []


async def test_an_api_without_a_web_page_is_fine(dify, asker, caplog):
    us = asker(dify, site=None)
    with caplog.at_level(logging.WARNING):
        assert await us.app.site(5) == Site()
        assert await us.app.site(5) == Site()
    assert [call.status for call in dify.journal.named(READ)] == [403]
    assert caplog.messages == []


async def test_a_dify_before_there_were_any_is_fine(asker):
    async with DifySimulator(version="0.15.8") as old:
        assert await asker(old).app.site(5) == Site()


async def test_a_dify_that_does_not_answer_holds_nobody_up():
    asked = asyncio.Event()

    async def silent(reader, writer):
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1") as listening:
        port = listening.sockets[0].getsockname()[1]
        server = DifyServer(f"http://127.0.0.1:{port}/v1", StreamLimits())
        app = DifyApp("helpdesk", DifyClient(server, "app-k"), server)
        async with asyncio.timeout(5):
            assert await app.site(0.05) == Site()
            await asked.wait()
        await app.aclose()
        await server.aclose()


async def test_a_dify_that_is_away_is_asked_again_later(dify, asker):
    us = asker(dify, site={"title": "Help"})
    port = int(dify.origin.rpartition(":")[2])
    await dify.stop()
    assert await us.app.site(20) == Site()
    await dify.start(port)
    assert await us.app.site(20) == Site()  # not at once again: a server that is away is left in peace
    assert dify.journal.named(READ) == []


@pytest.mark.parametrize("seconds", [apps.SITE_SECONDS])
def test_it_is_minutes_old_at_most(seconds):
    assert 60 <= seconds <= 3600
