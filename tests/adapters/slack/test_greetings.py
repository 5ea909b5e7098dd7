import pytest

from core.messages import Greeting, MessageDeleted, Opened, Person, Place

HELLO = Greeting("**Hello**, <!here>.", tuple(f"Question {number}? {'x' * 80}" for number in range(6)))


@pytest.fixture(autouse=True)
def patient(slack):
    """A busy machine is no failure."""
    slack.socket.ack_timeout, slack.socket.retry_delays = 10.0, (0.2,) * 50


def said(slack):
    ours = slack.world.bot_id
    return [m for m in slack.world.messages(slack.dm("ada")) if m.bot_id == ours and m.subtype is None]


async def settled(slack):
    await slack.journal.wait(lambda: all(delivery.done for delivery in slack.deliveries))


async def test_who_opens_our_messages_for_the_first_time_is_greeted(slack, run):
    bot = await run()
    bot.inbox.responses.append(HELLO)
    slack.open_home("ada", "messages")
    channel = slack.dm("ada").id
    prompts = await slack.journal.wait(lambda: slack.world.prompts.get((channel, None)))
    (opened,) = bot.inbox.actions
    assert opened.place == Place("slack", slack.world.team_id, channel, "", direct=True)
    assert (opened.author, opened.locale) == (Person(slack.user("ada").id), "en-US")
    assert [prompt["message"] for prompt in prompts] == list(HELLO.questions[:4])
    assert all(len(prompt["title"]) <= 75 for prompt in prompts)
    (word,) = said(slack)
    assert (word.shown, word.pings, word.thread_ts) == ("**Hello**, &lt;!here>.", [], None)
    (call,) = slack.journal.named("assistant.threads.setSuggestedPrompts")
    assert call.args["title"] == "Try asking"


async def test_nobody_is_greeted_twice(slack, run):
    bot = await run()
    bot.inbox.responses += [HELLO, HELLO]
    slack.open_home("ada", "messages")
    await slack.journal.wait(lambda: said(slack))
    slack.delete(said(slack)[0])
    slack.open_home("ada", "messages")
    await settled(slack)
    assert [type(action) for action in bot.inbox.actions] == [Opened, MessageDeleted]


async def test_who_talked_to_us_before_is_not_greeted(slack, run):
    bot = await run()
    slack.post(slack.dm("ada"), "ada", "hello")
    for tab in ("messages", "home", "messages"):
        slack.open_home("ada", tab)
        await settled(slack)
    assert bot.inbox.actions == []
    assert len(slack.journal.named("conversations.history")) == 1


async def test_a_new_thread_of_an_assistant_is_greeted_in_it(slack, run):
    bot = await run()
    bot.inbox.responses.append(HELLO)
    thread = slack.start_assistant_thread("ada")
    await slack.journal.wait(lambda: slack.world.prompts.get((slack.dm("ada").id, thread)))
    assert [word.thread_ts for word in said(slack)] == [thread]
    slack.redeliver(slack.deliveries[0])
    await settled(slack)
    assert len(bot.inbox.actions) == 1


@pytest.mark.parametrize("greeting", [None, Greeting("", ()), Greeting("", ("What?",))])
async def test_no_first_word_is_none(slack, run, greeting):
    bot = await run()
    bot.inbox.responses.append(greeting)
    slack.open_home("ada", "messages")
    await slack.journal.wait(lambda: bot.inbox.actions)
    await settled(slack)
    assert said(slack) == []


@pytest.mark.parametrize("method", ["conversations.history", "chat.postMessage"])
async def test_where_slack_says_no_nobody_is_greeted(slack, run, method):
    slack.refuse(method, "missing_scope")
    bot = await run()
    bot.inbox.responses.append(HELLO)
    slack.open_home("ada", "messages")
    await settled(slack)
    slack.post(slack.dm("ada"), "ada", "hello")
    await slack.journal.wait(lambda: bot.inbox.messages)
    assert said(slack) == []


async def test_a_thread_of_direct_messages_gets_a_title(slack, make, ask):
    adapter, target = make(), ask()
    await adapter.entitle(target.place, " Love " + "x" * 300)
    title = slack.world.titles[target.place.channel, target.place.thread]
    assert title == ("Love " + "x" * 300)[:200]


async def test_elsewhere_there_are_no_titles(slack, make, ask):
    adapter = make()
    for target in (ask("general"), ask(thread=False)):
        await adapter.entitle(target.place, "Love")
    await adapter.entitle(ask().place, " ")
    assert slack.journal.calls == []


async def test_a_title_that_fails_is_none(slack, make, ask):
    target = ask()
    slack.refuse("assistant.threads.setTitle", "missing_scope", times=1)
    await make().entitle(target.place, "Love")
    await slack.stop()
    await make().entitle(target.place, "Love")
    assert slack.world.titles == {}
