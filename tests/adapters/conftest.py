"""The fixtures of the contract suite: every adapter on its simulator, and every way to write with it."""

import pytest

from core.messages import Target
from tests.adapters.contract import ADAPTERS
from tests.adapters.crew import STAGES, Crew, Stage


@pytest.fixture(params=ADAPTERS)
async def driver(request):
    async with ADAPTERS[request.param]() as driver:
        yield driver


@pytest.fixture
async def crew(driver):
    crew = Crew(driver)
    yield crew
    await crew.end()


@pytest.fixture
async def bot(crew):
    return await crew.start()


@pytest.fixture(params=STAGES, ids="-".join)
async def stage(request):
    name, kind = request.param
    settings, where = ADAPTERS[name].stages[kind]
    async with ADAPTERS[name]() as driver:
        crew = Crew(driver)
        bot = await crew.start(**settings)
        (driver.whisper if where == "direct" else driver.mention)("What is love?")
        heard = await bot.inbox.next()
        target = Target(heard.place, heard.ref, heard.author, "turn-1:0")
        yield Stage(driver, crew, bot, target, settings)
        await crew.end()
