"""`parley check`: the doctor reaches Dify, the platforms and the store, and says what is missing."""

import asyncio
from collections.abc import Iterator, Sequence

from bots.assembly import adapters_of, dify_apps
from bots.config import Config
from bots.idle_settings import idle_settings, kind
from core.apps import PLACEHOLDER, App
from core.contract import Finding
from core.dify.about import FormField, Parameters
from core.dify.apps import ANNOTATES_SINCE
from core.dify.describing import described
from core.dify.inputs import FILES, Problem, is_empty, problem
from core.dify.questions import NEVER_BLOCKING, RUN_MODES
from core.dify.releases import version_of
from core.dify.remote_files import takes_links as variable_takes_links
from core.errors import DifyError, DifyLost, DifyRefused, DifyUnreachable
from core.file_slots import takes_links
from core.store.inspection import inspect_store
from core.transcoding import INSTALL, Transcoder

TELLS_MODE_SINCE = (1, 4)  # before, an agent looks like a chat
PINS_SINCE = (1, 7, 2)  # Dify runs a published version that is not the latest
_NO_TEXT = "it has no text input that a question could go into: add one and publish it"
_NO_FILE = "/files/tools/00000000-0000-0000-0000-000000000000.txt"  # to see whether files are there at all
_PAGE_BYTES = 1_000_000
_OGG = "discord"  # whose voice messages Dify does not take as they are
_INDENT = "       "


async def check(config: Config, *, transcodes: bool | None = None) -> list[Finding]:
    """Every finding, apps first, the store last. `transcodes`: whether Ogg can be heard, else it is tried."""
    deaf = _OGG in config.platforms and not Transcoder(available=transcodes).available
    marks = bool(config.admins and config.core.feedback.annotate)
    apps, servers = dify_apps(config)
    adapters = adapters_of(config)
    try:
        found: list[Sequence[Finding]] = await asyncio.gather(
            *(_check_app(name, app, deaf=deaf, marks=marks) for name, app in apps.items()),
            *(adapter.check() for adapter in adapters.values()),
            _check_store(config),
        )
    finally:
        for adapter in adapters.values():
            await adapter.aclose()
        for app in apps.values():
            await app.dify.aclose()
        for server in servers:
            await server.aclose()
    return [finding for group in found for finding in group]


async def _check_app(name: str, app: App, *, deaf: bool, marks: bool) -> list[Finding]:
    subject = f"app {name}"
    try:
        mode = await app.dify.detect()
        said = await app.dify.parameters()
    except DifyError as error:
        return [Finding(subject, ok=False, text=error.advice.hint)]
    version = app.dify.client.server_version or "of unknown version"
    lines = [f"{app.title()!r} is {kind(mode)} on Dify {version}"]
    query_input = None if app.dify.chats else app.dify.query_input
    lines += described(said, app.settings.inputs, query_input)
    lines += [f"note: {note}" for note in _notes(app, said, deaf=deaf)]
    idle = idle_settings(app.settings, app.dify.mode, app.dify.client.server_version, said)
    lines += [f"note: {note}" for note in idle]
    lines += ["note: feedback.annotate has no effect: " + why for why in _unannotated(app) if marks]
    wrong = [*_wrong_settings(app, said), *_wrong_inputs(app, said), *await _wrong_files(app)]
    return [
        Finding(subject, ok=True, text="\n".join(lines)),
        *(Finding(subject, ok=False, text=text) for text in wrong),
    ]


def _notes(app: App, said: Parameters, *, deaf: bool) -> Iterator[str]:
    """What works, but may surprise."""
    fields = [one.variable for one in said.form]
    unknown = ", ".join(name for name in app.settings.inputs if name not in fields)
    if unknown:
        known = ", ".join(fields) or "none"
        yield f"the form has no variable {unknown}: Dify ignores it; there is {known}"
    if app.dify.chats and app.settings.query_input:
        yield f"query_input has no effect: questions to {kind(app.dify.mode)} need no variable"
    if app.settings.file_links and not takes_links(said, chats=app.dify.chats):
        yield "file_links has no effect: the app takes no files by URL: allow that in Dify, or remove it"
    old = version_of(app.dify.client.server_version) < TELLS_MODE_SINCE
    if old and app.dify.wants_blocking and app.settings.mode is None and app.dify.mode == "chat":
        version = app.dify.client.server_version
        yield f"Dify {version} does not tell agents from chats; an agent is streamed whatever `response` says"
    if deaf and said.speech_to_text.enabled:
        yield f"Discord's voice messages are Ogg, and can't be heard without the extra voice: {INSTALL}"


def _unannotated(app: App) -> Iterator[str]:
    """Why admins can make no annotations of answers."""
    version = app.dify.client.server_version
    if not app.dify.annotates:
        yield f"{kind(app.dify.mode)} has no annotations"
    elif version and version_of(version) < ANNOTATES_SINCE:
        yield f"annotations need Dify {'.'.join(map(str, ANNOTATES_SINCE))}, this is {version}"


def _wrong_settings(app: App, said: Parameters) -> Iterator[str]:
    """What the configuration wants and this app or server can't do."""
    dify, settings = app.dify, app.settings
    if not dify.asks:
        yield _NO_TEXT
    if settings.response == "blocking" and dify.mode in NEVER_BLOCKING:
        yield f"response: {kind(dify.mode)} can't be asked blocking: remove it (answers are streamed)"
    if settings.workflow_id and dify.mode not in RUN_MODES:
        yield f"workflow_id: is for workflows and chatflows, this is {kind(dify.mode)}: remove it"
    elif settings.workflow_id and version_of(dify.client.server_version) < PINS_SINCE:
        needed = ".".join(map(str, PINS_SINCE))
        yield f"workflow_id: needs Dify {needed}, this is {dify.client.server_version}: remove it, or upgrade"
    names = [one.variable for one in said.form]
    undeclared = dify.mode == "completion" and not names
    if settings.query_input and not dify.chats and not undeclared and settings.query_input not in names:
        known = ", ".join(names) or "none"
        yield f"query_input: the form has no variable {settings.query_input}: use one of {known}"


def _wrong_inputs(app: App, said: Parameters) -> Iterator[str]:
    """Values of the configuration that Dify would refuse, and what nobody can give."""
    for one in said.form:
        value = app.settings.inputs.get(one.variable)
        open_ended = isinstance(value, str) and PLACEHOLDER.search(value)
        if value is not None and not open_ended and (wrong := problem(one, value)) is not None:
            yield f"inputs.{one.variable}: {_mend_file(one, wrong) if one.type in FILES else _mend(wrong)}"
        if value is None and one.hide and one.required and is_empty(one.default):
            yield f"inputs.{one.variable}: is missing, and the form hides it from people: add it"


def _mend(wrong: Problem) -> str:
    mends = {
        "input_required": "is empty, and required: fill it in",
        "input_too_long": "has {length} characters: at most {limit}",
        "input_too_many_files": "has {length} files: at most {limit}",
        "input_no_number": "must be a number",
        "input_no_option": "must be one of {options}",
    }
    return mends.get(wrong.sentence, "is not of the type that the form asks for").format(**wrong.values)


def _mend_file(one: FormField, wrong: Problem) -> str:
    if wrong.sentence == "file_type_refused":
        types = wrong.values["types"]
        how = "name the file's type, {type: …, transfer_method: remote_url, url: https://…}"
        return f"is a link to a file of another type than {types}: write another link, or {how}"
    if wrong.sentence not in {"input_no_file", "input_no_link"}:
        return _mend(wrong)
    if not variable_takes_links(one):
        return f"{_mend(wrong)}: files are uploaded to it, from people's messages and forms: remove it"
    several = ", or a list of them" if one.type == "file-list" else ""
    return f"{_mend(wrong)}: write a link such as https://example.com/plan.pdf{several}"


async def _wrong_files(app: App) -> list[str]:
    """Whether somebody is there who could serve files; that none is found is as it should be."""
    if not app.settings.files_base_url:
        return []
    try:
        await app.dify.client.api.downloads.fetch(_NO_FILE, _PAGE_BYTES)
    except (DifyUnreachable, DifyLost):
        return ["files_base_url: can't be reached: it must be an address of Dify that this machine can open"]
    except DifyRefused as refused:
        if refused.code == "not_a_file":
            return ["files_base_url: a web page answers there: it must be where Dify's /files/ is"]
    return []


async def _check_store(config: Config) -> list[Finding]:
    return [await inspect_store(config.store_url)]


def show(findings: Sequence[Finding]) -> str:
    """The findings as lines for the terminal; what belongs to one is indented below it."""
    return "\n".join(
        f"{'ok  ' if finding.ok else 'FAIL'} {finding.subject}: {finding.text}".replace("\n", f"\n{_INDENT}")
        for finding in findings
    )
