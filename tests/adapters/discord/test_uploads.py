"""Files of an answer stand below it, each once, whatever happens; threads get their titles."""

import pytest

from core.contract import FileTooLarge, Gone, RateLimited, Uncertain
from core.messages import Draft, OutgoingFile, Place
from simulators.discord import Permission

POST = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}"
CHART = OutgoingFile("chart.png", "image/png", b"\x89PNG" + b"x" * 200)
MIB = 1024 * 1024


@pytest.fixture
async def heard(adapter, simulator, inbox, general, alice):
    simulator.post(general, alice, f"{simulator.bot.mention} draw")
    return await inbox.next()


def files(simulator, channel):
    ours = [each for each in channel.messages.values() if each.author is simulator.bot]
    return [(file.filename, file.data) for each in ours for file in each.attachments]


@pytest.fixture
def thread(simulator, heard):
    return lambda: simulator.world.channel(int(heard.ref.id))


async def test_a_file_stands_in_the_thread_of_the_answer(adapter, simulator, heard, thread, target):
    shown = (await adapter.live(target(heard, "t/0")).show(Draft("Here", final=True))).ref
    where = await adapter.upload(target(heard, "t/file"), CHART)
    assert where.channel == shown.channel
    message = thread().messages[int(where.id)]
    assert [(file.filename, file.data) for file in message.attachments] == [(CHART.name, CHART.data)]
    assert (message.content, message.allowed_mentions) == ("", {"parse": []})


async def test_a_repetition_posts_nothing_more(adapter, start, launch, simulator, heard, thread, target):
    simulator.lose_reply_next(POST)
    with pytest.raises(Uncertain):
        await adapter.upload(target(heard), CHART)
    first = await adapter.upload(target(heard), CHART)
    assert await adapter.upload(target(heard), CHART) == first
    await launch.end()
    simulator.world.nonce_seconds = -1  # a nonce is remembered for minutes only
    adapter = await start()
    assert await adapter.upload(target(heard), CHART) == first
    assert files(simulator, thread()) == [(CHART.name, CHART.data)]


async def test_two_files_that_look_alike_are_both_posted(adapter, simulator, heard, thread, target):
    for key in ("t/file-1", "t/file-2"):
        await adapter.upload(target(heard, key), CHART)
    assert len(files(simulator, thread())) == 2


@pytest.mark.parametrize("name", ["報告書.pdf", "my report (1).pdf", "../../etc/passwd", 'a"b\r\n.txt', ""])
async def test_any_name_is_posted_once(adapter, start, launch, simulator, heard, thread, target, name):
    file = OutgoingFile(name, "", b"some bytes")
    first = await adapter.upload(target(heard), file)
    await launch.end()
    simulator.world.nonce_seconds = -1
    adapter = await start()
    assert await adapter.upload(target(heard), file) == first
    [(kept, data)] = files(simulator, thread())
    assert ("/" in kept, data) == (False, b"some bytes")


async def test_a_large_file_is_posted_when_discord_recovers(adapter, simulator, heard, thread, target):
    simulator.faults.fail_next(POST, 500)  # discord.py itself tries again
    large = OutgoingFile("film.mp4", "video/mp4", b"x" * (3 * MIB))
    await adapter.upload(target(heard), large)
    assert files(simulator, thread()) == [("film.mp4", large.data)]


async def test_the_guard_is_asked_before_it_is_posted(adapter, simulator, heard, target):
    async def lost():
        raise LookupError("another process has the turn")

    with pytest.raises(LookupError):
        await adapter.upload(target(heard), CHART, lost)
    assert simulator.journal.named(POST) == []


async def test_files_that_are_too_large(adapter, simulator, heard, guild, target):
    limit = adapter.limits(heard.place).upload_bytes
    assert limit == 10 * MIB
    with pytest.raises(FileTooLarge):
        await adapter.upload(target(heard), OutgoingFile("a.bin", "", b"x" * (limit + 1)))
    assert simulator.journal.named(POST) == []
    for code in (40005,):
        simulator.faults.refuse_next(POST, code)
        with pytest.raises(FileTooLarge):
            await adapter.upload(target(heard), CHART)


async def test_a_boosted_server_takes_more(start, simulator, guild, general):
    guild.premium_tier = 2
    adapter = await start()
    most = adapter.limits(Place("discord", str(guild.id), str(general.id))).upload_bytes
    assert 20 * MIB < most < 25 * MIB  # the whole request has 25
    assert adapter.limits(Place("discord", "", "1", direct=True)).upload_bytes == 10 * MIB


async def test_what_refuses_a_file_is_told(adapter, simulator, heard, general, target):
    simulator.rate_limit_next(POST, 3)
    with pytest.raises(RateLimited):
        await adapter.upload(target(heard), CHART)
    simulator.deny(general, Permission.ATTACH_FILES)
    with pytest.raises(Gone, match="permission"):
        await adapter.upload(target(heard), CHART)


async def test_files_are_no_pages_of_an_answer(adapter, heard, target):
    shown = (await adapter.live(target(heard)).show(Draft("Here", final=True))).ref
    await adapter.upload(target(heard, "t/file"), CHART)
    assert [each.ref for each in await adapter.find(target(heard))] == [shown]


async def test_a_thread_of_ours_gets_its_title(adapter, simulator, heard, thread, target):
    live = adapter.live(target(heard))
    place = heard.place
    await live.show(Draft("Here", final=True))
    for title in ("Drawing charts", "Drawing charts", "x" * 300, "  "):
        await adapter.entitle(place, title)
    calls = [call for call in simulator.journal.named(EDIT) if "name" in call.args]
    assert [len(call.args["name"]) <= 100 for call in calls] == [True, True]
    assert thread().name.startswith("xxx")
    await adapter.entitle(place, "a third one is too much for Discord")
    assert thread().name.startswith("xxx")


async def test_threads_of_others_and_channels_keep_their_names(adapter, simulator, inbox, general, alice):
    message = simulator.post(general, alice, "talk")
    thread = simulator.start_thread(message, alice, "ours")
    simulator.post(thread, alice, f"{simulator.bot.mention} hi")
    place = (await inbox.next()).place
    for where in (place, Place("discord", place.workspace, place.channel), Place("discord", "", "1", "5")):
        await adapter.entitle(where, "mine")
    assert (thread.name, general.name) == ("ours", "general")
    assert simulator.journal.named(EDIT) == []
