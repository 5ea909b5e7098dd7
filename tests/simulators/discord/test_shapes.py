"""What the gateway sends has the keys that the real Discord sent, as far as recordings exist."""

import json
from pathlib import Path

import pytest

from simulators.discord import DiscordSimulator
from simulators.discord.messages import Draft, write

REFERENCE = Path(__file__).parents[3] / ".." / "shared" / "reference"
RECORDINGS = REFERENCE / "payloads" / "discord.json"

pytestmark = pytest.mark.skipif(not RECORDINGS.exists(), reason="no recordings next to the repository")


@pytest.fixture
def recorded():
    return json.loads(RECORDINGS.read_text())


@pytest.fixture
def told():
    """A simulator that need not listen, and what it told the gateway."""
    simulator = DiscordSimulator()
    events = []
    simulator.world.listeners.append(lambda event: events.append((event.name, event.data)))
    alice = simulator.add_user("alice")
    guild = simulator.add_guild("Acme", alice)
    channel = simulator.add_channel(guild, "general")
    return simulator, alice, channel, events


def shape(value, path=""):
    """Every path in a payload with the kind of value there; ids and texts are all strings."""
    if isinstance(value, dict):
        return {found for key, each in value.items() for found in shape(each, f"{path}.{key}")} | {
            (path, "{}")
        }
    if isinstance(value, list):
        return {found for each in value[:1] for found in shape(each, f"{path}[]")} | {(path, "[]")}
    kind = "null" if value is None else type(value).__name__
    return {(path, kind)}


def paths(value):
    return {path for path, _kind in shape(value)}


def last(events, name):
    return [data for event, data in events if event == name][-1]


def compare(ours, theirs):
    """The same keys; and the same kinds of values, except where one side is null."""
    assert paths(ours) == paths(theirs)
    kinds, wanted = dict(shape(ours)), dict(shape(theirs))
    different = {path: (kinds[path], wanted[path]) for path in kinds if kinds[path] != wanted[path]}
    assert {path: pair for path, pair in different.items() if "null" not in pair} == {}


def test_a_mention_looks_as_recorded(told, recorded):
    simulator, alice, channel, events = told
    simulator.post(channel, alice, f"{simulator.bot.mention} Hey")
    compare(last(events, "MESSAGE_CREATE"), recorded["gatewayMention"]["data"])


def test_a_mention_of_the_role_looks_as_recorded(told, recorded):
    simulator, alice, channel, events = told
    simulator.post(channel, alice, f"<@&{simulator.bot_role(channel.guild)}> AI Still there?")
    compare(last(events, "MESSAGE_CREATE"), recorded["gatewayRoleMention"]["data"])


def test_a_message_in_a_thread_looks_as_recorded(told, recorded):
    simulator, alice, channel, events = told
    thread = simulator.start_thread(simulator.post(channel, alice, "?"), simulator.bot, "Thread")
    compare(
        last(events, "THREAD_CREATE"),
        recorded["gatewayThreadCreate"]["data"]
        | {"member": recorded["buttonClickHello"]["channel"]["member"] | {"muted": False}},
    )
    simulator.post(thread, alice, "Hey")
    compare(last(events, "MESSAGE_CREATE"), recorded["gatewayThreadUserHey"]["data"])


def test_the_bots_own_message_looks_as_recorded(told, recorded):
    simulator, alice, channel, events = told
    thread = simulator.start_thread(simulator.post(channel, alice, "?"), simulator.bot, "Thread")
    theirs = recorded["gatewayBotWelcome"]["data"]
    embeds = [
        {key: each[key] for key in ("title", "description", "color", "fields")} for each in theirs["embeds"]
    ]
    draft = Draft(content=theirs["content"], embeds=embeds, components=theirs["components"])
    write(simulator.world, thread, simulator.bot, draft)
    ours = last(events, "MESSAGE_CREATE")
    compare(ours, theirs)
    assert ours["components"] == theirs["components"]
    assert (ours["position"], theirs["position"]) == (0, 0)


def test_a_reaction_looks_as_recorded(told, recorded):
    simulator, alice, channel, events = told
    message = simulator.post(channel, simulator.bot, "rate me")
    simulator.react(message, alice, "👍")
    compare(last(events, "MESSAGE_REACTION_ADD"), recorded["gatewayReactionAdd"]["data"])


def test_a_click_looks_as_recorded(told, recorded):
    simulator, alice, channel, events = told
    thread = simulator.start_thread(simulator.post(channel, alice, "?"), simulator.bot, "Thread")
    theirs = recorded["buttonClickHello"]
    embeds = [
        {key: each[key] for key in ("title", "description", "color", "fields")}
        for each in theirs["message"]["embeds"]
    ]
    draft = Draft(content="hi", embeds=embeds, components=theirs["message"]["components"])
    simulator.click(write(simulator.world, thread, simulator.bot, draft), alice, "hello")
    ours = last(events, "INTERACTION_CREATE")
    ours["message"].pop("position")
    compare(ours, theirs)
