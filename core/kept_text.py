"""The text of an agent's answer as Dify keeps it: without the thoughts that a ReAct agent streams in between.

Source: recorded from 0.15.8 and 1.16.1; Dify api/core/agent/cot_agent_runner.py. No event says which strategy
an agent follows, so the answer is read once more (GET /messages) as soon as its stream has ended.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

from core.answer import Answer, Outcome
from core.apps import App
from core.errors import DifyError

log = logging.getLogger(__name__)

WAIT_SECONDS = 2.0  # for both looks together
TRIES = 2
PAUSE_SECONDS = 0.5  # the row is written before the stream says that it has ended: as a rule, one look does


async def as_kept(answer: Answer, app: App, user: str) -> Answer:
    """The same answer with the text that Dify has kept, where thoughts may stand in it; else as it is.

    Where Dify keeps none, or does not say in time, the streamed text stands. Never raises DifyError.
    """
    if answer.outcome is not Outcome.COMPLETE or not answer.thinks_aloud or not answer.conversation_id:
        return answer
    text = ""
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT_SECONDS):
            text = await _look_twice(answer, app, user)
    if not text:
        log.warning("an agent's answer stands as it was streamed: Dify did not say what it has kept of it")
    return replace(answer, text=text) if text and text.strip() != answer.text.strip() else answer


async def _look_twice(answer: Answer, app: App, user: str) -> str:
    for left in reversed(range(TRIES)):
        with suppress(DifyError):
            if text := await _kept(answer, app, user):
                return text
        if left:
            await asyncio.sleep(PAUSE_SECONDS)
    return ""


async def _kept(answer: Answer, app: App, user: str) -> str:
    """What Dify has kept under the answer's id; "" for nothing."""
    messages = await app.dify.client.messages(answer.conversation_id, user)
    found = (message.answer for message in messages if message.id == answer.message_id)
    return next(found, "")
