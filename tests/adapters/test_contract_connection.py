"""How every adapter comes and goes, what it says of itself, and its signs, whatever its platform."""

import asyncio
import gc
import logging
import re
from contextlib import suppress
from pathlib import Path

import pytest

from bots.platforms import PLATFORMS
from core.contract import Budget, Gone, RateLimited, Refused, Uncertain
from core.messages import Draft, Target
from tests.adapters.contract import ADAPTERS, eventually
from tests.adapters.crew import Crew

SECRET = "the launch code is 0000"
PROMPT = 3  # seconds in which `run` has to end


def test_every_adapter_is_in_the_registry():
    folder = Path(__file__).parents[2] / "adapters"
    there = {each.parent.name for each in folder.glob("*/adapter.py")}
    assert there == set(ADAPTERS) == set(PLATFORMS)


async def test_the_status_follows_the_connection(driver, crew):
    assert driver.make().status not in ("", "ok")
    bot = await crew.start()
    async with driver.unreachable():
        await eventually(lambda: bot.adapter.status != "ok")
        assert bot.adapter.status
    await eventually(lambda: bot.adapter.status == "ok")
    said = driver.whisper("back?")
    assert await bot.inbox.about(said)


@pytest.mark.parametrize(
    ("name", "wrong"), [(name, wrong) for name in ADAPTERS for wrong in ADAPTERS[name].wrong]
)
async def test_a_wrong_token_is_refused_with_what_to_do(name, wrong):
    async with ADAPTERS[name]() as driver:
        bot = Crew(driver).launch(**wrong)
        with pytest.raises(Refused, match=rf"{name}\.{next(iter(wrong))}\b") as refused:
            await asyncio.wait_for(bot.task, PROMPT)
        assert bot.adapter.status != "ok"
        findings = await bot.adapter.check()
        mends = [each.text for each in findings if not each.ok]
        assert any(f"{name}.{next(iter(wrong))}" in text for text in mends)
        for text in (str(refused.value), *mends):
            assert not any(secret in text for secret in (*wrong.values(), *driver.secrets))
        await bot.adapter.aclose()


async def test_check_is_content_with_a_good_setup(driver, crew):
    adapter = crew.launch().adapter
    findings = await adapter.check()
    assert findings
    assert [each for each in findings if not each.ok] == []
    assert all(each.subject and each.text for each in findings)


async def test_nothing_raises_where_nobody_answers(driver, bot):
    driver.mention("hi")
    heard = await bot.inbox.next()
    async with driver.unreachable():
        findings = await bot.adapter.check()
        assert findings
        assert not any(each.ok for each in findings)
        names = await bot.adapter.names(heard)
        assert names.user
        assert names.channel
        for sign in ("waiting", "working", None):
            await bot.adapter.busy(Target(heard.place, heard.ref, heard.author, "key"), sign, "Wait.")


async def test_names_are_readable(driver, bot):
    driver.mention("hi")
    names = await bot.adapter.names(await bot.inbox.next())
    assert names.user.lower() in ("alice", "ada")
    assert names.channel == "general"
    driver.whisper("hi")
    heard = await bot.inbox.next()
    names = await bot.adapter.names(heard)
    assert names.user.lower() in ("alice", "ada")
    assert names.channel == heard.place.channel
    assert re.fullmatch(r"|[a-z]{2,3}(-[A-Za-z0-9]+)*", heard.locale)


async def test_it_leaves_at_once_and_leaves_nothing_open(driver, crew):
    before = asyncio.all_tasks()
    bot = await crew.start()
    driver.whisper("hi")
    heard = await bot.inbox.next()
    live = bot.adapter.live(Target(heard.place, heard.ref, heard.author, "key"))
    await live.show(Draft("Hel"))
    await bot.adapter.check()
    async with asyncio.timeout(PROMPT):
        await bot.leave()
    await eventually(lambda: not driver.connections)
    assert bot.adapter.status not in ("", "ok")
    await live.show(Draft("Hello", final=True))
    assert [each.text for each in driver.ours()] == ["Hello"]
    await bot.adapter.aclose()
    await eventually(lambda: not asyncio.all_tasks() - before)
    crew.bots.clear()
    del bot, live
    gc.collect()


async def test_it_leaves_at_once_while_nobody_answers(driver, crew):
    async with driver.unreachable():
        bot = crew.launch()
        first = bot.adapter.status
        await eventually(lambda: bot.adapter.status != first)
        async with asyncio.timeout(PROMPT):
            await crew.end()
    gc.collect()


async def test_malformed_events_are_survived(driver, bot):
    await driver.malformed(SECRET)
    said = driver.whisper("still there?")
    assert await bot.inbox.about(said)
    assert {each.ref for each in bot.inbox.kept} == {said}
    assert not bot.task.done()


async def test_neither_words_nor_tokens_are_logged(driver, bot, caplog):
    caplog.set_level(logging.INFO)
    bot.inbox.failures = 1
    await driver.malformed(SECRET)
    said = driver.whisper(SECRET)
    [heard, *_] = await bot.inbox.about(said)
    live = bot.adapter.live(Target(heard.place, said, heard.author, "key"))
    for kind in ("limited", "reply lost", "not done"):
        with driver.trouble(kind), suppress(RateLimited, Uncertain):
            await live.show(Draft(f"{SECRET} {kind}"))
    driver.close(said)
    with pytest.raises(Gone):
        await live.show(Draft(f"{SECRET} {SECRET}"))
    async with driver.unreachable():
        await eventually(lambda: bot.adapter.status != "ok")
    await eventually(lambda: bot.adapter.status == "ok")
    assert caplog.records
    for secret in (SECRET, *driver.secrets):
        assert secret not in caplog.text


async def test_before_it_runs_an_adapter_asks_nobody(driver, crew, bot):
    driver.mention("hi")
    heard = await bot.inbox.next()
    calls = len(driver.journal.calls)
    adapter = driver.make()
    live = adapter.live(Target(heard.place, heard.ref, heard.author, "key"))
    assert (live.ref, adapter.name) == (None, driver.name)
    budget = live.budget(Draft("Hello"))
    assert isinstance(budget, Budget)
    assert budget.key.startswith(driver.name)
    assert budget.calls > 0 < budget.seconds
    assert live.budget(Draft("Hello")) == budget
    limits = adapter.limits(heard.place)
    assert 0 < adapter.measure("Hello") < limits.page_length
    assert limits.page_seconds > 60
    assert limits.question_length > 1000
    assert len(driver.journal.calls) == calls
    await adapter.aclose()


@pytest.mark.parametrize("where", ["whisper", "mention"])
async def test_a_sign_is_shown_and_taken_away(driver, bot, where):
    getattr(driver, where)("hi")
    heard = await bot.inbox.next()
    target = Target(heard.place, heard.ref, heard.author, "key")
    for _ in range(2):
        await bot.adapter.busy(target, "waiting", "You are next.")
        assert driver.signs(target)
    calls = len(driver.journal.calls)
    await bot.adapter.busy(target, "working", "Thinking …")
    assert len(driver.journal.calls) > calls
    for _ in range(2):
        await bot.adapter.busy(target, None, "")
        assert not driver.signs(target)
    assert driver.ours() == []


async def test_a_sign_that_fails_is_passed_over_and_comes_back(driver, bot):
    driver.mention("hi")
    heard = await bot.inbox.next()
    target = Target(heard.place, heard.ref, heard.author, "key")
    with driver.failing():
        for sign in ("waiting", "working", "waiting", None, "working", None):
            await bot.adapter.busy(target, sign, "Wait.")
    driver.mention("again")
    heard = await bot.inbox.next()
    target = Target(heard.place, heard.ref, heard.author, "key")
    await bot.adapter.busy(target, "waiting", "You are next.")
    assert driver.signs(target)
