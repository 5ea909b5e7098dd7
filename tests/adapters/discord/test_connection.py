"""Whatever happens to the connection, the bot comes back and says how it is."""

import logging

import pytest

from core.contract import Refused
from core.messages import Addressed
from simulators.discord import Permission

CONTENT = 1 << 15


@pytest.fixture
def dm(simulator, alice):
    return simulator.dm(alice)


async def test_a_malformed_event_is_skipped(adapter, simulator, inbox, dm, alice):
    simulator.post_malformed(dm, alice, "broken")
    simulator.post(dm, alice, "whole")
    assert (await inbox.next()).text == "whole"
    assert len(simulator.gateway.identifies) == 1
    assert adapter.status == "ok"


async def test_what_ends_discord_py_is_answered_with_a_new_client(
    adapter, simulator, inbox, dm, alice, until_ok
):
    simulator.gateway.send_raw("READY", {})
    await simulator.journal.wait(lambda: len(simulator.gateway.identifies) == 2)
    await until_ok(adapter)
    simulator.post(dm, alice, "back?")
    assert (await inbox.next()).text == "back?"
    assert inbox.events == []
    assert len(simulator.gateway.connections) == 1, "the old session's socket is closed"


async def test_a_refused_first_connection_is_tried_again(launch, simulator, inbox, dm, alice, until_ok):
    simulator.gateway.refuse_handshakes = 2
    adapter = launch()
    assert adapter.status == "connecting"
    await until_ok(adapter)
    simulator.post(dm, alice, "hi")
    assert (await inbox.next()).text == "hi"


async def test_it_starts_without_a_network(launch, simulator, inbox, dm, alice, until_ok, eventually):
    async with simulator.unreachable():
        adapter = launch()
        await eventually(lambda: adapter.status == "connection lost: ClientConnectorError")
    await until_ok(adapter)
    simulator.post(dm, alice, "hi")
    assert (await inbox.next()).text == "hi"


async def test_a_cut_line_is_resumed_and_nothing_is_lost(adapter, simulator, inbox, dm, alice, until_ok):
    simulator.drop()
    simulator.post(dm, alice, "while you were away")
    assert (await inbox.next()).text == "while you were away"
    assert len(simulator.gateway.identifies) == 1
    assert len(simulator.gateway.resumes) == 1
    await until_ok(adapter)


async def test_while_disconnected_the_status_says_so(adapter, simulator, until_ok, eventually):
    async with simulator.unreachable():
        await eventually(lambda: adapter.status != "ok")
    await until_ok(adapter)


@pytest.mark.parametrize("where", ["login", "gateway"])
async def test_a_wrong_token_is_refused_in_plain_words(launch, simulator, guild, where):
    if where == "login":
        launch(token="not.the.token")
    else:
        launch()
        await simulator.journal.wait(lambda: simulator.gateway.sessions)
        simulator.drop(4004)
    _, task = launch.tasks[0]
    with pytest.raises(Refused, match=r"Copy the right one from https://discord\.com/developers"):
        await task
    task_done, launch.tasks[:] = launch.tasks[0], []
    await task_done[0].aclose()


async def test_other_closes_are_named_in_the_status(adapter, simulator, until_ok, eventually):
    simulator.drop(4011)
    await eventually(lambda: "sharding is needed" in adapter.status)
    await until_ok(adapter)
    assert len(simulator.gateway.identifies) == 2


async def test_without_the_content_intent_it_reads_what_it_may(
    launch, simulator, inbox, general, dm, alice, until_ok, caplog
):
    simulator.message_content_enabled = False
    adapter = launch()
    await until_ok(adapter)
    asked = [bool(each["intents"] & CONTENT) for each in simulator.gateway.identifies]
    assert asked == [True, False]
    told = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert len([line for line in told if "Message Content Intent" in line]) == 1
    thread = simulator.start_thread(simulator.post(general, alice, "x"), alice, "t")
    simulator.post(thread, alice, "nobody may read this")
    simulator.post(thread, alice, f"{simulator.bot.mention} read this")
    heard = await inbox.next()
    assert (heard.addressed, heard.text) == (Addressed.MENTION, "read this")
    simulator.post(dm, alice, "and this")
    assert (await inbox.next()).text == "and this"
    assert inbox.events == []
    [finding] = [each for each in await adapter.check() if "content" in each.subject]
    assert not finding.ok
    assert "switch it on" in finding.text


async def test_an_event_waits_until_the_inbox_takes_it(adapter, simulator, inbox, dm, alice, bob):
    inbox.failures = 3
    for text in ("one", "two"):
        simulator.post(dm, alice, text)
    assert [(await inbox.next()).text, (await inbox.next()).text] == ["one", "two"]
    simulator.post(simulator.dm(bob), bob, "three")
    assert (await inbox.next()).text == "three"
    assert inbox.events == []


async def test_the_gateway_address_can_be_set(start, simulator, inbox, dm, alice):
    simulator.world.gateway_url = "ws://127.0.0.1:9/"
    await start(gateway_url=simulator.gateway_url)
    simulator.post(dm, alice, "hi")
    assert (await inbox.next()).text == "hi"
    assert not simulator.journal.named("GET /gateway/bot")


async def test_the_doctor_finds_all_well(launch, simulator, guild):
    adapter = launch()
    findings = await adapter.check()
    assert [each.ok for each in findings] == [True] * 4
    assert any("https://discord.com/oauth2/authorize?client_id=" in each.text for each in findings)
    assert any("Parley" in each.text for each in findings)


async def test_the_doctor_says_what_to_do(launch, simulator):
    findings = await launch().check()
    [finding] = [each for each in findings if not each.ok]
    assert "invite it" in finding.text
    await launch.end()
    adapter = launch(api_url="http://127.0.0.1:9/api/v10")
    [finding] = await adapter.check()
    assert (finding.ok, "can't be reached" in finding.text) == (False, True)


async def test_the_doctor_sees_that_files_and_commands_will_not_work(launch, simulator, guild):
    guild.takes_commands = False
    guild.roles[guild.id].permissions &= ~Permission.ATTACH_FILES
    for role in guild.roles.values():
        role.permissions &= ~Permission.ATTACH_FILES
    lacking, commands = [each.text for each in await launch().check() if not each.ok]
    assert "attach_files" in lacking
    assert "/ask" in commands
    assert "applications.commands" in commands


async def test_nothing_said_and_no_token_is_logged(
    adapter, simulator, inbox, general, alice, caplog, target, say, until_ok
):
    caplog.set_level(logging.INFO)
    inbox.failures = 1
    secret = "the launch code is 0000"
    simulator.post_malformed(general, alice, secret)
    simulator.post(general, alice, f"{simulator.bot.mention} {secret}")
    heard = await inbox.next()
    simulator.faults.refuse_next("POST /channels/{channel_id}/messages", 50035)
    with pytest.raises(Exception, match="refused"):
        await say(adapter.live(target(heard)), secret)
    simulator.gateway.send_raw("READY", {"content": secret})
    await simulator.journal.wait(lambda: len(simulator.gateway.identifies) == 2)
    await until_ok(adapter)
    assert len(caplog.records) > 3
    assert "launch code" not in caplog.text
    assert simulator.token not in caplog.text


async def test_a_session_that_falls_silent_is_given_up(
    adapter, simulator, inbox, dm, alice, until_ok, launch
):
    adapter._connection.client.heard_at -= 101
    assert adapter.status == "no heartbeat"
    await launch.end()
    adapter = launch()
    adapter._connection.attention = 0.02
    await until_ok(adapter)
    before = len(simulator.gateway.identifies)
    adapter._connection.client.heard_at -= 301
    await simulator.journal.wait(lambda: len(simulator.gateway.identifies) > before)
    await until_ok(adapter)
    simulator.post(dm, alice, "hi")
    assert (await inbox.next()).text == "hi"


async def test_it_stops_before_the_days_session_starts_are_used_up(
    launch, simulator, guild, until_ok, eventually
):
    simulator.world.session_starts_left = 5
    adapter = launch()
    await eventually(lambda: adapter.status == "connection lost: SessionStartsUsedUp")
    assert simulator.gateway.identifies == []
    simulator.world.session_starts_left = 1000
    await until_ok(adapter)
