import asyncio
import logging

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.api import proxy_for, sdk_log
from adapters.slack.settings import SlackSettings
from core.contract import Refused
from core.messages import Draft, Names, Target
from simulators.slack import SlackSimulator
from simulators.slack.workspace import SCOPES


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (the status has no event, by contract)
            await asyncio.sleep(0.01)


async def test_status_tells_how_it_stands(slack, make, run):
    assert make().status == "connecting"
    bot = await run()
    await until(lambda: bot.adapter.status == "ok")
    slack.refuse_connections()
    slack.drop_sockets()
    await until(lambda: "apps.connections.open" in bot.adapter.status)
    slack.refuse_connections(on=False)
    await until(lambda: bot.adapter.status == "ok")


async def test_a_wrong_bot_token_is_refused_with_what_to_do(run):
    bot = await run(bot_token="xoxb-wrong")
    with pytest.raises(Refused, match=r"slack.bot_token.*OAuth & Permissions"):
        await bot.task
    assert "OAuth & Permissions" in bot.adapter.status


async def test_a_wrong_app_token_is_refused_with_what_to_do(run):
    bot = await run(app_token="xapp-wrong")
    with pytest.raises(Refused, match=r"slack.app_token.*connections:write"):
        await bot.task


async def test_a_network_that_comes_later_is_waited_for(slack, run, caplog):
    await slack.stop()
    starting = asyncio.create_task(run())
    await until(lambda: "can't reach Slack" in caplog.text)
    await slack.start()
    bot = await starting
    assert not bot.task.done()
    slack.post(slack.dm("ada"), "ada", "Hey")
    await slack.journal.wait(lambda: bot.inbox.messages)


async def test_a_url_that_slack_does_not_take_any_more_is_not_tried_for_ever(slack, run):
    gate = slack.hold("apps.connections.open")
    starting = asyncio.create_task(run())
    await slack.journal.wait(lambda: gate.waiting)
    slack.socket._tickets.clear()
    gate.release()
    bot = await starting
    assert len(slack.journal.named("apps.connections.open")) == 2
    await until(lambda: bot.adapter.status == "ok")


async def test_leaving_finishes_what_is_being_taken_in(slack, run):
    bot = await run()
    bot.inbox.hold = asyncio.Event()
    slack.post(slack.dm("ada"), "ada", "Hey")
    await slack.journal.wait(lambda: bot.inbox.offered == 1)
    bot.task.cancel()
    asyncio.get_running_loop().call_later(0.1, bot.inbox.hold.set)
    with pytest.raises(asyncio.CancelledError):
        await bot.task
    assert len(bot.inbox.messages) == 1
    await slack.journal.wait(lambda: slack.socket.deliveries[0].acked)
    assert bot.adapter.status != "ok"


async def test_messages_can_be_finished_after_the_run(slack, run, ask, answers):
    bot = await run()
    live = bot.adapter.live(ask("general"))
    bot.task.cancel()
    await asyncio.gather(bot.task, return_exceptions=True)
    await live.show(Draft("Done.", final=True))
    assert slack.journal.named("chat.postMessage")


async def test_busy_is_shown_and_taken_away(slack, make, ask):
    adapter, target = make(), ask("general")
    where = (target.place.channel, target.place.thread)
    await adapter.busy(target, "waiting", "Waiting for a free place …")
    assert slack.world.statuses[where] == "Waiting for a free place …"
    await adapter.busy(target, None, "")
    assert where not in slack.world.statuses
    await adapter.busy(target, None, "")
    assert len(slack.journal.named("assistant.threads.setStatus")) == 2


async def test_busy_is_not_tried_again_once_refused(slack, make, ask):
    adapter = make()
    slack.refuse("assistant.threads.setStatus", "not_allowed_token_type")
    for key in "ab":
        await adapter.busy(ask("general", key=key), "working", "Thinking …")
    assert len(slack.journal.named("assistant.threads.setStatus")) == 1


@pytest.mark.parametrize("fault", ["lost", "limited"])
async def test_busy_never_raises(slack, make, ask, fault):
    adapter, target = make(), ask("general")
    if fault == "lost":
        slack.lose_request_next("assistant.threads.setStatus")
    else:
        slack.rate_limit_next("assistant.threads.setStatus", 30)
    await adapter.busy(target, "working", "Thinking …")
    await adapter.busy(target, "working", "Thinking …")
    made = slack.journal.named("assistant.threads.setStatus")
    assert [call.status for call in made] == ([200] if fault == "lost" else [429])


async def test_names_are_asked_once(slack, run):
    bot = await run()
    slack.post("general", "ada", f"{slack.mention} hi")
    await slack.journal.wait(lambda: bot.inbox.messages)
    for _ in range(2):
        names = await bot.adapter.names(bot.inbox.messages[0])
        assert (names.user, names.channel) == ("ada", "general")
    assert len(slack.journal.named("users.info")) == len(slack.journal.named("conversations.info")) == 1
    slack.post(slack.dm("ada"), "ada", "again")
    await slack.journal.wait(lambda: bot.inbox.messages[-1].place.direct)
    assert bot.inbox.messages[-1].locale == "en-US"


async def test_a_direct_message_has_no_channel_name(slack, run):
    bot = await run()
    slack.post(slack.dm("ada"), "ada", "hi")
    await slack.journal.wait(lambda: bot.inbox.messages)
    assert await bot.adapter.names(bot.inbox.messages[0]) == Names("ada", slack.dm("ada").id)
    assert not slack.journal.named("conversations.info")


async def test_names_fall_back_to_ids(slack, run):
    bot = await run()
    slack.refuse("users.info", "missing_scope")
    slack.fail_next("conversations.info")
    slack.post("general", "ada", f"{slack.mention} hi")
    await slack.journal.wait(lambda: bot.inbox.messages)
    message = bot.inbox.messages[0]
    names = await bot.adapter.names(message)
    assert (names.user, names.channel) == (message.author.id, message.place.channel)


async def test_check_finds_nothing_wrong(make):
    findings = await make().check()
    assert [finding.ok for finding in findings] == [True, True, True]


async def test_check_names_missing_scopes_and_the_mend():
    async with SlackSimulator(scopes=SCOPES - {"reactions:read", "users:read"}) as slack:
        adapter = SlackAdapter(
            SlackSettings(bot_token=slack.bot_token, app_token=slack.app_token, api_url=slack.api_url)
        )
        _, scopes, _ = await adapter.check()
        await adapter.aclose()
    assert not scopes.ok
    assert "missing: reactions:read, users:read" in scopes.text
    assert "will not work: ratings and stopping by reaction (reactions:read)" in scopes.text
    assert "reinstall" in scopes.text


async def test_check_names_wrong_tokens(make):
    bot_token, app_token = await make(bot_token="xoxb-wrong", app_token="xapp-wrong").check()
    assert (bot_token.ok, app_token.ok) == (False, False)
    assert "OAuth & Permissions" in bot_token.text
    assert "connections:write" in app_token.text


async def test_check_says_when_nobody_answers(slack, make):
    await slack.stop()
    assert all("does not answer" in finding.text for finding in await make().check())


def test_the_sdk_s_own_lines_hold_no_secrets(caplog):
    error = OSError("wss://host/link/?ticket=abc-1&app_id=A1")
    line = "Failed to connect (error: %s, token xoxb-1-2-abc xapp-1-A-def)"
    sdk_log.error(line, error, exc_info=error)
    (record,) = caplog.records
    text = logging.Formatter().format(record)
    for secret in ("abc", "def", "Traceback"):
        assert secret not in text
    assert "Failed to connect" in text


async def test_the_environment_does_not_get_in_the_way(slack, run, ask, answers, monkeypatch, caplog):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
    bot = await run()
    target = ask("general")
    await bot.adapter.live(target).show(Draft("Love", final=True))
    assert answers(target)[0].shown == "Love"
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://slack.com/api/", "http://proxy:1"),
        ("wss://wss-primary.slack.com/link", "http://proxy:1"),
        ("https://slack.internal/api/", None),
        ("http://127.0.0.1:8700/api/", None),
        ("http://localhost:8700/api/", None),
    ],
)
def test_the_proxy_of_the_environment(monkeypatch, url, proxy):
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", ".internal")
    assert proxy_for(url) == proxy


async def test_neither_texts_nor_tokens_are_logged(slack, run, caplog):
    caplog.set_level(logging.DEBUG)
    bot = await run()
    slack.post(slack.dm("ada"), "ada", "my-question")
    await slack.journal.wait(lambda: bot.inbox.messages)
    message = bot.inbox.messages[0]
    live = bot.adapter.live(Target(message.place, message.ref, message.author, "turn"))
    await live.show(Draft("my-answer"))
    slack.refuse("chat.appendStream", "msg_too_long", times=1)
    await live.show(Draft("my-answer grows", final=False))
    bot.inbox.trouble = ValueError("my-question")
    slack.post(slack.dm("ada"), "ada", "my-question again")
    await slack.journal.wait(lambda: bot.inbox.offered == 2)
    slack.drop_sockets()
    await slack.journal.wait(lambda: not slack.socket.connections)
    await slack.journal.wait(lambda: slack.socket.open)
    told = [record for record in caplog.records if record.levelno >= logging.INFO]
    text = "\n".join(f"{record.getMessage()} {record.exc_info}" for record in told)
    assert "was not taken in" in text
    for secret in ("my-question", "my-answer", slack.bot_token, slack.app_token):
        assert secret not in text
    assert not [
        r for r in caplog.records if r.name.startswith(("slack", "adapters.slack.sdk")) and r.levelno < 20
    ]


async def test_a_look_up_of_names_lets_no_later_message_overtake(slack, run):
    bot = await run(dm_scope="channel")
    gate = slack.hold("users.info")
    slack.post(slack.dm("ada"), "ada", f"ask <@{slack.user('ben').id}>")
    await slack.journal.wait(lambda: gate.waiting)
    slack.post(slack.dm("ada"), "ada", "and then?")
    slack.post(slack.dm("ben"), "ben", "elsewhere")
    await slack.journal.wait(lambda: bot.inbox.messages)
    gate.release()
    await slack.journal.wait(lambda: len({message.ref for message in bot.inbox.messages}) == 3)
    heard = list(dict.fromkeys(message.text for message in bot.inbox.messages))
    assert heard == ["elsewhere", "ask @ben", "and then?"]
