"""Settings of an app that change nothing at this app or at this Dify, and why. Pure."""

from collections.abc import Iterator

from core.dify.about import Parameters
from core.dify.human_input import SINCE as DECIDES_SINCE
from core.dify.questions import CHAT_MODES, RUN_MODES, Mode
from core.dify.releases import version_of
from core.settings import AppSettings


def kind(mode: Mode | None) -> str:
    """The kind of an app as it stands in a sentence."""
    return f"{'an' if mode and mode[0] == 'a' else 'a'} {mode} app"


def idle_settings(settings: AppSettings, mode: Mode | None, version: str, said: Parameters) -> Iterator[str]:
    """One sentence each; `version`: the server's, "" where it does not say."""
    speech = said.text_to_speech
    if settings.read_aloud and mode == "workflow":
        yield "read_aloud has no effect: the answers of a workflow can't be spoken: remove it"
    elif settings.read_aloud and not speech.enabled:
        yield "read_aloud has no effect: text to speech is off: switch it on in Dify, or remove it"
    if settings.show.speech and not (speech.enabled and speech.autoPlay == "enabled"):
        why = "the app speaks nothing by itself: switch on auto-play in Dify, or remove it"
        yield f"show.speech has no effect: {why}"
    if settings.auto_name and mode not in CHAT_MODES:
        yield f"auto_name has no effect: {kind(mode)} has no conversations: remove it"
    if "human_input" in settings.model_fields_set:
        yield from (f"human_input has no effect: {why}" for why in _undecided(mode, version))


def _undecided(mode: Mode | None, version: str) -> Iterator[str]:
    """Why no run of the app asks anybody for a decision."""
    if mode not in RUN_MODES:
        yield f"only workflows and chatflows ask people, this is {kind(mode)}: remove it"
    elif version and version_of(version) < DECIDES_SINCE:
        yield f"decisions need Dify {'.'.join(map(str, DECIDES_SINCE))}, this is {version}"
