"""One answer as an annotation: kept, and taken out again. Either may be repeated, by several processes too.

Dify has no key for idempotency and takes the same annotation twice: first it is asked which ones there are.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.dify.api import DifyApi
from core.errors import ConversationGone

if TYPE_CHECKING:
    from core.dify.annotations import Annotation, Annotations
    from core.dify.conversations import Turn

_PAGE = 100  # Dify gives no more of anything at once
_MOST_PAGES = 50
_KEYWORD = 60  # characters: a whole question could be longer than a URL may be
_KEYWORD_FROM = 600  # characters of the question
_PATTERN = re.compile(r"[\\%_\x00-\x1f]+")  # what the search of some releases takes for a pattern
_SIGNATURE = re.compile(r"\?timestamp=\d+&nonce=\w+&sign=[\w%=+/-]+")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer, as Dify has them."""

    question: str
    answer: str


async def pair_of(api: DifyApi, message_id: str, user: str, conversation_id: str) -> Pair | None:
    """What was asked and answered in a message (Dify: GET /messages); None where Dify has it no more.

    It is looked for in this conversation ("": none) and then in the user's others: a place may have begun
    afresh since. `user` is the one that asked. Raises DifyError.
    """
    found = await _turn(api, message_id, user, conversation_id) if conversation_id else None
    if found is None:
        for other in (await api.conversations.list(user, limit=_PAGE)).rows:
            if other.id != conversation_id:
                found = await _turn(api, message_id, user, other.id)
            if found is not None:
                break
    if found is None or not found.query or not found.answer:
        return None
    return Pair(found.query, found.answer)


async def _turn(api: DifyApi, message_id: str, user: str, conversation_id: str) -> "Turn | None":
    before: str | None = None
    for _ in range(_MOST_PAGES):
        try:
            page = await api.conversations.turns(conversation_id, user, first_id=before, limit=_PAGE)
        except ConversationGone:
            return None
        found = next((turn for turn in page.rows if turn.id == message_id), None)
        if found is not None or not page.has_more or not page.rows:
            return found
        before = page.rows[0].id
    return None


async def keep(annotations: "Annotations", pair: Pair) -> bool:
    """Have it among the app's annotations, once. False: another answer to the question is there already.

    That one may have been written with care: it stays. Raises DifyError; repeated after that, it goes on
    where it was.
    """
    there = await _about(annotations, pair.question)
    if there:
        return any(_says(one, pair) for one in there)
    made = await annotations.create(pair.question, pair.answer)
    # Another process may have done the same meanwhile: of two, the older one stays.
    twins = [one for one in await _about(annotations, pair.question) if _says(one, pair)]
    if any((one.created_at, one.id) < (made.created_at, made.id) for one in twins):
        await annotations.delete(made.id)
    return True


async def drop(annotations: "Annotations", pair: Pair) -> bool:
    """Delete what has exactly this question and answer; whether there was something. Raises DifyError."""
    there = [one for one in await _about(annotations, pair.question) if _says(one, pair)]
    for one in there:
        await annotations.delete(one.id)
    return bool(there)


async def _about(annotations: "Annotations", question: str) -> "list[Annotation]":
    """The annotations with this question, newest first."""
    found: list[Annotation] = []
    for number in range(1, _MOST_PAGES + 1):
        page = await annotations.list(page=number, limit=_PAGE, keyword=_keyword(question))
        found += [one for one in page.rows if one.question == question]
        if not page.has_more:
            break
    return found


def _keyword(question: str) -> str | None:
    """Words of a question that find it, whatever a search may make of special characters."""
    plain = max(_PATTERN.split(question[:_KEYWORD_FROM]), key=len)[:_KEYWORD].strip()
    return plain or None


def _says(one: "Annotation", pair: Pair) -> bool:
    # Dify signs the addresses of files anew each time that it gives an answer.
    return one.question == pair.question and _unsigned(one.answer) == _unsigned(pair.answer)


def _unsigned(text: str) -> str:
    return _SIGNATURE.sub("", text)
