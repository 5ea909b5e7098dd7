"""Commands, buttons and forms, end to end with the real discord.py."""

import asyncio

import discord as library
import pytest
from discord import app_commands, ui

from simulators.discord.interactions import MODAL_SUBMIT

COMMANDS = "PUT /applications/{application_id}/commands"


class Form(ui.Modal, title="Inputs"):
    """One field of each kind that a Dify app can ask for."""

    topic = ui.Label(text="Topic", component=ui.TextInput(custom_id="topic"))
    tone = ui.Label(
        text="Tone",
        component=ui.Select(
            custom_id="tone", options=[library.SelectOption(label=each) for each in ("a", "b")]
        ),
    )
    papers = ui.Label(text="Files", component=ui.FileUpload(custom_id="papers"))

    def __init__(self):
        super().__init__(custom_id="form")
        self.sent = asyncio.get_running_loop().create_future()

    async def on_submit(self, interaction):
        files = [await each.read() for each in self.papers.component.values]
        self.sent.set_result((self.topic.component.value, self.tone.component.values, files))
        await interaction.response.send_message("thanks")


ASK = {"name": "ask", "type": 1, "description": "Ask"}


class Stop(ui.DynamicItem[ui.Button], template=r"stop:(?P<turn>\d+)"):
    """A button that works for messages of earlier processes."""

    def __init__(self, turn):
        self.turn = turn
        super().__init__(ui.Button(label="Stop", custom_id=f"stop:{turn}"))

    @classmethod
    async def from_custom_id(cls, interaction, item, match):
        return cls(int(match["turn"]))

    async def callback(self, interaction):
        await interaction.response.edit_message(content=f"stopped {self.turn}", view=None)


@pytest.fixture
async def tree(start, world):
    """A bot with two registered commands: /ask and a message command."""
    bot = await start()
    commands = app_commands.CommandTree(bot)
    bot.forms = []

    @commands.command(description="Ask")
    async def ask(interaction: library.Interaction, prompt: str, file: library.Attachment | None = None):
        await interaction.response.defer(thinking=True)
        content = (await file.read()).decode() if file else ""
        await interaction.edit_original_response(content=f"{prompt}{content}!")

    @commands.command(description="Form")
    async def form(interaction: library.Interaction):
        bot.forms.append(Form())
        await interaction.response.send_modal(bot.forms[-1])

    @commands.command(description="Whisper")
    async def whisper(interaction: library.Interaction):
        await interaction.response.send_message("psst", ephemeral=True)
        await interaction.followup.send("and more", ephemeral=True)

    @commands.context_menu(name="Ask about this")
    async def about(interaction: library.Interaction, message: library.Message):
        await interaction.response.send_message(f"about: {message.content}")

    await commands.sync()
    return bot


async def test_commands_are_registered_and_keep_their_ids(tree, world):
    names = {command["name"]: command["id"] for command in world.world.commands[None]}
    assert names.keys() == {"ask", "form", "whisper", "Ask about this"}
    await tree._connection._command_tree.sync()
    assert {command["name"]: command["id"] for command in world.world.commands[None]} == names
    assert len(world.journal.named(COMMANDS)) == 2


async def test_a_deferred_command_is_answered_by_an_edit(tree, world, general, alice):
    used = world.slash(general, alice, "ask", prompt="hi")
    await world.journal.wait(lambda: used.message and used.message.content)
    assert [(each.content, each.flags) for each in used.message.history] == [("", 128), ("hi!", 0)]
    assert used.message.interaction["name"] == "ask"
    assert general.messages[used.message.id] is used.message


async def test_a_command_takes_a_file_in_a_dm(tree, world, alice):
    used = world.slash(world.dm(alice), alice, "ask", prompt="read ", file=world.file("a.txt", b"abc"))
    await world.journal.wait(lambda: used.message and used.message.content)
    assert used.message.content == "read abc!"


async def test_an_ephemeral_answer_is_not_in_the_channel(tree, world, general, alice):
    used = world.slash(general, alice, "whisper")
    await world.journal.wait(lambda: used.followups)
    assert (used.message.content, used.followups[0].content) == ("psst", "and more")
    assert not general.messages


async def test_a_whisper_is_seen_by_one_person(tree, world, general, alice):
    bob = world.add_user("bob")
    world.join(general.guild, bob)
    used = world.slash(general, alice, "whisper")
    await world.journal.wait(lambda: used.followups)
    assert [each.content for each in world.whispers(alice)] == ["psst", "and more"]
    assert world.whispers(bob) == []


async def test_a_follow_up_needs_a_response_before_it(bot, world, general, alice):
    view = ui.View(timeout=None)
    view.add_item(ui.Button(custom_id="again", label="Again"))
    sent = await bot.get_partial_messageable(general.id).send("Hello", view=view)
    used = world.click(general.messages[sent.id], alice, "again")
    heard = await bot.next("interaction")
    with pytest.raises(library.NotFound) as refused:
        await heard.followup.send("psst", ephemeral=True)
    assert refused.value.code == 10015
    await heard.response.defer()
    await heard.followup.send("psst", ephemeral=True)
    assert (used.response_type, [each.content for each in world.whispers(alice)]) == (6, ["psst"])
    assert [each.content for each in general.messages.values()] == ["Hello"]


async def test_what_nobody_answers_fails_after_three_seconds(bot, world, general, alice):
    await bot.http.bulk_upsert_global_commands(bot.application_id, payload=[ASK])
    used = world.slash(general, alice, "ask")
    assert world.failed(alice) == []
    used.created_at -= 4
    assert world.failed(alice) == [used]
    assert world.failed(world.bot) == []


async def test_a_message_command_reads_what_the_intent_hides(world, general, alice, tree):
    world.message_content_enabled = False
    message = world.post(general, alice, "secret")
    used = world.context_menu(message, alice, "Ask about this")
    await world.journal.wait(lambda: used.message)
    assert used.message.content == "about: secret"
    assert used.message.type == 23


async def test_a_button_of_an_old_message_works(bot, world, general, alice):
    view = ui.View(timeout=None)
    view.add_item(Stop(7))
    bot.add_dynamic_items(Stop)
    sent = await bot.get_partial_messageable(general.id).send("running", view=view)
    message = general.messages[sent.id]
    assert message.components[0]["components"][0]["id"] == 2
    used = world.click(message, alice, "stop:7")
    await world.journal.wait(lambda: used.response_type)
    assert (message.content, message.components) == ("stopped 7", [])
    with pytest.raises(LookupError):
        world.click(message, alice, "stop:7")


async def test_a_form_is_filled_in(tree, world, general, alice):
    opened = world.slash(general, alice, "form")
    await world.journal.wait(lambda: opened.modal)
    assert opened.modal["title"] == "Inputs"
    values = {"topic": "love", "tone": ["b"], "papers": [world.file("p.txt", b"paper")]}
    sent = world.submit(opened, values)
    assert sent.type == MODAL_SUBMIT
    assert await tree.forms[0].sent == ("love", ["b"], [b"paper"])
    await world.journal.wait(lambda: sent.message)
    assert sent.message.content == "thanks"


async def test_an_interaction_is_answered_once_and_in_three_seconds(bot, world, general, alice):
    await bot.http.bulk_upsert_global_commands(bot.application_id, payload=[ASK])
    world.slash(general, alice, "ask")
    heard = await bot.next("interaction")
    await bot.http.request(_callback(heard), json={"type": 5})
    with pytest.raises(library.HTTPException) as refused:
        await bot.http.request(_callback(heard), json={"type": 5})
    assert refused.value.code == 40060
    late = world.slash(general, alice, "ask")
    late.created_at -= 4
    with pytest.raises(library.NotFound) as refused:
        await bot.http.request(_callback(await bot.next("interaction")), json={"type": 5})
    assert refused.value.code == 10062


async def test_a_token_works_for_fifteen_minutes(tree, world, general, alice):
    used = world.slash(general, alice, "ask", prompt="hi")
    heard = await tree.next("interaction")
    await world.journal.wait(lambda: used.message and used.message.content)
    used.created_at -= 901
    with pytest.raises(library.HTTPException) as refused:
        await heard.edit_original_response(content="late")
    assert (refused.value.status, refused.value.code) == (401, 50027)


async def test_a_form_cannot_answer_a_form(tree, world, general, alice):
    opened = world.slash(general, alice, "form")
    await world.journal.wait(lambda: opened.modal)
    tree.forms[0].on_submit = lambda _interaction: asyncio.sleep(0)
    world.submit(opened, {"topic": "x", "tone": ["a"], "papers": [world.file("p.txt", b"")]})
    while (heard := await tree.next("interaction")).type is not library.InteractionType.modal_submit:
        pass
    with pytest.raises(library.HTTPException) as refused:
        await tree.http.request(_callback(heard), json={"type": 9, "data": opened.modal})
    assert refused.value.code == 50035


async def test_commands_nobody_registered_cannot_be_used(bot, world, general, alice):
    with pytest.raises(LookupError):
        world.slash(general, alice, "ask")


def _callback(interaction):
    path = "/interactions/{webhook_id}/{webhook_token}/callback"
    return library.http.Route("POST", path, webhook_id=interaction.id, webhook_token=interaction.token)
