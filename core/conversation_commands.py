"""Commands about the conversation that goes on here, at Dify: forgetting it, its variables."""

import json
from typing import Any

from core.annotating import unannotate
from core.apps import App
from core.dify.conversations import Variable
from core.errors import ConversationGone
from core.messages import CommandGiven
from core.sentences import say
from core.store.asides import Asides

LONGEST = 200  # characters of a variable's value


class ConversationCommands:
    """`forget` and `variables`. Raise DifyError, StoreUnavailable."""

    def __init__(self, asides: Asides) -> None:
        self._asides = asides

    async def forget(self, app: App, given: CommandGiven, lang: str, *, admin: bool) -> str:
        """Delete the place's conversation at Dify, and what we keep of it."""
        current = await self._asides.meant(given.place, app.dify.name)
        if current is None:
            return say("nothing_here", lang)
        if not (given.place.direct or admin or await self._asides.is_alone(current.id, given.author.id)):
            return say("forget_shared", lang)
        marked = await self._asides.marked(current.id)
        await unannotate(app.dify, marked, current.identity, current.dify_id)
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
