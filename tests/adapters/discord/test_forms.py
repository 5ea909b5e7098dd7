"""Forms open as modals in answer to a press or a command, and what was filled in is told."""

import asyncio

import pytest

from adapters.discord import forms, presses
from core.messages import (
    Button,
    ButtonPressed,
    Draft,
    Field,
    Form,
    FormSubmitted,
    IncomingFile,
    Place,
    Refusal,
    Whisper,
)

OPEN = Button("inputs:7", "Fill in")
LONG = "an option of more than a hundred characters, " * 4
FORM = Form(
    "form:7-1_a",
    "What the app wants to know",
    "Send",
    (
        Field("name", "Name", required=True, value="Al", max_length=10),
        Field("why", "Why do you ask? Tell it in a few words, as you would tell a friend", "paragraph"),
        Field("tone", "Tone", "select", options=("kind", "strict", LONG, "kind", ""), value="kind"),
        Field("sure", "Sure?", "checkbox", value=True),
        Field("papers", "Papers", "files", max_length=3, extensions=("pdf", "txt")),
    ),
)
PRESSED, CLICK = "parley:inputs:7", 5


@pytest.fixture
async def answer(adapter, simulator, inbox, general, alice, target):
    """A message of ours with a button, in a thread."""
    simulator.post(general, alice, f"{simulator.bot.mention} hi")
    live = adapter.live(target(await inbox.next()))
    shown = (await live.show(Draft("I need to know more", final=True, buttons=(OPEN,)))).ref
    return simulator.world.channel(int(shown.channel)).messages[int(shown.id)]


@pytest.fixture
def press(simulator, inbox, answer, alice):
    """Presses the button; the core says this."""

    async def press(says, message=answer, custom_id=PRESSED):
        inbox.says.append(says)
        used = simulator.click(message, alice, custom_id)
        heard = await inbox.next()
        await simulator.journal.wait(lambda: used.response_type)
        return used, heard

    return press


@pytest.fixture
async def opened(press):
    used, _ = await press(FORM)
    return used


@pytest.fixture
def submit(simulator, inbox):
    async def submit(opened, says, **values):
        inbox.says.append(says)
        sent = simulator.submit(opened, values)
        heard = await inbox.next()
        await simulator.journal.wait(lambda: sent.response_type)
        return sent, heard

    return submit


def only_button(message):
    [row] = message.components
    [button] = row["components"]
    return button


async def test_a_form_is_opened_by_a_press_and_sent(opened, submit, simulator, answer, guild, general, alice):
    assert opened.response_type == 9
    alice.locale = "zh-CN"
    paper = simulator.file("paper.pdf", b"%PDF")
    sent, heard = await submit(opened, None, name="Bo", papers=[paper], tone=["strict"], sure=False)
    assert isinstance(heard, FormSubmitted)
    [file] = heard.values["papers"]
    assert isinstance(file, IncomingFile)
    assert (file.name, file.mime_type, file.size) == ("paper.pdf", "application/pdf", 4)
    told = {key: value for key, value in heard.values.items() if key != "papers"}
    assert told == {"name": "Bo", "why": "", "tone": "strict", "sure": False}
    assert (heard.form, heard.author.id, heard.locale) == (FORM.key, str(alice.id), "zh-CN")
    assert heard.place == Place("discord", str(guild.id), str(general.id), str(answer.channel.id))
    assert (heard.ref.id, heard.ref.channel) == (str(answer.id), str(answer.channel.id))
    assert sent.response_type == 6
    assert simulator.whispers(alice) == []


async def test_what_is_not_touched_is_told_as_it_stood(opened, submit, adapter):
    _, heard = await submit(opened, None)
    assert heard.values == {"name": "Al", "why": "", "tone": "kind", "sure": True, "papers": ()}


async def test_a_long_option_comes_back_whole(opened, submit):
    [value] = [each["value"] for each in parts(forms.modal(FORM, None))["tone"]["options"][2:]]
    _, heard = await submit(opened, None, tone=[value])
    assert heard.values["tone"] == LONG


async def test_files_of_a_form_can_be_fetched(opened, submit, adapter, simulator):
    _, heard = await submit(opened, None, papers=[simulator.file("a.txt", b"abc")])
    [file] = heard.values["papers"]
    assert await adapter.fetch(file, 3) == b"abc"


async def test_problems_are_told_with_a_way_back(opened, submit, press, simulator, inbox, answer, alice, bob):
    sent, _ = await submit(opened, Refusal({"name": "must be shorter", "gone": "?"}))
    assert sent.response_type == 4
    [told] = simulator.whispers(alice)
    assert told.content == "- **Name**: must be shorter\n- **gone**: ?"
    assert simulator.whispers(bob) == []
    button = only_button(told)
    assert button["label"] == FORM.title
    again, heard = await press(FORM, told, button["custom_id"])
    assert isinstance(heard, ButtonPressed)
    assert (heard.button, heard.ref.id, heard.ref.channel) == (
        FORM.key,
        str(answer.id),
        str(answer.channel.id),
    )
    assert again.modal["title"] == FORM.title
    _, heard = await submit(again, None)
    assert heard.ref.id == str(answer.id)


async def test_a_next_page_is_offered_for_no_form_can_follow_a_form(opened, submit, press, simulator, alice):
    following = Form("page-2", "More", "Send", (Field("x", "X"),))
    sent, _ = await submit(opened, following)
    assert (sent.response_type, sent.modal) == (4, None)
    [told] = simulator.whispers(alice)
    used, heard = await press(following, told, only_button(told)["custom_id"])
    assert heard.button == "page-2"
    assert used.modal["title"] == "More"


async def test_a_word_to_who_sent_it(opened, submit, simulator, alice):
    sent, _ = await submit(opened, Whisper("Thank you. @everyone", (Button("undo", "Undo"),)))
    [told] = simulator.whispers(alice)
    assert told.content.startswith("Thank you.")
    assert (told.mention_everyone, only_button(told)["label"]) == (False, "Undo")
    assert sent.response_type == 4


async def test_a_form_that_comes_too_late_is_offered(press, simulator, inbox, answer, alice, monkeypatch):
    monkeypatch.setattr(presses, "SAFE_SECONDS", 0.05)
    inbox.gate.clear()
    used, _ = await press(FORM)
    assert (used.response_type, used.modal) == (6, None)
    inbox.gate.set()
    await simulator.journal.wait(lambda: simulator.whispers(alice))
    [told] = simulator.whispers(alice)
    used, heard = await press(FORM, told, only_button(told)["custom_id"])
    assert (used.modal["title"], heard.ref.id) == (FORM.title, str(answer.id))


async def test_a_late_word_comes_as_a_follow_up(press, simulator, inbox, alice, monkeypatch):
    monkeypatch.setattr(presses, "SAFE_SECONDS", 0.05)
    inbox.gate.clear()
    await press(Whisper("Too late to stop"))
    inbox.gate.set()
    await simulator.journal.wait(lambda: simulator.whispers(alice))
    assert [each.content for each in simulator.whispers(alice)] == ["Too late to stop"]


async def test_a_form_waits_for_the_press_to_be_stored(press, simulator, inbox):
    inbox.failures = 2
    used, _ = await press(FORM)
    assert used.modal is not None


async def test_a_lost_reply_does_not_offer_the_form_twice(press, simulator, inbox, alice):
    simulator.lose_reply_next("POST /interactions/{interaction_id}/{interaction_token}/callback")
    used, _ = await press(FORM)
    assert used.modal is not None
    assert simulator.whispers(alice) == []


async def test_a_form_opened_before_a_restart_is_taken(opened, submit, launch, start, inbox):
    await launch.end()
    await start()
    _, heard = await submit(opened, Refusal({"name": "?"}), tone=["strict"])
    assert (heard.form, heard.values["tone"]) == (FORM.key, "strict")


async def test_the_core_may_whisper_while_it_still_thinks(adapter, press, simulator, inbox, alice, answer):
    async def action(action):
        inbox.events.append(action)
        inbox._waiter.set()
        await adapter.whisper(action.ref, action.author, "psst")
        return Whisper("done")

    inbox.action = action
    await asyncio.wait_for(press(None), 5)
    await simulator.journal.wait(lambda: len(simulator.whispers(alice)) == 2)
    assert [each.content for each in simulator.whispers(alice)] == ["psst", "done"]


# ---- the modal itself


def parts(modal):
    return {each["component"]["custom_id"]: each["component"] for each in modal["components"]}


def modal(*fields, title="T"):
    return forms.modal(Form("k", title, "Send", fields), None)


def test_long_labels_go_on_below():
    shown = forms.modal(FORM, None)["components"][1]
    assert len(shown["label"]) <= 45
    assert shown["label"].rstrip("…") + " " + shown["description"].lstrip("…") == FORM.fields[1].label
    assert forms.modal(FORM, None)["components"][4]["description"] == "pdf, txt"


def test_lengths_are_those_that_discord_takes():
    made = modal(
        Field("a", "l" * 400, value="v" * 5000, max_length=9000),
        Field("b", "", "select", options=("x",) * 30),
        Field("c", "C", "select", options=tuple(map(str, range(26)))),
        Field("d", "D", "files", required=True, max_length=40),
        Field("e", "E", "number", max_length=0),
        Field("f", "F"),
        title="t" * 80,
    )
    a, b, c, d, e = parts(made).values()
    assert (len(made["title"]), len(made["components"])) == (45, 5)
    assert (a["max_length"], len(a["value"])) == (4000, 4000)
    assert ([each["value"] for each in b["options"]], made["components"][1]["label"]) == (["x"], "b")
    assert (c["type"], d["max_values"], d["min_values"], e["max_length"]) == (4, 10, 1, 4000)
