"""The processes of the crash test: whose a connection is, and what becomes of one that does not start."""

import asyncio
import json
import os
import random
import signal

import pytest

from bench.crash.killer import plan
from bench.crash.moments import HELD, Moment
from bench.crash.options import parse
from bench.crash.processes import Bot, BotFailed, owner
from bench.crash.stage import Stage


class Me:
    pid = os.getpid()


class Nobody:
    pid = 0


async def test_a_connection_is_found_by_its_port():
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        port = writer.get_extra_info("sockname")[1]
        me = Me()
        assert owner(port, [Nobody(), me]) is me
        assert owner(port, [Nobody()]) is None
        assert owner(0, [me]) is None
        writer.close()
        await writer.wait_closed()


async def test_a_bot_that_does_not_start_says_why(tmp_path):
    (tmp_path / "config.yaml").write_text("{}", encoding="utf-8")
    bot = Bot("a", tmp_path / "config.yaml", tmp_path)
    with pytest.raises(BotFailed, match=r"a ended with 2: .*apps: is missing"):
        await bot.start()


async def test_a_bot_starts_is_paused_and_ends_in_good_order(tmp_path):
    async with Stage(people=4) as stage:
        config = stage.config(f"sqlite:///{tmp_path / 'parley.db'}")
        (tmp_path / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
        bot = Bot("a", tmp_path / "config.yaml", tmp_path)
        try:
            await bot.start()
            assert bot.serves
            assert owner(stage.slack.socket.open[0].peer, [bot]) is bot
            bot.send(signal.SIGSTOP)
            assert not bot.serves
            bot.send(signal.SIGCONT)
            assert bot.serves
            bot.send(signal.SIGTERM)
            assert not bot.serves
            assert await bot.ended() == 0
        finally:
            await bot.destroy()


@pytest.mark.parametrize("replicas", [1, 3])
def test_the_plan_has_every_moment_and_every_signal(replicas):
    blows = plan(30, random.Random(1), replicas=replicas)
    assert len(blows) == 30
    assert {blow.moment for blow in blows} == set(Moment)
    ways = {"SIGKILL", "SIGTERM", "SIGTERM×2"} | ({"SIGSTOP"} if replicas > 1 else set())
    assert {blow.how for blow in blows} == ways
    assert {blow.how for blow in blows if blow.moment in HELD} == {"SIGKILL"}


def test_the_options_of_a_command_line():
    options = parse(["--setup", "sqlite", "--turns", "7", "--kills", "3", "--seed", "9"])
    assert (options.setups, options.turns, options.kills, options.seed) == (("sqlite",), 7, 3, 9)
    assert parse([]).setups == ("sqlite", "postgres-2", "postgres-3")
