"""What people may say that is no plain question: each gets a sentence, nothing is lost or cut in silence."""

import pytest
from shared import asked, shows


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("help", "Ask me anything"), ("ヘルプして help", None), ("", "no text in your message")],
)
async def test_help_and_nothing_at_all(world, chat, dify, word, sentence):
    async with world.bot():
        question = chat.mention(chat.alice, word)
        await shows(chat, lambda: chat.in_thread(question), sentence or "turn 1")
    assert len(asked(dify)) == (0 if sentence else 1)


async def test_a_file_for_an_app_without_files_is_mentioned_and_the_question_answered(world, chat, dify):
    dify.add_app("app-support", file_upload=False)
    async with world.bot():
        chat.send_file(chat.alice, "what is in it?")
        answer = await shows(chat, chat.in_dm, "The app takes no files here")
    assert "You said: what is in it?" in chat.text(answer)
    assert not dify.journal.named("POST /files/upload")


async def test_a_file_alone_for_an_app_without_files_is_not_ignored(world, chat, dify):
    dify.add_app("app-support", file_upload=False)
    async with world.bot():
        chat.send_file(chat.alice, "")
        await shows(chat, chat.in_dm, "The app takes no files here")
    assert not asked(dify)


async def test_a_place_without_a_route_is_told_so(world, chat, dify):
    async with world.bot(routes=[{"app": "support", "dm": True}]):
        question = chat.mention(chat.alice, "anybody?")
        await shows(chat, lambda: chat.in_thread(question), "No app is set up")
    assert not asked(dify)


async def test_a_very_long_question_is_passed_on_whole(world, chat, dify):
    text = "word " * (380 if chat.name == "discord" else 7_900)
    dify.reply("Read it all.")
    async with world.bot():
        chat.whisper(text)
        await shows(chat, chat.in_dm, "Read it all.")
    assert asked(dify)[0].args["query"] == text.strip()


async def test_the_sentences_follow_the_language_of_the_question(world, chat, dify):
    async with world.bot(routes=[{"app": "support", "dm": False}]):
        chat.whisper("これは何ですか")
        await shows(chat, chat.in_dm, "アプリが設定されていません")
        chat.whisper("这是什么")
        await shows(chat, chat.in_dm, "没有设置应用", count=2)


async def test_talk_that_is_not_for_us_leaves_no_trace(world, chat, dify):
    async with world.bot():
        chat.chatter(chat.bob, "lunch, anyone?")
        question = chat.mention(chat.alice, "hello")
        await shows(chat, lambda: chat.in_thread(question), "turn 1")
    assert [call.args["query"] for call in asked(dify)] == ["hello"]
