"""The app's own form: opened by a button or a command, checked, remembered, sent with every question."""

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from core.apps import App
from core.contract import ChatAdapter
from core.dify.about import FormField
from core.dify.inputs import Problem, asked, problems
from core.dify.remote_files import addresses, only_links
from core.form_fields import field_of, kept, pages
from core.links import is_public
from core.messages import ButtonPressed, Form, FormSubmitted, MessageRef, Place, Refusal, Response, Whisper
from core.retries import PARKING_SECONDS
from core.sentences import language, say
from core.store.asides import Asides
from core.store.rows import Conversation
from core.store.store import Store
from core.taking import Taking

FORM = "form"  # begins the keys of these forms, and of the buttons that open them


def form_key(app: str, page: int = 0) -> str:
    """The key of a page of an app's form; its name may hold what a key can't."""
    return f"{FORM}:{page}:{zlib.crc32(app.encode()):08x}"


class Setup:
    """Opens, checks and keeps the forms of all apps."""

    def __init__(
        self,
        store: Store,
        asides: Asides,
        apps: Mapping[str, App],
        adapters: Mapping[str, ChatAdapter],
        taking: Taking,
    ) -> None:
        self._store = store
        self._asides = asides
        self._apps = {form_key(name).rpartition(":")[2]: app for name, app in apps.items()}
        self._adapters = adapters
        self._taking = taking

    async def pressed(self, pressed: ButtonPressed) -> Response | None:
        """Open a page of the form for the conversation whose answer asks for it."""
        lang = language("", pressed.locale)
        app, page = self._named(pressed.button)
        stood = await self._asides.at(pressed.ref)
        if app is None or stood is None:
            return Whisper(say("too_late", lang))
        if not await app.learn_form():
            return Whisper(say("dify_unreachable", lang))
        conversation = stood.conversation
        return self._page(app, conversation.place, conversation.inputs, page, lang)

    async def opened(self, app: App, place: Place, identity: str, locale: str) -> Response:
        """The form of an app for a place (a command asks for it)."""
        lang = language("", locale)
        name = app.dify.name
        await self._asides.keep_inputs(place, name, identity, {})  # from here on the place is known
        current = await self._asides.meant(place, name)
        known = current.inputs if current is not None else await self._asides.inputs(place, name)
        return self._page(app, place, known, 0, lang)

    async def submitted(self, submitted: FormSubmitted) -> Response | None:
        """Check and keep what was filled in; then the next page, or the question that waits for it."""
        lang = language("", submitted.locale)
        app, page = self._named(submitted.form)
        current = await self._filled_for(app, submitted) if app is not None else None
        if app is None or current is None:
            return Whisper(say("too_late", lang))
        if not await app.learn_form():  # the form stays open where it can, with what stands in it
            return Refusal({key: say("dify_unreachable", lang) for key in [*submitted.values][:1]})
        place = current.place
        fields = self._fields(app, place)
        shown = fields[page] if page < len(fields) else ()
        if wrong := problems(shown, submitted.values) or self._closed_links(shown, submitted.values, place):
            return Refusal({name: say(one.sentence, lang, **one.values) for name, one in wrong.items()})
        given = submitted.values
        values = {one.variable: kept(given[one.variable]) for one in shown if one.variable in given}
        values |= {
            one.variable: None for one in shown if _is_given(one, app) and not values.get(one.variable)
        }
        known = await self._keep(app, current, values)
        if page + 1 < len(fields):
            return self._page(app, place, known, page + 1, lang)
        return await self._ask_now(submitted.ref, lang)

    def _closed_links(
        self, shown: Sequence[FormField], values: Mapping[str, Any], place: Place
    ) -> dict[str, Problem]:
        """Links that people may not have fetched by the app's server."""
        hosts = self._adapters[place.platform].limits(place).own_hosts
        links = {one.variable: addresses(values.get(one.variable)) for one in shown if only_links(one)}
        closed = (name for name, found in links.items() if not all(is_public(link, hosts) for link in found))
        return {name: Problem("input_no_link") for name in closed}

    async def _filled_for(self, app: App, submitted: FormSubmitted) -> Conversation | None:
        """The conversation that a form was opened for; None where it is not kept any more."""
        if submitted.ref is None:
            return await self._asides.conversation(submitted.place, app.dify.name)
        stood = await self._asides.at(submitted.ref)
        return None if stood is None else stood.conversation

    async def _keep(self, app: App, where: Conversation, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep it there, and for the conversation that a person means there; all that is known now."""
        name, meant = app.dify.name, await self._asides.meant(where.place, app.dify.name) or where
        for one in {each.place: each for each in (where, meant)}.values():
            await self._asides.keep_inputs(one.place, name, one.identity, values)
        return {**meant.inputs, **values}

    async def _ask_now(self, ref: MessageRef | None, lang: str) -> Response | None:
        for pause in (*PARKING_SECONDS, None):
            if ref is None:
                break
            if await self._taking.taken(self._store.ask_again(ref, self._taking.queues.enlist)):
                return None
            if pause is None or await self._store.open_turn_at(ref) is None:
                break
            await asyncio.sleep(pause)  # the form can be sent a moment before the turn is parked
        return Whisper(say("setup_kept", lang))

    def _named(self, key: str) -> tuple[App | None, int]:
        _, page, tag = (*key.split(":"), "", "")[:3]
        return self._apps.get(tag), int(page) if page.isdecimal() else 0

    def _fields(self, app: App, place: Place) -> list[tuple[FormField, ...]]:
        known = app.dify.known_parameters
        query_input = None if app.dify.chats else app.dify.query_input
        fields = [_optional(one, app) for one in asked(known.form, query_input)] if known else []
        return pages(fields, self._adapters[place.platform].limits(place).form_fields)

    def _page(self, app: App, place: Place, known: Mapping[str, Any], page: int, lang: str) -> Response:
        fields = self._fields(app, place)
        if not fields:
            return Whisper(say("setup_nothing", lang, app=app.title()))
        page = min(page, len(fields) - 1)
        more = page + 1 < len(fields)
        hidden = {one.variable for one in fields[page] if only_links(one)}  # may be inner, or signed
        shown = {name: value for name, value in app.settings.inputs.items() if name not in hidden}
        filled = {**shown, **known}
        return Form(
            key=form_key(app.dify.name, page),
            title=app.title(),
            submit=say("form_next" if more else "form_send", lang),
            fields=tuple(field_of(one, filled, lang) for one in fields[page]),
        )


def _optional(one: FormField, app: App) -> FormField:
    """A link that the configuration gives is not shown, and counts as long as nobody writes another."""
    return one.model_copy(update={"required": False}) if _is_given(one, app) else one


def _is_given(one: FormField, app: App) -> bool:
    return only_links(one) and bool(addresses(app.settings.inputs.get(one.variable)))
