import asyncio

import pytest

from core.messages import (
    Button,
    ButtonPressed,
    Draft,
    Field,
    Form,
    FormSubmitted,
    MessageRef,
    Person,
    Place,
    Refusal,
    Whisper,
)
from simulators.slack import Upload

AGAIN = Button("setup:1", "Fill in")
CITIES = ("Paris", "New York, " + "the city that never sleeps " * 4, "x" * 200)
FORM = Form(
    "inputs:7",
    "What the app wants to know",
    "Send",
    (
        Field("name", "Your name", required=True, max_length=10, value="Ada"),
        Field("about", "About you", "paragraph"),
        Field("age", "Age", "number", value="7.5"),
        Field("city", "City", "select", options=CITIES, value=CITIES[1]),
        Field("news", "Newsletter", "checkbox", value=True),
        Field("photo", "Photo", "file", extensions=("PNG", "jpg")),
        Field("papers", "Papers", "files", max_length=3),
    ),
)


@pytest.fixture
async def press(slack, run, ask):
    """Ben presses a button of an answer, and the inbox answers with these, in turn."""

    async def pressed(*responses, channel="general", who="ben"):
        slack.socket.ack_timeout = 10.0  # a busy machine is no failure
        bot = await run()
        target = ask(channel)
        live = bot.adapter.live(target)
        await live.show(Draft("Love is all.", final=True, buttons=(AGAIN,)))
        bot.inbox.responses.extend(responses)
        slack.press(slack.at(target.place.channel, live.ref.id), "parley:setup:1", who)
        await slack.journal.wait(lambda: bot.inbox.actions)
        return bot, target, live.ref

    return pressed


@pytest.fixture
async def opened(slack, press):
    """The form that a press has opened."""

    async def view(*responses, **how):
        bot, target, ref = await press(*responses, **how)
        (found,) = await slack.journal.wait(lambda: slack.open_views)
        return bot, target, ref, found

    return view


async def test_a_form_comes_back_filled_in(slack, opened):
    bot, target, ref, view = await opened(FORM)
    slack.submit(
        view,
        {
            "name": "Bea",
            "about": "I\nlike it",
            "city": "x" * 74 + "…",  # as she sees it
            "news": [],
            "photo": [Upload("me.png", b"png", "image/png")],
            "papers": [Upload("a.pdf", b"%PDF"), Upload("b.pdf", b"%PDF2")],
        },
    )
    await slack.journal.wait(lambda: view.closed)
    sent = bot.inbox.actions[-1]
    assert isinstance(sent, FormSubmitted)
    assert (sent.form, sent.author, sent.ref) == ("inputs:7", Person(slack.user("ben").id), ref)
    assert sent.place == Place("slack", slack.world.team_id, ref.channel, target.place.thread)
    values = dict(sent.values)
    photo, papers = values.pop("photo"), values.pop("papers")
    assert values == {"name": "Bea", "about": "I\nlike it", "age": "7.5", "city": "x" * 200, "news": False}
    assert [(file.name, file.size) for file in (*photo, *papers)] == [
        ("me.png", 3),
        ("a.pdf", 4),
        ("b.pdf", 5),
    ]
    assert await bot.adapter.fetch(photo[0], 10) == b"png"


async def test_what_nobody_touches_comes_back_as_it_stood(slack, opened):
    bot, _, _, view = await opened(FORM)
    slack.submit(view, {})
    await slack.journal.wait(lambda: view.closed)
    values = {
        "name": "Ada",
        "about": "",
        "age": "7.5",
        "city": CITIES[1],
        "news": True,
        "photo": (),
        "papers": (),
    }
    assert bot.inbox.actions[-1].values == values


async def test_slack_s_client_keeps_to_what_the_form_says(slack, opened):
    _, _, _, view = await opened(FORM)
    for wrong in (
        {"name": ""},
        {"name": "x" * 11},
        {"age": "seven"},
        {"photo": [Upload("a.gif", b"")]},
        {"papers": [Upload("a", b"")] * 4},
    ):
        with pytest.raises(ValueError):
            slack.submit(view, wrong)


async def test_a_refusal_stands_with_the_fields(slack, opened):
    wrong = Refusal({"name": "Too short.", "nowhere": "And too late."})
    bot, _, _, view = await opened(FORM, wrong)
    delivery = slack.submit(view, {})
    await slack.journal.wait(lambda: view.errors)
    assert view.errors == {"name": "Too short. And too late."}
    assert (view.closed, delivery.refused) == (False, "")
    slack.submit(view, {"name": "Beatrice"})
    await slack.journal.wait(lambda: view.closed)
    assert bot.inbox.actions[-1].values["name"] == "Beatrice"


async def test_a_refusal_of_a_form_without_fields_is_whispered(slack, opened):
    empty = Form("sure:1", "Sure?", "Yes", ())
    _, target, _, view = await opened(empty, Refusal({"": "Too late."}))
    slack.submit(view, {})
    (heard,) = await slack.journal.wait(lambda: slack.ephemerals("general", "ben"))
    assert (heard.shown, heard.thread_ts, view.closed) == ("Too late.", target.place.thread, True)


async def test_the_next_page_takes_the_place_of_the_form(slack, opened):
    second = Form("inputs:8", "More", "Done", (Field("more", "More"),))
    bot, _, ref, view = await opened(FORM, second)
    slack.submit(view, {})
    await slack.journal.wait(lambda: view.body["title"]["text"] == "More")
    assert slack.open_views == [view]
    slack.submit(view, {"more": "!"})
    await slack.journal.wait(lambda: view.closed)
    sent = bot.inbox.actions[-1]
    assert (sent.form, sent.values, sent.ref) == ("inputs:8", {"more": "!"}, ref)


async def test_a_whisper_stands_where_the_form_was_opened(slack, opened):
    _, target, _, view = await opened(FORM, Whisper("**Kept**, <!here>.", (AGAIN,)))
    slack.submit(view, {})
    (heard,) = await slack.journal.wait(lambda: slack.ephemerals("general", "ben"))
    assert (heard.shown, heard.thread_ts, heard.pings) == ("**Kept**, &lt;!here>.", target.place.thread, [])
    assert [each["value"] for each in heard.buttons] == ["setup:1"]


async def test_a_button_under_a_whisper_is_pressed_like_any_other(slack, press):
    bot, _, _ = await press(Whisper("Sure?", (AGAIN,)))
    (heard,) = await slack.journal.wait(lambda: slack.ephemerals("general", "ben"))
    slack.press(heard, "parley:setup:1", "ben")
    await slack.journal.wait(lambda: len(bot.inbox.actions) == 2)
    ref = MessageRef("slack", slack.world.team_id, heard.channel, heard.ts)
    assert isinstance(bot.inbox.actions[1], ButtonPressed)
    assert bot.inbox.actions[1].ref == ref


async def test_a_whisper_in_direct_messages(slack, press):
    await press(Whisper("Kept."), channel=None, who="ada")
    (heard,) = await slack.journal.wait(lambda: slack.ephemerals(slack.dm("ada"), "ada"))
    assert heard.shown == "Kept."


async def test_a_form_that_slack_does_not_open_any_more(slack, press):
    slack.refuse("views.open", "expired_trigger_id")
    await press(FORM)
    (heard,) = await slack.journal.wait(lambda: slack.ephemerals("general", "ben"))
    assert "try again" in heard.shown
    assert "もう一度" in heard.shown  # nobody knows Ben's language yet


async def test_a_form_that_slack_refuses_is_not_to_be_tried_again(slack, press):
    slack.refuse("views.open", "invalid_arguments")
    await press(FORM)
    (heard,) = await slack.journal.wait(lambda: slack.ephemerals("general", "ben"))
    assert "whoever runs this app" in heard.shown


async def test_who_is_not_to_be_reached_in_the_channel_is_answered_over_the_url(slack, press):
    slack.refuse("chat.postEphemeral", "not_in_channel")
    await press(Whisper("Kept."))
    (heard,) = await slack.journal.wait(lambda: slack.ephemerals("general", "ben"))
    assert heard.shown == "Kept."
    assert len(slack.journal.named("response_url")) == 1


async def test_the_url_of_an_answer_is_in_no_log(slack, press, caplog):
    caplog.set_level("INFO")
    slack.refuse("chat.postEphemeral", "not_in_channel")
    tokens = slack.world.interactions
    bot, _, ref = await press()
    tokens.clear()  # used up
    await bot.adapter.whisper(ref, Person(slack.user("ben").id), "Only you.")
    assert "was not told" in caplog.text
    assert "/response/" not in caplog.text


async def test_a_form_that_was_not_taken_in_is_not_acknowledged(slack, opened, caplog):
    bot, _, _, view = await opened(FORM)
    bot.inbox.trouble = ValueError("secret words")
    slack.socket.ack_timeout = 0.3
    delivery = slack.submit(view, {})
    await slack.journal.wait(lambda: delivery.given_up)
    assert not view.closed
    assert "secret words" not in caplog.text


async def test_forms_of_other_programs_are_left(slack, run):
    bot = await run()
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Theirs"},
        "blocks": [{"type": "divider"}],
    }
    trigger = slack.trigger(slack.user("ada"))
    await bot.adapter._api.post("views.open", trigger_id=trigger, view=view)
    delivery = slack.submit(slack.open_views[0], {})
    await slack.journal.wait(lambda: delivery.acked)
    assert bot.inbox.actions == []


@pytest.mark.parametrize("kept", ["", "{", "[]", "{}", '{"form":"f","long":{},"at":[]}'])
async def test_a_form_whose_mark_is_broken_is_survived(slack, opened, kept):
    bot, _, _, view = await opened(FORM)
    view.body["private_metadata"] = kept
    delivery = slack.submit(view, {})
    await slack.journal.wait(lambda: delivery.acked)
    assert len(bot.inbox.actions) == 1


async def test_a_form_that_slack_can_t_hold_is_said(slack, press):
    huge = Form("f", "T", "S", (Field("a", "A", "select", options=tuple(f"{n}" * 999 for n in range(9))),))
    await press(huge)
    (heard,) = await slack.journal.wait(lambda: slack.ephemerals("general", "ben"))
    assert "can't show this form" in heard.shown


async def test_a_form_is_opened_beside_the_acknowledgement(slack, press):
    gate = slack.hold("views.open")
    await press(FORM)
    await slack.journal.wait(lambda: gate.waiting)
    await slack.journal.wait(lambda: slack.deliveries[-1].acked)
    gate.release()
    await asyncio.sleep(0)
