"""Commands that look at what really happened at Dify: the log of runs, and the name that Dify finds."""

import pytest
from conftest import KEY
from shared import OTHER, kept, serve, shows, told

from simulators.dify.script import Fail

LOG = "GET /workflows/logs"
NAME = "POST /conversations/{conversation_id}/name"


@pytest.fixture(autouse=True)
def admin(world, chat):
    """Alice is one."""
    world.settings["admins"] = [f"{chat.name}:{chat.alice.id}"]


async def ran(world, chat, dm, dify, *, number, seconds):
    """A question that was the run of this number, and took so many seconds; gives the run."""
    dm.ask("go")
    run = await dify.ended(number)
    await kept(world, chat, "state IN ('closed', 'parked')")
    run.seconds = seconds
    return run


async def test_an_admin_sees_status_seconds_and_tokens_of_the_runs(world, chat, dm, dify):
    serve(world, "workflow")
    dify.reply(["one ", "two ", "three"], [Fail("The model is away.")])
    async with world.bot():
        good = await ran(world, chat, dm, dify, number=1, seconds=12.34)
        bad = await ran(world, chat, dm, dify, number=2, seconds=0.66)
        await dm.command("runs")
        lines = (await told(chat, chat.alice, good.id[:8])).strip().splitlines()
    assert len(lines) == 2  # the newest first
    assert lines[0].endswith(f"· failed · 0.7 s · 0 tokens · {bad.id[:8]}")
    assert lines[1].endswith(f"· succeeded · 12.3 s · 3 tokens · {good.id[:8]}")
    assert chat.whispers(chat.bob) == []


@pytest.mark.parametrize("mode", ["chat", "agent-chat", "completion"])
async def test_of_an_app_without_runs_it_is_said_and_dify_is_not_asked(world, chat, dm, dify, mode):
    serve(world, mode)
    async with world.bot():
        await dm.command("runs")
        text = await told(chat, chat.alice, "Other")
    assert "no workflow runs" in text
    assert dify.journal.named(LOG) == []


async def test_a_workflow_that_never_ran_has_no_runs(world, chat, dm, dify):
    serve(world, "workflow")
    async with world.bot():
        await dm.command("runs")
        await told(chat, chat.alice, "no workflow runs in its log")
    assert len(dify.journal.named(LOG)) == 1
    assert dify.apps[OTHER].runs == []


async def test_history_name_has_dify_find_a_name_for_the_conversation_of_this_number(world, chat, dm, dify):
    dify.apps[KEY].auto_name = "Late trains"
    async with world.bot():
        dm.ask("about trains")
        await shows(chat, dm.answers, "turn 1")
        await kept(world, chat, "state = 'closed'")
        await dm.command("new")
        await told(chat, chat.alice, "A new topic")
        chat.begin("about cats")
        await shows(chat, chat.in_dm, "about cats", count=2)
        await kept(world, chat, "state = 'closed'")
        await dm.command("history", "rename 1 Cats")
        await told(chat, chat.alice, "Cats")
        await dm.command("history", "name 2")
        await told(chat, chat.alice, "Late trains")
    trains, cats = (run.conversation for run in dify.runs)
    assert (trains.name, cats.name) == ("Late trains", "Cats")
    [_, call] = dify.journal.named(NAME)
    assert call.args["conversation_id"] == trains.id
    assert (call.args["auto_generate"], call.args["user"]) == (True, chat.personal())
