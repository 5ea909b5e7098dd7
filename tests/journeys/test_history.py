"""The command `history` on both platforms: further pages by button and by words, and what was said."""

from chats import CHATS
from conftest import KEY
from shared import kept, shows, told, whispered

from simulators.dify.state import Conversation, Message

LIST, SAID = "GET /conversations", "GET /messages"
NOON = 1_790_000_000  # 2026-09-21 14:13 UTC


def keep(dify, user, name, *turns):
    """A conversation as Dify has kept it, with its questions and answers."""
    conversation = Conversation(user, name, {}, "")
    for at, (query, answer) in enumerate(turns):
        message = Message(conversation.id, user, query, {}, "", answer=answer, created_at=NOON + 60 * at)
        conversation.messages.append(message)
    dify.apps[KEY].conversations[conversation.id] = conversation
    return conversation


def users(dify, call):
    return {each.args["user"] for each in dify.journal.named(call)}


async def test_further_conversations_come_by_button_and_by_words(world, chat, dm, dify):
    talks = [keep(dify, chat.personal(), f"talk {number}.") for number in range(1, 46)]
    async with world.bot():
        await dm.command("history")
        first = await whispered(chat, chat.alice, "- `1` talk 45.")
        assert "talk 25." not in chat.text(first)
        assert chat.buttons(first) == ["Older"]
        chat.press(first, chat.alice, "Older")
        second = await whispered(chat, chat.alice, "- `21` talk 25.")
        assert "- `40` talk 6." in chat.text(second)
        assert chat.buttons(second) == ["Newer", "Older"]
        await dm.command("history", "page 3")
        third = await whispered(chat, chat.alice, "- `45` talk 1.")
        assert chat.buttons(third) == ["Newer"]
        await dm.command("history", "rename 43 The third")
        await told(chat, chat.alice, "The third")
    assert talks[2].name == "The third"
    assert users(dify, LIST) == {chat.personal()}
    assert chat.whispers(chat.bob) == []
    assert dm.answers() == []


async def test_the_longest_titles_go_into_one_message(world, chat, dm, dify):
    for number in range(30):
        keep(dify, chat.personal(), f"長い題名 *{number} " + "とても長い題名です" * 20)
    async with world.bot():
        await dm.command("history")
        page = await whispered(chat, chat.alice, "- `20` 長い題名")
        assert "`page 2`" in chat.text(page)
        assert chat.buttons(page) == ["Older"]


async def test_show_tells_what_was_said_here(world, chat, dm, dify):
    dify.reply("<think>secret thoughts</think>Cats are **small**.", "Dogs are not.")
    async with world.bot():
        dm.ask("What are cats?")
        await shows(chat, dm.answers, "Cats are")
        await kept(world, chat, "state = 'closed'")
        dm.ask("And dogs?")
        await shows(chat, dm.answers, "Dogs are not.", count=2)
        await kept(world, chat, "state = 'closed'")
        await dm.command("history", "show")
        said = chat.text(await whispered(chat, chat.alice, "What are cats?"))
    order = [
        said.index(words) for words in ("What are cats?", "Cats are small.", "And dogs?", "Dogs are not.")
    ]
    assert order == sorted(order)
    assert "secret thoughts" not in said
    [asked] = dify.journal.named(SAID)
    assert (asked.args["user"], asked.args["conversation_id"]) == (
        chat.personal(),
        dify.runs[0].conversation.id,
    )


async def test_what_was_said_before_comes_by_button_and_by_words(world, chat, dm, dify):
    keep(dify, chat.personal(), "Numbers", *((f"Q{n}?", f"A{n}. " * 300) for n in range(1, 26)))
    async with world.bot():
        await dm.command("history", "show 1")
        last = await whispered(chat, chat.alice, "**Q25?** · 2026-09-21")
        assert "Numbers" in chat.text(last)
        assert "**Q16?**" in chat.text(last)
        assert "Q15?" not in chat.text(last)
        assert "`show 1 2`" in chat.text(last)
        chat.press(last, chat.alice, "Older")
        before = await whispered(chat, chat.alice, "**Q15?**")
        assert chat.buttons(before) == ["Newer", "Older"]
        chat.press(before, chat.alice, "Older")
        first = await whispered(chat, chat.alice, "**Q1?**")
        assert chat.buttons(first) == ["Newer"]
    assert users(dify, SAID) == {chat.personal()}


async def test_what_is_shown_pings_nobody(world, chat, dm, dify):
    pinging = f"<!channel> <@{chat.bob.id}> @everyone <!subteam^S1>"
    live = "@everyone" if chat.name == "discord" else "<!channel>"  # what it would ping by
    keep(dify, chat.personal(), f"title {pinging}", (f"question {pinging}", f"answer {pinging}"))
    async with world.bot():
        await dm.command("history")
        listed = await whispered(chat, chat.alice, "title")
        await dm.command("history", "show 1")
        said = await whispered(chat, chat.alice, "answer")
    assert (chat.pings(listed), chat.pings(said)) == ([], [])
    assert live not in chat.text(listed) + chat.text(said)


async def test_another_persons_conversation_is_not_shown(world, chat, dm, dify):
    theirs = keep(dify, "somebody-else", "Theirs", ("a question", "a secret"))
    async with world.bot():
        await dm.command("history", f"show {theirs.id}")
        await told(chat, chat.alice, "does not exist any more")
        await dm.command("history")
        await told(chat, chat.alice, "no conversations yet")
    assert users(dify, SAID) == users(dify, LIST) == {chat.personal()}


async def test_buttons_in_a_channel_stay_with_the_channel(world, chat, dify):
    """Where a channel is the place, its conversations are listed, not those of who presses."""
    place = f"slack:{chat.server.world.team_id}:{chat.channel.id}:" if chat.name == "slack" else None
    place = place or f"discord:{chat.channel.id}"
    for number in range(1, 23):
        keep(dify, place, f"talk {number}.")
    keep(dify, chat.personal(), "Alice's own")
    async with world.bot():
        await chat.command(chat.bob, "history")
        first = await whispered(chat, chat.bob, "- `1` talk 22.")
        chat.press(first, chat.bob, "Older")
        await whispered(chat, chat.bob, "- `22` talk 1.")
    assert users(dify, LIST) == {place}
    assert chat.whispers(chat.alice) == []


async def test_those_in_a_shared_thread_read_what_was_said_in_it(discord_world, dify):
    """Only one of the platforms takes commands in threads."""
    world, chat = discord_world, CHATS["discord"](discord_world.discord)
    async with world.bot():
        question = chat.mention(chat.alice, "What are cats?")
        await shows(chat, lambda: chat.in_thread(question), "turn 1")
        await kept(world, chat, "state = 'closed'")
        await chat.command(chat.bob, "history", "show", question=question)
        await told(chat, chat.bob, "**What are cats?**")
    assert users(dify, SAID) == {chat.identity(question)}


async def test_a_page_can_be_turned_after_a_restart(world, chat, dify):
    for number in range(1, 23):
        keep(dify, chat.personal(), f"talk {number}.")
    async with world.bot():
        await chat.command(chat.alice, "history", direct=True)
        first = await whispered(chat, chat.alice, "- `1` talk 22.")
    async with world.bot():
        chat.press(first, chat.alice, "Older")
        await whispered(chat, chat.alice, "- `22` talk 1.")
