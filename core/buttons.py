"""The buttons under an answer, while it grows and by how it ended. Pure."""

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
from core.stopping import STOP


def growing(app: App | None, lang: str) -> tuple[Button, ...]:
    """What may be pressed while an answer grows."""
    return (Button(STOP, say(STOP, lang)),) if app is not None and app.settings.show.stop else ()


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
        found += [Button(ALOUD, say(ALOUD, lang))] if app is not None and _speaks(app) else []
        found += [Button(REASON, say(REASON, lang))] if reasons else []
    return tuple(found)


def _speaks(app: App) -> bool:
    """Whether answers are to be read aloud, and can be as far as is known."""
    known = app.dify.known_parameters
    return app.settings.read_aloud and (known is None or known.text_to_speech.enabled)
