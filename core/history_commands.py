"""The command `history`: a person's conversations page by page, what was said in one, and changes to one.

All is read with the `user` of the place where the command is given: nobody sees another one's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.apps import App
from core.contract import ChatAdapter
from core.dify.conversations import Conversation
from core.errors import ConversationGone
from core.messages import Button, ButtonPressed, CommandGiven, Whisper
from core.past import MOST, Past
from core.sentences import say
from core.store.asides import Asides
from core.transcripts import listing, transcript

HISTORY = "history"  # begins the keys of these buttons
LISTED = 20  # conversations of a page
TURNS = 10  # of a page
LONGEST = 3_000  # characters of a page of turns, where the platform takes as many
TITLE = 80  # characters
_CHANGES = frozenset(("switch", "rename", "name", "delete"))
_PAGES = {"more": 2}
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One use of the command: where, of whom, and what goes on there now."""

    app: App
    given: CommandGiven
    user: str
    current: str  # Dify's id of the conversation; "" for none
    past: Past
    lang: str

    def say(self, sentence: str, **values: object) -> Whisper:
        """A sentence, in their language."""
        return Whisper(say(sentence, self.lang, **values))


def command_of(pressed: ButtonPressed) -> CommandGiven | None:
    """What a button of ours says as a command given where it stands; None where that can't be told.

    Its key is the command with colons: history:page:2, history:show:ID:2.
    """
    if pressed.place is None:
        return None
    name, *words = pressed.button.split(":")
    return CommandGiven(
        id="",
        name=name,
        text=" ".join(words),
        place=pressed.place,
        author=pressed.author,
        identity=pressed.identity,
        locale=pressed.locale,
        facts=pressed.facts,
    )


class HistoryCommands:
    """Raises DifyError, StoreUnavailable."""

    def __init__(self, asides: Asides, adapters: Mapping[str, ChatAdapter]) -> None:
        self._asides = asides
        self._adapters = adapters

    async def history(self, app: App, given: CommandGiven, lang: str) -> Whisper:
        """The conversations of a person (or of a shared place), one of them, or a change to it."""
        if not app.dify.converses:
            return Whisper(say("no_memory", lang, app=app.title()))
        current = await self._asides.meant(given.place, app.dify.name)
        user, known = (current.identity, current.dify_id) if current else (given.identity, "")
        past = Past(app.dify.client.api.conversations, user)
        asked = _Asked(app, given, user, known, past, lang)
        action, _, rest = given.text.strip().partition(" ")
        try:
            return await self._done(asked, action.lower(), rest.strip())
        except ConversationGone:
            return asked.say("history_gone")

    async def _done(self, asked: _Asked, action: str, rest: str) -> Whisper:
        if action == "show":
            return await self._shown(asked, *(*rest.split(), "", "")[:2])
        if action == "delete" and _ID.fullmatch(rest):
            return await self._deleted(asked, rest)
        word, _, words = rest.partition(" ")
        if action not in _CHANGES:
            return await _listed(asked, _PAGES.get(action) or _number(word) or 1)
        chosen = await _chosen(asked, word)
        if isinstance(chosen, Whisper):
            return chosen
        return await self._changed(asked, chosen, action, words.strip())

    async def _shown(self, asked: _Asked, which: str, page: str) -> Whisper:
        """What was said in one of them: by its number, its id, or the current one."""
        title = ""
        if _ID.fullmatch(which):
            wanted = which
        elif which:
            chosen = await _chosen(asked, which)
            if isinstance(chosen, Whisper):
                return chosen
            wanted, title = chosen.id, f"### {_title(chosen)}\n"
        elif not asked.current:
            return asked.say("nothing_here")
        else:
            wanted = asked.current
        return await self._told(asked, wanted, title, _number(page) or 1, number=_number(which))

    async def _told(self, asked: _Asked, conversation: str, title: str, page: int, *, number: int) -> Whisper:
        found = await asked.past.turns(conversation, min(page * TURNS, MOST))
        if not found.rows:
            return asked.say("history_nothing_said")
        page = _within(page, len(found.rows), TURNS)
        end = len(found.rows) - (page - 1) * TURNS
        turns, older = found.rows[max(0, end - TURNS) : end], found.has_more and page * TURNS < MOST
        room = min(self._adapters[asked.given.place.platform].limits(asked.given.place).page_length, LONGEST)
        text = title + transcript(turns, room - len(title), asked.app.is_own_file, asked.lang)
        command = f"show {number} {page + 1}" if number else ""
        return _paged(asked, text, f"show:{conversation}", page, command, older=older)

    async def _changed(self, asked: _Asked, chosen: Conversation, action: str, words: str) -> Whisper:
        app, place, user = asked.app, asked.given.place, asked.user
        name, calls = app.dify.name, app.dify.client.api.conversations
        match action:
            case "switch":
                await self._asides.keep_inputs(place, name, user, {})
                await self._asides.switch(place, name, chosen.id)
                return asked.say("history_switched", title=_title(chosen))
            case "delete":  # a number names another one as soon as one is gone, and every replica hears this
                sure = Button(f"{HISTORY}:delete:{chosen.id}", say("history_sure", asked.lang))
                return Whisper(say("history_delete", asked.lang, title=_title(chosen)), (sure,))
            case "rename" if words:
                return asked.say("history_named", title=_title(await calls.rename(chosen.id, user, words)))
            case "rename":
                return asked.say("history_title")
            case _:
                return asked.say("history_named", title=_title(await calls.auto_name(chosen.id, user)))

    async def _deleted(self, asked: _Asked, conversation: str) -> Whisper:
        """Delete one at Dify; deleted twice, it is gone."""
        name = asked.app.dify.name
        await asked.app.dify.client.delete_conversation(conversation, asked.user)
        current = await self._asides.meant(asked.given.place, name)
        if current is not None and current.dify_id == conversation:
            await self._asides.switch(current.place, name, "")
        return asked.say("history_deleted")


async def _listed(asked: _Asked, page: int) -> Whisper:
    found = await asked.past.conversations(min(page * LISTED, MOST))
    if not found.rows:
        return asked.say("history_empty")
    page = _within(page, len(found.rows), LISTED)
    start = (page - 1) * LISTED
    shown = listing(found.rows[start : start + LISTED], start + 1, asked.current)
    text = f"{shown}\n\n{say('history_how', asked.lang)}"
    older = found.has_more and page * LISTED < MOST
    return _paged(asked, text, "page", page, f"page {page + 1}", older=older)


async def _chosen(asked: _Asked, word: str) -> Conversation | Whisper:
    """The conversation with this number, counted over all pages; else, which numbers there are."""
    number = _number(word)
    found = (await asked.past.conversations(min(number or MOST, MOST))).rows
    if 0 < number <= len(found):
        return found[number - 1]
    return asked.say("history_number", most=len(found)) if found else asked.say("history_empty")


def _paged(asked: _Asked, text: str, key: str, page: int, command: str, *, older: bool) -> Whisper:
    """A page with the way to its neighbours: buttons, and words for the next one."""
    buttons = []
    if page > 1:
        buttons.append(Button(f"{HISTORY}:{key}:{page - 1}", say("history_newer", asked.lang)))
    if older:
        buttons.append(Button(f"{HISTORY}:{key}:{page + 1}", say("history_older", asked.lang)))
    if older and command:
        text += f"\n{say('history_more', asked.lang, command=command)}"
    return Whisper(text, tuple(buttons))


def _within(page: int, rows: int, per_page: int) -> int:
    """The page, or the last one that there is."""
    return min(page, -(-rows // per_page))


def _number(word: str) -> int:
    """A number as people write it; 0 for anything else."""
    return int(word) if word.isdecimal() and len(word) < 6 else 0


def _title(one: Conversation) -> str:
    return " ".join(one.name.split())[:TITLE] or one.id[:8]
