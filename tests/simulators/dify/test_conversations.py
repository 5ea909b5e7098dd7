"""Conversations, messages, feedback and suggestions: whose they are, how they page, what is refused."""

import pytest

from simulators.dify.conversations import add_variable

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def text(events):
    return "".join(event.get("answer", "") for event in events if event["event"] == "message")


async def test_the_default_answer_shows_memory(either, caller):
    ann = await caller(either)
    first = await ann.ask("apples")
    conversation = first[-1]["conversation_id"]
    second = await ann.ask("pears", conversation_id=conversation)
    assert text(first) == "You said: apples (turn 1 of this conversation)"
    assert text(second) == "You said: pears (turn 2 of this conversation)"
    assert second[-1]["conversation_id"] == conversation


@pytest.mark.parametrize("given", [{}, {"conversation_id": ""}, {"conversation_id": None}])
async def test_no_conversation_id_starts_a_new_conversation(either, caller, given):
    ann = await caller(either)
    await ann.ask(**given)
    await ann.ask(**given)
    assert len(ann.app.conversations) == 2


async def test_a_conversation_belongs_to_its_user_and_app(either, caller):
    ann, bob = await caller(either), await caller(either, user="bob")
    flow = await caller(either, "advanced-chat")
    conversation = (await ann.ask())[-1]["conversation_id"]
    for stranger in (bob, flow):
        response = await stranger.block(conversation_id=conversation)
        listing = await stranger.get("/messages", conversation_id=conversation)
        renamed = await stranger.post(f"/conversations/{conversation}/name", name="mine")
        for refused in (response, listing, renamed):
            assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
            assert refused.json()["message"].startswith("Conversation Not Exists.")
    assert (await bob.get("/conversations")).json()["data"] == []
    assert len(ann.app.messages) == 1


async def test_conversation_ids_that_are_not_known_or_no_uuids(either, caller):
    ann = await caller(either)
    assert (await ann.block(conversation_id=UNKNOWN)).status_code == 404
    refused = await ann.block(conversation_id="abc")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")


async def test_delete_and_its_two_replies(either, caller):
    ann = await caller(either)
    conversation = (await ann.ask())[-1]["conversation_id"]
    path = f"/conversations/{conversation}"
    no_body = await ann.client.request("DELETE", path, headers=ann.headers)
    assert (no_body.status_code, no_body.json()["code"]) == (415, "unsupported_media_type")
    done = await ann.send("DELETE", path)
    if either.version == "0.15.8":
        assert (done.status_code, done.json()) == (200, {"result": "success"})
    else:
        assert (done.status_code, done.content) == (204, b"")
    assert (await ann.send("DELETE", path)).status_code == 404
    assert (await ann.block(conversation_id=conversation)).status_code == 404


async def test_names(either, caller):
    ann = await caller(either)
    long = "What is the capital of France, please?"
    plain = (await ann.ask(long, auto_generate_name=False))[-1]["conversation_id"]
    assert ann.app.conversations[plain].name == "What is the capital …"
    given = await ann.post(f"/conversations/{plain}/name", name="Geography 🙂")
    assert given.json()["name"] == "Geography 🙂"
    made = await ann.post(f"/conversations/{plain}/name", auto_generate=True)
    assert made.json()["name"] == "Auto named chat"
    empty = await ann.post(f"/conversations/{plain}/name")
    assert empty.status_code == (500 if either.version == "0.15.8" else 400)


async def test_conversations_page_by_latest_update(either, caller):
    ann = await caller(either)
    ids = [(await ann.ask(f"q{number}"))[-1]["conversation_id"] for number in range(5)]
    await ann.ask("again", conversation_id=ids[0])
    first = (await ann.get("/conversations", limit=2)).json()
    assert [row["id"] for row in first["data"]] == [ids[0], ids[4]]
    assert first["has_more"]
    rest = (await ann.get("/conversations", limit=10, last_id=ids[4])).json()
    assert [row["id"] for row in rest["data"]] == [ids[3], ids[2], ids[1]]
    assert not rest["has_more"]
    made = (await ann.get("/conversations", sort_by="created_at")).json()
    assert [row["id"] for row in made["data"]] == ids
    assert (await ann.get("/conversations", last_id=UNKNOWN)).status_code == 404
    assert (await ann.get("/conversations", limit=101)).status_code == 400


async def test_messages_come_ascending_and_page_backwards(either, caller):
    ann = await caller(either)
    conversation = (await ann.ask("q1"))[-1]["conversation_id"]
    for number in range(2, 6):
        await ann.ask(f"q{number}", conversation_id=conversation)
    newest = (await ann.get("/messages", conversation_id=conversation, limit=2)).json()
    assert [row["query"] for row in newest["data"]] == ["q4", "q5"]
    assert newest["has_more"]
    before = newest["data"][0]["id"]
    older = (await ann.get("/messages", conversation_id=conversation, limit=3, first_id=before)).json()
    assert [row["query"] for row in older["data"]] == ["q1", "q2", "q3"]
    assert not older["has_more"]
    assert (await ann.get("/messages", conversation_id=conversation, first_id=UNKNOWN)).status_code == 404
    assert (await ann.get("/messages", conversation_id="")).json()["data"] == []
    assert (await ann.get("/messages")).status_code == 400


async def test_feedback_is_one_per_message_and_the_askers(either, caller):
    ann, bob = await caller(either), await caller(either, user="bob")
    end = (await ann.ask())[-1]
    path = f"/messages/{end['message_id']}/feedbacks"

    async def shown():
        listing = await ann.get("/messages", conversation_id=end["conversation_id"])
        return listing.json()["data"][0]["feedback"]

    nothing = await ann.post(path, rating=None)
    assert (nothing.status_code, nothing.json()["message"]) == (
        400,
        "rating cannot be None when feedback not exists",
    )
    for rating in ("like", "like", "dislike"):
        assert (await ann.post(path, rating=rating, content="why")).json() == {"result": "success"}
        assert await shown() == {"rating": rating}
    assert (await bob.post(path, rating="like")).json()["message"] == "Message Not Exists."
    assert (await ann.post(path, rating="meh")).status_code == 400
    assert await shown() == {"rating": "dislike"}
    assert ann.app.messages[end["message_id"]].feedback == {"rating": "dislike", "content": "why"}
    assert (await ann.post(path, rating=None)).json() == {"result": "success"}
    assert await shown() is None
    no_user = await ann.client.post(path, json={"rating": "like"}, headers=ann.headers)
    assert no_user.json()["message"] == "Arg user must be provided."


async def test_all_feedback_is_listed_newest_first(dify, caller):
    ann, bob = await caller(dify), await caller(dify, user="bob")
    for speaker, rating in ((ann, "like"), (bob, "dislike")):
        message = (await speaker.ask())[-1]["message_id"]
        await speaker.post(f"/messages/{message}/feedbacks", rating=rating, content=speaker.user)
    rows = (await ann.get("/app/feedbacks")).json()["data"]
    assert [(row["rating"], row["content"]) for row in rows] == [("dislike", "bob"), ("like", "ann")]


async def test_suggested_questions(either, caller):
    ann, bob = await caller(either), await caller(either, user="bob")
    ann.app.suggestions = ("And then?", "Why?", "Where?")
    path = f"/messages/{(await ann.ask())[-1]['message_id']}/suggested"
    assert (await ann.get(path)).json()["data"] == ["And then?", "Why?", "Where?"]
    assert (await bob.get(path)).status_code == 404
    ann.app.suggestions = None
    refused = await ann.get(path)
    assert (refused.status_code, refused.json()["message"]) == (400, "Suggested Questions Is Disabled.")


async def test_conversation_variables(dify, caller):
    ann = await caller(dify, "advanced-chat")
    conversation = (await ann.ask())[-2]["conversation_id"]
    row = add_variable(ann.app.conversations[conversation], "last_topic", "cats")
    add_variable(ann.app.conversations[conversation], "count", 1, "number")
    path = f"/conversations/{conversation}/variables"
    listed = (await ann.get(path, variable_name="TOPIC")).json()
    assert [(item["name"], item["value"]) for item in listed["data"]] == [("last_topic", "cats")]
    changed = await ann.send("PUT", f"{path}/{row['id']}", value="dogs")
    assert changed.json()["value"] == "dogs"
    assert (await ann.send("PUT", f"{path}/{row['id']}", value=5)).status_code == 400
    assert (await ann.send("PUT", f"{path}/{UNKNOWN}", value="x")).status_code == 404


async def test_inputs_of_later_turns(either, caller):
    form = [{"text-input": {"variable": "name", "required": True, "max_length": 5}}]
    ann = await caller(either, input_form=form)
    missing = await ann.block()
    assert missing.json()["message"] == "name is required in input form"
    first = (await ann.block(inputs={"name": "Ann"})).json()
    later = await ann.block(conversation_id=first["conversation_id"])
    assert later.status_code == (200 if either.version == "0.15.8" else 400)
    assert (await ann.block(inputs={"name": "Annabelle"})).status_code == 400
