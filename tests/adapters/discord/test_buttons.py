"""Presses on buttons are acknowledged in time, whatever happens, and each is told to the inbox."""

import asyncio
import logging

import pytest

from adapters.discord import interactions, labels, presses
from adapters.discord.buttons import rows
from core.contract import Uncertain
from core.messages import Button, ButtonPressed, Draft, MessageRef, Person
from simulators.discord.messages import Draft as Written
from simulators.discord.messages import write

CALLBACK = "POST /interactions/{interaction_id}/{interaction_token}/callback"
WEBHOOK = "POST /webhooks/{application_id}/{interaction_token}"
DEFERRED_UPDATE = 6
AGAIN = Button("again", "Try again")


@pytest.fixture
async def answer(adapter, simulator, inbox, general, alice, target):
    """A message of ours with a button, in a thread."""
    simulator.post(general, alice, f"{simulator.bot.mention} hi")
    live = adapter.live(target(await inbox.next()))
    shown = (await live.show(Draft("Hello", final=True, buttons=(AGAIN,)))).ref
    return simulator.world.channel(int(shown.channel)).messages[int(shown.id)]


async def test_a_press_is_acknowledged_and_changes_nothing(answer, simulator, inbox, guild, alice):
    guild.members[alice.id].nick = "Al"
    pressed = simulator.click(answer, alice, "parley:again")
    where = MessageRef("discord", str(guild.id), str(answer.channel.id), str(answer.id))
    heard = await inbox.next()
    assert (heard.ref, heard.author, heard.button) == (where, Person(str(alice.id), "Al"), "again")
    await simulator.journal.wait(lambda: pressed.response_type)
    assert pressed.response_type == DEFERRED_UPDATE
    assert [version.content for version in answer.history] == ["Hello"]
    assert [each["label"] for each in answer.components[0]["components"]] == ["Try again"]


async def test_a_press_tells_language_place_and_roles(answer, simulator, inbox, guild, general, alice, staff):
    alice.locale = "ja"
    simulator.click(answer, alice, "parley:again")
    heard = await inbox.next()
    assert heard.locale == "ja"
    assert heard.facts == {
        "channels": {str(general.id), str(answer.channel.id)},
        "users": {str(alice.id)},
        "guilds": {str(guild.id)},
        "roles": {staff},
    }


async def test_a_press_in_a_direct_message(adapter, simulator, inbox, alice, target):
    dm = simulator.dm(alice)
    simulator.post(dm, alice, "hi")
    shown = (await adapter.live(target(await inbox.next())).show(Draft("Hello", buttons=(AGAIN,)))).ref
    simulator.click(dm.messages[int(shown.id)], alice, "parley:again")
    heard = await inbox.next()
    assert (heard.ref, heard.author, heard.button) == (shown, Person(str(alice.id), "Alice"), "again")
    assert isinstance(heard, ButtonPressed)
    assert shown.workspace == ""


async def test_an_acknowledgement_does_not_wait_for_a_slow_store(
    answer, simulator, inbox, alice, monkeypatch
):
    monkeypatch.setattr(presses, "SAFE_SECONDS", 0.05)
    opened = asyncio.Event()
    store = inbox.action

    async def slow(action):
        await opened.wait()
        await store(action)

    inbox.action = slow
    pressed = simulator.click(answer, alice, "parley:again")
    await simulator.journal.wait(lambda: pressed.response_type)
    assert inbox.events == []
    opened.set()
    assert (await inbox.next()).button == "again"


async def test_it_waits_a_moment_for_the_press_to_be_safe(answer, simulator, inbox, alice):
    inbox.failures = 2
    pressed = simulator.click(answer, alice, "parley:again")
    assert (await inbox.next()).button == "again"
    assert pressed.response_type is None
    await simulator.journal.wait(lambda: pressed.response_type)


async def test_a_failed_acknowledgement_is_repeated(answer, simulator, inbox, alice, caplog):
    simulator.faults.fail_next(CALLBACK, 503)
    simulator.lose_reply_next(CALLBACK)
    pressed = simulator.click(answer, alice, "parley:again")
    assert (await inbox.next()).button == "again"
    await simulator.journal.wait(lambda: len(simulator.journal.named(CALLBACK)) == 3)
    assert pressed.response_type == DEFERRED_UPDATE
    assert "acknowledged" not in caplog.text
    assert inbox.events == []


async def test_a_press_whose_acknowledgement_is_refused_counts(answer, simulator, inbox, alice, caplog):
    simulator.faults.refuse_next(CALLBACK, 10062)
    simulator.click(answer, alice, "parley:again")
    assert (await inbox.next()).button == "again"
    await simulator.journal.wait(lambda: "could not be acknowledged" in caplog.text)


async def test_two_sessions_hear_a_press_and_one_acknowledges_it(
    answer, start, launch, simulator, inbox, alice, caplog
):
    other = type(inbox)()
    await start(inbox=other)
    simulator.click(answer, alice, "parley:again")
    assert (await inbox.next()) == (await other.next())
    await simulator.journal.wait(lambda: len(simulator.journal.named(CALLBACK)) == 2)
    assert sorted(call.error or "" for call in simulator.journal.named(CALLBACK)) == ["", "40060"]
    await launch.end()
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_buttons_of_others_are_left_to_them(answer, simulator, inbox, general, alice):
    [row] = answer.components
    theirs = write(simulator.world, general, simulator.bot, Written(content="old", components=[row]))
    theirs.components[0]["components"][0]["custom_id"] = "vote:1"
    simulator.click(theirs, alice, "vote:1")
    simulator.click(answer, alice, "parley:again")
    assert (await inbox.next()).ref.id == str(answer.id)
    await simulator.journal.wait(lambda: simulator.journal.named(CALLBACK))
    assert inbox.events == []
    assert len(simulator.journal.named(CALLBACK)) == 1


async def test_a_malformed_interaction_is_skipped(answer, simulator, inbox, alice):
    for data in ({}, {"type": 3}, {"type": 3, "data": {"component_type": 2, "custom_id": "parley:x"}}):
        simulator.gateway.send_raw("INTERACTION_CREATE", data)
    simulator.click(answer, alice, "parley:again")
    assert (await inbox.next()).button == "again"


async def test_the_core_may_whisper_before_it_has_taken_the_press(
    adapter, answer, simulator, inbox, alice, bob, monkeypatch
):
    monkeypatch.setattr(presses, "SAFE_SECONDS", 60)
    store = inbox.action

    async def refuse(action):
        await adapter.whisper(action.ref, action.author, "Only who asked may do that. @everyone")
        await store(action)

    inbox.action = refuse
    simulator.click(answer, bob, "parley:again")
    await inbox.next()
    [whisper] = simulator.whispers(bob)
    assert whisper.content.startswith("Only who asked may do that.")
    assert (whisper.mention_everyone, whisper.allowed_mentions) == (False, {"parse": []})
    assert simulator.whispers(alice) == []
    assert whisper.id not in answer.channel.messages
    assert [call.error for call in simulator.journal.named(WEBHOOK)] == [None]


async def test_a_whisper_needs_a_press_of_that_person_there(adapter, answer, simulator, inbox, alice, bob):
    simulator.click(answer, alice, "parley:again")
    pressed = await inbox.next()
    await adapter.whisper(pressed.ref, Person(str(bob.id)), "psst")
    assert simulator.journal.named(WEBHOOK) == []


async def test_a_token_that_is_too_old_is_not_used(adapter, answer, simulator, inbox, alice, monkeypatch):
    simulator.click(answer, alice, "parley:again")
    pressed = await inbox.next()
    monkeypatch.setattr(presses, "TOKEN_SECONDS", -1)
    await adapter.whisper(pressed.ref, pressed.author, "psst")
    assert simulator.journal.named(WEBHOOK) == []


async def test_no_token_of_a_press_is_logged(adapter, answer, simulator, inbox, alice, caplog):
    caplog.set_level(logging.INFO)
    simulator.faults.refuse_next(CALLBACK, 10062)
    simulator.faults.refuse_next(WEBHOOK, 10015)
    used = simulator.click(answer, alice, "parley:again")
    pressed = await inbox.next()
    await adapter.whisper(pressed.ref, pressed.author, "psst")
    assert "could not be acknowledged" in caplog.text
    assert used.token not in caplog.text
    assert used.token not in repr(interactions.read(_payload(used), lambda *_: None, str))


def _payload(used):
    person = {"id": str(used.user.id), "username": "alice"}
    where = {"channel_id": str(used.channel.id), "message": {"id": "1"}, "user": person}
    names = {"id": str(used.id), "token": used.token, "application_id": "1", "type": 3}
    return names | where | {"data": {"component_type": 2, "custom_id": "parley:again"}}


async def test_what_is_shown_already_is_not_edited(adapter, simulator, inbox, alice, target):
    simulator.post(simulator.dm(alice), alice, "hi")
    live = adapter.live(target(await inbox.next()))
    for _ in range(2):
        await live.show(Draft("Hello", final=True, buttons=(AGAIN,)))
    assert not simulator.journal.named("PATCH /channels/{channel_id}/messages/{message_id}")


async def test_buttons_of_a_post_whose_reply_was_lost_are_taken_away(
    adapter, simulator, inbox, alice, target
):
    dm = simulator.dm(alice)
    simulator.post(dm, alice, "hi")
    live = adapter.live(target(await inbox.next()))
    simulator.lose_reply_next("POST /channels/{channel_id}/messages")
    with pytest.raises(Uncertain):
        await live.show(Draft("Hello", final=True, buttons=(AGAIN,)))
    shown = (await live.show(Draft("Hello", final=True))).ref
    assert dm.messages[int(shown.id)].components == []


def test_buttons_stand_in_rows_of_five():
    made = rows([Button(f"k{number}", "x" * 90) for number in range(30)])
    assert [len(row["components"]) for row in made] == [5] * 5
    assert made[1]["components"][0]["custom_id"] == "parley:k5"
    assert len(made[0]["components"][0]["label"]) == 80
    assert rows([]) == []


KEY = "k" * 64
FAR = MessageRef("discord", "7", str(2**64 - 1), str(2**64 - 2))


@pytest.mark.parametrize("about", [None, FAR])
def test_a_custom_id_holds_the_longest_key_and_the_message(about):
    made = labels.custom_id(KEY, about)
    assert len(made) <= 100
    assert labels.read(made, "7") == (KEY, about)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("vote:1", None),
        ("parley:a:b", ("a:b", None)),
        ("parley:x~é~1", ("x", None)),
        ("parley:x~1", ("x", None)),
    ],
)
def test_only_our_custom_ids_are_read(given, told):
    assert labels.read(given, "") == told
