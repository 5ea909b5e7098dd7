"""Commands about conversations at Dify: listing, going on with another one, naming, forgetting, variables."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from core.apps import App
from core.dify.conversations import Conversation, Variable
from core.errors import ConversationGone
from core.messages import CommandGiven
from core.sentences import say
from core.store.asides import Asides

LISTED = 20
LONGEST = 200  # characters of a variable's value
_ACTIONS = frozenset(("switch", "rename", "name", "delete"))


class ConversationCommands:
    """`history`, `forget` and `variables`. Raise DifyError, StoreUnavailable."""

    def __init__(self, asides: Asides) -> None:
        self._asides = asides

    async def history(self, app: App, given: CommandGiven, lang: str) -> str:
        """The conversations of a person (or of a shared place), or a change to one of them."""
        if not app.dify.converses:
            return say("no_memory", lang, app=app.title())
        current = await self._asides.meant(given.place, app.dify.name)
        user = current.identity if current else given.identity
        found = (await app.dify.client.api.conversations.list(user, limit=LISTED)).rows
        action, _, rest = given.text.strip().partition(" ")
        if action.lower() in _ACTIONS:
            number, _, words = rest.strip().partition(" ")
            if not (number.isdecimal() and 0 < int(number) <= len(found)):
                return say("history_number", lang, most=len(found))
            chosen = found[int(number) - 1]
            return await self._change(app, given, user, chosen, (action.lower(), words.strip()), lang)
        return _listed(found, current.dify_id if current else "", lang)

    async def _change(
        self, app: App, given: CommandGiven, user: str, chosen: Conversation, what: tuple[str, str], lang: str
    ) -> str:
        action, words = what
        name, calls = app.dify.name, app.dify.client.api.conversations
        match action:
            case "switch":
                await self._asides.keep_inputs(given.place, name, user, {})
                await self._asides.switch(given.place, name, chosen.id)
                return say("history_switched", lang, title=_title(chosen))
            case "delete":
                await app.dify.client.delete_conversation(chosen.id, user)
                current = await self._asides.meant(given.place, name)
                if current is not None and current.dify_id == chosen.id:
                    await self._asides.switch(current.place, name, "")
                return say("history_deleted", lang, title=_title(chosen))
            case "rename" if words:
                return say("history_named", lang, title=_title(await calls.rename(chosen.id, user, words)))
            case "rename":
                return say("history_title", lang)
            case _:
                return say("history_named", lang, title=_title(await calls.auto_name(chosen.id, user)))

    async def forget(self, app: App, given: CommandGiven, lang: str, *, admin: bool) -> str:
        """Delete the place's conversation at Dify, and what we keep of it."""
        current = await self._asides.meant(given.place, app.dify.name)
        if current is None:
            return say("nothing_here", lang)
        if not (given.place.direct or admin or await self._asides.is_alone(current.id, given.author.id)):
            return say("forget_shared", lang)
        if current.dify_id:
            await app.dify.client.delete_conversation(current.dify_id, current.identity)
        await self._asides.erase_turns(current.place, app.dify.name)
        return say("forgotten", lang)

    async def variables(self, app: App, given: CommandGiven, lang: str) -> str:
        """The conversation's variables, or a new value for one (`NAME=VALUE`)."""
        current = await self._asides.meant(given.place, app.dify.name)
        if current is None or not current.dify_id:
            return say("nothing_here", lang)
        calls = app.dify.client.api.conversations
        try:
            found = (await calls.variables(current.dify_id, current.identity, limit=100)).rows
            name, is_set, value = given.text.partition("=")
            if not is_set:
                return "\n".join(_variable(one) for one in found) or say("no_variables", lang)
            one = next((one for one in found if one.name == name.strip()), None)
            if one is None:
                return say("variable_unknown", lang, names=", ".join(each.name for each in found))
            typed = _typed(one, value.strip())
            changed = await calls.set_variable(current.dify_id, one.id, current.identity, typed)
        except ConversationGone:
            return say("nothing_here", lang)
        return _variable(changed if changed.name else one.model_copy(update={"value": typed}))


def _listed(found: Sequence[Conversation], current: str, lang: str) -> str:
    titles = [f"**{_title(one)}**" if one.id == current else _title(one) for one in found]
    days = [_day(one.updated_at) for one in found]
    lines = [
        f"{number}. {title} · {day}" for number, (title, day) in enumerate(zip(titles, days, strict=True), 1)
    ]
    return "\n".join([*lines, "", say("history_how", lang)]) if lines else say("history_empty", lang)


def _title(one: Conversation) -> str:
    return " ".join(one.name.split())[:80] or one.id[:8]


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d") if at else ""


def _variable(one: Variable) -> str:
    shown = one.value if isinstance(one.value, str) else json.dumps(one.value, ensure_ascii=False)
    return f"`{one.name}` ({one.value_type}) = {shown[:LONGEST]}{'…' if len(shown) > LONGEST else ''}"


def _typed(one: Variable, value: str) -> Any:
    """Dify refuses a value of another type: what is no text is read as JSON."""
    if one.value_type in {"string", "secret"}:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
