"""The coverage table says what is there, and nothing else is there."""

from pathlib import Path

import pytest
from discord.http import Route

from simulators.discord import ChannelType, app, gateway
from simulators.discord.coverage import EVENTS, NOTES, OPCODES, REST, Coverage

FOLDER = Path(app.__file__).parent
SOURCES = [path.read_text() for path in FOLDER.glob("*.py") if path.name != "coverage.py"]


def claimed(table):
    return {name for name, coverage in table.items() if coverage is not Coverage.MISSING}


def test_every_claimed_route_is_served_and_no_other():
    assert claimed(REST) == set(app.ROUTES)


async def test_the_server_registers_exactly_these_routes(simulator):
    served = {
        f"{route.method} {route.resource.canonical.removeprefix(app.API)}"
        for route in simulator._runner.app.router.routes()
        if route.resource.canonical.startswith(app.API) and route.method not in ("HEAD", "*")
    }
    assert served == claimed(REST)


def test_events_are_named_in_the_code_when_they_are_claimed():
    named = {name for name in EVENTS if any(f'"{name}"' in source for source in SOURCES)}
    assert named == claimed(EVENTS)


async def test_nothing_is_sent_that_is_not_claimed(bot, world, general, alice):
    message = world.post(general, alice, "?")
    world.forum_post(world.add_channel(general.guild, "help", ChannelType.FORUM), alice, "a", "b")
    thread = world.start_thread(message, alice, "t")
    world.react(message, alice, "👍")
    world.delete(message)
    await bot.http.request(Route("PUT", "/channels/{channel_id}/thread-members/@me", channel_id=thread.id))
    (session,) = world.gateway.sessions.values()
    assert {name for _sequence, name, _data in session.sent} <= claimed(EVENTS)


def test_every_claimed_opcode_is_known(simulator):
    sent = {0, gateway.RECONNECT, gateway.INVALID_SESSION, gateway.HELLO, gateway.HEARTBEAT_ACK}
    assert set(simulator.gateway._operations) | sent == claimed(OPCODES)


@pytest.mark.parametrize("table", [REST, EVENTS, OPCODES], ids=["REST", "EVENTS", "OPCODES"])
def test_what_a_partial_one_lacks_is_said(table):
    partial = {str(name) for name, coverage in table.items() if coverage is Coverage.PARTIAL}
    assert partial <= NOTES.keys()
