"""Marks of admins on answers → annotations at Dify: one per answer, as long as one mark stands."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from core.apps import MAX_IDENTITY
from core.contract import ChatAdapter
from core.dify.annotated import Pair, drop, keep, pair_of
from core.dify.apps import DifyApp
from core.emojis import canonical
from core.errors import DifyError, DifyRefused
from core.messages import IncomingReaction, Person
from core.sentences import language, say
from core.store.marks import Mark, Marked, Marks, Stage
from core.store.rows import Answered

log = logging.getLogger(__name__)

KEPT, STAYS, GONE = "annotation_kept", "annotation_stays", "annotation_gone"
_CHANGED, _OFF, _NO_ANSWER = "annotation_changed", "annotations_off", "annotation_no_answer"
_TAKEN = "annotation_taken"
_REFUSED, _TOO_OLD = "annotation_refused", "dify_too_old"


class Annotating:
    """Keeps marks, and has Dify do what they say. It does nothing for people who are no admins."""

    def __init__(
        self,
        marks: Marks,
        apps: Mapping[str, DifyApp],
        adapters: Mapping[str, ChatAdapter],
        emojis: Collection[str],
        admins: Collection[str],
    ) -> None:
        """`emojis`: canonical; `admins`: PLATFORM:ID."""
        self._marks = marks
        self._apps = apps
        self._adapters = adapters
        self._emojis = frozenset(emojis)
        self._admins = frozenset(admins)
        self._one: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by app: look, then write

    def means(self, reaction: IncomingReaction) -> bool:
        """Whether a reaction is a mark."""
        admin = f"{reaction.ref.platform}:{reaction.author.id}" in self._admins
        return admin and not reaction.author.bot and canonical(reaction.emoji) in self._emojis

    async def reaction(self, turn: int, reaction: IncomingReaction) -> None:
        """Take a mark on the answer of a turn; durable on return. Raises StoreUnavailable."""
        take = self._marks.mark if reaction.added else self._marks.withdraw
        await take(turn, reaction.ref, reaction.author.id, canonical(reaction.emoji))

    async def settle(self, answered: Answered) -> bool:
        """Do what the marks of a closed turn say; False: Dify can't be asked now. Raises StoreUnavailable."""
        marked = await self._marks.of(answered.turn)
        if all(mark.stage is Stage.KEPT for mark in marked.marks):
            return True
        try:
            said, lang = await self._done(answered, marked)
        except DifyError as error:
            if not isinstance(error, DifyRefused) or error.advice.retry:
                return False
            log.warning("turn %d: no annotation: %s", answered.turn, error.advice.hint)
            said, lang = _TOO_OLD if error.code == "too_old" else _REFUSED, "en"
        waiting = [mark for mark in marked.marks if mark.stage is not Stage.KEPT]
        settled = await self._marks.settle(answered.turn, waiting, kept=said == KEPT)
        if said == KEPT and not settled:
            await self._unless_wanted(answered)
        await self._tell(settled, said, lang)
        return True

    async def _unless_wanted(self, answered: Answered) -> None:
        """Marks changed while it was made: where another process was told of the last one's end, it goes."""
        marked = await self._marks.of(answered.turn)
        app = self._apps.get(answered.app)
        if not marked.marks and app is not None:
            with suppress(DifyError):  # it was there a moment ago
                pair = await _pair(app, answered, marked.dify_id)
                if pair is not None:
                    await drop(app.client.api.annotations, pair)

    async def _done(self, answered: Answered, marked: Marked) -> tuple[str, str]:
        """What to say of it, and in which language."""
        stages = {mark.stage for mark in marked.marks}
        if Stage.NEW not in stages and Stage.KEPT in stages:
            return STAYS, "en"
        app = self._apps.get(answered.app)
        if app is not None and not await annotates(app):
            return _OFF, "en"
        pair = await _pair(app, answered, marked.dify_id) if app is not None else None
        if app is None or pair is None:
            return _NO_ANSWER, "en"
        async with self._one[answered.app]:
            said = await _written(app, pair, stands=Stage.NEW in stages)
        return said, language(pair.question)

    async def _tell(self, marks: Sequence[Mark], said: str, lang: str) -> None:
        """Tell those who marked; who took a mark away while another one was set is told that it stays."""
        for mark in marks:
            adapter = self._adapters.get(mark.ref.platform)
            sentence = STAYS if said == KEPT and mark.stage is Stage.TAKEN else said
            if adapter is not None:
                await adapter.whisper(mark.ref, Person(mark.person), say(sentence, lang))


async def annotates(app: DifyApp) -> bool:
    """Whether it is of a kind that has annotations; asked for where it is not known. Raises DifyError."""
    if app.mode is None:
        await app.detect()
    return app.annotates


async def unannotate(
    app: DifyApp, messages: Sequence[str], user: str, conversation_id: str
) -> tuple[int, int]:
    """Delete the annotations of these answers, which are to be forgotten.

    How many there were, and of how many answers that can't be told: Dify, which is asked for their text, has
    them no more. Raises DifyError.
    """
    if not messages or not await annotates(app):
        return 0, 0
    gone = unknown = 0
    for message in messages:
        pair = await pair_of(app.client.api, message, user[:MAX_IDENTITY], conversation_id)
        unknown += pair is None
        gone += pair is not None and await drop(app.client.api.annotations, pair)
    return gone, unknown


async def _pair(app: DifyApp, answered: Answered, conversation_id: str) -> Pair | None:
    if not answered.message_id:
        return None
    user = answered.identity[:MAX_IDENTITY]
    return await pair_of(app.client.api, answered.message_id, user, conversation_id)


async def _written(app: DifyApp, pair: Pair, *, stands: bool) -> str:
    annotations = app.client.api.annotations
    if stands:
        return KEPT if await keep(annotations, pair) else _TAKEN
    return GONE if await drop(annotations, pair) else _CHANGED
