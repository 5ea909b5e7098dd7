"""What an app wants to know first: asked once, checked, kept, and sent with every question."""

import pytest
from shared import FORM as QUERY
from shared import OTHER, another, asked, kept, serve, shows, told

from simulators.dify.script import Answer, Gate

NAME = {"text-input": {"variable": "name", "label": "Your name", "required": True, "max_length": 5}}
AGE = {"number": {"variable": "age", "label": "Age", "required": True}}
TONE = {"select": {"variable": "tone", "label": "Tone", "required": False, "options": ["kind", "stern"]}}
STORY = {"paragraph": {"variable": "story", "label": "Story", "required": False}}
BRIEF = {"checkbox": {"variable": "brief", "label": "Briefly", "required": False}}
CITY = {"text-input": {"variable": "city", "label": "City", "required": True}}
PLAN = {"file": {"variable": "plan", "label": "Plan", "required": True, "allowed_file_types": ["document"]}}
ASKS = "wants to know"
ANN = {"Your name": "Ann", "Age": "41"}
CHATS = ["chat", "advanced-chat", "agent-chat"]


def wants(world, *fields, mode="chat", dify=None):
    """From now on the bot speaks for an app whose form has these fields."""
    dify = dify or world.dify
    serve(world, mode, dify)
    query = QUERY if mode in {"completion", "workflow"} else ()
    dify.add_app(OTHER, mode=mode, name="Other", input_form=[*query, *(fields or (NAME, AGE))])


def inputs(dify):
    return [call.args["inputs"] for call in asked(dify)]


async def wanting(chat, spot, text="hi"):
    """Ask something; gives the message that wants the form first, once it can be answered."""
    before = len(spot.answers())
    spot.ask(text)
    answer = await shows(chat, spot.answers, ASKS, count=before + 1)
    assert chat.buttons(answer) == ["Fill in"]
    return answer


@pytest.mark.parametrize("mode", CHATS)
async def test_a_question_waits_for_the_form_and_is_answered_in_the_same_message(world, chat, spot, mode):
    wants(world, mode=mode)
    async with world.bot():
        answer = await wanting(chat, spot)
        await kept(world, chat, "state = 'parked'")
        assert asked(world.dify) == []
        form = await spot.open(answer)
        form.send(ANN)
        assert await shows(chat, spot.answers, "You said: hi") is answer
        await chat.journal.wait(lambda: not chat.buttons(answer))  # the one to stop it is gone as well
        assert ASKS not in chat.text(answer)
        spot.ask("more")
        await shows(chat, spot.answers, "You said: more", count=2)
    assert inputs(world.dify) == [{"name": "Ann", "age": 41}] * 2
    assert len(spot.answers()) == 2
    assert chat.whispers(chat.alice) == []


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["completion", "workflow"])
async def test_apps_without_conversations_ask_once_too(world, chat, dm, mode, version):
    async with another(version) as dify:
        wants(world, mode=mode, dify=dify)
        async with world.bot():
            answer = await wanting(chat, dm)
            (await dm.open(answer)).send(ANN)
            assert await shows(chat, dm.answers, "question: hi") is answer
            dm.ask("more")
            await shows(chat, dm.answers, "question: more", count=2)
        known = {"name": "Ann", "age": 41}
        assert inputs(dify) == [{**known, "question": "hi"}, {**known, "question": "more"}]


async def test_an_old_dify_is_told_the_same(world, chat, spot):
    async with another("0.15.8") as old:
        wants(world, dify=old)
        async with world.bot():
            answer = await wanting(chat, spot)
            (await spot.open(answer)).send(ANN)
            await shows(chat, spot.answers, "You said: hi")
            spot.ask("more")
            await shows(chat, spot.answers, "You said: more", count=2)
        assert inputs(old) == [{"name": "Ann", "age": 41}] * 2


async def test_each_kind_of_field_is_asked_as_what_it_is(world, chat, dm):
    wants(world, NAME, AGE, TONE, STORY, BRIEF)
    async with world.bot():
        form = await dm.open(await wanting(chat, dm))
        number = {"slack": "number", "discord": "text"}[chat.name]
        assert form.title == "Other"
        assert form.kinds == {
            "Your name": "text", "Age": number, "Tone": "select", "Story": "paragraph", "Briefly": "checkbox",
        }  # fmt: skip
        form.send({**ANN, "Tone": "stern", "Story": "one\ntwo", "Briefly": True})
        await shows(chat, dm.answers, "You said: hi")
    told = {"name": "Ann", "age": 41, "tone": "stern", "story": "one\ntwo", "brief": True}
    assert inputs(world.dify) == [told]


async def test_what_can_stay_empty_is_left_out(world, chat, dm):
    wants(world, NAME, TONE, STORY)
    async with world.bot():
        form = await dm.open(await wanting(chat, dm))
        form.send({"Your name": "Ann"})
        await shows(chat, dm.answers, "You said: hi")
    [sent] = inputs(world.dify)
    assert (sent["name"], sent.get("tone"), sent.get("story") or "") == ("Ann", None, "")


async def test_wrong_values_are_said_at_their_fields_and_can_be_mended(world, chat, spot):
    data = {"json_object": {"variable": "data", "label": "Data", "required": True}}
    wants(world, NAME, data)
    async with world.bot():
        answer = await wanting(chat, spot)
        form = await spot.open(answer)
        form.send({"Your name": "  ", "Data": "no json"})
        wrong = await form.problems()
        assert set(wrong) == {"Your name", "Data"}
        assert wrong["Your name"] == "Please fill this in."
        assert asked(world.dify) == []
        form = await form.again()
        form.send({"Your name": "Ann", "Data": '{"a": 1}'})
        assert await shows(chat, spot.answers, "You said: hi") is answer
    assert inputs(world.dify) == [{"name": "Ann", "data": {"a": 1}}]


async def test_another_thread_is_asked_anew(world, chat, dify):
    wants(world)
    async with world.bot():
        one = chat.mention(chat.alice, "one")
        answer = await shows(chat, lambda: chat.in_thread(one), ASKS)
        chat.press(answer, chat.alice, "Fill in")
        (await chat.dialog(chat.alice)).send(ANN)
        await shows(chat, lambda: chat.in_thread(one), "You said: one")
        two = chat.mention(chat.bob, "two")
        answer = await shows(chat, lambda: chat.in_thread(two), ASKS)
        chat.press(answer, chat.bob, "Fill in")
        form = await chat.dialog(chat.bob)
        assert form.shown["Your name"] == ""
        form.send({"Your name": "Bob", "Age": "7"})
        await shows(chat, lambda: chat.in_thread(two), "You said: two")
    assert inputs(dify) == [{"name": "Ann", "age": 41}, {"name": "Bob", "age": 7}]


async def test_a_colleague_may_fill_it_in(world, chat, dify):
    wants(world)
    async with world.bot():
        question = chat.mention(chat.alice, "one")
        answer = await shows(chat, lambda: chat.in_thread(question), ASKS)
        chat.press(answer, chat.bob, "Fill in")
        (await chat.dialog(chat.bob)).send(ANN)
        await shows(chat, lambda: chat.in_thread(question), "You said: one")
    assert [call.args["user"] for call in asked(dify)] == [chat.identity(question)]


@pytest.mark.parametrize("away", ["before the press", "before it is sent"])
async def test_a_restart_between_asking_and_filling_in(world, chat, spot, dify, away):
    wants(world)
    async with world.bot():
        answer = await wanting(chat, spot)
        await kept(world, chat, "state = 'parked'")
        if away == "before it is sent":
            form = await spot.open(answer)
    async with world.bot():
        if away == "before the press":
            form = await spot.open(answer)
        form.send(ANN)
        assert await shows(chat, spot.answers, "You said: hi") is answer
    assert inputs(dify) == [{"name": "Ann", "age": 41}]


async def test_a_kill_right_after_filling_in_loses_nothing(world, chat, spot, dify):
    wants(world)
    dify.reply(Answer(["never seen"], gate=Gate()))
    async with world.doomed():
        answer = await wanting(chat, spot)
        (await spot.open(answer)).send(ANN)
        await dify.started()
        await kept(world, chat, "state = 'running'")
    async with world.bot():
        assert await shows(chat, spot.answers, "You said: hi") is answer
    assert inputs(dify) == [{"name": "Ann", "age": 41}] * 2


async def test_a_form_that_is_larger_than_a_dialogue_has_pages(world, chat, spot, dify):
    fields = [
        {"text-input": {"variable": f"v{n}", "label": f"Field {n}", "required": True}} for n in range(92)
    ]
    if chat.name == "discord":
        fields = fields[:7]
    wants(world, *fields)
    values = {f"Field {n}": f"text {n}" for n in range(len(fields))}  # that are still to be filled in
    async with world.bot():
        form = await spot.open(await wanting(chat, spot))
        while True:
            form.send({label: values.pop(label) for label in form.kinds})
            if not values:
                break
            form = await form.next_page()
        await shows(chat, spot.answers, "You said: hi")
    assert inputs(dify) == [{f"v{n}": f"text {n}" for n in range(len(fields))}]


@pytest.mark.parametrize("scope", ["thread", "channel"])
async def test_setup_changes_what_was_filled_in(world, chat, dm, dify, scope):
    if chat.name == "slack":
        world.settings["slack__dm_scope"] = scope
    wants(world)
    async with world.bot():
        (await dm.open(await wanting(chat, dm))).send(ANN)
        await shows(chat, dm.answers, "You said: hi")
        await dm.command("setup")
        form = await chat.dialog(chat.alice)
        assert form.shown == {"Your name": "Ann", "Age": "41"}
        form.send({"Age": "42"})
        await told(chat, chat.alice, "Kept.")
        dm.ask("more")
        await shows(chat, dm.answers, "You said: more", count=2)
        chat.begin("anew")
        await shows(chat, dm.answers, "You said: anew", count=3)
    assert inputs(dify) == [{"name": "Ann", "age": 41}, *[{"name": "Ann", "age": 42}] * 2]


async def test_setup_before_anything_is_asked_serves_the_first_question(world, chat, dm, dify):
    wants(world)
    async with world.bot():
        await dm.command("setup")
        (await chat.dialog(chat.alice)).send(ANN)
        await told(chat, chat.alice, "Kept.")
        dm.ask("hi")
        await shows(chat, dm.answers, "You said: hi")
    assert inputs(dify) == [{"name": "Ann", "age": 41}]


async def test_setup_in_a_channel_serves_its_new_threads(world, chat, dify):
    wants(world)
    async with world.bot():
        await chat.command(chat.alice, "setup")
        (await chat.dialog(chat.alice)).send(ANN)
        await told(chat, chat.alice, "Kept.")
        question = chat.mention(chat.bob, "hi")
        await shows(chat, lambda: chat.in_thread(question), "You said: hi")
    assert inputs(dify) == [{"name": "Ann", "age": 41}]


async def test_setup_in_a_channel_does_not_make_us_answer_what_is_said_there(world, chat, dify):
    wants(world)
    async with world.bot():
        await chat.command(chat.alice, "setup")
        (await chat.dialog(chat.alice)).send(ANN)
        await told(chat, chat.alice, "Kept.")
        chat.chatter(chat.bob, "not for you")
        question = chat.mention(chat.bob, "hi")
        await shows(chat, lambda: chat.in_thread(question), "You said: hi")
    assert [call.args["query"] for call in asked(dify)] == ["hi"]


async def test_setup_of_an_app_that_wants_nothing_says_so(world, chat, dm):
    async with world.bot():
        await dm.command("setup")
        await told(chat, chat.alice, "wants to know nothing")


@pytest.mark.parametrize("before", [(), (TONE,)])
@pytest.mark.parametrize("mode", ["chat", "advanced-chat", "workflow"])
async def test_a_field_that_came_later_is_asked_for_when_dify_refuses(world, chat, spot, dify, mode, before):
    query = QUERY if mode == "workflow" else ()
    serve(world, mode)
    dify.add_app(OTHER, mode=mode, name="Other", input_form=[*query, *before])
    async with world.bot():
        spot.ask("one")
        await shows(chat, spot.answers, "one")
        dify.apps[OTHER].input_form = [*query, *before, CITY]
        spot.ask("two")
        answer = await shows(chat, spot.answers, "needs something else first", count=2)
        await chat.journal.wait(lambda: chat.buttons(answer) == ["Fill in"])
        await kept(world, chat, "state = 'parked'")
        form = await spot.open(answer)
        form.send({"City": "Rome"})
        await chat.journal.wait(lambda: "two" in chat.text(answer))
        await chat.journal.wait(lambda: not chat.buttons(answer))  # the one to stop it is gone as well
    assert inputs(dify)[-1]["city"] == "Rome"
    assert len(spot.answers()) == 2


async def test_a_file_of_the_form_goes_with_the_question(world, chat, dm, dify):
    wants(world, PLAN, mode="advanced-chat")
    async with world.bot():
        form = await dm.open(await wanting(chat, dm))
        assert form.kinds == {"Plan": "file"}
        form.send({"Plan": ("plan.pdf", b"%PDF-1.4 plan", "application/pdf")})
        await shows(chat, dm.answers, "You said: hi")
    [sent] = inputs(dify)
    assert dify.files[sent["plan"]["upload_file_id"]].data == b"%PDF-1.4 plan"


async def test_a_question_asked_by_a_command_waits_for_the_form_too(world, chat, dify):
    wants(world)
    async with world.bot():
        await chat.command(chat.alice, "ask", "What is new?")
        [question] = await chat.journal.wait(chat.asked_aloud)
        answers = lambda: [m for m in chat.in_thread(question) if m is not question]  # noqa: E731
        answer = await shows(chat, answers, ASKS)
        chat.press(answer, chat.alice, "Fill in")
        (await chat.dialog(chat.alice)).send(ANN)
        assert await shows(chat, answers, "You said: What is new?") is answer
    assert inputs(dify) == [{"name": "Ann", "age": 41}]
