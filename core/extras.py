"""The small buttons under an answer: having it read aloud, and saying why it was no help."""

import asyncio
import logging
from collections.abc import Mapping

from core.apps import App
from core.contract import ChatAdapter, FileTooLarge, Gone, RateLimited, Uncertain
from core.errors import DifyError
from core.messages import (
    ButtonPressed,
    Field,
    Form,
    FormSubmitted,
    MessageRef,
    OutgoingFile,
    Person,
    Response,
    Target,
    Whisper,
)
from core.sentences import language, say
from core.store.asides import Asides
from core.store.rows import Stood

log = logging.getLogger(__name__)

ALOUD = "aloud"
REASON = "reason"
ATTEMPTS = 4  # of posting a recording
PAUSE_SECONDS = 1.0
_LONGEST = 2_000  # characters of a reason
_ENDINGS = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/ogg": "ogg",
}


class ReadAloud:
    """Speaks an answer (Dify: POST /text-to-audio), and posts it as a file."""

    def __init__(self, asides: Asides, apps: Mapping[str, App], adapters: Mapping[str, ChatAdapter]) -> None:
        self._asides = asides
        self._apps = apps
        self._adapters = adapters
        self._speaking: dict[MessageRef, asyncio.Task[None]] = {}

    async def pressed(self, pressed: ButtonPressed) -> Response | None:
        """Begin; the file comes when it is made. Pressed again until then, it is the same one."""
        lang = language("", pressed.locale)
        stood = await self._asides.at(pressed.ref)
        if stood is None or stood.conversation.app not in self._apps or not stood.message_id:
            return Whisper(say("too_late", lang))
        if pressed.ref not in self._speaking:
            task = asyncio.create_task(self._speak(stood, pressed))
            self._speaking[pressed.ref] = task
            task.add_done_callback(lambda task: self._spoken(pressed.ref, task))
        return Whisper(say("speaking", lang))

    async def _speak(self, stood: Stood, pressed: ButtonPressed) -> None:
        app, adapter = self._apps[stood.conversation.app], self._adapters[pressed.ref.platform]
        lang = language("", pressed.locale)
        try:
            calls = app.dify.client.api.audio
            spoken = await calls.speak(stood.conversation.identity, message_id=stood.message_id)
            if spoken is None:
                await adapter.whisper(pressed.ref, pressed.author, say("nothing_to_speak", lang))
                return
            name = f"answer.{_ENDINGS.get(spoken.mime, 'mp3')}"
            key = f"parley-{pressed.ref.id}:{ALOUD}"  # pressed twice, it stands once
            target = Target(stood.conversation.place, pressed.ref, Person(stood.author), key)
            await _post(adapter, target, OutgoingFile(name, spoken.mime, spoken.data))
        except DifyError as error:
            log.warning("an answer could not be spoken: %s", error.advice.hint)
            await adapter.whisper(pressed.ref, pressed.author, say(error.advice.sentence, lang))
        except (FileTooLarge, Gone, RateLimited, Uncertain) as error:
            log.warning("a spoken answer could not be posted: %s", type(error).__name__)
            await adapter.whisper(pressed.ref, pressed.author, say("file_not_shown", lang, name="mp3"))

    def _spoken(self, ref: MessageRef, task: asyncio.Task[None]) -> None:
        self._speaking.pop(ref, None)
        if not task.cancelled() and task.exception() is not None:
            log.warning("an answer could not be spoken (%s)", type(task.exception()).__name__)

    async def aclose(self) -> None:
        """Speak no more; the process ends."""
        tasks = list(self._speaking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _post(adapter: ChatAdapter, target: Target, file: OutgoingFile) -> None:
    """Post it. Raises FileTooLarge, Gone, and in the end RateLimited, Uncertain."""
    for _ in range(ATTEMPTS - 1):
        try:
            await adapter.upload(target, file)
        except RateLimited as limited:
            await asyncio.sleep(limited.retry_after)
        except Uncertain:
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return
    await adapter.upload(target, file)


class Reasons:
    """Takes what a person thinks of an answer to Dify (Dify: POST /messages/{id}/feedbacks, `content`)."""

    def __init__(self, asides: Asides, apps: Mapping[str, App]) -> None:
        self._asides = asides
        self._apps = apps

    async def pressed(self, pressed: ButtonPressed) -> Response | None:
        """Ask for it."""
        lang = language("", pressed.locale)
        ratings = (say("rating_like", lang), say("rating_dislike", lang))
        return Form(
            REASON,
            say(REASON, lang),
            say("form_send", lang),
            (
                Field(
                    "rating", say("rating", lang), "select", required=True, options=ratings, value=ratings[1]
                ),
                Field("content", say("rating_why", lang), "paragraph", max_length=_LONGEST),
            ),
        )

    async def submitted(self, submitted: FormSubmitted) -> Response | None:
        """Tell Dify, with the user that asked."""
        lang = language("", submitted.locale)
        stood = await self._asides.at(submitted.ref) if submitted.ref is not None else None
        if stood is None or stood.conversation.app not in self._apps or not stood.message_id:
            return Whisper(say("too_late", lang))
        liked = {say("rating_like", each) for each in ("en", "ja", "zh")}
        rating = "like" if submitted.values.get("rating") in liked else "dislike"
        content = str(submitted.values.get("content") or "").strip()[:_LONGEST] or None
        client = self._apps[stood.conversation.app].dify.client
        try:
            await client.rate(stood.message_id, stood.conversation.identity, rating, content=content)
        except DifyError as error:
            log.warning("Dify did not take a rating: %s", error.advice.hint)
            return Whisper(say(error.advice.sentence, lang))
        return Whisper(say("thanks", lang))
