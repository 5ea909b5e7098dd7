"""`parley check`: the doctor reaches Dify, the platforms and the store, and says what is missing."""

import asyncio
from collections.abc import Iterator, Sequence

from bots.assembly import adapters_of, dify_apps
from bots.config import Config
from core.apps import PLACEHOLDER, App
from core.contract import Finding
from core.dify.about import Parameters
from core.dify.describing import described
from core.dify.inputs import Problem, is_empty, problem
from core.dify.questions import NEVER_BLOCKING, RUN_MODES
from core.dify.releases import version_of
from core.errors import DifyError, DifyLost, DifyRefused, DifyUnreachable
from core.store.inspection import inspect_store

PINS_SINCE = (1, 7, 2)  # Dify runs a published version that is not the latest
_NO_TEXT = "it has no text input that a question could go into: add one and publish it"
_NO_FILE = "/files/tools/00000000-0000-0000-0000-000000000000.txt"  # to see whether files are there at all
_PAGE_BYTES = 1_000_000
_INDENT = "       "


async def check(config: Config) -> list[Finding]:
    """Every finding, apps first, the store last."""
    apps, servers = dify_apps(config)
    adapters = adapters_of(config)
    try:
        found: list[Sequence[Finding]] = await asyncio.gather(
            *(_check_app(name, app) for name, app in apps.items()),
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


async def _check_app(name: str, app: App) -> list[Finding]:
    subject = f"app {name}"
    try:
        mode = await app.dify.detect()
        said = await app.dify.parameters()
    except DifyError as error:
        return [Finding(subject, ok=False, text=error.advice.hint)]
    version = app.dify.client.server_version or "of unknown version"
    lines = [f"{app.title()!r} is a {mode} app on Dify {version}"]
    query_input = None if app.dify.chats else app.dify.query_input
    lines += described(said, app.settings.inputs, query_input)
    lines += [f"note: {note}" for note in _notes(app, said)]
    wrong = [*_wrong_settings(app, said), *_wrong_inputs(app, said), *await _wrong_files(app)]
    return [
        Finding(subject, ok=True, text="\n".join(lines)),
        *(Finding(subject, ok=False, text=text) for text in wrong),
    ]


def _notes(app: App, said: Parameters) -> Iterator[str]:
    """What works, but may surprise."""
    fields = [one.variable for one in said.form]
    unknown = ", ".join(name for name in app.settings.inputs if name not in fields)
    if unknown:
        known = ", ".join(fields) or "none"
        yield f"the form has no variable {unknown}: Dify ignores it; there is {known}"
    if app.dify.chats and app.settings.query_input:
        yield f"query_input has no effect: questions to a {app.dify.mode} app need no variable"


def _wrong_settings(app: App, said: Parameters) -> Iterator[str]:
    """What the configuration wants and this app or server can't do."""
    dify, settings = app.dify, app.settings
    if not dify.asks:
        yield _NO_TEXT
    if settings.response == "blocking" and dify.mode in NEVER_BLOCKING:
        yield f"response: an {dify.mode} app can't be asked blocking: remove it (answers are streamed)"
    if settings.workflow_id and dify.mode not in RUN_MODES:
        yield f"workflow_id: is for workflows and chatflows, this is a {dify.mode} app: remove it"
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
            yield f"inputs.{one.variable}: {_mend(wrong)}"
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
