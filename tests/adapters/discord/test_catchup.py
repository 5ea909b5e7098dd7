"""What was written while no session heard it is read afterwards, once, and without holding anything up."""

import asyncio
import json
from contextlib import suppress

import discord as library
import pytest

from adapters.discord import catchup
from adapters.discord.progress import NOTE as PROGRESS
from adapters.discord.seen import NOTE
from core.messages import Addressed, Place
from simulators.discord import ChannelType
from simulators.discord.state import Role

HISTORY = "GET /channels/{channel_id}/messages"
LOST = 4011  # a close after which no session can be resumed


@pytest.fixture(autouse=True)
def _quickly(monkeypatch):
    monkeypatch.setattr(catchup, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(catchup, "RETRY_SECONDS", (0.01, 0.01, 0.01))
    monkeypatch.setattr(catchup, "SLACK_MS", 0)


@pytest.fixture
def dm(simulator, alice):
    return simulator.dm(alice)


@pytest.fixture
def thread(simulator, general, alice):
    return simulator.start_thread(simulator.post(general, alice, "?"), alice, "talk")


@pytest.fixture
def known(notes, dm, general, thread):
    """Alice talked to us in a DM and in a thread."""
    in_thread = Place("discord", str(general.guild.id), str(general.id), str(thread.id))
    notes.places = [in_thread, Place("discord", "", str(dm.id), direct=True)]
    return notes


async def texts(inbox, count):
    return [(await inbox.next()).text for _ in range(count)]


async def read_up(simulator, channels):
    """Every one of the channels has been asked for what was missed."""
    wanted = {str(each.id) for each in channels}
    asked = lambda: {call.args["channel_id"] for call in simulator.journal.named(HISTORY)}  # noqa: E731
    await simulator.journal.wait(lambda: wanted <= asked())


async def test_what_was_written_after_a_session_was_lost_arrives_once(
    known, start, simulator, inbox, dm, thread, general, alice, bob, until_ok
):
    adapter = await start()
    simulator.post(dm, alice, "before")
    await texts(inbox, 1)
    simulator.drop(LOST)
    for text in ("one", "two", "three"):
        simulator.post(dm, alice, text)
    simulator.post(thread, bob, "and in the thread")
    simulator.post(general, bob, f"{simulator.bot.mention} and a new question")
    simulator.post(general, bob, "talk among people")
    heard = [await inbox.next() for _ in range(5)]
    assert [each.text for each in heard if each.place.direct] == ["one", "two", "three"]
    rest = {each.text: each for each in heard if not each.place.direct}
    assert rest["and in the thread"].place.thread == str(thread.id)
    assert rest["and in the thread"].addressed == Addressed.FOLLOW
    assert rest["and a new question"].addressed == Addressed.MENTION
    await until_ok(adapter)
    simulator.post(dm, alice, "after")
    assert await texts(inbox, 1) == ["after"]
    assert inbox.events == []


async def test_after_a_restart_it_goes_on_where_the_last_process_was(
    known, start, launch, simulator, inbox, dm, alice
):
    await start()
    before = simulator.post(dm, alice, "before")
    await texts(inbox, 1)
    await simulator.journal.wait(lambda: NOTE in known.kept)  # it has nothing more to read
    await launch.end()
    assert known.kept[NOTE] == str(before.id)
    missed = simulator.post(dm, alice, "while we were away")
    await start()
    assert await texts(inbox, 1) == ["while we were away"]
    await simulator.journal.wait(lambda: known.kept[NOTE] == str(missed.id))
    await launch.end()
    calls = len(simulator.journal.named(HISTORY))
    await start()
    await simulator.journal.wait(lambda: len(simulator.journal.named(HISTORY)) > calls)
    simulator.post(dm, alice, "the end")
    assert await texts(inbox, 1) == ["the end"]
    assert inbox.events == []


@pytest.mark.parametrize("how", ["lost", "left"])
async def test_the_mark_is_kept_when_the_session_ends(known, start, launch, simulator, inbox, dm, alice, how):
    await start()
    said = []
    for text in ("one", "two"):
        said.append(str(simulator.post(dm, alice, text).id))
        await texts(inbox, 1)
        await simulator.journal.wait(lambda: NOTE in known.kept)
    assert known.kept[NOTE] == said[0], "it is not written with every message"
    if how == "left":
        await launch.end()
    else:
        simulator.drop()
    await simulator.journal.wait(lambda: known.kept[NOTE] == said[1], within=5)


async def test_what_is_not_stored_yet_is_read_again(known, start, launch, simulator, inbox, dm, alice):
    await start()
    first = simulator.post(dm, alice, "first")
    await texts(inbox, 1)
    await simulator.journal.wait(lambda: NOTE in known.kept)
    inbox.failures = 1000
    second = simulator.post(dm, alice, "second")
    await simulator.journal.wait(lambda: inbox.failures < 1000)
    simulator.post(dm, simulator.bot, "what we say needs no store")
    await launch.end()
    assert first.id <= int(known.kept[NOTE]) < second.id
    inbox.failures = 0
    await start()
    assert await texts(inbox, 1) == ["second"]


async def test_what_came_out_of_order_is_not_missed(known, start, simulator, inbox, dm, alice, monkeypatch):
    monkeypatch.setattr(catchup, "SLACK_MS", 2000)
    late = simulator.post(dm, alice, "a moment older, in another channel")
    known.kept[NOTE] = str(late.id + (1000 << 22))
    await start()
    assert await texts(inbox, 1) == [late.content]


async def test_a_session_that_is_invalid_counts_as_lost(known, start, simulator, inbox, dm, alice):
    adapter = await start()
    adapter._connection.client.before_identify_hook = lambda *_a, **_k: asyncio.sleep(0)
    simulator.post(dm, alice, "before")
    await texts(inbox, 1)
    simulator.gateway.invalidate()
    simulator.post(dm, alice, "in between")
    assert await texts(inbox, 1) == ["in between"]
    assert len(simulator.gateway.identifies) == 2


async def test_a_resumed_session_reads_no_history(known, start, simulator, inbox, dm, alice, until_ok):
    adapter = await start()
    await read_up(simulator, [dm])
    calls = len(simulator.journal.named(HISTORY))
    simulator.drop()
    simulator.post(dm, alice, "while you were away")
    assert await texts(inbox, 1) == ["while you were away"]
    await until_ok(adapter)
    assert len(simulator.gateway.resumes) == 1
    assert len(simulator.journal.named(HISTORY)) == calls


async def test_where_a_direct_message_stands_is_known(known, start, simulator, inbox, dm, alice):
    simulator.post(dm, alice, "hi")
    await start()
    assert (await inbox.next()).place == known.places[1]
    assert simulator.journal.named("GET /channels/{channel_id}") == []


async def test_it_can_be_switched_off(known, start, simulator, inbox, dm, alice):
    simulator.post(dm, alice, "missed")
    await start(catch_up_minutes=0)
    simulator.post(dm, alice, "heard")
    assert await texts(inbox, 1) == ["heard"]
    assert simulator.journal.named(HISTORY) == []


@pytest.mark.parametrize("minutes", [10, 30])
async def test_what_is_too_old_is_left(known, start, simulator, inbox, dm, alice, minutes):
    for ago in (25, 9):
        when = library.utils.utcnow().timestamp() - ago * 60
        old = (int(when * 1000) - library.utils.DISCORD_EPOCH) << 22
        simulator.post(dm, alice, f"{ago} minutes ago", id=old)
    known.kept[NOTE] = str(1)
    await start(catch_up_minutes=minutes)
    wanted = ["25 minutes ago", "9 minutes ago"] if minutes == 30 else ["9 minutes ago"]
    assert await texts(inbox, len(wanted)) == wanted


async def test_a_rate_limit_is_waited_for(known, start, simulator, inbox, dm, thread, alice):
    simulator.post(thread, alice, "limited")
    simulator.post(dm, alice, "later")
    simulator.rate_limit_next(HISTORY, 0.2)
    await start()
    assert await texts(inbox, 2) == ["limited", "later"]
    first, second = simulator.journal.named(HISTORY)[:2]
    assert (first.status, second.status, second.at - first.at >= 0.2) == (429, 200, True)


async def test_a_server_error_is_tried_again(known, start, simulator, inbox, dm, alice):
    simulator.post(dm, alice, "after all")
    simulator.faults.fail_next(HISTORY, 503, times=3)
    await start()
    assert await texts(inbox, 1) == ["after all"]


async def test_a_channel_that_is_gone_is_passed_over(known, start, simulator, inbox, dm, general, alice):
    guild = str(general.guild.id)
    known.places.insert(0, Place("discord", guild, "4321", "1234"))
    known.places.insert(0, Place("discord", guild, str(general.id), "1235"))  # no thread was opened there
    simulator.post(dm, alice, "still here")
    adapter = await start()
    assert await texts(inbox, 1) == ["still here"]
    assert adapter.status == "ok"
    await simulator.journal.wait(lambda: NOTE in known.kept)  # and nothing is left to be read


async def test_what_can_not_be_read_holds_the_mark(known, start, launch, simulator, inbox, dm, alice, caplog):
    first = simulator.post(dm, alice, "first")
    known.kept[NOTE] = str(first.id)
    simulator.post(dm, alice, "missed")
    simulator.faults.fail_next(HISTORY, 503, times=100)
    adapter = await start()
    await simulator.journal.wait(lambda: "can't be read" in caplog.text)
    simulator.post(dm, alice, "live")
    assert await texts(inbox, 1) == ["live"]
    assert adapter.status == "ok"
    await launch.end()
    assert known.kept[NOTE] == str(first.id)
    simulator.faults._scripts.clear()
    await start()
    assert await texts(inbox, 2) == ["missed", "live"]


async def test_notes_that_fail_do_not_end_the_connection(known, start, simulator, inbox, dm, alice, caplog):
    async def broken(*_args):
        raise RuntimeError("the store is full")

    known.active = known.put = known.get = broken
    adapter = await start()
    await simulator.journal.wait(lambda: "can't be read" in caplog.text)
    simulator.post(dm, alice, "hi")
    assert await texts(inbox, 1) == ["hi"]
    assert adapter.status == "ok"
    assert "the store is full" not in caplog.text


async def test_new_events_do_not_wait_for_it(known, start, simulator, inbox, dm, thread, alice):
    simulator.post(thread, alice, "missed")
    gate = simulator.faults.hold(HISTORY)
    await start()
    await gate.reached()
    simulator.post(dm, alice, "live")
    simulator.post(thread, alice, "live too")
    assert set(await texts(inbox, 2)) == {"live", "live too"}
    gate.open()
    assert await texts(inbox, 1) == ["missed"]
    await read_up(simulator, [dm])
    simulator.post(dm, alice, "the end")
    assert await texts(inbox, 1) == ["the end"]
    assert inbox.events == []


async def test_an_event_that_comes_before_the_session_is_ready_hides_nothing(
    known, launch, simulator, inbox, dm, general, thread, alice, bob
):
    simulator.post(thread, alice, "missed")
    launch()
    await simulator.journal.wait(lambda: simulator.gateway.sessions)
    simulator.post(simulator.dm(bob), bob, "live")
    assert set(await texts(inbox, 2)) == {"missed", "live"}


async def test_what_was_missed_goes_before_what_waits(known, start, simulator, inbox, thread, alice):
    simulator.post(thread, alice, "missed")
    gate = simulator.faults.hold(HISTORY)
    adapter = await start()
    await gate.reached()
    inbox.failures = 1000
    for text in ("live and not stored", "live"):
        simulator.post(thread, alice, text)
    await simulator.journal.wait(lambda: adapter._intake.held == 2)
    gate.open()
    await simulator.journal.wait(lambda: adapter._intake.held == 3)
    inbox.failures = 0
    assert await texts(inbox, 3) == ["live and not stored", "missed", "live"]


async def test_a_session_lost_again_meanwhile_begins_anew(known, start, simulator, inbox, dm, thread, alice):
    simulator.post(thread, alice, "missed first")
    gate = simulator.faults.hold(HISTORY, before=True)
    adapter = await start()
    adapter._connection.client.before_identify_hook = lambda *_a, **_k: asyncio.sleep(0)
    await gate.reached()
    simulator.gateway.invalidate()
    simulator.post(dm, alice, "missed then")
    await gate.reached(2)
    gate.open()
    assert set(await texts(inbox, 2)) == {"missed first", "missed then"}
    await simulator.journal.wait(lambda: NOTE in known.kept)
    asked = [call.args["channel_id"] for call in simulator.journal.named(HISTORY)]
    assert asked.count(str(dm.id)) == 1
    assert inbox.events == []


async def test_quiet_channels_are_not_asked(known, start, simulator, inbox, dm, general, thread, alice):
    first = simulator.post(thread, alice, "long ago")
    first_id = first.id + (60_000 << 22)
    simulator.post(dm, alice, "now", id=first_id + (60_000 << 22))
    known.kept[NOTE] = str(first_id)
    await start()
    assert await texts(inbox, 1) == ["now"]
    asked = {call.args["channel_id"] for call in simulator.journal.named(HISTORY)}
    assert asked == {str(dm.id)}


async def test_only_the_latest_channels_are_asked(known, start, simulator, inbox, guild, monkeypatch):
    monkeypatch.setattr(catchup, "CHANNELS", 100)
    known.places = [Place("discord", "", str(1000 + n), direct=True) for n in range(120)]
    await start()
    asked = lambda: {call.args["channel_id"] for call in simulator.journal.named(HISTORY)}  # noqa: E731
    await simulator.journal.wait(lambda: len(asked()) >= 100)
    with suppress(TimeoutError):
        await simulator.journal.wait(lambda: len(asked()) > 100, within=0.3)
    assert len(asked()) == 100


async def test_who_wrote_has_the_roles_that_routes_ask_for(
    known, start, simulator, inbox, general, alice, bob
):
    guild = general.guild
    guild.roles[77] = Role(77, "support", 0)
    guild.members[alice.id].roles.append(77)
    simulator.post(general, alice, f"{simulator.bot.mention} hi")
    simulator.post(general, bob, f"{simulator.bot.mention} ho")
    del guild.members[bob.id]
    await start()
    heard = {each.text: each for each in [await inbox.next(), await inbox.next()]}
    assert heard["hi"].facts["roles"] == {"77"}
    assert heard["ho"].facts["roles"] == frozenset()
    assert heard["hi"].author.name == "Alice"


async def test_a_forum_has_no_messages_of_its_own(known, start, simulator, inbox, guild, alice, caplog):
    forum = simulator.add_channel(guild, "help", ChannelType.FORUM)
    post = simulator.forum_post(forum, alice, "It broke", "mend it")
    known.places = [Place("discord", str(guild.id), str(forum.id), str(post.id))]
    simulator.post(post, alice, "please")
    await start()
    assert await texts(inbox, 2) == ["mend it", "please"]
    await simulator.journal.wait(lambda: NOTE in known.kept)
    asked = {call.args["channel_id"] for call in simulator.journal.named(HISTORY)}
    assert asked == {str(post.id)}


async def test_an_archived_thread_is_read(known, start, simulator, inbox, dm, thread, general, alice):
    simulator.post(thread, alice, "one more thing")
    simulator.archive(thread)
    await start()
    heard = await inbox.next()
    assert heard.text == "one more thing"
    assert (heard.place.channel, heard.place.thread) == (str(general.id), str(thread.id))


async def test_a_crowded_channel_is_read_from_its_beginning(
    known, start, simulator, inbox, dm, alice, caplog
):
    for number in range(105):
        simulator.post(dm, alice, str(number))
    await start()
    assert await texts(inbox, 100) == [str(number) for number in range(100)]
    await simulator.journal.wait(lambda: "only the first 100" in caplog.text)


async def test_a_message_that_can_not_be_parsed_is_skipped(known, start, simulator, inbox, dm, alice, caplog):
    simulator.post(dm, alice, "0000").type = None
    simulator.post(dm, alice, "whole")
    await start()
    assert await texts(inbox, 1) == ["whole"]
    assert "0000" not in caplog.text


@pytest.fixture
def many(simulator, notes):
    """Twelve people who talked to us in direct messages."""
    people = [simulator.add_user(f"person{number}") for number in range(12)]
    dms = [simulator.dm(person) for person in people]
    notes.places = [Place("discord", "", str(dm.id), direct=True) for dm in dms]
    return list(zip(people, dms, strict=True))


def asked(simulator):
    return [call.args["channel_id"] for call in simulator.journal.named(HISTORY)]


async def test_a_reading_that_is_interrupted_goes_on_with_the_channels_that_were_not_read(
    many, notes, start, launch, simulator, monkeypatch
):
    monkeypatch.setattr(catchup, "PAUSE_SECONDS", 30.0)
    for number in range(1, 5):
        await start()
        await notes.until(lambda kept, read=number: len(json.loads(kept.get(PROGRESS, "{}"))) == read)
        await launch.end()
    assert asked(simulator) == [str(dm.id) for _, dm in many[:4]]


async def test_what_was_read_but_not_stored_is_read_again(many, start, launch, simulator, inbox):
    person, dm = many[0]
    simulator.post(dm, person, "missed")
    inbox.failures = 1000
    await start()
    await simulator.journal.wait(lambda: len(set(asked(simulator))) == len(many))
    await launch.end()
    inbox.failures = 0
    await start()
    assert await texts(inbox, 1) == ["missed"]
