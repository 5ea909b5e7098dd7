"""Commands are registered when they changed, and what people give us by them is answered as it should be."""

import pytest

from adapters.discord import commands, presses
from adapters.discord.registering import NOTE
from adapters.discord.settings import DiscordSettings
from bots.syncing import NotRegistered, sync_discord
from core.commands import COMMANDS
from core.messages import (
    Addressed,
    Button,
    CommandGiven,
    Draft,
    Field,
    Form,
    FormSubmitted,
    Greeting,
    IncomingMessage,
    Place,
    Refusal,
    Whisper,
)
from simulators.discord import Permission

PUT = "PUT /applications/{application_id}/commands"
GET = "GET /applications/{application_id}/commands"
CALLBACK = "POST /interactions/{interaction_id}/{interaction_token}/callback"
FORM = Form("setup:1", "Setup", "Save", (Field("x", "X"),))


def names(simulator):
    return [each["name"] for each in simulator.world.commands.get(None, [])]


@pytest.fixture
async def registered(adapter, simulator):
    await simulator.journal.wait(lambda: names(simulator))


@pytest.fixture
def give(simulator, inbox, alice, registered):
    """Gives a command; the core says this."""

    async def give(name, says, where, **options):
        inbox.says.append(says)
        used = simulator.slash(where, alice, name, **options)
        heard = await inbox.next()
        await simulator.journal.wait(lambda: used.response_type)
        return used, heard

    return give


async def test_the_commands_are_registered_once(start, launch, simulator, notes):
    await start()
    await notes.until(lambda kept: NOTE in kept)
    assert names(simulator) == [spec.name for spec in COMMANDS]
    await launch.end()
    adapter = await start()
    await launch.end()
    assert adapter is not None
    assert len(simulator.journal.named(PUT)) == 1
    notes.kept[NOTE] = '{"mark": "of an older version", "names": ["ask", "old"]}'
    simulator.world.commands[None].append({"name": "old", "type": 1, "id": "5", "description": "o"})
    await start()
    await simulator.journal.wait(lambda: len(simulator.journal.named(PUT)) == 2)
    assert names(simulator) == [spec.name for spec in COMMANDS]


async def test_commands_of_others_stay(simulator):
    theirs = [
        {"name": "deploy", "type": 1, "id": "7", "description": "Deploy", "version": "1"},
        {"name": "ask", "type": 3, "id": "8", "description": ""},
        {"name": "new", "type": 1, "id": "9", "description": "an older one"},
    ]
    simulator.world.commands[None] = theirs
    told = await sync_discord(DiscordSettings(token=simulator.token, api_url=simulator.api_url))
    assert told == [spec.name for spec in COMMANDS]
    kept = [(each["name"], each["type"]) for each in simulator.world.commands[None]]
    assert kept == [*((name, 1) for name in told), ("deploy", 1), ("ask", 3)]


async def test_a_wrong_token_is_refused(simulator):
    with pytest.raises(NotRegistered, match=r"discord\.token"):
        await sync_discord(DiscordSettings(token="wrong", api_url=simulator.api_url))


async def test_a_failed_registration_stops_nothing(start, simulator, inbox, alice, caplog):
    simulator.faults.refuse_next(PUT, 50035)
    await start()
    await simulator.journal.wait(lambda: "discord-sync" in caplog.text)
    simulator.post(simulator.dm(alice), alice, "hi")
    assert (await inbox.next()).text == "hi"


def test_every_command_is_described_in_three_languages():
    for command in commands.wanted():
        assert set(command["description_localizations"]) == {"ja", "zh-CN"}
        assert (command["contexts"], command["integration_types"]) == ([0, 1], [0])
    ask = commands.wanted()[0]
    [option] = ask["options"]
    assert (option["type"], option["required"]) == (3, True)


async def test_a_command_in_a_channel(give, simulator, guild, general, alice, staff):
    alice.locale = "ja"
    used, heard = await give("history", Whisper("**Nothing**", (Button("a", "A"),)), general, text="switch 2")
    here = str(general.id)
    assert heard == CommandGiven(
        id=str(used.id),
        name="history",
        text="switch 2",
        place=Place("discord", str(guild.id), here),
        author=heard.author,
        identity=f"discord:{here}",
        locale="ja",
        facts={"channels": {here}, "users": {str(alice.id)}, "guilds": {str(guild.id)}, "roles": {staff}},
    )
    [told] = simulator.whispers(alice)
    assert (told.content, told.components[0]["components"][0]["label"]) == ("**Nothing**", "A")
    assert general.messages == {}


async def test_a_command_in_a_thread_and_in_a_direct_message(give, simulator, guild, general, alice):
    thread = simulator.start_thread(simulator.post(general, alice, "x"), alice, "talk")
    _, heard = await give("new", None, thread)
    assert heard.place == Place("discord", str(guild.id), str(general.id), str(thread.id))
    assert heard.identity == f"discord:{thread.id}"
    assert heard.facts["channels"] == {str(general.id), str(thread.id)}
    dm = simulator.dm(alice)
    _, heard = await give("new", None, dm)
    assert heard.place == Place("discord", "", str(dm.id), direct=True)
    assert (heard.identity, heard.facts["guilds"]) == (f"discord:{alice.id}", frozenset())


async def test_nothing_to_say_leaves_nothing(give, simulator, general, alice):
    used, _ = await give("stop", None, general)
    await simulator.journal.wait(lambda: used.message.deleted)
    assert simulator.whispers(alice) == []
    assert used.response_type == 5


async def test_a_greeting_and_a_long_word(give, simulator, general, alice):
    await give("help", Greeting("Hello.", ("Who?", "Why?")), general)
    await give("help", Whisper("word " * 900), general)
    short, long = simulator.whispers(alice)
    assert short.content == "Hello.\n- Who?\n- Why?"
    assert (len(long.content) <= 2000, long.content[-1]) == (True, "…")


async def test_a_command_opens_a_form(give, simulator, inbox, general, alice):
    used, _ = await give("setup", FORM, general)
    sent = simulator.submit(used, {"x": "1"})
    heard = await inbox.next()
    assert isinstance(heard, FormSubmitted)
    assert (heard.form, heard.ref, heard.values) == (FORM.key, None, {"x": "1"})
    assert heard.place == Place("discord", str(general.guild.id), str(general.id))
    await simulator.journal.wait(lambda: sent.message and sent.message.deleted)
    assert simulator.whispers(alice) == []


async def test_a_button_below_a_word_to_a_command_is_about_that_word(give, simulator, inbox, general, alice):
    await give("setup", Whisper("Which?", (Button("setup:1", "Setup"),)), general)
    [told] = simulator.whispers(alice)
    inbox.says.append(FORM)
    opened = simulator.click(told, alice, "parley:setup:1")
    heard = await inbox.next()
    assert (heard.ref.id, heard.ref.channel) == (str(told.id), str(general.id))
    await simulator.journal.wait(lambda: opened.modal)
    simulator.submit(opened, {"x": "1"})
    assert (await inbox.next()).ref is None


async def test_a_form_of_a_command_is_opened_again_without_the_core(give, simulator, inbox, general, alice):
    opened, _ = await give("setup", FORM, general)
    following = Form("setup:2", "More", "Save", (Field("y", "Y"),))
    for says, title in ((Refusal({"x": "no number"}), "Setup"), (following, "More")):
        inbox.says.append(says)
        sent = simulator.submit(opened, {"x": "abc"})
        await inbox.next()
        await simulator.journal.wait(lambda sent=sent: sent.message)
        [row] = sent.message.components
        opened = simulator.click(sent.message, alice, row["components"][0]["custom_id"])
        await simulator.journal.wait(lambda opened=opened: opened.modal)
        assert opened.modal["title"] == title
    assert simulator.submit(opened, {"y": "2"}).data["custom_id"] == "parley:setup:2"
    heard = await inbox.next()
    assert (heard.form, heard.values, heard.ref) == ("setup:2", {"y": "2"}, None)
    assert inbox.events == []


async def test_what_was_filled_in_stands_there_again(give, simulator, inbox, general, alice):
    opened, _ = await give("setup", FORM, general)
    inbox.says.append(Refusal({"x": "no number"}))
    sent = simulator.submit(opened, {"x": "abc"})
    await simulator.journal.wait(lambda: sent.message)
    again = simulator.click(sent.message, alice, "parley:setup:1")
    await simulator.journal.wait(lambda: again.modal)
    assert again.modal["components"][0]["component"]["value"] == "abc"


async def test_a_late_answer_takes_the_place_of_the_sign(give, simulator, inbox, general, alice, monkeypatch):
    monkeypatch.setattr(presses, "SAFE_SECONDS", 0.05)
    inbox.gate.clear()
    used, _ = await give("history", Whisper("There you are"), general)
    assert used.is_thinking
    inbox.gate.set()
    await simulator.journal.wait(lambda: not used.is_thinking)
    assert [each.content for each in simulator.whispers(alice)] == ["There you are"]


async def test_commands_of_others_are_left_to_them(give, simulator, inbox, general, alice):
    simulator.world.commands[None].append({"name": "deploy", "type": 1, "id": "7", "description": "Deploy"})
    theirs = simulator.slash(general, alice, "deploy")
    _, heard = await give("new", None, general)
    assert heard.name == "new"
    assert theirs.response_type is None


# ---- /ask


@pytest.fixture
def ask(simulator, inbox, alice, registered):
    async def ask(where, text):
        used = simulator.slash(where, alice, "ask", text=text)
        return used, await inbox.next()

    return ask


async def test_a_question_by_command_is_answered_in_a_thread_on_it(
    ask, adapter, simulator, guild, general, alice, target
):
    alice.locale = "ja"
    used, heard = await ask(general, "What is **love**? @everyone")
    assert isinstance(heard, IncomingMessage)
    shown = general.messages[int(heard.ref.id)]
    assert shown is used.message
    assert shown.content.startswith("**Alice**: What is **love**? @")
    assert (shown.mention_everyone, shown.allowed_mentions, shown.flags & 64) == (False, {"parse": []}, 0)
    assert (heard.text, heard.addressed, heard.locale) == (
        "What is **love**? @everyone",
        Addressed.MENTION,
        "ja",
    )
    assert heard.place == Place("discord", str(guild.id), str(general.id), str(shown.id))
    assert heard.identity == f"discord:{shown.id}"
    assert (heard.author.id, heard.author.bot) == (str(alice.id), False)
    where = (await adapter.live(target(heard)).show(Draft("Baby", final=True))).ref
    thread = simulator.world.channel(shown.id)
    assert where.channel == str(thread.id)
    assert thread.name == "What is **love**? @everyone"
    assert [each.ref for each in await adapter.find(target(heard))] == [where]


async def test_a_question_by_command_in_a_direct_message(ask, adapter, simulator, alice, target):
    dm = simulator.dm(alice)
    _, heard = await ask(dm, "hi")
    assert (heard.addressed, heard.place.direct) == (Addressed.DIRECT, True)
    assert heard.identity == f"discord:{alice.id}"
    await adapter.live(target(heard)).show(Draft("Hello", final=True))
    assert [each.content for each in dm.messages.values()] == ["**Alice**: hi", "Hello"]
    assert [len(await adapter.find(target(heard)))] == [1]


async def test_a_question_by_command_in_a_thread(ask, adapter, simulator, general, alice, target):
    thread = simulator.start_thread(simulator.post(general, alice, "x"), alice, "talk")
    _, heard = await ask(thread, "hi")
    assert (heard.place.channel, heard.place.thread) == (str(general.id), str(thread.id))
    where = (await adapter.live(target(heard)).show(Draft("Hello", final=True))).ref
    assert where.channel == str(thread.id)


async def test_a_long_question_is_asked_whole(ask, general):
    used, heard = await ask(general, "why " * 1000)
    assert len(heard.text) == 4000
    assert len(used.message.content) <= 2000


async def test_a_question_whose_reply_is_lost_is_asked_once(ask, simulator, inbox, general):
    simulator.lose_reply_next(CALLBACK)
    used, heard = await ask(general, "hi")
    assert heard.ref.id == str(used.message.id)
    assert len(general.messages) == 1


async def test_a_question_that_is_not_stored_yet_is_offered_again(ask, simulator, inbox, general):
    inbox.failures = 3
    _, heard = await ask(general, "hi")
    assert heard.text == "hi"
    assert len(simulator.journal.named(CALLBACK)) == 1


async def test_a_question_that_can_not_be_shown_is_not_asked(give, simulator, inbox, general, alice, caplog):
    simulator.faults.refuse_next(CALLBACK, 10062)
    simulator.slash(general, alice, "ask", text="hi")
    await simulator.journal.wait(lambda: "could not be shown" in caplog.text)
    _, heard = await give("new", None, general)
    assert heard.name == "new"
    assert inbox.events == []


async def test_a_question_where_we_can_not_write_is_refused_at_once(give, simulator, inbox, general, alice):
    simulator.deny(general, Permission.SEND_MESSAGES)
    alice.locale = "ja"
    used = simulator.slash(general, alice, "ask", text="hi")
    await simulator.journal.wait(lambda: used.message)
    assert [each.content for each in simulator.whispers(alice)] == [used.message.content]
    assert "書き込めません" in used.message.content
    assert (general.messages, inbox.events) == ({}, [])


async def test_a_question_does_not_wait_in_line_to_be_shown(ask, simulator, inbox, general, alice):
    inbox.gate.clear()
    simulator.slash(general, alice, "new")
    await inbox.next()
    used = simulator.slash(general, alice, "ask", text="hi")
    await simulator.journal.wait(lambda: used.message)
    assert inbox.events == []
    inbox.gate.set()
    assert (await inbox.next()).text == "hi"


async def test_a_question_that_was_shown_and_not_stored_is_asked_by_the_next_process(
    start, launch, simulator, inbox, notes, guild, general, alice, staff
):
    notes.places = [Place("discord", str(guild.id), str(general.id), "1")]
    await start()
    await notes.until(lambda kept: NOTE in kept)
    inbox.failures = 1000
    used = simulator.slash(general, alice, "ask", text="What is @here?")
    await simulator.journal.wait(lambda: used.message and inbox.failures < 1000)
    await launch.end()
    inbox.failures = 0
    await start()
    heard = await inbox.next()
    assert (heard.ref.id, heard.text) == (str(used.message.id), "What is @here?")
    assert (heard.author.id, heard.author.name, heard.author.bot) == (str(alice.id), "Alice", False)
    assert (heard.addressed, heard.facts["roles"]) == (Addressed.MENTION, {staff})
    assert heard.place == Place("discord", str(guild.id), str(general.id), str(used.message.id))
    await launch.end()
    await start()
    await simulator.journal.wait(lambda: len(simulator.gateway.identifies) == 3)
    simulator.post(simulator.dm(alice), alice, "hi")
    assert (await inbox.next()).text == "hi"
    assert inbox.events == []
