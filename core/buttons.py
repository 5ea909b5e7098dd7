"""The buttons under an answer, by how it ended. Pure."""

from core.apps import App
from core.closing import Closing
from core.extras import ALOUD, REASON
from core.human_forms import buttons_of as decisions
from core.human_forms import kept_form
from core.messages import Button
from core.offers import buttons_of as offers
from core.retries import RETRY
from core.sentences import say
from core.setup import form_key


def buttons(closing: Closing, app: App | None, lang: str, *, reasons: bool) -> tuple[Button, ...]:
    """What may be pressed; `reasons`: also to say what one thinks of a whole answer."""
    found = list(offers(closing.offers))
    if closing.retry:
        found.append(Button(RETRY, say(RETRY, lang)))
    if closing.setup and app is not None:
        found.append(Button(form_key(app.dify.name), say("setup_open", lang)))
    if closing.form is not None:
        found += decisions(kept_form(closing.form))
    if closing.complete and closing.message_id:
        aloud = app is not None and app.settings.read_aloud
        found += [Button(ALOUD, say(ALOUD, lang))] if aloud else []
        found += [Button(REASON, say(REASON, lang))] if reasons else []
    return tuple(found)
