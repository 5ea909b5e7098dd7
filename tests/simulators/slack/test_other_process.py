"""The bot may be another process: it needs nothing but the address and the tokens."""

import asyncio
import sys

BOT = """
import asyncio, re, sys
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

app = AsyncApp(client=AsyncWebClient(sys.argv[2], base_url=sys.argv[1], retry_handlers=[]))

@app.event("app_mention")
async def answer(say, event):
    await say(text="hello", thread_ts=event["ts"])

@app.event(re.compile(".*"))
async def other():
    pass

async def main():
    await AsyncSocketModeHandler(app, sys.argv[3]).start_async()

asyncio.run(main())
"""


async def test_a_bot_in_another_process_answers(slack):
    arguments = (slack.api_url, slack.bot_token, slack.app_token)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", BOT, *arguments)
    ended = asyncio.create_task(process.wait())
    try:
        await slack.journal.wait(lambda: slack.socket.open, within=20)
        question = slack.post("general", "ada", f"{slack.mention} hello?")
        await slack.journal.wait(lambda: len(slack.world.thread("general", question.ts)) == 2)
        assert slack.visible("general", "ben", question.ts)[1] == "hello"
    finally:
        if not ended.done():
            process.kill()
        await ended
