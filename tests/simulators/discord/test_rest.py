"""The routes that discord.py seldom uses, asked in the raw."""

import aiohttp
import pytest

from simulators.discord import ChannelType, Permission


@pytest.fixture
async def ask(world):
    """Asks the API, without its rate limits, and gives status and JSON."""
    world.limits.enabled = False
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {world.token}"}) as http:

        async def ask(verb, path, body=None, **options):
            url = f"{world.api_url}{path}"
            async with http.request(verb, url, json=body, **options) as response:
                return response.status, await response.json() if response.status != 204 else None

        yield ask


@pytest.fixture
def question(world, general, alice):
    return world.post(general, alice, "?")


async def test_others_messages_and_reactions_need_a_permission(ask, world, general, alice, question):
    world.react(question, alice, "👍")
    message = f"/channels/{general.id}/messages/{question.id}"
    reaction = f"{message}/reactions/👍/{alice.id}"
    assert [(await ask("DELETE", path))[1]["code"] for path in (reaction, message)] == [50013, 50013]
    assert (await ask("PATCH", message, {"flags": 4}))[1]["code"] == 50013
    world.allow(general, Permission.MANAGE_MESSAGES)
    assert (await ask("PATCH", message, {"flags": 4}))[1]["flags"] == 4
    assert (await ask("DELETE", reaction))[0] == 204
    assert question.reactions == {}
    assert (await ask("DELETE", message))[0] == 204
    assert question.deleted


async def test_others_messages_in_a_dm_stay(ask, world, alice):
    dm = world.dm(alice)
    theirs = world.post(dm, alice, "mine")
    assert (await ask("DELETE", f"/channels/{dm.id}/messages/{theirs.id}"))[1]["code"] == 50003


@pytest.mark.parametrize("emoji", ["word", "name:", "a"])
async def test_words_are_no_emoji(ask, general, question, emoji):
    path = f"/channels/{general.id}/messages/{question.id}/reactions/{emoji}/@me"
    assert (await ask("PUT", path))[1]["code"] == 10014


async def test_custom_emoji(ask, general, question):
    path = f"/channels/{general.id}/messages/{question.id}"
    assert (await ask("PUT", f"{path}/reactions/wow:123/@me"))[0] == 204
    (reaction,) = (await ask("GET", path))[1]["reactions"]
    assert reaction["emoji"] == {"id": "123", "name": "wow"}


async def test_a_thread_without_a_message(ask, world, general):
    path = f"/channels/{general.id}/threads"
    status, thread = await ask("POST", path, {"name": "side", "type": 11, "auto_archive_duration": 60})
    assert (status, thread["type"], thread["thread_metadata"]["auto_archive_duration"]) == (201, 11, 60)
    active = (await ask("GET", f"/guilds/{general.guild.id}/threads/active"))[1]
    assert [each["id"] for each in active["threads"]] == [thread["id"]]
    members = f"/channels/{thread['id']}/thread-members"
    assert [each["user_id"] for each in (await ask("GET", members))[1]] == [str(world.bot.id)]
    assert (await ask("DELETE", f"{members}/@me"))[0] == 204
    assert (await ask("GET", members))[1] == []
    assert (await ask("PUT", f"{members}/@me"))[0] == 204
    assert (await ask("PATCH", f"/channels/{thread['id']}", {"archived": True}))[0] == 200
    assert (await ask("GET", f"/guilds/{general.guild.id}/threads/active"))[1]["threads"] == []
    assert (await ask("GET", f"/channels/{general.id}/thread-members"))[1]["code"] == 50024


async def test_nobody_writes_into_a_forum_itself(ask, world, general):
    forum = world.add_channel(general.guild, "help", ChannelType.FORUM)
    assert (await ask("POST", f"/channels/{forum.id}/messages", {"content": "x"}))[1]["code"] == 50008


async def test_components_have_limits(ask, general):
    def row(*ids):
        buttons = [{"type": 2, "style": 1, "label": "x", "custom_id": each} for each in ids]
        return {"content": "x", "components": [{"type": 1, "components": buttons}]}

    path = f"/channels/{general.id}/messages"
    for refused in (row("a" * 101), row("a", "a"), row(*"abcdef"), row()):
        assert (await ask("POST", path, refused))[1]["code"] == 50035
    message = (await ask("POST", path, row(*"abcde")))[1]
    assert [each["id"] for each in message["components"][0]["components"]] == [2, 3, 4, 5, 6]


async def test_components_v2_replace_content(ask, general):
    path = f"/channels/{general.id}/messages"
    text = {"flags": 1 << 15, "components": [{"type": 10, "content": "hi"}]}
    assert (await ask("POST", path, text | {"content": "both"}))[1]["code"] == 50035
    long = {"flags": 1 << 15, "components": [{"type": 10, "content": "x" * 4001}]}
    assert (await ask("POST", path, long))[1]["code"] == 50035
    status, message = await ask("POST", path, text)
    assert (status, message["flags"]) == (200, 1 << 15)
    edited = (await ask("PATCH", f"{path}/{message['id']}", {"flags": 0}))[1]
    assert edited["flags"] == 1 << 15


async def test_answers_to_interactions_can_be_read_and_deleted(ask, world, general, alice):
    commands = f"/applications/{world.bot.id}/guilds/{general.guild.id}/commands"
    assert (await ask("PUT", commands, [{"name": "ask", "description": "Ask"}]))[0] == 200
    assert [each["name"] for each in (await ask("GET", commands))[1]] == ["ask"]
    used = world.slash(general, alice, "ask")
    callback = f"/interactions/{used.id}/{used.token}/callback"
    response = {"type": 4, "data": {"content": "hi"}}
    answer = (await ask("POST", f"{callback}?with_response=1", response))[1]
    assert answer["resource"]["message"]["content"] == "hi"
    original = f"/webhooks/{world.bot.id}/{used.token}/messages/@original"
    assert (await ask("GET", original))[1]["id"] == answer["interaction"]["response_message_id"]
    assert (await ask("DELETE", original))[0] == 204
    assert (await ask("GET", original))[1]["code"] == 10008
    assert (await ask("GET", f"/webhooks/{world.bot.id}/unknown/messages/@original"))[1]["code"] == 10015


async def test_the_first_follow_up_of_a_deferred_answer_is_the_answer(ask, world, general, alice):
    await ask("PUT", f"/applications/{world.bot.id}/commands", [{"name": "ask", "description": "Ask"}])
    used = world.slash(general, alice, "ask")
    assert (await ask("POST", f"/interactions/{used.id}/{used.token}/callback", {"type": 5}))[0] == 204
    assert used.is_thinking
    webhook = f"/webhooks/{world.bot.id}/{used.token}"
    first = (await ask("POST", webhook, {"content": "one"}))[1]
    second = (await ask("POST", webhook, {"content": "two"}))[1]
    assert (first["id"], used.message.content) == (str(used.message.id), "one")
    assert [each.content for each in used.followups] == ["two"]
    assert (await ask("PATCH", f"{webhook}/messages/{second['id']}", {"content": "2"}))[1]["content"] == "2"


@pytest.mark.parametrize(
    ("verb", "path", "body", "code"),
    [
        ("GET", "/channels/word", None, 50035),
        ("GET", "/guilds/1", None, 10004),
        ("GET", "/users/1", None, 10013),
        ("POST", "/users/@me/channels", ["no", "object"], 50109),
        ("PUT", "/applications/1/commands", {"no": "list"}, 50035),
        ("PUT", "/applications/1/commands", [{"name": "x" * 33}], 50035),
    ],
)
async def test_requests_that_make_no_sense(ask, verb, path, body, code):
    assert (await ask(verb, path, body))[1]["code"] == code


async def test_a_field_of_an_unexpected_kind_is_refused_and_recorded(ask, world, general):
    status, answer = await ask("POST", f"/channels/{general.id}/messages", {"content": "x", "embeds": [1]})
    assert (status, answer["code"]) == (400, 50035)
    assert "AttributeError" in world.journal.calls[-1].error


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=2", "65"),
        ("after={2}&limit=2", "54"),
        ("before={2}", "21"),
        ("around={2}&limit=3", "432"),
        ("around={2}&limit=1", "3"),
        ("limit=0", None),
        ("limit=101", None),
    ],
)
async def test_pages_of_history(ask, world, alice, query, expected):
    dm = world.dm(alice)
    posted = [world.post(dm, alice, str(number)) for number in range(1, 7)]
    path = f"/channels/{dm.id}/messages?{query.format(*(each.id for each in posted))}"
    answer = (await ask("GET", path))[1]
    if expected is None:
        assert answer["code"] == 50035
    else:
        assert "".join(each["content"] for each in answer) == expected


async def test_history_is_empty_without_the_permission(ask, world, general, question):
    world.deny(general, Permission.READ_MESSAGE_HISTORY)
    assert (await ask("GET", f"/channels/{general.id}/messages"))[1] == []
    reference = {"message_id": str(question.id)}
    reply = {"content": "x", "message_reference": reference}
    assert (await ask("POST", f"/channels/{general.id}/messages", reply))[1]["code"] == 160002


async def test_a_reply_to_a_deleted_message_may_become_a_plain_one(ask, world, general, question):
    world.delete(question)
    path = f"/channels/{general.id}/messages"
    reply = {"content": "x", "message_reference": {"message_id": str(question.id)}}
    assert (await ask("POST", path, reply))[1]["code"] == 50035
    reply["message_reference"]["fail_if_not_exists"] = False
    assert (await ask("POST", path, reply))[1]["type"] == 0


async def test_a_nonce_has_at_most_25_characters(ask, general):
    path = f"/channels/{general.id}/messages"
    assert (await ask("POST", path, {"content": "x", "nonce": "n" * 26}))[1]["code"] == 50035
    assert (await ask("POST", path, {"content": "x", "nonce": "n" * 25}))[1]["nonce"] == "n" * 25
