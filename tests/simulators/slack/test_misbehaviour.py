"""Rate limits, tokens, scopes, and the trouble a test can order."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from simulators.slack import Limits, Rate


@pytest.fixture
async def posted(slack, client):
    reply = await client.chat_postMessage(channel=slack.channel("general").id, text="x")
    return {"channel": reply["channel"], "ts": reply["ts"]}


async def _response(call):
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response


async def test_the_51st_update_in_a_minute_has_to_wait(slack, clock, client, posted):
    for number in range(50):
        clock.now += 1
        await client.chat_update(**posted, text=str(number))
    refused = await _response(client.chat_update(**posted, text="50"))
    assert (refused.status_code, refused["error"]) == (429, "ratelimited")
    assert refused.headers["Retry-After"] == "11"  # the first was 49 s ago
    assert slack.journal.calls[-1].status == 429
    assert slack.at(**posted).text == "49"
    clock.now += 11
    await client.chat_update(**posted, text="again")


async def test_posts_are_limited_per_channel_after_a_short_burst(slack, clock, client):
    first, second = slack.channel("general").id, slack.add_channel("second").id
    for _ in range(4):
        await client.chat_postMessage(channel=first, text="x")
    refused = await _response(client.chat_postMessage(channel=first, text="x"))
    assert refused.headers["Retry-After"] == "4"
    await client.chat_postMessage(channel=second, text="x")


@pytest.mark.parametrize(("method", "limit"), [("chat.startStream", 20), ("chat.appendStream", 100)])
async def test_the_tiers_of_the_stream_methods(slack, client, method, limit):
    errors = [(await _response(client.api_call(method, json={})))["error"] for _ in range(limit + 1)]
    assert errors == [*["invalid_arguments"] * limit, "ratelimited"]


async def test_limits_are_data(slack, clock, client, posted):
    slack.set_limits(Limits({"chat.update": Rate(2, 60.0), "t4": None}, speed=10))
    for text in ("a", "b"):
        await client.chat_update(**posted, text=text)
    assert (await _response(client.chat_update(**posted, text="c"))).headers["Retry-After"] == "6"


async def test_one_forced_429(slack, client):
    slack.rate_limit_next("auth.test", retry_after=7)
    refused = await _response(client.auth_test())
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    await client.auth_test()


async def test_a_lost_reply_is_a_post_that_happened(slack, client):
    slack.lose_reply_next("chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=slack.channel("general").id, text="did it arrive?")
    assert slack.visible("general", "ada") == ["did it arrive?"]


async def test_a_lost_request_is_a_post_that_did_not_happen(slack, client):
    slack.lose_request_next("chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=slack.channel("general").id, text="did it arrive?")
    assert slack.visible("general", "ada") == []
    assert not slack.journal.named("chat.postMessage")


async def test_the_sdks_default_retry_posts_twice_when_a_reply_is_lost(slack, session):
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session)
    slack.lose_reply_next("chat.postMessage")
    await client.chat_postMessage(channel=slack.channel("general").id, text="twice")
    assert slack.visible("general", "ada") == ["twice", "twice"]


async def test_a_server_error_does_nothing(slack, client):
    slack.fail_next("chat.postMessage", 500)
    refused = await _response(client.chat_postMessage(channel=slack.channel("general").id, text="x"))
    assert refused.status_code == 500
    assert slack.visible("general", "ada") == []
    assert slack.journal.named("chat.postMessage")[0].status == 500


async def test_a_held_reply_comes_when_the_gate_opens(slack, client):
    gate = slack.hold("chat.postMessage")
    call = asyncio.create_task(client.chat_postMessage(channel=slack.channel("general").id, text="x"))
    await slack.journal.wait(lambda: gate.waiting == 1)
    assert slack.visible("general", "ada") == ["x"]
    assert not call.done()
    gate.release()
    assert (await call)["ok"]


async def test_held_work_is_not_done_before_the_gate_opens(slack, client):
    gate = slack.hold("chat.postMessage", before=True)
    call = asyncio.create_task(client.chat_postMessage(channel=slack.channel("general").id, text="x"))
    await slack.journal.wait(lambda: gate.waiting == 1)
    assert slack.visible("general", "ada") == []
    gate.release()
    assert (await call)["ok"]
    assert slack.visible("general", "ada") == ["x"]


async def test_a_gate_holds_only_what_it_is_told_to(slack, client):
    gate = slack.hold("chat.postMessage", when=lambda args: args["text"] == "x")
    channel = slack.channel("general").id
    await client.chat_postMessage(channel=channel, text="y")
    call = asyncio.create_task(client.chat_postMessage(channel=channel, text="x"))
    await slack.journal.wait(lambda: gate.waiting == 1)
    gate.release()
    assert (await call)["ok"]
    assert gate.peers == [slack.journal.named("chat.postMessage")[1].peer]


@pytest.mark.parametrize(("before", "done"), [(True, []), (False, ["x"])])
async def test_held_calls_can_be_cut_off(slack, client, before, done):
    gate = slack.hold("chat.postMessage", before=before)
    call = asyncio.create_task(client.chat_postMessage(channel=slack.channel("general").id, text="x"))
    await slack.journal.wait(lambda: gate.waiting == 1)
    gate.cut()
    with pytest.raises(aiohttp.ClientConnectionError):
        await call
    assert slack.visible("general", "ada") == done


async def test_tokens(slack, client):
    assert (await _response(client.auth_test(token="xoxb-wrong")))["error"] == "invalid_auth"
    assert (await _response(client.auth_test(token=slack.app_token)))["error"] == "not_allowed_token_type"
    wrong = client.apps_connections_open(app_token=slack.bot_token)
    assert (await _response(wrong))["error"] == "not_allowed_token_type"
    assert (await _response(client.apps_connections_open(app_token="xapp-wrong")))["error"] == "invalid_auth"
    slack.revoke_token()
    assert (await _response(client.auth_test()))["error"] == "token_revoked"


async def test_auth_test_tells_the_ids_and_the_scopes(slack, client):
    reply = await client.auth_test()
    assert (reply["user_id"], reply["bot_id"]) == (slack.world.bot_user, slack.world.bot_id)
    assert set(reply.headers["x-oauth-scopes"].split(",")) == slack.settings.scopes


async def test_a_missing_scope_is_named(slack, client):
    slack.settings.scopes.discard("reactions:write")
    refused = await _response(client.reactions_add(channel="C", name="x", timestamp="1"))
    assert (refused["error"], refused["needed"]) == ("missing_scope", "reactions:write")
    assert "chat:write" in refused["provided"]


async def test_a_restarted_slack_has_the_same_address_and_world(slack, client, posted):
    before = slack.api_url
    await slack.stop()
    with pytest.raises(aiohttp.ClientError):
        await client.auth_test()
    await slack.start()
    assert slack.api_url == before
    await client.chat_update(**posted, text="still here")
    assert slack.at(**posted).shown == "still here"
