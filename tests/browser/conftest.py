"""The demo with the real bot, and Chromium on its page; skipped where Chromium or Playwright is missing."""

from pathlib import Path

import pytest

from bots.demo import running_demo

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_IS_HERE = CHROMIUM.exists()
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture
async def chromium():
    playwright = pytest.importorskip("playwright.async_api", reason="Playwright for Python is not installed")
    if not CHROMIUM_IS_HERE:
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def demo():
    async with running_demo() as running:
        yield running


@pytest.fixture
async def page(demo, chromium):
    """Open at the demo's URL, with the bot online; a script error or refused resource fails the test."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    opened = await context.new_page()
    opened.set_default_timeout(20_000)
    problems = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console", lambda line: problems.append(line.text) if line.type in ("error", "warning") else None
    )
    await opened.goto(demo.url)
    await opened.wait_for_selector(".presence.online")
    yield opened
    await context.close()
    assert not problems
