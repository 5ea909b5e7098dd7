"""The small parts: settings, the intake, what is remembered of rate limits."""

import asyncio
import subprocess
import sys

import pytest
from pydantic import ValidationError

from adapters.discord import intake as intakes
from adapters.discord.allowances import Allowances
from adapters.discord.intake import Intake
from adapters.discord.recent import Recent
from adapters.discord.seen import NOTE, Seen
from adapters.discord.settings import ROUTE_KEYS, DiscordSettings


def test_the_settings_hide_the_token():
    settings = DiscordSettings(token="secret")
    assert "secret" not in repr(settings)
    assert (settings.reply_in, settings.gateway_url, settings.catch_up_minutes) == ("thread", None, 10)
    assert {"channels", "users", "guilds", "roles"} == ROUTE_KEYS
    assert all(field.description for field in DiscordSettings.model_fields.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"tokn": "x"},
        {"reply_in": "dm"},
        {"api_url": "discord.com"},
        {"gateway_url": "http://x"},
        {"token": ""},
        {"catch_up_minutes": -1},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        DiscordSettings(**({"token": "x"} | wrong))


def test_the_settings_can_be_read_without_discord_py():
    code = "import sys, adapters.discord.settings; sys.exit('discord' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_events_keep_their_order_per_channel_and_channels_do_not_wait(caplog):
    intake, seen, done = Intake(first_pause=0.01), [], asyncio.Event()
    failures = [RuntimeError("secret text"), RuntimeError("secret text")]

    async def event(name):
        if name == "a1" and failures:
            raise failures.pop()
        seen.append(name)
        if len(seen) == 3:
            done.set()

    for channel, name in ((1, "a1"), (1, "a2"), (2, "b1")):
        intake.put(channel, lambda name=name: event(name))
    async with asyncio.timeout(5):
        await done.wait()
    assert seen == ["b1", "a1", "a2"]
    assert "secret text" not in caplog.text
    await intake.close()


async def test_the_intake_is_bounded(caplog):
    intake, gate, seen = Intake(), asyncio.Event(), []

    async def event(number):
        await gate.wait()
        seen.append(number)

    for number in range(intakes.CAPACITY + 4):
        intake.put(1, lambda number=number: event(number))
    assert not intake.put(2, lambda: event(0))
    assert len([each for each in caplog.records if "dropped" in each.getMessage()]) == 5
    gate.set()
    await intake.close()
    assert seen == list(range(intakes.CAPACITY))


async def test_older_messages_go_before_those_that_wait():
    intake, gate, seen = Intake(), asyncio.Event(), []

    async def event(name):
        await gate.wait()
        seen.append(name)

    for name, order in (("live 50", 50), ("live 60", 60), ("reaction", None), ("live 70", 70)):
        intake.put(1, lambda name=name: event(name), order=order)
    for name, order in (("missed 40", 40), ("missed 45", 45), ("missed 65", 65)):
        intake.put(1, lambda name=name: event(name), order=order)
    assert intake.held == 7
    gate.set()
    await intake.close()
    assert seen == ["live 50", "missed 40", "missed 45", "live 60", "reaction", "missed 65", "live 70"]
    assert intake.held == 0


async def test_what_can_not_be_stored_is_counted_at_the_end(caplog):
    async def event():
        raise RuntimeError

    intake = Intake(first_pause=60)
    intake.put(1, event)
    intake.put(1, event)
    await intake.close(last_word=0.01)
    assert "stopped with 2 events" in caplog.text


def test_allowances_are_of_a_method_and_a_channel():
    allowances = Allowances()
    headers = {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset-After": "4.5"}
    allowances.note("PATCH", "/api/v10/channels/7/messages/8", headers)
    allowances.note("POST", "/api/v10/channels/7/typing", headers)
    allowances.note("POST", "/api/v10/channels/7/messages", {})
    known = allowances.of("PATCH", "7")
    assert known.remaining == 3
    assert 4 < known.reset_after <= 4.5
    assert allowances.of("POST", "7") is None
    allowances.note("PATCH", "/api/v10/channels/7/messages/8", headers | {"X-RateLimit-Reset-After": "0"})
    assert allowances.of("PATCH", "7") is None


def test_the_mark_stays_before_what_is_not_safe():
    seen = Seen(None)
    assert seen.mark == 0
    for message in (5, 9, 7):
        seen.came(message, safe=False)
    seen.came(20, safe=True)
    assert seen.mark == 4
    seen.stored(5)
    assert seen.mark == 6
    seen.hold()
    for message in (7, 9):
        seen.stored(message)
    assert seen.mark == 6
    seen.hold()
    seen.release()
    assert seen.mark == 20
    assert (seen.knows(9), seen.knows(10)) == (True, False)


@pytest.mark.parametrize(("kept", "mark"), [("12", 12), ("", 0), ("x", 0), (None, 0)])
async def test_a_mark_that_makes_no_sense_is_none(kept, mark, notes):
    notes.kept[NOTE] = kept
    seen = Seen(notes)
    await seen.load()
    assert seen.mark == mark


def test_a_recent_memory_forgets_the_oldest():
    recent = Recent(2)
    for key in "abac":
        recent.put(key, key.upper())
    assert [recent.get(key) for key in "abc"] == ["A", None, "C"]
