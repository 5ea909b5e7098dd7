"""The bot as a program: start, readiness, wrong tokens, restarts, what it logs."""

import asyncio
import logging

import httpx
import pytest
from conftest import KEY, World, ready
from shared import asked, shows

from bots.running import run, running_bot
from core.errors import StoreLocked
from simulators.dify.script import Answer, Gate
from simulators.discord import DiscordSimulator
from simulators.slack import SlackSimulator


@pytest.fixture
async def both(dify, tmp_path):
    async with DiscordSimulator() as discord, SlackSimulator() as slack:
        platforms = {
            "slack": {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url},
            "discord": {
                "token": discord.token,
                "api_url": discord.api_url,
                "gateway_url": discord.gateway_url,
            },
        }
        yield World(dify, tmp_path, platforms, slack=slack, discord=discord)


async def test_one_bot_serves_both_platforms_and_says_how_it_is(both):
    discord, slack = both.discord, both.slack
    alice = discord.add_user("alice")
    async with both.bot() as address, httpx.AsyncClient(base_url=f"http://{address}") as client:
        discord.post(discord.dm(alice), alice, "hi")
        slack.post(slack.dm("ada"), "ada", "hi")
        await both.dify.journal.wait(lambda: len(asked(both.dify)) == 2)
        await both.dify.ended(2)
        assert (await client.get("/readyz")).json() == {
            "ready": True,
            "slack": "ok",
            "discord": "ok",
            "store": "ok",
        }
        assert (await client.get("/healthz")).status_code == 200
        await discord.journal.wait(lambda: discord.dm(alice).messages)
        async with asyncio.timeout(5):
            while 'outcome="complete"' not in (text := (await client.get("/metrics")).text):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert "parley_first_text_seconds_count" in text


async def test_a_wrong_token_is_said_in_plain_words_and_the_other_platform_goes_on(both, caplog):
    alice = both.discord.add_user("alice")
    dm = both.discord.dm(alice)
    async with running_bot(both.config(slack__bot_token="xoxb-wrong")) as address:
        await ready(address, "discord")
        both.discord.post(dm, alice, "hi")
        await both.dify.journal.wait(lambda: asked(both.dify))
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["discord"] == "ok"
    assert answer.json()["slack"] != "ok"
    assert "bot_token" in caplog.text
    assert "xoxb-wrong" not in caplog.text


async def test_it_ends_with_1_when_every_platform_refuses_its_token(both):
    config = both.config(slack__bot_token="xoxb-wrong", discord__token="wrong")
    assert await run(config, asyncio.Event()) == 1


async def test_it_starts_while_dify_is_down_and_answers_when_it_is_back(slack_world, dify):
    slack = slack_world.slack
    port = int(dify.base_url.split(":")[2].split("/")[0])
    config = slack_world.config()
    await dify.stop()
    async with running_bot(config) as address:
        await ready(address)
        slack.post(slack.dm("ada"), "ada", "anybody?")
        await slack.journal.wait(lambda: slack.world.statuses)  # the person sees that it is being tried
        await dify.start(port)
        await slack.journal.wait(
            lambda: any("turn 1" in m.shown for m in slack.world.messages(slack.dm("ada")))
        )
    assert len(asked(dify)) == 1


async def test_a_question_in_line_at_dify_is_asked_after_the_restart(world, chat, dify):
    gate = Gate()
    dify.reply(Answer(["taken ", "up"], gate=gate))
    async with world.bot(server__grace=0, dify__max_streams=1):
        chat.mention(chat.alice, "one")
        gate.allow()
        await gate.passed(1)
        waiting = chat.mention(chat.bob, "two")
        await chat.journal.wait(chat.waiting_signs)
    async with world.bot():
        await shows(chat, lambda: chat.in_thread(waiting), "You said: two")
        await chat.journal.wait(lambda: not chat.waiting_signs())
    assert [call.args["query"] for call in asked(dify)].count("two") == 1


async def test_nothing_that_people_say_and_no_key_is_logged(world, chat, dify, caplog):
    caplog.set_level(logging.INFO)
    dify.reply("My secret answer.")
    async with world.bot():
        chat.whisper("My secret question")
        await shows(chat, chat.in_dm, "My secret answer.")
    secrets = ["secret question", "secret answer", KEY]
    secrets += [str(v) for section in world.platforms.values() for k, v in section.items() if "token" in k]
    assert not [secret for secret in secrets if secret in caplog.text]


async def test_a_second_process_on_the_same_store_is_refused_with_a_sentence(slack_world):
    async with slack_world.bot():
        with pytest.raises(StoreLocked, match="another process"):
            await run(slack_world.config(), asyncio.Event())
